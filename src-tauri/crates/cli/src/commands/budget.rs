//! `budget`: what was spent this month, and the cap on it.

use crate::arguments::{BudgetArguments, Global};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;

pub fn budget(arguments: &BudgetArguments, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    let month = if arguments.monthly.is_some() || arguments.no_monthly {
        library.spending.set_cap(arguments.monthly)?
    } else {
        library.spending.this_month()?
    };
    output.show(&month, |out| messages::month(out, &month))?;
    Ok(Exit::Done)
}
