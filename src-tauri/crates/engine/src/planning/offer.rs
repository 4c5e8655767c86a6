//! A model as a plan would use it: where it is, on which terms, and the question that it is asked.

use domain::model::Model;
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::RunMode;

use store::Question;

use super::{Conditions, Planning};
use crate::Result;
use crate::backend::{Backends, PricePercents};
use crate::connections::provider::{ProviderConnection, ProviderConnections};
use crate::provided::ProvidedModel;

/// A model with the options of a plan.
pub(super) struct Offer<'a> {
    pub connection: Option<&'a ProviderConnection>,
    /// Sent images as large as the plan wants them.
    pub known: ProvidedModel,
    /// Those of the plan, completed from the settings.
    pub options: RunOptions,
    /// `None` if answers are free.
    pub question: Option<Question>,
    retries: u32,
    takes_several_answers: bool,
}

impl Offer<'_> {
    pub fn conditions(&self, mode: RunMode) -> Conditions {
        Conditions {
            mode,
            percents: self.connection.map_or(PricePercents::LIST, ProviderConnection::price_percents),
            max_tokens: self.options.max_tokens,
            retries: self.retries,
        }
    }

    pub fn has_batches(&self) -> bool {
        self.known.provider.descriptor().capabilities.batches && !self.takes_several_answers
    }
}

impl Planning {
    pub(super) fn offer<'a>(
        &self,
        model: &Model,
        connections: &'a ProviderConnections,
        recipe: &Recipe,
        options: RunOptions,
    ) -> Result<Offer<'a>> {
        let options = connections.complete(&model.id, options);
        Ok(Offer {
            connection: connections.of_model(&model.id),
            known: connections.known(&model.id)?.with_longest_edge(options.longest_edge),
            question: Backends::question(connections, model, recipe, &self.examples, &options)?,
            retries: connections.settings().run.retry_attempts,
            options,
            takes_several_answers: recipe.takes_several_answers(),
        })
    }
}
