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

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use domain::budget::{BudgetForecast, Spending};
use domain::ids::ImageId;
use domain::model::{Model, ModelId, UnsupportedCapability};
use domain::money::PicoDollars;
use domain::pace::{EndpointLimit, Load};
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, PresetQuote, Quote, TimeBasis, TimeEstimate};
use domain::prices::{PriceSettings, are_old};
use domain::recipe::Recipe;
use domain::run_options::{Preset, RunOptions};
use domain::run_state::RunMode;
use store::{Question, Store};

use crate::Result;
use crate::backend::{Backends, Trial};
use crate::clock::today;
use crate::connections::Connections;
use crate::connections::provider::{ProviderConnection, ProviderConnections};
use crate::examples::Examples;
use crate::machine::processors;
use crate::originals::Originals;
use crate::provided::{self, ProvidedModel};
use crate::similar::Similar;
use crate::sync::lock;

use cost::{AskedImages, Cost};
pub use expected::Conditions;
use offer::Offer;
use parts::{rest, spread};

/// Number of sizes that a quote lists individually.
const LISTED_SIZES: usize = 5;
/// Trial images per concurrent worker.
const TRIAL_ROUNDS: usize = 2;
/// Below this number of images, a trial is a better measure of speed than an earlier run on this machine. Remote models
/// have no trials, so every earlier run counts for them.
const TELLING_IMAGES: u32 = 20;

/// The speed of a model on this machine, for images that take one request each.
#[derive(Clone, Copy)]
struct Pace {
    /// One image from start to answer.
    image_millis: f64,
    /// Wall time per image when several are in flight.
    step_millis: f64,
    concurrency: u32,
    basis: TimeBasis,
}

impl Pace {
    /// For images that take several requests, one after the other.
    fn times(self, requests: f64) -> Self {
        Self { image_millis: self.image_millis * requests, step_millis: self.step_millis * requests, ..self }
    }
}

/// The subject of a plan.
struct Subject<'a> {
    recipe: &'a Recipe,
    terms: &'a PlanTerms,
    images: &'a [ImageId],
    followers: &'a [ImageId],
    /// For a model without saved answers.
    asked: &'a AskedImages,
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
    trials: Mutex<HashMap<ModelId, Pace>>,
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
        let cost = self.cost(model, known, recipe, &to_ask, *conditions)?;
        let pilot_expected = self.pilot_quote(model, known, recipe, to_ask.pilot, *conditions)?;
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
        let sizes = self.store.read_blocking(|view| view.sizes_of(&images))?;
        let asked = self.asked(None, &images, &followers, terms.pilot)?;
        let connections = self.connections.current()?;
        let mut models = Backends::models(&connections);
        models.retain(|model| !connections.is_resold_without_key(model));
        let suggested_model = connections.suggested_model().filter(|(_, has_key)| *has_key).map(|(model, _)| model);
        let suggested_model = suggested_model.unwrap_or(&models[0].id).clone();
        let prices_as_of = provided::prices_as_of();
        let subject = Subject { recipe, terms, images: &images, followers: &followers, asked: &asked };
        let models =
            models.into_iter().map(|model| self.quote_for(model, &connections, &subject)).collect::<Result<_>>()?;
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

    fn quote_for(&self, model: Model, connections: &ProviderConnections, subject: &Subject<'_>) -> Result<ModelQuote> {
        let Subject { recipe, terms, images, .. } = *subject;
        let offer = self.offer(&model, connections, recipe, terms.options)?;
        let Offer { connection, ref known, options, .. } = offer;
        let unsupported_capabilities = self.unsupported(&model, recipe);
        let unavailable = connections.unavailable(&model);
        let can_run = unavailable.is_none() && !unsupported_capabilities.iter().any(UnsupportedCapability::is_blocking);
        let pace = if can_run { self.pace(&model, recipe, images)? } else { None };
        let question = offer.question.as_ref();
        let answered_before = self.answered_before(question, images)?.len();
        let (image_count, asked) = if terms.ignores_saved_answers || answered_before == 0 {
            (images.len(), Cow::Borrowed(subject.asked))
        } else {
            let asked = self.asked(question, images, subject.followers, terms.pilot)?;
            (images.len() - answered_before, Cow::Owned(asked))
        };
        let image_count = u32::try_from(image_count).unwrap_or(u32::MAX);
        let cost = |mode| self.cost(&model, known, recipe, &asked, offer.conditions(mode));
        let forecast = |cost: &Cost, mode| {
            let Cost { range, request_at_most, ref basis, .. } = *cost;
            let budget = terms.budget.filter(|_| basis.is_some())?;
            Some(BudgetForecast::new(budget, Spending { images: image_count, cost: range, request_at_most }, mode))
        };
        let descriptor = known.provider.descriptor();
        let costs = self.examples.estimated_costs(known, recipe, RunMode::Live, options.max_tokens, 0).ok();
        let requests = costs.as_ref().map(|costs| asked.requests(costs)).unwrap_or_default();
        let requests_per_image = f64::from(requests.total.max(image_count)) / f64::from(image_count.max(1));
        let pace = pace.map(|pace| pace.times(requests_per_image));
        let live = cost(RunMode::Live)?;
        let batch = if offer.has_batches() { cost(RunMode::Batch)? } else { None };
        let hold = Hold {
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
            pilot: self.pilot_quote(&model, known, recipe, asked.pilot.clone(), offer.conditions(RunMode::Live))?,
            time: pace.map(|pace| estimate(pace, options, &hold)),
            presets: if descriptor.is_on_this_computer() { Vec::new() } else { presets(pace, &hold) },
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

    fn pace(&self, model: &Model, recipe: &Recipe, images: &[ImageId]) -> Result<Option<Pace>> {
        if let Some(pace) = self.pace_of_earlier_run(model)? {
            return Ok(Some(pace));
        }
        if let Some(pace) = lock(&self.trials).get(&model.id) {
            return Ok(Some(*pace));
        }
        // A quote never tries models that cost money or send images.
        let Some(trial) = Trial::of(&model.id)? else { return Ok(None) };
        let pace = self.try_out(&trial, recipe, images);
        if let Some(pace) = pace {
            lock(&self.trials).insert(model.id.clone(), pace);
        }
        Ok(pace)
    }

    fn pace_of_earlier_run(&self, model: &Model) -> Result<Option<Pace>> {
        let Some((durations, (wall_millis, concurrency), passes)) = self.store.read_blocking(|view| {
            let Some(run) = view.latest_answered_run(model)? else { return Ok(None) };
            Ok(Some((view.durations(run)?, view.pace_of_run(run)?, view.passes_per_image(run)?)))
        })?
        else {
            return Ok(None);
        };
        let images = u32::try_from(durations.len()).unwrap_or(u32::MAX);
        let can_be_tried =
            provided::find(&model.id).is_some_and(|known| known.provider.descriptor().is_on_this_computer());
        let is_telling = images >= TELLING_IMAGES || !can_be_tried;
        Ok(is_telling.then(|| Pace {
            image_millis: durations.iter().sum::<f64>() / f64::from(images) / passes,
            step_millis: wall_millis / f64::from(images) / passes,
            concurrency,
            basis: TimeBasis::EarlierRun { images },
        }))
    }

    /// Annotates a few images like a run, and discards the answers. `None` if no image is readable.
    fn try_out(&self, trial: &Trial, recipe: &Recipe, images: &[ImageId]) -> Option<Pace> {
        let concurrency = processors();
        let sample = spread(images, concurrency as usize * TRIAL_ROUNDS);
        let next = AtomicUsize::new(0);
        let started = Instant::now();
        let durations: Vec<f64> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..concurrency)
                .map(|_| {
                    scope.spawn(|| {
                        let mut durations = Vec::new();
                        while let Some(&image) = sample.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let began = Instant::now();
                            let answered = self
                                .originals
                                .decode(image, Some(trial.longest_edge()))
                                .is_ok_and(|decoded| trial.annotations(&decoded.pixels, recipe).is_ok());
                            if answered {
                                durations.push(began.elapsed().as_secs_f64() * 1000.0);
                            }
                        }
                        durations
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        let wall_millis = started.elapsed().as_secs_f64() * 1000.0;
        let images = u32::try_from(durations.len()).unwrap_or(u32::MAX);
        (images > 0).then(|| Pace {
            image_millis: durations.iter().sum::<f64>() / f64::from(images),
            step_millis: wall_millis / f64::from(images),
            concurrency,
            basis: TimeBasis::Trial { images },
        })
    }
}

/// Limits on the speed of a run, besides the time of each image.
struct Hold<'a> {
    images: u32,
    requests: u32,
    limits: Vec<EndpointLimit>,
    cost: Option<&'a Cost>,
}

impl Hold<'_> {
    /// The limit that makes the images take longest, and the duration in milliseconds, if each image takes
    /// `image_millis`.
    #[expect(clippy::cast_precision_loss, reason = "tokens of a plan, far below 2^52")]
    fn longest(&self, image_millis: f64) -> Option<(EndpointLimit, f64)> {
        let basis = self.cost.and_then(|cost| cost.basis.as_ref())?;
        let load = Load {
            images: self.images.into(),
            requests: self.requests.into(),
            image_millis,
            input_tokens: (basis.image_tokens + basis.text_tokens) as f64,
            output_tokens: basis.answer_tokens as f64,
        };
        let each = self.limits.iter().map(|limit| (*limit, limit.least_millis(&load)));
        each.max_by(|one, other| one.1.total_cmp(&other.1))
    }
}

/// Estimates from the measured speed, or in rounds if the user has set a concurrency, but no faster than the known
/// limits allow.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn estimate(pace: Pace, options: RunOptions, hold: &Hold<'_>) -> TimeEstimate {
    let image_millis = pace.image_millis.round() as u32;
    let (total_millis, concurrency) =
        match (pace.basis, options.concurrency, options.total_millis(hold.images, image_millis)) {
            // Trials run on this machine, where the processors limit the speed.
            (TimeBasis::EarlierRun { .. }, Some(concurrency), Some(total)) => {
                (u32::try_from(total).unwrap_or(u32::MAX), concurrency)
            }
            _ => ((pace.step_millis * f64::from(hold.images)).round() as u32, pace.concurrency),
        };
    let bound = hold.longest(pace.image_millis).filter(|(_, millis)| *millis > f64::from(total_millis));
    TimeEstimate {
        total_millis: bound.map_or(total_millis, |(_, millis)| millis.round() as u32),
        image_millis,
        concurrency,
        basis: pace.basis,
        held_by: bound.map(|(limit, _)| limit),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn presets(pace: Option<Pace>, hold: &Hold<'_>) -> Vec<PresetQuote> {
    let fitting = Preset::for_images(hold.images);
    let quoted = Preset::ALL.map(|preset| {
        let options = preset.options(hold.images);
        let total = pace.and_then(|pace| {
            let rounds = options.total_millis(hold.images, pace.image_millis.round() as u32)?;
            let bound = hold.longest(pace.image_millis).map_or(0, |(_, millis)| millis.round() as u64);
            Some(rounds.max(bound))
        });
        PresetQuote {
            preset,
            options,
            is_fitting: preset == fitting,
            total_millis: total.map(|total| u32::try_from(total).unwrap_or(u32::MAX)),
        }
    });
    quoted.to_vec()
}
