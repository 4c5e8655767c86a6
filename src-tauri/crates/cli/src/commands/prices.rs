//! `prices`.

use std::path::Path;

use domain::catalogue::PriceList;
use domain::model::ModelId;

use super::quoting::with_similar_model;
use crate::arguments::{Global, PricesArguments, PricesCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Opened};
use crate::messages;
use crate::output::{Console, notes};

/// The largest price table that is read. The public ones have one or two megabytes.
const MAX_TABLE_BYTES: u64 = 64 << 20;

pub fn prices(arguments: PricesArguments, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let opened = library::open(global)?;
    let unknown = |error| with_similar_model(&opened, error);
    let list = match arguments.command.unwrap_or(PricesCommand::List) {
        PricesCommand::List => opened.prices.list()?,
        PricesCommand::Set(set) => kept(&opened)?.prices.set(set.price()).map_err(unknown)?,
        PricesCommand::Reset { models, .. } => {
            let before = opened.prices.list()?;
            let list = kept(&opened)?.prices.reset(&ids(models)).map_err(unknown)?;
            if list == before {
                messages::note(&mut notes(), "Nothing was reset: the built-in prices and limits are in use already.")?;
            }
            list
        }
        PricesCommand::Import { file, models, dry_run } if models.is_empty() || dry_run => {
            let mut comparison = opened.prices.compare(&table(&file)?)?;
            if !models.is_empty() {
                comparison.changes.retain(|change| models.contains(&change.model.0));
                comparison.unchanged.retain(|model| models.contains(&model.0));
                comparison.skipped.retain(|skipped| models.contains(&skipped.name));
            }
            output.show(&comparison, |out| messages::price_comparison(out, &comparison))?;
            return Ok(Exit::Done);
        }
        PricesCommand::Import { file, models, .. } => {
            kept(&opened)?.prices.import(&table(&file)?, &ids(models)).map_err(unknown)?
        }
    };
    show(output, &list)
}

fn show(output: Console, list: &PriceList) -> Result<Exit, CommandError> {
    output.show(list, |out| messages::prices(out, list))?;
    Ok(Exit::Done)
}

/// A library that keeps what is changed.
fn kept(opened: &Opened) -> Result<&Opened, CommandError> {
    if opened.is_temporary() { Err(CommandError::NothingToKeepPricesIn) } else { Ok(opened) }
}

fn ids(models: Vec<String>) -> Vec<ModelId> {
    models.into_iter().map(ModelId).collect()
}

fn table(file: &Path) -> Result<String, CommandError> {
    let text = files::read_to_string(file, MAX_TABLE_BYTES);
    text.map_err(|source| CommandError::UnreadableFile { path: file.to_owned(), source })
}
