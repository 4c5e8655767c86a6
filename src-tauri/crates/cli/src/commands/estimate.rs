//! `estimate`: cost and time of annotating, for every model side by side. Photos are imported if there is a library; nothing
//! else changes.

use domain::month::MonthSpending;
use domain::plan::{ImageSelection, ModelQuote, Quote};
use domain::run_state::RunMode;
use domain::savings::Savings;
use engine::{Invocation, PlanTerms};
use serde::Serialize;

use super::quoting::unknown_model;
use crate::arguments::{Estimate, Global};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::Console;

/// The estimate as JSON.
#[derive(Serialize)]
struct Estimated {
    #[serde(flatten)]
    quote: Quote,
    /// For the only model that was asked for, otherwise for the suggested one; `None` if it costs nothing.
    savings: Option<Savings>,
    month: MonthSpending,
}

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
    let live_only = narrow(&mut quote, arguments)?;
    library::name_endpoints(&library)?;
    let mode = if arguments.batch { RunMode::Batch } else { RunMode::Live };
    let model = match quote.models.as_slice() {
        [only] => Some(only.clone()),
        several => several.iter().find(|row| row.model.id == quote.suggested_model).cloned(),
    };
    let savings = match &model {
        Some(row) => library.planning.savings_for_recipe(&recipe, &images, &terms, (&row.model.id, mode), None)?,
        None => None,
    };
    let estimated = Estimated { quote, savings, month: library.spending.this_month()? };
    output.show(&estimated, |out| {
        messages::estimate(out, &estimated.quote, &recipe.name, &estimated.month, arguments)?;
        messages::not_in_batches(out, &live_only)?;
        match (&model, &estimated.savings) {
            (Some(model), Some(savings)) => messages::savings(out, model, savings),
            _ => Ok(()),
        }
    })?;
    Ok(Exit::Done)
}

/// Removes the rows that the user did not ask for. Returns those of them that are not sent in batches, with `--batch`.
fn narrow(quote: &mut Quote, arguments: &Estimate) -> Result<Vec<ModelQuote>, CommandError> {
    let asked: Vec<&str> = arguments.models.iter().map(|model| model.trim()).collect();
    let is_known = |asked: &str| quote.models.iter().any(|row| row.model.id.0 == asked);
    if let Some(unknown) = asked.iter().find(|asked| !is_known(asked)) {
        return Err(unknown_model(quote, (*unknown).to_owned()));
    }
    quote.models.retain(|row| asked.is_empty() || asked.contains(&row.model.id.0.as_str()));
    if !arguments.batch {
        return Ok(Vec::new());
    }
    let live_only = quote.models.extract_if(.., |row| row.batch.is_none()).collect();
    quote.models.sort_by_key(|row| row.batch.map(|cost| cost.expected));
    Ok(live_only)
}
