//! Ways to spend less on a plan: the estimates and facts that `domain::savings` needs. Every plan that it asks about is
//! estimated like a quote.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::ImageId;
use domain::model::{Model, ModelId, UnsupportedCapability};
use domain::plan::ImageSelection;
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::RunMode;
use domain::savings::{
    LEAST_DECIDED, OtherModel, PlanChoice, PlanEstimate, SavingFacts, Savings, SavingsRequest, savings,
};
use store::Question;

use super::cost::AskedImages;
use super::offer::Offer;
use super::speed::{SpeedLimits, estimate};
use super::{PlanTerms, Planning};
use crate::Result;
use crate::backend::Backends;
use crate::connections::provider::ProviderConnections;

/// A plan of which only parts change.
struct Ground<'a> {
    planning: &'a Planning,
    connections: &'a ProviderConnections,
    models: Vec<Model>,
    recipe: &'a Recipe,
    terms: PlanTerms,
    selected: Vec<ImageId>,
    leaders: HashMap<ImageId, ImageId>,
    /// By what decides which images are sent.
    asked: HashMap<(bool, Option<Question>), Arc<AskedImages>>,
}

impl Planning {
    /// The ways to spend less on a plan; `None` if nothing is known to be spent. Blocks.
    pub fn savings(&self, request: &SavingsRequest) -> Result<Option<Savings>> {
        let recipe = self.store.read_blocking(|view| view.recipe(request.plan.recipe))?;
        let SavingsRequest { plan, model, mode, model_before } = request;
        self.savings_for_recipe(&recipe, &plan.images, &PlanTerms::from(plan), (model, *mode), model_before.as_ref())
    }

    /// Like [`Planning::savings`], for a recipe that need not be in the library.
    pub fn savings_for_recipe(
        &self,
        recipe: &Recipe,
        selection: &ImageSelection,
        terms: &PlanTerms,
        (model, mode): (&ModelId, RunMode),
        model_before: Option<&ModelId>,
    ) -> Result<Option<Savings>> {
        let similar = self.similar.groups(selection)?;
        let connections = self.connections.current()?;
        let mut ground = Ground {
            planning: self,
            models: Backends::models(&connections),
            connections: &connections,
            recipe,
            terms: *terms,
            selected: self.store.read_blocking(|view| view.selected_images(selection))?,
            leaders: similar.leaders(),
            asked: HashMap::new(),
        };
        let choice = PlanChoice {
            model: model.clone(),
            mode,
            propagates_to_similar: terms.propagates_to_similar,
            options: terms.options,
        };
        let Some(facts) = ground.facts(&choice, similar.saving().followers)? else { return Ok(None) };
        let found = savings(&choice, model_before, &facts, |choice| ground.estimate(choice))?;
        Ok(found.filter(|savings| savings.cost.at_most.0 > 0))
    }
}

impl Ground<'_> {
    fn model(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|model| model.id == *id)
    }

    fn shown_recipe(&self, options: RunOptions) -> Recipe {
        self.recipe.clone().with_most_examples(options.most_examples)
    }

    /// `None` if the model is unknown.
    fn facts(&self, choice: &PlanChoice, near_duplicates: u32) -> Result<Option<SavingFacts>> {
        let Some(model) = self.model(&choice.model) else { return Ok(None) };
        let recipe = self.shown_recipe(choice.options);
        let offer = self.planning.offer(model, self.connections, &recipe, choice.options)?;
        let (qualities, longest_answer) = self
            .planning
            .store
            .read_blocking(|view| Ok((view.qualities(&recipe)?, view.longest_answer(model, &recipe)?)))?;
        let quality =
            |model: &ModelId| qualities.get(model).copied().filter(|measured| measured.decided >= LEAST_DECIDED);
        let gaps = self.planning.unsupported(model, &recipe).len();
        let is_as_complete = |other: &Model| {
            let unsupported = self.planning.unsupported(other, &recipe);
            unsupported.len() <= gaps && !unsupported.iter().any(UnsupportedCapability::is_blocking)
        };
        let others = self.models.iter().filter(|other| {
            other.id != model.id
                && other.retires.is_none()
                && self.connections.unavailable(other).is_none()
                && is_as_complete(other)
        });
        let other_models = others.map(|other| OtherModel {
            id: other.id.clone(),
            name: other.name.clone(),
            quality: quality(&other.id),
        });
        Ok(Some(SavingFacts {
            name: model.name.clone(),
            has_batches: offer.has_batches(),
            takes_several_answers: recipe.takes_several_answers(),
            near_duplicates,
            examples: if model.takes_examples {
                u32::try_from(self.recipe.examples.len()).unwrap_or(u32::MAX)
            } else {
                0
            },
            longest_answer,
            takes_effort: offer.known.spec.takes_effort,
            quality: quality(&model.id),
            other_models: other_models.collect(),
        }))
    }

    /// `None` without a known price, and for what costs nothing.
    fn estimate(&mut self, choice: &PlanChoice) -> Result<Option<PlanEstimate>> {
        let Some(model) = self.model(&choice.model).cloned() else { return Ok(None) };
        let recipe = self.shown_recipe(choice.options);
        let offer = self.planning.offer(&model, self.connections, &recipe, choice.options)?;
        let mode = if offer.has_batches() { choice.mode } else { RunMode::Live };
        let asked = self.asked(choice.propagates_to_similar, &offer)?;
        let earlier = self.planning.earlier_answers(&model, &recipe);
        let Some(cost) = self.planning.cost(&earlier, &offer.known, &asked, offer.conditions(mode))? else {
            return Ok(None);
        };
        let Some(basis) = cost.basis.clone() else { return Ok(None) };
        let total_millis = match mode {
            RunMode::Batch => None,
            RunMode::Live => {
                let limits = self.planning.known_limits(offer.connection, &offer.options)?;
                let images = asked.count();
                let max_tokens = offer.options.max_tokens;
                let costs = self.planning.examples.estimated_costs(&offer.known, &recipe, mode, max_tokens, 0)?;
                let requests = asked.requests(&costs).total.max(images);
                let speed_limits = SpeedLimits { images, requests, limits, cost: Some(&cost) };
                let speed = self.planning.speed_of_earlier_run(&model)?;
                let per_image = f64::from(requests) / f64::from(images.max(1));
                speed.map(|speed| estimate(speed.times(per_image), offer.options, &speed_limits).total_millis)
            }
        };
        Ok(Some(PlanEstimate {
            cost: cost.range,
            total_millis,
            longest_edge: basis.longest_edge,
            answer_tokens_limit: basis.answer_tokens_limit,
            longer_answer_tokens_limit: basis.longer_answer_tokens_limit,
            caching: basis.caching,
        }))
    }

    /// The images that are sent; the same for all plans with the same question.
    fn asked(&mut self, propagates_to_similar: bool, offer: &Offer<'_>) -> Result<Arc<AskedImages>> {
        let question = offer.question.as_ref().filter(|_| !self.terms.ignores_saved_answers);
        let name = (propagates_to_similar, question.cloned());
        if let Some(asked) = self.asked.get(&name) {
            return Ok(Arc::clone(asked));
        }
        let is_follower = |image: &ImageId| propagates_to_similar && self.leaders.contains_key(image);
        let (followers, images): (Vec<_>, Vec<_>) = self.selected.iter().copied().partition(is_follower);
        let asked = Arc::new(self.planning.asked(question, &images, &followers, self.terms.pilot)?);
        self.asked.insert(name, Arc::clone(&asked));
        Ok(asked)
    }
}
