//! How far a run has come, in this sitting: from what happened, never from what was planned.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use domain::metrics::quantile;
use domain::money::PicoDollars;
use domain::run::{BatchState, FailureGroup, InFlight, JustAnswered, RetryGroup, RunProgress, RunState, RunSummary};

use super::executor::Finished;

/// The rate shown is that of the last ten seconds.
const RATE_WINDOW: Duration = Duration::from_secs(10);
const JUST_ANSWERED: usize = 12;
const RATE_POINTS: usize = 120;

/// The time from taking a run up to stopping it.
pub struct Sitting {
    began: Instant,
    /// As things stood when the sitting began; counts are kept up to date in it.
    standing: RunProgress,
    worked_before_millis: u32,
    durations: Vec<f64>,
    finished_at: VecDeque<Instant>,
    finished_count: u32,
    rate_points: Vec<f64>,
    /// Seconds between points of the rate; doubles whenever the points become too many.
    point_seconds: u64,
}

impl Sitting {
    pub fn begin(standing: RunProgress, now: Instant) -> Self {
        Self {
            began: now,
            worked_before_millis: standing.elapsed_millis,
            standing,
            durations: Vec::new(),
            finished_at: VecDeque::new(),
            finished_count: 0,
            rate_points: Vec::new(),
            point_seconds: 1,
        }
    }

    pub fn note_finished(&mut self, finished: Finished, now: Instant) {
        if let Some(took_millis) = finished.took_millis {
            let sorted_place = self.durations.partition_point(|&millis| millis <= took_millis);
            self.durations.insert(sorted_place, took_millis);
        }
        self.finished_at.push_back(now);
        self.finished_count += 1;
        match finished.outcome {
            Ok(mark_count) => {
                self.standing.done += 1 + finished.propagated.images;
                self.standing.carried += finished.propagated.images;
                self.standing.marks += mark_count + finished.propagated.annotations;
                let answered = JustAnswered {
                    image: finished.image,
                    mark_count,
                    took_millis: whole(finished.took_millis.unwrap_or_default()),
                };
                self.standing.just_answered.insert(0, answered);
                self.standing.just_answered.truncate(JUST_ANSWERED);
            }
            Err((kind, detail)) => {
                self.standing.failed += 1;
                match self.standing.failures.iter_mut().find(|group| group.kind == kind) {
                    Some(group) => group.count += 1,
                    None => self.standing.failures.push(FailureGroup {
                        kind,
                        count: 1,
                        is_worth_retrying: kind.is_worth_retrying(),
                        example: detail,
                        example_image: finished.name,
                    }),
                }
            }
        }
    }

    pub fn snapshot(&mut self, state: RunState, in_flight: Vec<InFlight>, now: Instant) -> RunProgress {
        let elapsed = now.duration_since(self.began);
        while self.finished_at.front().is_some_and(|&at| now.duration_since(at) > RATE_WINDOW) {
            self.finished_at.pop_front();
        }
        let recent = u32::try_from(self.finished_at.len()).unwrap_or(u32::MAX);
        let window = elapsed.min(RATE_WINDOW).as_secs_f64();
        let rate_per_minute = if window > 0.0 { f64::from(recent) / window * 60.0 } else { 0.0 };
        self.note_rate(elapsed, rate_per_minute);

        let standing = &self.standing;
        let left = standing.total.saturating_sub(standing.done + standing.failed);
        let left_millis = (self.finished_count > 0 && left > 0 && !matches!(state, RunState::Stopped { .. }))
            .then(|| whole(elapsed.as_secs_f64() * 1000.0 / f64::from(self.finished_count) * f64::from(left)));
        RunProgress {
            state,
            elapsed_millis: self.worked_before_millis.saturating_add(whole_millis(elapsed)),
            left_millis,
            waiting: left.saturating_sub(u32::try_from(in_flight.len()).unwrap_or(u32::MAX)),
            in_flight,
            rate_per_minute,
            p50_millis: quantile(&self.durations, 0.50).map(whole),
            p95_millis: quantile(&self.durations, 0.95).map(whole),
            rate_history: self.rate_points.clone(),
            ..self.standing.clone()
        }
    }

    fn note_rate(&mut self, elapsed: Duration, rate_per_minute: f64) {
        if elapsed.as_secs() < self.rate_points.len() as u64 * self.point_seconds {
            return;
        }
        self.rate_points.push(rate_per_minute);
        if self.rate_points.len() > RATE_POINTS {
            let mut is_kept = false;
            self.rate_points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.point_seconds *= 2;
        }
    }
}

/// A run that nobody works on.
pub fn resting(
    summary: RunSummary,
    failures: Vec<FailureGroup>,
    retried: Vec<RetryGroup>,
    (wall_millis, concurrency): (f64, u32),
    batches: Vec<BatchState>,
) -> RunProgress {
    RunProgress {
        run: summary.id,
        state: summary.state,
        stop_detail: summary.stop_detail,
        model_name: summary.model_name,
        recipe_name: summary.recipe_name,
        destination: summary.destination,
        started_at: summary.started_at,
        elapsed_millis: whole(wall_millis),
        left_millis: None,
        total: summary.total,
        done: summary.done,
        failed: summary.failed,
        in_flight: Vec::new(),
        waiting: summary.waiting,
        prepared: 0,
        reused: summary.reused,
        carried: summary.carried,
        marks: summary.mark_count,
        rate_per_minute: summary.rate_per_minute.unwrap_or_default(),
        p50_millis: summary.p50_millis,
        p95_millis: summary.p95_millis,
        concurrency,
        mode: summary.mode,
        routes: Vec::new(),
        batches,
        quoted: summary.quoted,
        spent: summary.paid,
        possibly_billed: summary.possibly_billed,
        budget: summary.budget,
        reserved: PicoDollars::ZERO,
        unsettled: summary.unsettled,
        hold: None,
        retried,
        cut_short: summary.cut_short,
        failures,
        just_answered: Vec::new(),
        rate_history: Vec::new(),
    }
}

pub fn whole_millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn whole(millis: f64) -> u32 {
    millis.round() as u32
}
