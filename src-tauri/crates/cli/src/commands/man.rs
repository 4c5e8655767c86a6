//! `man`: pages with the customary sections, from the same descriptions as the help.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::arguments::{self, Arguments, environment_variables};
use crate::error::CommandError;
use crate::exit::Exit;

/// Files that commands read and write, with their meaning, by the conventions of Linux.
const FILES: [(&str, &str); 4] = [
    ("~/.local/share/fieldmark/library.sqlite", "the library, unless --db or FIELDMARK_LIBRARY names another"),
    ("~/.local/share/fieldmark/settings.toml", "the settings of the library; keys are in the system's keychain"),
    ("~/.local/share/fieldmark/metrics/", "the metrics of every run"),
    ("~/.config/fieldmark/consents.json", "the .env files, hosts and commands that you have allowed"),
];

pub fn man(arguments: &arguments::Man) -> Result<Exit, CommandError> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    if let Some(folder) = &arguments.out {
        write_pages(&command, folder)?;
    } else {
        io::stdout().write_all(&page(&command)?).map_err(CommandError::Output)?;
    }
    Ok(Exit::Done)
}

/// Writes a page for `command` and one for each of its subcommands.
fn write_pages(command: &clap::Command, folder: &Path) -> Result<(), CommandError> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write_pages(below, folder)?;
    }
    let path = folder.join(Man::new(command.clone()).get_filename());
    files::write(&path, &page(command)?).map_err(|source| CommandError::File { path, source })
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).manual("Fieldmark").source(concat!("fieldmark ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    let help = Help::of(command);
    help.describe(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    list("EXIT STATUS", &Exit::codes(), &mut page)?;
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    if let Some((program, _)) = name.split_once('-') {
        let mut section = section("ENVIRONMENT");
        section.text([roman("See the section ENVIRONMENT of "), bold(program), roman("(1).")]);
        section.to_writer(&mut page)?;
    } else {
        list("ENVIRONMENT", &environment_variables(), &mut page)?;
    }
    list("FILES", &FILES.map(|(file, meaning)| (file.to_owned(), meaning.to_owned())), &mut page)?;
    help.show_examples(&mut page)?;
    see_also(command, name, &mut page)?;
    Ok(page)
}

/// What is written below the options of a command's help.
struct Help {
    examples: Vec<String>,
    notes: Vec<String>,
}

impl Help {
    fn of(command: &clap::Command) -> Self {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let mut help = Self { examples: Vec::new(), notes: Vec::new() };
        for paragraph in text.split("\n\n").map(str::trim_end).filter(|paragraph| !paragraph.is_empty()) {
            let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
            match first {
                "Example:" | "Examples:" => help.examples.extend(rest.lines().map(|line| line.trim().to_owned())),
                // Sections of their own.
                _ if first.starts_with("Environment variables") || first.starts_with("Exit codes") => {}
                _ => help.notes.push(paragraph.to_owned()),
            }
        }
        help
    }

    /// The notes, below the description.
    fn describe(&self, page: &mut Vec<u8>) -> io::Result<()> {
        let mut section = Roff::new();
        for note in &self.notes {
            section.control("PP", []);
            section.text(note.lines().map(roman).collect::<Vec<_>>());
        }
        section.to_writer(page)
    }

    fn show_examples(&self, page: &mut Vec<u8>) -> io::Result<()> {
        if self.examples.is_empty() {
            return Ok(());
        }
        let mut section = section("EXAMPLES");
        section.control("nf", []);
        for example in &self.examples {
            section.text([roman(example)]);
        }
        section.control("fi", []);
        section.to_writer(page)
    }
}

fn section(title: &str) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [title]);
    section
}

fn list(title: &str, rows: &[(String, String)], page: &mut Vec<u8>) -> io::Result<()> {
    let mut section = section(title);
    for (name, meaning) in rows {
        section.control("TP", []);
        section.text([bold(name.trim())]);
        section.text([roman(meaning)]);
    }
    section.to_writer(page)
}

/// The pages of the command above and of those below.
fn see_also(command: &clap::Command, name: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let above = name.rmatch_indices('-').map(|(end, _)| name[..end].to_owned());
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    let below = below.filter_map(|below| below.get_display_name().map(ToOwned::to_owned));
    let mut section = section("SEE ALSO");
    let pages: Vec<String> = above.chain(below).collect();
    for (place, name) in pages.iter().enumerate() {
        section.text([bold(name), roman(if place + 1 == pages.len() { "(1)" } else { "(1)," })]);
    }
    section.control("PP", []);
    section.text([roman("A guide by task and the reference are in the folder docs of the source code.")]);
    section.to_writer(page)
}
