//! `completions`.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::error::CommandError;
use crate::exit::Exit;

pub fn completions(arguments: &Completions) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    // Writing directly to standard output would panic if its reader has closed it.
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "fieldmark", &mut script);
    io::stdout().write_all(&script).map_err(CommandError::Output)?;
    Ok(Exit::Done)
}
