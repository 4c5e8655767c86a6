//! How far a run has come: from what happened, never from what was planned. Counts and figures are those of the whole run;
//! only the time left follows from the present session.

use std::time::{Duration, Instant};

use domain::endpoint::{EndpointFailure, RunEndpoint};
use domain::hooks::{self, HookRun};
use domain::metrics::quantile;
use domain::money::PicoDollars;
use domain::rate;
use domain::run::{
    BatchState, EndpointState, FailureGroup, InFlight, JustAnswered, PossiblyBilled, RetryGroup, RunProgress, RunState,
    RunSummary,
};

use super::executor::Finished;

/// Images shown as just answered.
pub const JUST_ANSWERED: u32 = 12;

/// What images took and when they finished, both ascending, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Times {
    pub durations: Vec<f64>,
    pub finished_after: Vec<f64>,
}

/// The time from taking a run up to stopping it.
pub struct RunSession {
    began: Instant,
    /// As things stood when the session began; counts are kept up to date in it.
    standing: RunProgress,
    worked_before_millis: u32,
    /// Those of earlier sessions too.
    times: Times,
    finished_count: u32,
}

impl RunSession {
    /// `times` are those of earlier sessions.
    pub fn begin(standing: RunProgress, times: Times, now: Instant) -> Self {
        Self { began: now, worked_before_millis: standing.elapsed_millis, standing, times, finished_count: 0 }
    }

    pub fn note_finished(&mut self, finished: Finished) {
        // What was not asked about says nothing about how long asking takes.
        if let Some(took_millis) = finished.took_millis {
            insert_sorted(&mut self.times.durations, took_millis);
            insert_sorted(&mut self.times.finished_after, finished.after_millis);
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
                    took_millis: finished.took_millis.map(whole),
                };
                self.standing.just_answered.insert(0, answered);
                self.standing.just_answered.truncate(JUST_ANSWERED as usize);
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
        let worked_millis = self.worked_before_millis.saturating_add(whole_millis(elapsed));
        let (rate_per_minute, window) = rate::recent(&self.times.finished_after, worked_millis.into());

        let standing = &self.standing;
        let left = standing.total.saturating_sub(standing.done + standing.failed);
        let is_moving = rate_per_minute > 0.0 && !matches!(state, RunState::Stopped { .. });
        let left_millis = (is_moving && self.finished_count > 0 && left > 0)
            .then(|| whole(elapsed.as_secs_f64() * 1000.0 / f64::from(self.finished_count) * f64::from(left)));
        RunProgress {
            state,
            elapsed_millis: worked_millis,
            left_millis,
            waiting: left.saturating_sub(u32::try_from(in_flight.len()).unwrap_or(u32::MAX)),
            in_flight,
            rate_per_minute,
            rate_window_millis: whole(window),
            p50_millis: quantile(&self.times.durations, 0.50),
            p95_millis: quantile(&self.times.durations, 0.95),
            rate_history: rate::history(&self.times.finished_after, worked_millis.into()),
            ..self.standing.clone()
        }
    }
}

fn insert_sorted(sorted: &mut Vec<f64>, value: f64) {
    let place = sorted.partition_point(|&other| other <= value);
    sorted.insert(place, value);
}

/// What the library keeps of a run beside its summary.
pub struct Kept {
    pub failures: Vec<FailureGroup>,
    pub retried: Vec<RetryGroup>,
    pub wall_millis: f64,
    pub concurrency: u32,
    pub batches: Vec<BatchState>,
    pub unknown_batches: PossiblyBilled,
    pub endpoints: Vec<RunEndpoint>,
    pub last_answered: Vec<JustAnswered>,
    pub finished_after: Vec<f64>,
    /// The oldest first.
    pub hooks: Vec<HookRun>,
    pub largest_request: PicoDollars,
}

/// A run that nobody works on.
pub fn idle(summary: RunSummary, kept: Kept) -> RunProgress {
    RunProgress {
        run: summary.id,
        state: summary.state,
        stop_detail: summary.stop_detail,
        model_name: summary.model_name,
        recipe_name: summary.recipe_name,
        destination: summary.destination,
        started_at: summary.started_at,
        elapsed_millis: whole(kept.wall_millis),
        left_millis: None,
        total: summary.total,
        done: summary.done,
        failed: summary.failed,
        in_flight: Vec::new(),
        waiting: summary.waiting,
        prepared: 0,
        reused: summary.reused,
        propagated: summary.propagated,
        annotations: summary.annotation_count,
        rate_per_minute: summary.rate_per_minute.unwrap_or_default(),
        rate_window_millis: whole(kept.wall_millis),
        p50_millis: summary.p50_millis,
        p95_millis: summary.p95_millis,
        concurrency: kept.concurrency,
        mode: summary.mode,
        routes: idle_endpoints(kept.endpoints),
        batches: kept.batches,
        unknown_batches: kept.unknown_batches,
        quoted: summary.quoted,
        spent: summary.paid,
        possibly_billed: summary.possibly_billed,
        budget: summary.budget,
        reserved: PicoDollars::ZERO,
        largest_request: kept.largest_request,
        unsettled: summary.unsettled,
        hold: None,
        pending_elsewhere: Vec::new(),
        retried: kept.retried,
        cut_short: summary.cut_short,
        failures: kept.failures,
        just_answered: kept.last_answered,
        rate_history: rate::history(&kept.finished_after, kept.wall_millis),
        failed_hooks: hooks::failed(kept.hooks),
    }
}

/// The endpoints as they were when the run was worked on last; none where there was no choice.
fn idle_endpoints(endpoints: Vec<RunEndpoint>) -> Vec<EndpointState> {
    if endpoints.len() < 2 {
        return Vec::new();
    }
    let state = |endpoint: RunEndpoint| EndpointState {
        name: endpoint.name,
        under_way: 0,
        concurrency: 0,
        is_adaptive: false,
        requests_per_minute: None,
        hold: None,
        failure: endpoint.problem.filter(|_| !endpoint.is_working).map(|problem| EndpointFailure {
            problem,
            detail: endpoint.detail.unwrap_or_default(),
            again_in_millis: None,
        }),
    };
    endpoints.into_iter().map(state).collect()
}

pub fn whole_millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn whole(millis: f64) -> u32 {
    millis.round() as u32
}
