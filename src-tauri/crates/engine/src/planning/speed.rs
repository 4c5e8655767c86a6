//! How fast a model is on this machine, and how long a run takes.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use domain::ids::ImageId;
use domain::model::Model;
use domain::pace::{EndpointLimit, Load};
use domain::plan::{PresetQuote, TimeBasis, TimeEstimate};
use domain::recipe::Recipe;
use domain::run_options::{Preset, RunOptions};

use super::Planning;
use super::cost::Cost;
use super::parts::spread;
use crate::Result;
use crate::backend::Trial;
use crate::machine::processors;
use crate::provided;
use crate::sync::lock;

/// Trial images per concurrent worker.
const TRIAL_ROUNDS: usize = 2;
/// Below this number of images, a trial is a better measure of speed than an earlier run on this machine. Remote models
/// have no trials, so every earlier run counts for them.
const TELLING_IMAGES: u32 = 20;

/// The speed of a model on this machine, for images that take one request each.
#[derive(Clone, Copy)]
pub(super) struct Speed {
    /// One image from start to answer.
    image_millis: f64,
    /// Wall time per image when several are in flight.
    step_millis: f64,
    concurrency: u32,
    basis: TimeBasis,
}

impl Speed {
    /// For images that take several requests, one after the other.
    pub(super) fn times(self, requests: f64) -> Self {
        Self { image_millis: self.image_millis * requests, step_millis: self.step_millis * requests, ..self }
    }
}

impl Planning {
    pub(super) fn speed(&self, model: &Model, recipe: &Recipe, images: &[ImageId]) -> Result<Option<Speed>> {
        if let Some(speed) = self.speed_of_earlier_run(model)? {
            return Ok(Some(speed));
        }
        if let Some(speed) = lock(&self.trials).get(&model.id) {
            return Ok(Some(*speed));
        }
        // A quote never tries models that cost money or send images.
        let Some(trial) = Trial::of(&model.id)? else { return Ok(None) };
        let speed = self.try_out(&trial, recipe, images);
        if let Some(speed) = speed {
            lock(&self.trials).insert(model.id.clone(), speed);
        }
        Ok(speed)
    }

    pub(super) fn speed_of_earlier_run(&self, model: &Model) -> Result<Option<Speed>> {
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
        Ok(is_telling.then(|| Speed {
            image_millis: durations.iter().sum::<f64>() / f64::from(images) / passes,
            step_millis: wall_millis / f64::from(images) / passes,
            concurrency,
            basis: TimeBasis::EarlierRun { images },
        }))
    }

    /// Annotates a few images like a run, and discards the answers. `None` if no image is readable.
    fn try_out(&self, trial: &Trial, recipe: &Recipe, images: &[ImageId]) -> Option<Speed> {
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
        (images > 0).then(|| Speed {
            image_millis: durations.iter().sum::<f64>() / f64::from(images),
            step_millis: wall_millis / f64::from(images),
            concurrency,
            basis: TimeBasis::Trial { images },
        })
    }
}

/// Limits on the speed of a run, besides the time of each image.
pub(super) struct SpeedLimits<'a> {
    pub(super) images: u32,
    pub(super) requests: u32,
    pub(super) limits: Vec<EndpointLimit>,
    pub(super) cost: Option<&'a Cost>,
}

impl SpeedLimits<'_> {
    /// The limit that makes the images take longest, and the duration in milliseconds, if each image takes
    /// `image_millis`.
    #[expect(clippy::cast_precision_loss, reason = "tokens of a plan, far below 2^52")]
    fn slowest(&self, image_millis: f64) -> Option<(EndpointLimit, f64)> {
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
pub(super) fn estimate(speed: Speed, options: RunOptions, limits: &SpeedLimits<'_>) -> TimeEstimate {
    let image_millis = speed.image_millis.round() as u32;
    let (total_millis, concurrency) =
        match (speed.basis, options.concurrency, options.total_millis(limits.images, image_millis)) {
            // Trials run on this machine, where the processors limit the speed.
            (TimeBasis::EarlierRun { .. }, Some(concurrency), Some(total)) => {
                (u32::try_from(total).unwrap_or(u32::MAX), concurrency)
            }
            _ => ((speed.step_millis * f64::from(limits.images)).round() as u32, speed.concurrency),
        };
    let bound = limits.slowest(speed.image_millis).filter(|(_, millis)| *millis > f64::from(total_millis));
    TimeEstimate {
        total_millis: bound.map_or(total_millis, |(_, millis)| millis.round() as u32),
        image_millis,
        concurrency,
        basis: speed.basis,
        held_by: bound.map(|(limit, _)| limit),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
pub(super) fn presets(speed: Option<Speed>, limits: &SpeedLimits<'_>) -> Vec<PresetQuote> {
    let fitting = Preset::for_images(limits.images);
    let quoted = Preset::ALL.map(|preset| {
        let options = preset.options(limits.images);
        let total = speed.and_then(|speed| {
            let rounds = options.total_millis(limits.images, speed.image_millis.round() as u32)?;
            let bound = limits.slowest(speed.image_millis).map_or(0, |(_, millis)| millis.round() as u64);
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
