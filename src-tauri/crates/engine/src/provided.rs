//! The models of all providers, local ones first.

use std::sync::Arc;

use domain::calendar::CalendarDate;
use domain::model::ModelId;
use domain::recipe::Recipe;
use domain::run_state::RunMode;
use providers::catalog::ModelSpec;
use providers::provider::{PreparedModel, Provider};
use providers::registry;
use providers::request::RequestOptions;
use providers::request::ShownExample;

use crate::backend::this_computer;
use crate::clock::today;

/// A model and its provider.
#[derive(Clone)]
pub struct ProvidedModel {
    pub provider: &'static dyn Provider,
    pub spec: Arc<ModelSpec>,
}

impl ProvidedModel {
    /// The model, sent images with this longest edge in pixels at most.
    #[must_use]
    pub fn with_longest_edge(self, edge: Option<u32>) -> Self {
        match edge {
            Some(_) => Self { spec: Arc::new(ModelSpec { sent_edge: edge, ..ModelSpec::clone(&self.spec) }), ..self },
            None => self,
        }
    }

    /// Prepares the model for `recipe` and its `examples`.
    pub fn prepare(
        &self,
        recipe: &Recipe,
        examples: &[ShownExample],
        mode: RunMode,
        max_tokens: Option<u32>,
    ) -> Result<Arc<dyn PreparedModel>, providers::request::RecipeError> {
        let usual = match mode {
            RunMode::Live => RequestOptions::default(),
            RunMode::Batch => RequestOptions::BATCH,
        };
        let options = RequestOptions { max_output_tokens: max_tokens.map(u64::from), examples, ..usual };
        self.provider.prepare(&self.spec, recipe, options)
    }
}

/// Every provider, this computer first.
pub fn providers() -> impl Iterator<Item = &'static dyn Provider> {
    std::iter::once(this_computer::provider()).chain(registry::all().iter().copied())
}

/// The date of the oldest price.
pub fn prices_as_of() -> CalendarDate {
    let days = providers().filter_map(|provider| provider.catalog().prices_as_of);
    days.min().unwrap_or(CalendarDate::new(1970, 1, 1))
}

/// The model with this id in any catalogue, at today's price.
pub fn find(id: &ModelId) -> Option<ProvidedModel> {
    providers().find_map(|provider| {
        let spec = provider.catalog().find(&id.0)?.on(today());
        Some(ProvidedModel { provider, spec })
    })
}
