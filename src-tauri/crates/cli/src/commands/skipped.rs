//! `skipped`.

use crate::arguments::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub fn skipped(global: &Global, output: Console) -> Result<Exit, CommandError> {
    let skipped = library::open(global)?.images.skipped_files(None)?;
    output.show(&skipped, |out| messages::skipped(out, &skipped.iter().collect::<Vec<_>>()))?;
    Ok(Exit::Done)
}
