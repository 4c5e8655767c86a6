//! What a plan will cost and take, before anything is done. Times are measured: on an earlier run of the same model, or
//! on a few of the plan's own images, tried just now.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use domain::ids::ImageId;
use domain::model::{Model, ModelId};
use domain::plan::{ModelQuote, PlanRequest, Quote, TimeBasis, TimeEstimate};

use crate::Result;
use crate::library::{Library, lock};
use crate::route::Routes;

/// Images that a trial takes for each one worked on at once.
const TRIAL_ROUNDS: usize = 2;
/// Finished images below which an earlier run says too little about pace.
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

/// Trials made since the library was opened: one a model is enough.
#[derive(Default)]
pub struct Trials(Mutex<HashMap<ModelId, Pace>>);

impl Library {
    /// Quotes a plan for every model. Blocks for a moment when a model has to be tried first.
    pub fn quote(&self, request: &PlanRequest) -> Result<Quote> {
        let (images, sizes, recipe) = self.store.read(|view| {
            let images = view.selected_images(&request.images)?;
            let sizes = view.frequent_sizes(&images)?;
            Ok((images, sizes, view.recipe(request.recipe)?))
        })?;
        let image_count = u32::try_from(images.len()).unwrap_or(u32::MAX);
        let mut models = Vec::new();
        for model in Routes::models() {
            let can_run = model.can_run(&recipe);
            let pace = if can_run { self.pace(&model, &images)? } else { None };
            models.push(ModelQuote {
                cost: Routes::cost(&model),
                time: pace.map(|pace| estimate(pace, image_count)),
                shortfalls: model.shortfalls(&recipe),
                can_run,
                model,
            });
        }
        Ok(Quote { image_count, sizes, models })
    }

    fn pace(&self, model: &Model, images: &[ImageId]) -> Result<Option<Pace>> {
        if let Some(pace) = self.pace_of_earlier_run(model)? {
            return Ok(Some(pace));
        }
        if let Some(pace) = lock(&self.trials.0).get(&model.id) {
            return Ok(Some(*pace));
        }
        let pace = self.try_out(model, images)?;
        if let Some(pace) = pace {
            lock(&self.trials.0).insert(model.id.clone(), pace);
        }
        Ok(pace)
    }

    fn pace_of_earlier_run(&self, model: &Model) -> Result<Option<Pace>> {
        let Some((durations, (wall_millis, concurrency))) = self.store.read(|view| {
            let Some(run) = view.latest_answered_run(&model.id)? else { return Ok(None) };
            Ok(Some((view.durations(run)?, view.pace_of_run(run)?)))
        })?
        else {
            return Ok(None);
        };
        let images = u32::try_from(durations.len()).unwrap_or(u32::MAX);
        Ok((images >= TELLING_IMAGES).then(|| Pace {
            image_millis: durations.iter().sum::<f64>() / f64::from(images),
            step_millis: wall_millis / f64::from(images),
            concurrency,
            basis: TimeBasis::EarlierRun { images },
        }))
    }

    /// Annotates a few images as a run would, and throws the answers away. `None` when not one could be read.
    fn try_out(&self, model: &Model, images: &[ImageId]) -> Result<Option<Pace>> {
        let route = self.routes.open(&model.id)?;
        let concurrency = route.default_concurrency();
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
                                .decode_original(image, Some(route.sent_edge()))
                                .is_ok_and(|decoded| route.answer(&decoded.pixels).is_ok());
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn estimate(pace: Pace, image_count: u32) -> TimeEstimate {
    TimeEstimate {
        total_millis: (pace.step_millis * f64::from(image_count)).round() as u32,
        image_millis: pace.image_millis.round() as u32,
        concurrency: pace.concurrency,
        basis: pace.basis,
    }
}

/// At most `count` of `images`, evenly spread, so that a trial meets more than one folder's kind of photo.
fn spread(images: &[ImageId], count: usize) -> Vec<ImageId> {
    let count = count.min(images.len());
    (0..count).map(|index| images[index * images.len() / count]).collect()
}
