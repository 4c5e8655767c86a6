//! The available models, and the bundled price list.

use domain::catalogue::{ModelPrice, OfferedModel, PriceList};
use domain::model::ModelId;
use domain::usage::Usage;
use providers::price::Terms;

use super::Planning;
use crate::Result;
use crate::backend::Backends;
use crate::provided;

/// Prices are per million tokens.
const MILLION: u64 = 1_000_000;

impl Planning {
    /// All models, local ones first, with the reason if one is unavailable. May block on the keychain.
    pub fn models(&self) -> Result<Vec<OfferedModel>> {
        let connections = self.connections.current()?;
        let suggested = connections.suggested_model().map(|(model, _)| model);
        let offered = Backends::models(&connections).into_iter().map(|model| OfferedModel {
            unavailable: connections.unavailable(&model),
            is_suggested: Some(&model.id) == suggested,
            model,
        });
        Ok(offered.collect())
    }
}

/// The prices of paid models, in the order of [`Planning::models`], without surcharges for long prompts.
#[must_use]
pub fn price_list() -> PriceList {
    let offered = provided::providers().flat_map(|provider| {
        let has_batches = provider.descriptor().capabilities.batches;
        provider.catalog().models.iter().map(move |model| (model, has_batches))
    });
    let priced = offered.filter(|(model, _)| !model.price.is_free()).map(|(model, has_batches)| {
        let of_million = |usage: Usage, terms| model.price.cost(usage, terms).times(MILLION);
        let input = Usage { input_tokens: 1, ..Usage::default() };
        let output = Usage { output_tokens: 1, ..Usage::default() };
        ModelPrice {
            id: ModelId(model.id.clone()),
            name: model.name.clone(),
            input: of_million(input, Terms::LIST),
            output: of_million(output, Terms::LIST),
            cached_input: of_million(Usage { cache_read_tokens: 1, ..Usage::default() }, Terms::LIST),
            batch_input: has_batches.then(|| of_million(input, Terms::BATCH)),
            batch_output: has_batches.then(|| of_million(output, Terms::BATCH)),
        }
    });
    PriceList { as_of: provided::prices_as_of(), models: priced.collect() }
}

#[cfg(test)]
mod tests {
    use domain::money::PicoDollars;

    use super::*;

    #[test]
    fn the_list_says_what_a_million_tokens_cost() {
        let list = price_list();
        let sonnet = list.models.iter().find(|price| price.id.0 == "claude-sonnet-5-5").unwrap();
        let dollars = |dollars| PicoDollars::from_dollars(dollars).unwrap();
        assert_eq!((sonnet.input, sonnet.output), (dollars(2.0), dollars(10.0)));
        assert_eq!((sonnet.batch_input, sonnet.batch_output), (Some(dollars(1.0)), Some(dollars(5.0))));
        assert_eq!(sonnet.cached_input, dollars(0.1));
    }
}
