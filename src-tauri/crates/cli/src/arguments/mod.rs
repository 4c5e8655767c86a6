//! Command-line arguments, one file per command with many.

mod annotate;
mod bench;
mod budget;
mod calibrate;
mod endpoints;
mod env;
mod estimate;
mod evaluate;
mod export;
mod hooks;
mod import;
mod library;
mod manual;
mod models;
mod numbers;
mod prices;
mod providers;
mod publish;
mod recipes;
mod run;
mod runs;
mod serve;
mod simulate;
mod spend;
mod tuning;

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use anstream::ColorChoice;
use clap::builder::Styles;
use clap::builder::styling::Style;
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use domain::connection::FieldKind;
use domain::ids::RunId;

use crate::exit::Exit;
use crate::style;
pub use crate::target::Target;

pub use annotate::{Annotate, Resume, SessionOptions};
pub use bench::Bench;
pub use budget::BudgetArguments;
pub use calibrate::Calibrate;
pub use endpoints::EndpointKeys;
pub use env::{Env, EnvCommand};
pub use estimate::{Estimate, ToFind};
pub use evaluate::{Evaluate, FIGURES, Least, TypedSide};
pub use export::{Export, ExportedFile};
pub use hooks::{HookArguments, HooksCommand, HooksPreset};
pub use import::Import;
pub use library::{LibraryArguments, LibraryCommand};
pub use manual::{Completions, Man};
pub use models::{ModelsArguments, ModelsCommand};
pub use prices::{PricesArguments, PricesCommand};
pub use providers::{Providers, ProvidersCommand};
pub use publish::Publish;
pub use recipes::{RecipesArguments, RecipesCommand};
pub use run::{Doctor, Metrics, PageLanguage, Report};
pub use runs::{RunsArguments, RunsCommand};
pub use serve::Serve;
pub use simulate::{Simulate, SimulatedApi};
pub use spend::{Spend, SpendBy};
pub use tuning::{LimitArguments, Tuning};

const STYLES: Styles = Styles::styled()
    .header(style::HEADING.ansi)
    .usage(style::HEADING.ansi)
    .literal(style::GOOD.ansi)
    .placeholder(Style::new())
    .error(style::ERROR.ansi)
    .valid(style::GOOD.ansi)
    .invalid(style::WARNING.ansi);

/// Ends with one example a line.
const EXAMPLES: &str = "Examples:\n  \
    fieldmark estimate holiday/          Cost and time with every model\n  \
    fieldmark annotate holiday/          Show the cost, ask, run, report\n  \
    fieldmark resume                     Continue an unfinished run\n  \
    fieldmark report latest --json       The report of a run for other programs\n  \
    fieldmark doctor                     Check the installation";
const OUTPUTS: &str = "Results go to standard output, everything else to standard error.";

#[derive(Parser)]
#[command(
    name = "fieldmark",
    version,
    about = "Label photos with vision models, on your own machine",
    styles = STYLES,
    max_term_width = 100,
    after_help = format!(
        "{EXAMPLES}\n\n{OUTPUTS}\n\n\
         Environment variables, also from a .env file in the working folder that is allowed (fieldmark env):\n{}\n\
         Exit codes:\n{}",
        table(&environment_variables(), 29),
        table(&Exit::codes(), 3)
    )
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// Reads the arguments of a command line, of which the first is the program.
    pub fn read<Typed: Into<OsString> + Clone>(typed: impl IntoIterator<Item = Typed>) -> Result<Self, clap::Error> {
        let mut command = with_negative_numbers(Self::command());
        let mut found = command.try_get_matches_from_mut(typed)?;
        Self::from_arg_matches_mut(&mut found).map_err(|error| error.format(&mut command))
    }
}

/// The same, where a negative number is the value of an option, which its parser refuses with the valid range, instead of an
/// unknown option.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let option = |argument: Arg| {
        let takes_values = !argument.is_positional() && argument.get_action().takes_values();
        argument.allow_negative_numbers(takes_values)
    };
    command.mut_args(option).mut_subcommands(with_negative_numbers)
}

/// The environment variables that the program reads, with their meaning.
pub fn environment_variables() -> Vec<(String, String)> {
    let descriptions = engine::provider_descriptions();
    let of_providers = descriptions.iter().flat_map(|provider| {
        let name = &provider.name;
        provider.fields.iter().map(move |field| {
            let meaning = match field.kind {
                FieldKind::Key => format!("key for {name}, if none is entered in the window"),
                FieldKind::BaseUrl => format!("base URL for {name}"),
                FieldKind::Region => format!("region of {name}, such as eu-west-1"),
                FieldKind::Model => format!("model of {name}, without --model"),
            };
            (field.variable.clone(), meaning)
        })
    });
    let others = [
        ("CONCURRENCY", "concurrency: a number, or auto"),
        ("FIELDMARK_ENDPOINT_<NAME>_KEY", "key of an additional endpoint"),
        ("FIELDMARK_LIBRARY", "folder of the library (not from .env)"),
        ("FIELDMARK_LOCAL_SERVERS", "servers to look for on this machine: Ollama=11434,... (not from .env)"),
        ("FIELDMARK_SERVE_PASSWORD", "password of fieldmark serve (not from .env)"),
        ("NO_COLOR", "no colors"),
    ];
    of_providers.chain(others.map(|(name, meaning)| (name.to_owned(), meaning.to_owned()))).collect()
}

/// A row a line, the first column of this width.
fn table(rows: &[(String, String)], width: usize) -> String {
    let lines = rows.iter().map(|(name, meaning)| format!("  {name:width$}  {meaning}\n"));
    lines.collect()
}

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Library database, instead of the window's
    #[arg(long, value_name = "FILE", global = true)]
    pub db: Option<PathBuf>,
    /// Create the library named by --db if it does not exist
    #[arg(long, global = true)]
    pub create: bool,
    /// Read variables from this file, instead of .env in the working folder
    #[arg(long, value_name = "FILE", global = true)]
    pub env_file: Option<PathBuf>,
    /// Print the result as one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colors; auto: on terminals, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, hide_default_value = true, global = true)]
    pub color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// `--color` among arguments that fail to parse or that ask for help, which clap prints before a command runs.
    pub fn from_arguments(arguments: impl Iterator<Item = OsString>) -> Self {
        let mut arguments =
            arguments.take_while(|argument| argument != "--").filter_map(|argument| argument.into_string().ok());
        while let Some(argument) = arguments.next() {
            let typed = match argument.strip_prefix("--color") {
                Some("") => arguments.next(),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            if let Some(typed) = typed {
                return Self::from_str(&typed, false).unwrap_or_default();
            }
        }
        Self::default()
    }

    /// Applies to all further output.
    pub fn write_global(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Annotate photos and folders of photos
    Annotate(Annotate),
    /// Continue an unfinished run; finished images are not sent again
    Resume(Resume),
    /// Show the cost and time of annotating with every model; sends nothing
    Estimate(Estimate),
    /// List the files that imports skipped, with reasons
    #[command(after_help = "Examples:\n  fieldmark skipped\n  fieldmark skipped --json")]
    Skipped,
    /// List the runs, newest first
    Runs(RunsArguments),
    /// Show the report of a run
    Report(Report),
    /// Export images with their annotations as a dataset
    Export(Export),
    /// Measure the quality of runs and datasets against a ground truth
    Evaluate(Evaluate),
    /// Import the annotations of a dataset as ground truth, predictions or earlier work
    Import(Import),
    /// Print the metrics of a run as JSON
    Metrics(Metrics),
    /// List the providers and their connections, or check them
    Providers(Providers),
    /// List the models and whether they are available, or describe those of a server of your own
    Models(ModelsArguments),
    /// Find out in which coordinates a model answers, by pictures with known shapes
    Calibrate(Calibrate),
    /// Show what was spent this month, or set the monthly cap
    Budget(BudgetArguments),
    /// Show what was spent, by month, model, recipe or collection
    Spend(Spend),
    /// Send annotations, runs and costs to a PostgreSQL database, such as Supabase
    Publish(Publish),
    /// List, set, reset or import the prices of the models
    Prices(PricesArguments),
    /// List, show, add, edit, delete, export or import recipes
    Recipes(RecipesArguments),
    /// Back up, restore, check, repair and clean up the library
    Library(LibraryArguments),
    /// Check the library, keys, servers and models
    Doctor(Doctor),
    /// Set up commands that run before and after runs, or when a run fails
    Hooks(HookArguments),
    /// Allow or list .env files
    Env(Env),
    /// Compare a parallel run with a sequential one
    Bench(Bench),
    /// Serve the window to browsers, until interrupted
    Serve(Serve),
    /// Simulate the API of a vendor on this machine, free of charge, until interrupted
    Simulate(Simulate),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the manual page
    Man(Man),
}

/// A run by number, or the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChoice {
    Latest,
    Number(RunId),
}

impl FromStr for RunChoice {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        match typed.parse() {
            Ok(number) => Ok(Self::Number(RunId(number))),
            Err(_) if typed == "latest" => Ok(Self::Latest),
            Err(_) => Err("expected a run number, or latest"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_found_anywhere_among_the_arguments() {
        let color = |line: &str| Color::from_arguments(line.split(' ').map(OsString::from));
        assert_eq!(color("annotate --help --color never"), Color::Never);
        assert_eq!(color("--color=always annotate --bad"), Color::Always);
        assert_eq!(color("annotate --color sometimes"), Color::Auto);
        assert_eq!(color("annotate -- --color=never"), Color::Auto);
        assert_eq!(color("annotate --colors=never"), Color::Auto);
    }

    #[test]
    fn setting_a_model_or_price_needs_a_value() {
        for command in ["models", "prices"] {
            let parsed = |more: &[&str]| {
                let line = ["fieldmark", command, "set", "gpt-4o"].into_iter().chain(more.iter().copied());
                Arguments::try_parse_from(line).map(drop).map_err(|error| error.kind())
            };
            assert_eq!(parsed(&[]), Err(clap::error::ErrorKind::MissingRequiredArgument), "{command}");
            assert_eq!(parsed(&["--input", "3", "--output", "4"]), Ok(()), "{command}");
        }
    }

    #[test]
    fn a_negative_number_is_refused_with_the_range() {
        for (line, range) in [
            ("budget --monthly -1", "above 0 and up to 1000000"),
            ("annotate photos --rpm -5", "a whole number from 1 to"),
        ] {
            let refused = Arguments::read(["fieldmark"].into_iter().chain(line.split(' '))).map(drop).unwrap_err();
            assert!(refused.to_string().contains(range), "{refused}");
        }
    }

    #[test]
    fn the_grammar_is_sound_and_every_command_shows_an_example() {
        Arguments::command().debug_assert();
        for command in Arguments::command().get_subcommands() {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(example.contains(&format!("fieldmark {}", command.get_name())), "{}", command.get_name());
        }
    }
}
