//! `metrics`: the metrics of a run, as JSON for other programs.

use crate::arguments::{Global, Metrics, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::output::Console;

pub fn metrics(arguments: &Metrics, global: &Global) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    let run = library::find_run(&library, arguments.run)?;
    match &arguments.out {
        Some(Target::File(path)) => library.insight.write_metrics(run, path)?,
        Some(Target::StandardOutput) | None => Console::document(&library.insight.classic_metrics(run)?)?,
    }
    Ok(Exit::Done)
}
