//! `prices`.

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::words;

pub fn prices(output: Output) -> Result<Exit, CommandError> {
    let prices = engine::price_list();
    output.show(&prices, |out| words::prices(out, &prices))?;
    Ok(Exit::Done)
}
