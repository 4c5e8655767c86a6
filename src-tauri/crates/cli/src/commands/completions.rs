//! `completions`.

use std::io::{self, Write};

use crate::arguments::Completions;
use crate::completion;
use crate::error::CommandError;
use crate::exit::Exit;

pub fn completions(arguments: &Completions) -> Result<Exit, CommandError> {
    // Writing directly to standard output would panic if its reader has closed it.
    let script = completion::script(&arguments.shell.to_string())?;
    io::stdout().write_all(&script).map_err(CommandError::Output)?;
    Ok(Exit::Done)
}
