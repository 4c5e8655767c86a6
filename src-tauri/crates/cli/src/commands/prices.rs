//! `prices`.

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Console;
use crate::words;

pub fn prices(output: Console) -> Result<Exit, CommandError> {
    let prices = engine::price_list();
    output.show(&prices, |out| words::prices(out, &prices))?;
    Ok(Exit::Done)
}
