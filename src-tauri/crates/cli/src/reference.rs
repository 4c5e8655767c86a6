//! The page docs/reference/command-line.md, from the arguments. `UPDATE_DOCS=1` writes it anew.

use std::fmt::Write;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use crate::arguments::{Arguments, environment_variables};
use crate::exit::Exit;

const HEAD: &str = "\
# The command line: every command

<!-- Written from the arguments: make docs -->

Every command with its arguments and options. [command-line.md](../command-line.md) shows what they print, and `fieldmark COMMAND
--help` shows the same as this page. `fieldmark man` and `fieldmark completions` print manual pages and completions.
";

/// `--out <PATH>`, or `<RUN>`.
fn name(argument: &Arg) -> String {
    let values = argument.get_value_names().filter(|_| argument.get_action().takes_values()).unwrap_or_default();
    let values: Vec<String> = values.iter().map(|value| format!("<{value}>")).collect();
    let options =
        [argument.get_short().map(|short| format!("-{short}")), argument.get_long().map(|long| format!("--{long}"))];
    let options: Vec<String> = options.into_iter().flatten().collect();
    let parts = [options.join(", "), values.join(" ")];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut meaning = in_a_cell(&help);
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let is_flag = !argument.get_action().takes_values();
    if !is_flag && !defaults.is_empty() && !argument.is_hide_default_value_set() {
        write!(meaning, ". Default: `{}`", defaults.join(",")).unwrap();
    }
    let values = argument.get_possible_values();
    let values: Vec<String> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
    if !is_flag && !values.is_empty() {
        write!(meaning, ". One of {}", values.join(", ")).unwrap();
    }
    meaning
}

fn table(arguments: &[&Arg], page: &mut String) {
    page.push_str("\n| | |\n|---|---|\n");
    for argument in arguments {
        writeln!(page, "| `{}` | {} |", name(argument).replace('|', "\\|"), meaning(argument)).unwrap();
    }
}

fn describe(command: &Command, path: &str, level: usize, page: &mut String) {
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    writeln!(page, "\n{} `{path}`\n\n{}", "#".repeat(level), about.replace('<', "&lt;")).unwrap();
    let is_global =
        |argument: &&Arg| argument.is_global_set() || matches!(argument.get_id().as_str(), "help" | "version");
    let own: Vec<&Arg> =
        command.get_arguments().filter(|argument| !is_global(argument) && !argument.is_hide_set()).collect();
    if !own.is_empty() {
        table(&own, page);
    }
    if let Some(text) = command.get_after_help() {
        writeln!(page, "\n```text\n{text}\n```").unwrap();
    }
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        describe(below, &format!("{path} {}", below.get_name()), level + 1, page);
    }
}

fn list(title: &str, rows: &[(String, String)], page: &mut String) {
    writeln!(page, "\n## {title}\n\n| | |\n|---|---|").unwrap();
    for (name, meaning) in rows {
        writeln!(page, "| `{}` | {} |", name.trim(), in_a_cell(meaning)).unwrap();
    }
}

fn page() -> String {
    let mut command = Arguments::command();
    command.build();
    let mut page = HEAD.to_owned();
    page.push_str("\n## Options of all commands\n");
    table(&command.get_arguments().filter(|argument| argument.is_global_set()).collect::<Vec<_>>(), &mut page);
    list("Environment variables", &environment_variables(), &mut page);
    list("Exit codes", &Exit::codes(), &mut page);
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        describe(below, &format!("fieldmark {}", below.get_name()), 2, &mut page);
    }
    page
}

#[test]
fn docs_list_every_command() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/command-line.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == page, "{}: run `make docs`", path.display());
}

/// The words of a command of a page, up to what the shell takes.
fn words(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let begin = line.find("fieldmark ")?;
    // Variables may be set before it.
    let is_command = line[..begin].split_whitespace().all(|word| word.contains('='));
    let line = line[begin..].split("  #").next()?;
    let words = shlex::split(line).filter(|_| is_command)?;
    let is_shell = |word: &String| matches!(word.as_str(), "|" | "&" | "&&" | "||" | ">" | "<" | ">>" | "#");
    Some(words.into_iter().take_while(|word| !is_shell(word)).collect())
}

/// Commands in the fences and code spans of all pages: names of commands and options, and values of fixed sets.
#[test]
fn docs_have_valid_commands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let folders = ["", "docs", "docs/guide"].map(|folder| root.join(folder));
    let pages = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let (mut wrong, mut count) = (Vec::new(), 0);
    // The transcripts have mistakes on purpose, and are repeated by a test.
    let is_read = |page: &std::path::PathBuf| {
        page.extension().is_some_and(|extension| extension == "md") && !page.ends_with("docs/command-line.md")
    };
    for page in pages.filter(is_read) {
        let text = std::fs::read_to_string(&page).unwrap().replace("\\\n", " ");
        let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        for line in text.lines().filter(|line| !line.contains('`')).chain(spans) {
            let Some(words) = words(line).filter(|words| !words.iter().any(|word| word.contains("..."))) else {
                continue;
            };
            count += 1;
            // Placeholders such as RUN are numbers.
            let named = words.iter().map(|word| match word.as_str() {
                "RUN" | "N" => "1".to_owned(),
                "COMMAND" => "annotate".to_owned(),
                "DOLLARS" => "5".to_owned(),
                other => other.replace("FORMAT=", "coco="),
            });
            let refused = Arguments::read(named).err().filter(|error| {
                use clap::error::ErrorKind;
                !matches!(
                    error.kind(),
                    ErrorKind::DisplayHelp
                        | ErrorKind::DisplayVersion
                        | ErrorKind::MissingRequiredArgument
                        | ErrorKind::MissingSubcommand
                        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                )
            });
            wrong.extend(refused.map(|error| format!("{}: {}\n{error}", page.display(), words.join(" "))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "{count} commands");
}
