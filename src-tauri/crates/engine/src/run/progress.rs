//! The progress of a run, computed from what happened, never from the plan. Counts and figures cover the whole run; only the
//! time left is based on the current session.

use std::time::Instant;

use domain::metrics::quantile;
use domain::rate::{self, FinishedImage};
use domain::run::{FailureGroup, InFlight, JustAnswered, RunProgress};
use domain::run_state::RunState;

use super::outcome::Finished;
use crate::clock::{rounded_millis, whole_millis};
use crate::run_history::JUST_ANSWERED;

/// Times of the images that were sent.
#[derive(Debug, Clone, Default)]
pub struct Times {
    /// Of each image, in milliseconds, ascending.
    pub durations: Vec<f64>,
    /// Ordered by time.
    pub finished: Vec<FinishedImage>,
}

/// The progress during one session of a run.
pub struct RunSession {
    began: Instant,
    /// The progress at the start of the session, with its counts kept up to date.
    standing: RunProgress,
    worked_before_millis: u32,
    /// Includes earlier sessions.
    times: Times,
    finished_count: u32,
}

impl RunSession {
    /// `times` are those of earlier sessions.
    pub fn begin(standing: RunProgress, times: Times, now: Instant) -> Self {
        Self { began: now, worked_before_millis: standing.elapsed_millis, standing, times, finished_count: 0 }
    }

    pub fn record_finished(&mut self, finished: Finished) {
        // Images without a request say nothing about request durations.
        if let Some(took_millis) = finished.took_millis {
            let place = self.times.durations.partition_point(|&other| other <= took_millis);
            self.times.durations.insert(place, took_millis);
            let after_millis = finished.after_millis;
            let place = self.times.finished.partition_point(|other| other.after_millis <= after_millis);
            self.times.finished.insert(place, FinishedImage { after_millis, took_millis });
        }
        self.finished_count += 1;
        self.standing.annotations = self.standing.annotations.saturating_sub(finished.replaced);
        match finished.outcome {
            Ok(annotation_count) => {
                self.standing.done += 1 + finished.propagated.images;
                self.standing.propagated += finished.propagated.images;
                self.standing.annotations += annotation_count + finished.propagated.annotations;
                let answered = JustAnswered {
                    image: finished.image,
                    annotation_count,
                    took_millis: finished.took_millis.map(rounded_millis),
                };
                self.standing.just_answered.insert(0, answered);
                self.standing.just_answered.truncate(JUST_ANSWERED as usize);
            }
            Err((kind, detail)) => {
                self.standing.failed += 1;
                match self.standing.failures.iter_mut().find(|group| group.kind == kind) {
                    Some(group) => group.count += 1,
                    None => self.standing.failures.push(FailureGroup::new(kind, 1, detail, finished.name)),
                }
            }
        }
    }

    pub fn snapshot(&mut self, state: RunState, in_flight: Vec<InFlight>, now: Instant) -> RunProgress {
        let elapsed = now.duration_since(self.began);
        let worked_millis = self.worked_before_millis.saturating_add(whole_millis(elapsed));
        let (rate_per_minute, window) = rate::recent(&self.times.finished, worked_millis.into());

        let standing = &self.standing;
        let left = standing.total.saturating_sub(standing.done + standing.failed);
        let is_moving = rate_per_minute > 0.0 && !matches!(state, RunState::Stopped { .. });
        let left_millis = (is_moving && self.finished_count > 0 && left > 0)
            .then(|| rounded_millis(elapsed.as_secs_f64() * 1000.0 / f64::from(self.finished_count) * f64::from(left)));
        RunProgress {
            state,
            elapsed_millis: worked_millis,
            left_millis,
            waiting: left.saturating_sub(u32::try_from(in_flight.len()).unwrap_or(u32::MAX)),
            in_flight,
            rate_per_minute,
            rate_window_millis: rounded_millis(window),
            p50_millis: quantile(&self.times.durations, 0.50),
            p95_millis: quantile(&self.times.durations, 0.95),
            rate_history: rate::history(&self.times.finished, worked_millis.into()),
            duration_history: rate::durations(&self.times.finished, worked_millis.into()),
            ..self.standing.clone()
        }
    }
}
