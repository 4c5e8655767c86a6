//! `runs`.

use crate::arguments::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub fn runs(global: &Global, output: Console) -> Result<Exit, CommandError> {
    let runs = library::open(global)?.history.runs()?;
    output.show(&runs, |out| messages::runs(out, &runs))?;
    Ok(Exit::Done)
}
