//! `models`.

use crate::arguments::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::output::Output;
use crate::words;

pub fn models(global: &Global, output: Output) -> Result<Exit, CommandError> {
    let models = library::open(global)?.models()?;
    output.show(&models, |out| words::models(out, &models))?;
    Ok(Exit::Done)
}
