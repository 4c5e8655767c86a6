//! Completion of command lines: shells call the program with the words that were typed so far. Besides options and their fixed
//! values it completes what is in the library: runs, recipes, models, collections. Nothing is sent, and the keychain is not
//! asked.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::sync::Arc;

use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::Shells;
use domain::coordinates::BoxCoordinates;
use engine::dataset::formats;
use engine::{Library, Surroundings};

use crate::arguments::{Arguments, FIGURES};
use crate::database::database_of;

/// Set by the script that a shell has loaded, to its name.
const VARIABLE: &str = "FIELDMARK_COMPLETE";
const PROGRAM: &str = "fieldmark";

/// Zsh loads a file of its `fpath` as the function that completes, and calls it: the first Tab must complete too.
const ZSH_FIRST_TIME: &[u8] = b"if [[ $funcstack[1] == _fieldmark ]]; then _clap_dynamic_completer_fieldmark; fi\n";

/// The script for this shell, which calls the program whenever a word is completed.
pub fn script(shell: &str) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(shell) {
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    if shell == "zsh" {
        script.extend_from_slice(ZSH_FIRST_TIME);
    }
    Ok(script)
}

/// Prints completions and ends the process, if a shell asks for them.
pub fn answer() {
    let is_bash = std::env::var_os(VARIABLE).is_some_and(|shell| shell == "bash");
    CompleteEnv::with_factory(|| completed(Arguments::command(), is_bash)).var(VARIABLE).bin(PROGRAM).complete();
}

/// What the value of an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    /// A run, a layer, what people decided, or a file.
    Side,
    Layers,
    Recipe,
    RecipeOrFile,
    Model,
    Collection,
    Provider,
    Coordinates,
    /// `coco=FILE`
    FormatAndFile,
    /// `task=segment`
    FormatOption,
    /// `ap50=0.6`
    Figure,
}

impl Kind {
    /// Of an argument of a command, both by their ids.
    fn of(command: &str, argument: &str) -> Option<Self> {
        Some(match (command, argument) {
            (_, "run" | "of_run") => Self::Run,
            (_, "evaluated" | "against") => Self::Side,
            (_, "layers") => Self::Layers,
            ("annotate" | "estimate" | "import", "recipe") => Self::RecipeOrFile,
            ("show" | "edit" | "delete" | "export", "name") | ("spend", "recipe") => Self::Recipe,
            (_, "model" | "models") => Self::Model,
            (_, "collection") => Self::Collection,
            ("check", "provider") => Self::Provider,
            (_, "coordinates") => Self::Coordinates,
            (_, "exports") => Self::FormatAndFile,
            ("export", "options") => Self::FormatOption,
            (_, "fail_under") => Self::Figure,
            _ => return None,
        })
    }

    /// The values, each with what it means.
    fn values(self) -> Vec<(String, String)> {
        let named = |value: &str, help: &str| (value.to_owned(), help.to_owned());
        match self {
            Self::Run => [named("latest", "the newest run")].into_iter().chain(runs()).collect(),
            Self::Side => {
                let fixed = [named("latest", "the newest run"), named("people", "what people decided")];
                fixed.into_iter().chain(runs()).chain(layers()).collect()
            }
            Self::Layers => {
                let fixed = [named("all", "all layers"), named("people", "what people decided")];
                fixed.into_iter().chain(runs()).collect()
            }
            Self::Recipe | Self::RecipeOrFile => {
                let recipes = library().and_then(|library| library.recipes.all().ok()).unwrap_or_default();
                recipes.into_iter().map(|saved| (saved.recipe.name, String::new())).collect()
            }
            Self::Model => {
                let models = library().and_then(|library| library.planning.models().ok()).unwrap_or_default();
                models.into_iter().map(|offered| (offered.model.id.0, offered.model.name)).collect()
            }
            Self::Collection => {
                let overview = library().and_then(|library| library.images.overview(None).ok());
                let collections = overview.map(|overview| (overview.collections, overview.smart_collections));
                let (collections, saved) = collections.unwrap_or_default();
                let every = collections.into_iter().map(|collection| collection.name);
                every.chain(saved.into_iter().map(|saved| saved.name)).map(|name| (name, String::new())).collect()
            }
            Self::Provider => {
                let all = engine::provider_descriptions().into_iter();
                all.map(|provider| (provider.id, provider.name)).collect()
            }
            Self::Coordinates => {
                BoxCoordinates::ALL.iter().map(|system| (system.name().to_owned(), String::new())).collect()
            }
            Self::FormatAndFile => {
                formats().map(|format| (format!("{}=", format.id), format.summary.en.to_owned())).collect()
            }
            Self::FormatOption => {
                let options = formats().flat_map(|format| format.options.iter().map(move |option| (format.id, option)));
                let values = options.flat_map(|(format, option)| {
                    option.values.iter().map(move |value| (format!("{}={value}", option.name), format))
                });
                // Several formats have options of one name.
                let values: BTreeSet<_> = values.collect();
                values.into_iter().map(|(value, format)| (value, format!("of {format}"))).collect()
            }
            Self::Figure => FIGURES.iter().map(|(figure, _)| (format!("{figure}="), String::new())).collect(),
        }
    }

    fn is_or_file(self) -> bool {
        matches!(self, Self::Side | Self::RecipeOrFile)
    }
}

/// `command` with values for its arguments.
fn completed(command: Command, is_bash: bool) -> Command {
    let name = command.get_name().to_owned();
    let argument = |argument: Arg| {
        if let Some(kind) = Kind::of(&name, argument.get_id().as_str()) {
            argument.add(ArgValueCompleter::new(Values { kind, is_bash }))
        } else if matches!(argument.get_id().as_str(), "out" | "metrics_out") {
            argument.value_hint(ValueHint::AnyPath)
        } else {
            argument
        }
    };
    command.mut_args(argument).mut_subcommands(move |below| completed(below, is_bash))
}

struct Values {
    kind: Kind,
    is_bash: bool,
}

impl ValueCompleter for Values {
    fn complete(&self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let typed_text = typed.to_string_lossy();
        // Bash passes words as they were typed, and takes them as they are; other shells unquote and quote.
        let begun = if self.is_bash { typed_text.replace(['\\', '\'', '"'], "") } else { typed_text.into_owned() };
        let begins = |value: &str| value.to_lowercase().starts_with(&begun.to_lowercase());
        let values = self.kind.values().into_iter().filter(|(value, _)| begins(value));
        let mut candidates: Vec<CompletionCandidate> = values
            .map(|(value, help)| {
                let value = if self.is_bash { escaped(&value) } else { value };
                CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into()))
            })
            .collect();
        if self.kind.is_or_file() {
            candidates.extend(PathCompleter::any().complete(typed));
        }
        candidates
    }
}

/// With backslashes before what the shell would interpret.
fn escaped(value: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:=,+@%".contains(letter);
    value.chars().flat_map(|letter| (!is_plain(letter)).then_some('\\').into_iter().chain([letter])).collect()
}

fn runs() -> Vec<(String, String)> {
    let runs = library().and_then(|library| library.history.runs().ok()).unwrap_or_default();
    let described = |run: domain::run::RunSummary| {
        let name = if run.description.name.is_empty() { run.recipe_name } else { run.description.name };
        (run.id.to_string(), format!("{name}, {}, {} images", run.model_name, run.total))
    };
    runs.into_iter().map(described).collect()
}

fn layers() -> Vec<(String, String)> {
    let layers = library().and_then(|library| library.dataset_imports.layers().ok()).unwrap_or_default();
    layers.into_iter().map(|layer| (layer.id.to_string(), layer.name)).collect()
}

/// The library that the typed words name with `--db`, or the usual one; `None` if there is none, or if it would be migrated.
fn library() -> Option<Arc<Library>> {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    let named = std::iter::from_fn(|| words.next()).find(|word| word.to_string_lossy().starts_with("--db"));
    let typed = match named.as_ref().and_then(|word| word.to_str()) {
        Some("--db") => words.next().map(Into::into),
        Some(word) => word.strip_prefix("--db=").map(Into::into),
        None => None,
    };
    let database = database_of(typed.as_ref()).ok()?;
    if !Library::exists(&database) || !Library::is_current(&database) {
        return None;
    }
    // Without the keychain and the environment.
    Library::open(&database, Surroundings::only("http://127.0.0.1", "")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(command: &Command) -> Vec<(String, Option<Kind>)> {
        let own = command.get_arguments().filter(|argument| argument.get_value_names().is_some());
        let own = own.map(|argument| {
            let (command, id) = (command.get_name(), argument.get_id().as_str());
            (format!("{command} {id}"), Kind::of(command, id))
        });
        own.chain(command.get_subcommands().flat_map(arguments_of)).collect()
    }

    #[test]
    fn every_argument_that_names_something_in_the_library_is_completed() {
        let arguments = arguments_of(&Arguments::command());
        let with = |kind| {
            let of_kind = arguments.iter().filter(|(_, found)| *found == Some(kind));
            of_kind.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(with(Kind::Run).len(), 6, "{:?}", with(Kind::Run));
        assert_eq!(with(Kind::RecipeOrFile), ["annotate recipe", "estimate recipe", "import recipe"]);
        assert_eq!(with(Kind::Recipe).len(), 5, "{:?}", with(Kind::Recipe));
        assert!(with(Kind::Model).len() >= 10, "{:?}", with(Kind::Model));
        assert_eq!(with(Kind::Collection), ["export collection", "import collection", "spend collection"]);
    }

    #[test]
    fn bash_takes_values_as_they_are_typed() {
        assert_eq!(escaped("Bird vocabulary, it's (2)"), "Bird\\ vocabulary,\\ it\\'s\\ \\(2\\)");
        assert_eq!(escaped("qwen3-vl:8b"), "qwen3-vl:8b");
    }
}
