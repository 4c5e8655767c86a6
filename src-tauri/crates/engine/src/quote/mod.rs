//! What a plan will cost and take, before anything is done. Times are measured: on an earlier run of the same model, or
//! on a few of the plan's own images, tried just now.

mod cost;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use domain::ids::ImageId;
use domain::model::{Destination, Model, ModelId};
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, PresetQuote, Quote, SizeCount, TimeBasis, TimeEstimate};
use domain::recipe::Recipe;
use domain::run::RunMode;
use domain::run_options::{Preset, RunOptions};
use provider::prices::PRICES_AS_OF;

use crate::Result;
use crate::connection::Way;
use crate::library::{Library, lock, processors};
use crate::pilot::spread;
use crate::route::{DETECTOR_EDGE, Question, Routes, detected};

pub use cost::Conditions;

/// Sizes that a quote lists one by one.
const LISTED_SIZES: usize = 5;
/// Images that a trial takes for each one worked on at once.
const TRIAL_ROUNDS: usize = 2;
/// Finished images below which an earlier run on this machine says too little about pace: trying a few anew says more.
/// A model elsewhere is not tried, so that there every run counts.
const TELLING_IMAGES: u32 = 20;

/// How fast a model goes on this machine.
#[derive(Clone, Copy)]
struct Pace {
    /// One image from start to answer.
    image_millis: f64,
    /// Wall time an image adds when several are worked on at once.
    step_millis: f64,
    concurrency: u32,
    basis: TimeBasis,
}

/// What a plan is about.
struct Subject<'a> {
    recipe: &'a Recipe,
    images: &'a [ImageId],
    sizes: &'a [SizeCount],
    asks_anew: bool,
    /// Completed by the settings.
    options: RunOptions,
}

/// Trials made since the library was opened: one a model is enough.
#[derive(Default)]
pub struct Trials(Mutex<HashMap<ModelId, Pace>>);

impl Library {
    /// Quotes a plan for every model. Blocks for a moment when a model on this machine has to be tried first, and for as
    /// long as a keychain asks for its password.
    pub fn quote(&self, request: &PlanRequest) -> Result<Quote> {
        let recipe = self.store.read(|view| view.recipe(request.recipe))?;
        let (carries, asks_anew) = (request.carries_to_similar, request.asks_anew);
        self.quote_for_recipe(&recipe, &request.images, carries, asks_anew, request.options)
    }

    /// [`Library::quote`] for a recipe that need not be in the library.
    pub fn quote_for_recipe(
        &self,
        recipe: &Recipe,
        selection: &ImageSelection,
        carries_to_similar: bool,
        asks_anew: bool,
        options: RunOptions,
    ) -> Result<Quote> {
        let similar = self.similar_groups(selection)?;
        let followers = if carries_to_similar { similar.leaders() } else { HashMap::new() };
        let (image_count, images, sizes) = self.store.read(|view| {
            let mut images = view.selected_images(selection)?;
            let image_count = images.len();
            images.retain(|image| !followers.contains_key(image));
            let sizes = view.sizes_of(&images)?;
            Ok((image_count, images, sizes))
        })?;
        let way = self.way()?;
        let models = Routes::models(&way)?;
        let suggested_model = if way.has_key() { way.suggested_model().clone() } else { models[0].id.clone() };
        let options = way.complete(options);
        let subject = Subject { recipe, images: &images, sizes: &sizes, asks_anew, options };
        let models = models.into_iter().map(|model| self.quote_for(model, &way, &subject)).collect::<Result<_>>()?;
        Ok(Quote {
            image_count: u32::try_from(image_count).unwrap_or(u32::MAX),
            similar: similar.saving(),
            sizes: sizes.into_iter().take(LISTED_SIZES).collect(),
            models,
            suggested_model,
            prices_as_of: PRICES_AS_OF,
            words_sent: cost::words_sent(recipe).unwrap_or_default(),
        })
    }

    fn quote_for(&self, model: Model, way: &Way, subject: &Subject<'_>) -> Result<ModelQuote> {
        let shortfalls = model.shortfalls(subject.recipe);
        let hindrance = way.hindrance(&model);
        let can_run = hindrance.is_none() && model.can_run(subject.recipe);
        let pace = if can_run { self.pace(&model, subject.images)? } else { None };
        let question = Routes::question(way, &model, subject.recipe, subject.options.max_tokens)?;
        let answered_before = self.answered_before(question.as_ref(), subject.images)?.len();
        let (image_count, sizes) = if subject.asks_anew || answered_before == 0 {
            (subject.images.len(), Cow::Borrowed(subject.sizes))
        } else {
            let sizes = self.unanswered_sizes(question.as_ref(), subject.images)?;
            (subject.images.len() - answered_before, Cow::Owned(sizes))
        };
        let conditions =
            |mode| Conditions { mode, percents: way.price_percents(), max_tokens: subject.options.max_tokens };
        let live = self.cost(&model, subject.recipe, &sizes, &conditions(RunMode::Live))?;
        let (cost, cost_basis) = live.unzip();
        let image_count = u32::try_from(image_count).unwrap_or(u32::MAX);
        let (overnight, presets) = match model.destination {
            Destination::ThisMachine => (None, Vec::new()),
            Destination::Host { .. } => {
                let overnight = self.cost(&model, subject.recipe, &sizes, &conditions(RunMode::Overnight))?;
                (overnight.map(|(cost, _)| cost), presets(pace, image_count))
            }
        };
        Ok(ModelQuote {
            answered_before: u32::try_from(answered_before).unwrap_or(u32::MAX),
            overnight,
            cost,
            cost_basis: cost_basis.flatten(),
            time: pace.map(|pace| estimate(pace, image_count, subject.options)),
            presets,
            shortfalls,
            hindrance,
            can_run,
            model,
        })
    }

    /// Those of `images` whose answers an earlier run has paid for, where answers cost something.
    fn answered_before(&self, question: Option<&Question>, images: &[ImageId]) -> Result<HashSet<ImageId>> {
        match question {
            Some(Question { key, output_limit }) => {
                Ok(self.store.read(|view| view.answered_before(key, *output_limit, images))?)
            }
            None => Ok(HashSet::new()),
        }
    }

    /// The sizes of those of `images` that have to be asked about.
    pub(crate) fn unanswered_sizes(&self, question: Option<&Question>, images: &[ImageId]) -> Result<Vec<SizeCount>> {
        let answered = self.answered_before(question, images)?;
        let left: Vec<ImageId> = images.iter().copied().filter(|image| !answered.contains(image)).collect();
        Ok(self.store.read(|view| view.sizes_of(&left))?)
    }

    fn pace(&self, model: &Model, images: &[ImageId]) -> Result<Option<Pace>> {
        if let Some(pace) = self.pace_of_earlier_run(model)? {
            return Ok(Some(pace));
        }
        // Trying out what costs money, or leaves the machine, is not for a quote to do.
        if model.destination != Destination::ThisMachine {
            return Ok(None);
        }
        if let Some(pace) = lock(&self.trials.0).get(&model.id) {
            return Ok(Some(*pace));
        }
        let pace = self.try_out(images)?;
        if let Some(pace) = pace {
            lock(&self.trials.0).insert(model.id.clone(), pace);
        }
        Ok(pace)
    }

    fn pace_of_earlier_run(&self, model: &Model) -> Result<Option<Pace>> {
        let Some((durations, (wall_millis, concurrency))) = self.store.read(|view| {
            let Some(run) = view.latest_answered_run(model)? else { return Ok(None) };
            Ok(Some((view.durations(run)?, view.pace_of_run(run)?)))
        })?
        else {
            return Ok(None);
        };
        let images = u32::try_from(durations.len()).unwrap_or(u32::MAX);
        let is_telling = images >= TELLING_IMAGES || model.destination != Destination::ThisMachine;
        Ok(is_telling.then(|| Pace {
            image_millis: durations.iter().sum::<f64>() / f64::from(images),
            step_millis: wall_millis / f64::from(images),
            concurrency,
            basis: TimeBasis::EarlierRun { images },
        }))
    }

    /// Annotates a few images as a run would, and throws the answers away. `None` when not one could be read.
    fn try_out(&self, images: &[ImageId]) -> Result<Option<Pace>> {
        let detector = self.routes.detector()?;
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
                                .decode_original(image, Some(DETECTOR_EDGE))
                                .is_ok_and(|decoded| detected(&detector, &decoded.pixels).is_ok());
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
        Ok((images > 0).then(|| Pace {
            image_millis: durations.iter().sum::<f64>() / f64::from(images),
            step_millis: wall_millis / f64::from(images),
            concurrency,
            basis: TimeBasis::Trial { images },
        }))
    }
}

/// At the pace that was measured, or where a person has said how many at once, in rounds of so many.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn estimate(pace: Pace, image_count: u32, options: RunOptions) -> TimeEstimate {
    let image_millis = pace.image_millis.round() as u32;
    let measured = TimeEstimate {
        total_millis: (pace.step_millis * f64::from(image_count)).round() as u32,
        image_millis,
        concurrency: pace.concurrency,
        basis: pace.basis,
    };
    match (pace.basis, options.concurrency, options.total_millis(image_count, image_millis)) {
        // What is tried out is on this machine, where the processors are what there is to share.
        (TimeBasis::EarlierRun { .. }, Some(concurrency), Some(total)) => {
            TimeEstimate { total_millis: u32::try_from(total).unwrap_or(u32::MAX), concurrency, ..measured }
        }
        _ => measured,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn presets(pace: Option<Pace>, image_count: u32) -> Vec<PresetQuote> {
    let fitting = Preset::for_images(image_count);
    let quoted = Preset::ALL.map(|preset| {
        let options = preset.options(image_count);
        let total = pace.and_then(|pace| options.total_millis(image_count, pace.image_millis.round() as u32));
        PresetQuote {
            preset,
            options,
            is_fitting: preset == fitting,
            total_millis: total.map(|total| u32::try_from(total).unwrap_or(u32::MAX)),
        }
    });
    quoted.to_vec()
}
