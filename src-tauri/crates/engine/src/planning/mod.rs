//! Estimates cost and time of a plan before anything is sent. Times are measured: in an earlier run of the same model,
//! or in a trial on a few of the plan's images.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod cost;
mod expected;
mod models;
mod offer;
mod parts;
mod pilot;
mod preview;
mod savings;
mod sent_images;
mod speed;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use std::sync::{Arc, Mutex};

use domain::budget::{BudgetForecast, Spending};
use domain::ids::ImageId;
use domain::model::{Model, ModelId, Unavailable, UnsupportedCapability};
use domain::money::PicoDollars;
use domain::pace::EndpointLimit;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, Quote};
use domain::prices::{PriceSettings, are_old};
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::RunMode;
use store::{Question, Store};

use crate::Result;
use crate::backend::Backends;
use crate::clock::today;
use crate::connections::Connections;
use crate::connections::provider::{ProviderConnection, ProviderConnections};
use crate::examples::Examples;
use crate::machine::in_parallel;
use crate::originals::Originals;
use crate::provided::{self, ProvidedModel};
use crate::similar::Similar;

use cost::{AskedImages, Cost};
pub use expected::Conditions;
use expected::EarlierAnswers;
use offer::Offer;
use parts::rest;
use speed::{Speed, SpeedLimits, estimate, presets};

/// Number of sizes that a quote lists individually.
const LISTED_SIZES: usize = 5;

/// The subject of a plan.
struct Subject<'a> {
    recipe: &'a Recipe,
    terms: &'a PlanTerms,
    images: &'a [ImageId],
    followers: &'a [ImageId],
    /// For a model without saved answers.
    asked: &'a AskedImages,
}

/// A model that the plan may use.
struct Candidate {
    model: Model,
    unsupported_capabilities: Vec<UnsupportedCapability>,
    unavailable: Option<Unavailable>,
    can_run: bool,
    /// `None` if its speed is not known.
    speed: Option<Speed>,
}

/// The terms on which the images of a plan are sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanTerms {
    pub propagates_to_similar: bool,
    pub ignores_saved_answers: bool,
    pub options: RunOptions,
    pub pilot: Option<u32>,
    pub budget: Option<PicoDollars>,
}

impl From<&PlanRequest> for PlanTerms {
    fn from(request: &PlanRequest) -> Self {
        Self {
            propagates_to_similar: request.propagates_to_similar,
            ignores_saved_answers: request.ignores_saved_answers,
            options: request.options,
            pilot: request.pilot,
            budget: request.budget,
        }
    }
}

/// Plans runs: cost and time.
pub struct Planning {
    store: Arc<Store>,
    similar: Arc<Similar>,
    originals: Arc<Originals>,
    examples: Arc<Examples>,
    connections: Arc<Connections>,
    /// Trials since the library was opened, one per model.
    trials: Mutex<HashMap<ModelId, Speed>>,
}

/// A run to plan.
pub struct RunPlan {
    pub model: Model,
    pub known: ProvidedModel,
    pub recipe: Recipe,
    /// The key for reusing saved answers; `None` ignores them.
    pub question: Option<Question>,
    /// The images to send.
    pub asked: Vec<ImageId>,
    /// Images that get the annotations of similar ones.
    pub followers: Vec<ImageId>,
    /// Maximum number of images in the pilot.
    pub pilot: Option<u32>,
    pub conditions: Conditions,
}

/// The cost of a planned run, and its pilot.
pub struct PlannedRun {
    /// `None` if the model cannot be used at all.
    pub cost: Option<Cost>,
    /// The images of the pilot; empty without one.
    pub pilot: Vec<ImageId>,
    /// Expected cost of the pilot.
    pub pilot_expected: PicoDollars,
    /// Whether no image has a saved answer.
    pub is_all_asked: bool,
}

impl Planning {
    pub(crate) fn new(
        store: Arc<Store>,
        similar: Arc<Similar>,
        originals: Arc<Originals>,
        examples: Arc<Examples>,
        connections: Arc<Connections>,
    ) -> Self {
        Self { store, similar, originals, examples, connections, trials: Mutex::default() }
    }

    /// Plans a run whose backend is open. Blocks.
    pub(crate) fn plan(&self, plan: &RunPlan) -> Result<PlannedRun> {
        let RunPlan { model, known, recipe, asked, followers, conditions, .. } = plan;
        let question = plan.question.as_ref();
        let unanswered = self.unanswered(question, asked)?;
        let pilot = self.pilot_of(&unanswered, plan.pilot)?;
        let to_ask = self.sized(&unanswered, &self.unanswered(question, followers)?, &pilot)?;
        let earlier = self.earlier_answers(model, recipe);
        let cost = self.cost(&earlier, known, &to_ask, *conditions)?;
        let pilot_expected = self.pilot_quote(&earlier, known, to_ask.pilot, *conditions)?;
        let pilot_expected = pilot_expected.map_or(PicoDollars::ZERO, |quote| quote.cost.expected);
        Ok(PlannedRun { cost, pilot, pilot_expected, is_all_asked: unanswered.len() == asked.len() })
    }

    /// Quotes a plan for every model. Blocks while it tries a local model, and while the keychain asks for its
    /// password.
    pub fn quote(&self, request: &PlanRequest) -> Result<Quote> {
        let recipe = self.store.read_blocking(|view| view.recipe(request.recipe))?;
        self.quote_for_recipe(&recipe, &request.images, &PlanTerms::from(request))
    }

    /// Like [`Planning::quote`], for a recipe that need not be in the library.
    pub fn quote_for_recipe(&self, recipe: &Recipe, selection: &ImageSelection, terms: &PlanTerms) -> Result<Quote> {
        let recipe = &recipe.clone().with_most_examples(terms.options.most_examples);
        let similar = self.similar.groups(selection)?;
        let leaders = if terms.propagates_to_similar { similar.leaders() } else { HashMap::new() };
        let selected = self.store.read_blocking(|view| view.selected_images(selection))?;
        let image_count = selected.len();
        let (followers, images): (Vec<_>, Vec<_>) = selected.into_iter().partition(|image| leaders.contains_key(image));
        let asked = self.asked(None, &images, &followers, terms.pilot)?;
        let sizes = asked.sizes();
        let connections = self.connections.current()?;
        let mut models = Backends::models(&connections);
        models.retain(|model| !connections.is_resold_without_key(model));
        let suggested_model = connections.suggested_model().filter(|(_, has_key)| *has_key).map(|(model, _)| model);
        let suggested_model = suggested_model.unwrap_or(&models[0].id).clone();
        let prices_as_of = provided::prices_as_of();
        let subject = Subject { recipe, terms, images: &images, followers: &followers, asked: &asked };
        let models = models.into_iter().map(|model| self.candidate(model, &connections, &subject));
        let models =
            in_parallel(models.collect::<Result<_>>()?, |candidate| self.quote_for(candidate, &connections, &subject))?;
        Ok(Quote {
            image_count: u32::try_from(image_count).unwrap_or(u32::MAX),
            similar: similar.saving(),
            sizes: sizes.into_iter().take(LISTED_SIZES).collect(),
            models,
            suggested_model,
            prices_as_of,
            are_prices_old: are_old(prices_as_of, today()),
        })
    }

    /// What `model` does not support of `recipe`, and examples whose photos are missing.
    fn unsupported(&self, model: &Model, recipe: &Recipe) -> Vec<UnsupportedCapability> {
        let mut unsupported = model.unsupported_capabilities(recipe);
        let missing = if model.takes_examples { self.examples.unavailable(recipe) } else { Vec::new() };
        if !missing.is_empty() {
            let details = missing.into_iter().map(|(number, detail)| format!("{number}: {detail}")).collect();
            unsupported.insert(0, UnsupportedCapability::ExamplePhotos { details });
        }
        let has_batches =
            provided::find(&model.id).is_some_and(|known| known.provider.descriptor().capabilities.batches);
        if has_batches && recipe.takes_several_answers() {
            unsupported.push(UnsupportedCapability::Batches);
        }
        unsupported
    }

    /// Whether `model` can be used, and its speed. One at a time, as a trial would not be right beside other work.
    fn candidate(&self, model: Model, connections: &ProviderConnections, subject: &Subject<'_>) -> Result<Candidate> {
        let Subject { recipe, images, .. } = *subject;
        let unsupported_capabilities = self.unsupported(&model, recipe);
        let unavailable = connections.unavailable(&model);
        let can_run = unavailable.is_none() && !unsupported_capabilities.iter().any(UnsupportedCapability::is_blocking);
        let speed = if can_run { self.speed(&model, recipe, images)? } else { None };
        Ok(Candidate { model, unsupported_capabilities, unavailable, can_run, speed })
    }

    fn quote_for(
        &self,
        candidate: Candidate,
        connections: &ProviderConnections,
        subject: &Subject<'_>,
    ) -> Result<ModelQuote> {
        let Subject { recipe, terms, images, .. } = *subject;
        let Candidate { model, unsupported_capabilities, unavailable, can_run, speed } = candidate;
        let offer = self.offer(&model, connections, recipe, terms.options)?;
        let Offer { connection, ref known, options, .. } = offer;
        let question = offer.question.as_ref();
        let answered_before = self.answered_before(question, images)?.len();
        let (image_count, asked) = if terms.ignores_saved_answers || answered_before == 0 {
            (images.len(), Cow::Borrowed(subject.asked))
        } else {
            let asked = self.asked(question, images, subject.followers, terms.pilot)?;
            (images.len() - answered_before, Cow::Owned(asked))
        };
        let image_count = u32::try_from(image_count).unwrap_or(u32::MAX);
        let earlier = self.earlier_answers(&model, recipe);
        let cost = |mode| self.cost(&earlier, known, &asked, offer.conditions(mode));
        let forecast = |cost: &Cost, mode| {
            let Cost { range, request_at_most, ref basis, .. } = *cost;
            let budget = terms.budget.filter(|_| basis.is_some())?;
            Some(BudgetForecast::new(budget, Spending { images: image_count, cost: range, request_at_most }, mode))
        };
        let descriptor = known.provider.descriptor();
        let costs = self.examples.estimated_costs(known, recipe, RunMode::Live, options.max_tokens, 0).ok();
        let requests = costs.as_ref().map(|costs| asked.requests(costs)).unwrap_or_default();
        let requests_per_image = f64::from(requests.total.max(image_count)) / f64::from(image_count.max(1));
        let speed = speed.map(|speed| speed.times(requests_per_image));
        let live = cost(RunMode::Live)?;
        let batch = if offer.has_batches() { cost(RunMode::Batch)? } else { None };
        let speed_limits = SpeedLimits {
            images: image_count,
            requests: requests.total.max(image_count),
            limits: self.known_limits(connection, &options)?,
            cost: live.as_ref(),
        };
        Ok(ModelQuote {
            answered_before: u32::try_from(answered_before).unwrap_or(u32::MAX),
            budget: live.as_ref().and_then(|cost| forecast(cost, RunMode::Live)),
            batch_budget: batch.as_ref().and_then(|cost| forecast(cost, RunMode::Batch)),
            batch: batch.map(|cost| cost.range),
            pilot: self.pilot_quote(&earlier, known, asked.pilot.clone(), offer.conditions(RunMode::Live))?,
            time: speed.map(|speed| estimate(speed, options, &speed_limits)),
            presets: if descriptor.is_on_this_computer() { Vec::new() } else { presets(speed, &speed_limits) },
            price_source: connections.settings().price(&model.id.0).map(PriceSettings::source).unwrap_or_default(),
            cost: live.as_ref().map(|cost| cost.range),
            cost_basis: live.and_then(|cost| cost.basis),
            requests,
            words_sent: costs.map(|costs| costs.usual().prompt_text().to_owned()).unwrap_or_default(),
            example_photos: if model.takes_examples {
                u32::try_from(recipe.examples.len()).unwrap_or(u32::MAX)
            } else {
                0
            },
            unsupported_capabilities,
            unavailable,
            can_run,
            model,
        })
    }

    fn earlier_answers<'a>(&'a self, model: &'a Model, recipe: &'a Recipe) -> EarlierAnswers<'a> {
        EarlierAnswers::new(&self.store, model, recipe)
    }

    /// The `images` without a saved answer to `question`, by size, with the pilot among them, and the `followers`,
    /// which are sent only if the image that they resemble fails.
    fn asked(
        &self,
        question: Option<&Question>,
        images: &[ImageId],
        followers: &[ImageId],
        pilot: Option<u32>,
    ) -> Result<AskedImages> {
        let images = self.unanswered(question, images)?;
        let pilot = self.pilot_of(&images, pilot)?;
        self.sized(&images, &self.unanswered(question, followers)?, &pilot)
    }

    /// These images by size; the `pilot` is among them.
    fn sized(&self, images: &[ImageId], followers: &[ImageId], pilot: &[ImageId]) -> Result<AskedImages> {
        let others = rest(images, pilot);
        Ok(self.store.read_blocking(|view| {
            Ok(AskedImages {
                pilot: view.sizes_of(pilot)?,
                others: view.sizes_of(&others)?,
                followers: view.sizes_of(followers)?,
            })
        })?)
    }

    /// The known limits of all endpoints that requests are spread over: the user's, and those learned in earlier runs.
    fn known_limits(
        &self,
        connection: Option<&ProviderConnection>,
        options: &RunOptions,
    ) -> Result<Vec<EndpointLimit>> {
        let endpoints = connection.map_or_else(Vec::new, |connection| connection.endpoints(options));
        let endpoints = endpoints.into_iter().map(|(endpoint, bounds)| {
            let learned = self.store.read_blocking(|view| view.endpoint_limits(&endpoint))?;
            Ok(bounds.limits().chain(learned).collect())
        });
        Ok(EndpointLimit::of_all(&endpoints.collect::<Result<Vec<_>>>()?))
    }

    /// The `images` with an answer that an earlier run paid for; empty for a free model.
    fn answered_before(&self, question: Option<&Question>, images: &[ImageId]) -> Result<HashSet<ImageId>> {
        match question.filter(|_| !images.is_empty()) {
            Some(question) => Ok(self.store.read_blocking(|view| view.answered_before(question, images))?),
            None => Ok(HashSet::new()),
        }
    }

    /// The `images` that must be sent.
    pub fn unanswered(&self, question: Option<&Question>, images: &[ImageId]) -> Result<Vec<ImageId>> {
        let answered = self.answered_before(question, images)?;
        Ok(images.iter().copied().filter(|image| !answered.contains(image)).collect())
    }
}
