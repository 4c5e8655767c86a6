//! `spend`: what was spent, by month, model, recipe or collection.

use std::io;

use domain::spend::{SpendFilter, SpendKey};

use crate::arguments::{Global, Spend, SpendBy};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub fn spend(arguments: &Spend, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let mut keys: Vec<SpendKey> = Vec::new();
    for key in arguments.by.iter().copied().map(SpendBy::key) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let filter = SpendFilter {
        from: arguments.from.clone(),
        model: arguments.model.clone(),
        recipe: arguments.recipe.clone(),
        collection: arguments.collection.clone(),
    };
    let rows = library::open(global)?.spending.by(&keys, &filter)?;
    if arguments.csv {
        engine::write_spend_csv(io::stdout().lock(), &rows, &keys).map_err(CommandError::Output)?;
    } else {
        let is_narrowed = filter != SpendFilter::default();
        output.show(&rows, |out| messages::spend(out, &rows, &keys, is_narrowed))?;
    }
    Ok(Exit::Done)
}
