//! `man`.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::arguments::{self, Arguments};
use crate::error::CommandError;
use crate::exit::Exit;

pub fn man(arguments: &arguments::Man) -> Result<Exit, CommandError> {
    if let Some(folder) = &arguments.out {
        let mut command = Arguments::command().disable_help_subcommand(true);
        command.build();
        write_pages(command, folder)?;
    } else {
        let mut page = Vec::new();
        Man::new(Arguments::command()).render(&mut page)?;
        io::stdout().write_all(&page).map_err(CommandError::Output)?;
    }
    Ok(Exit::Done)
}

/// Writes a page for `command` and one for each of its subcommands.
fn write_pages(command: clap::Command, folder: &Path) -> Result<(), CommandError> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write_pages(below.clone(), folder)?;
    }
    let page = Man::new(command);
    let path = folder.join(page.get_filename());
    let mut rendered = Vec::new();
    page.render(&mut rendered)?;
    files::write(&path, &rendered).map_err(|source| CommandError::File { path, source })
}
