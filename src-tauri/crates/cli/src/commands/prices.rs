//! `prices`.

use crate::error::CommandError;
use crate::exit::Exit;
use crate::messages;
use crate::output::Console;

pub fn prices(output: Console) -> Result<Exit, CommandError> {
    let prices = engine::price_list();
    output.show(&prices, |out| messages::prices(out, &prices))?;
    Ok(Exit::Done)
}
