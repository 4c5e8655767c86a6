//! `recipes`.

use crate::arguments::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub fn recipes(global: &Global, output: Console) -> Result<Exit, CommandError> {
    let recipes = library::open(global)?.recipes.all()?;
    output.show(&recipes, |out| messages::recipes(out, &recipes))?;
    Ok(Exit::Done)
}
