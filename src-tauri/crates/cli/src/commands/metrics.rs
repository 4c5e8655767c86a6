//! `metrics`: the figures of a run, in the form that other programs read.

use crate::arguments::{Global, Metrics};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::output::Output;

pub fn metrics(arguments: &Metrics, global: &Global) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    let run = library::find_run(&library, arguments.run)?;
    match &arguments.out {
        Some(path) => library.write_metrics(run, path)?,
        None => Output::document(&library.classic_metrics(run)?)?,
    }
    Ok(Exit::Done)
}
