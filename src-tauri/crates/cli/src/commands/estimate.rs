//! `estimate`: cost and time of annotating, for every model side by side. Photos are imported if there is a library; nothing
//! else changes.

use domain::plan::{ImageSelection, ModelQuote, Quote};
use engine::Invocation;

use engine::PlanTerms;

use super::quoting::unknown_model;
use crate::arguments::{Estimate, Global};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::Console;

pub async fn estimate(arguments: &Estimate, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let invocation = Invocation { endpoint_keys: arguments.endpoint_keys.read()?, ..Invocation::default() };
    let library = library::open_during(global, invocation, EnvFileUse::Mention, WhenMissing::Forget).await?;
    let recipe = library::read_recipe(&library, &arguments.to_find)?;
    let images = library::import(&library, &arguments.paths).await?;
    let terms = PlanTerms {
        propagates_to_similar: arguments.similar,
        ignores_saved_answers: arguments.fresh,
        options: arguments.tuning.options(images.len()),
        pilot: None,
        budget: arguments.budget,
    };
    let images = ImageSelection::Images { ids: images };
    let mut quote = library.planning.quote_for_recipe(&recipe, &images, &terms)?;
    narrow(&mut quote, arguments)?;
    library::name_endpoints(&library)?;
    output.show(&quote, |out| messages::estimate(out, &quote, &recipe.name, arguments))?;
    Ok(Exit::Done)
}

/// Removes the rows that the user did not ask for.
fn narrow(quote: &mut Quote, arguments: &Estimate) -> Result<(), CommandError> {
    let asked: Vec<&str> = arguments.models.iter().map(|model| model.trim()).collect();
    let is_known = |asked: &str| quote.models.iter().any(|row| row.model.id.0 == asked);
    if let Some(unknown) = asked.iter().find(|asked| !is_known(asked)) {
        return Err(unknown_model(quote, (*unknown).to_owned()));
    }
    let is_asked_for = |row: &ModelQuote| {
        (asked.is_empty() || asked.contains(&row.model.id.0.as_str())) && (!arguments.batch || row.batch.is_some())
    };
    quote.models.retain(is_asked_for);
    if arguments.batch {
        quote.models.sort_by_key(|row| row.batch.map(|cost| cost.expected));
    }
    Ok(())
}
