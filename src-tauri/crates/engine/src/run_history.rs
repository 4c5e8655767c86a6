//! The recorded runs of a library, and whether a process works on each.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::sync::Arc;

use domain::endpoint::{EndpointFailure, RunEndpoint};
use domain::hooks::{self, HookRun};
use domain::ids::RunId;
use domain::money::PicoDollars;
use domain::rate::{self, FinishedImage};
use domain::run::{
    BatchState, EndpointState, FailureGroup, JustAnswered, PossiblyBilled, RetryGroup, RunProgress, RunSeries,
    RunSummary, SpentAt,
};
use domain::run_description::RunDescription;
use domain::run_state::RunState;
use store::{KeptBatch, Store, Worker};
use tokio::sync::watch;

use crate::Result;
use crate::active_runs::ActiveRuns;
use crate::changes::Changes;
use crate::clock::rounded_millis;
use crate::workers::Workers;

/// Number of images shown as just answered.
pub const JUST_ANSWERED: u32 = 12;

/// The runs of a library.
pub struct RunHistory {
    store: Arc<Store>,
    workers: Arc<Workers>,
    active: Arc<ActiveRuns>,
    changes: Changes,
}

impl RunHistory {
    pub(crate) fn new(store: Arc<Store>, workers: Arc<Workers>, active: Arc<ActiveRuns>, changes: Changes) -> Self {
        Self { store, workers, active, changes }
    }

    /// Replaces the name and tags of a run, and returns those it has now.
    pub async fn describe(&self, run: RunId, description: &RunDescription) -> Result<RunDescription> {
        let cleaned = description.cleaned();
        let stored = cleaned.clone();
        self.store.write(move |edit| edit.describe_run(run, &stored)).await?;
        self.changes.record();
        Ok(cleaned)
    }

    /// All runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>> {
        let (mut runs, recorded) = self.store.read_blocking(|view| Ok((view.runs()?, view.runs_with_workers()?)))?;
        for run in &mut runs {
            let worker = recorded.iter().find(|(recorded, _)| *recorded == run.id).map(|(_, worker)| worker);
            run.state = self.actual_state(run, worker);
            if run.state == RunState::Interrupted {
                *run = self.run(run.id)?;
            }
        }
        Ok(runs)
    }

    pub fn run(&self, run: RunId) -> Result<RunSummary> {
        let look = || {
            let (mut summary, worker) = self.store.read_blocking(|view| Ok((view.run(run)?, view.worker_of(run)?)))?;
            summary.state = self.actual_state(&summary, worker.as_ref());
            Ok(summary)
        };
        // Reads again, since the session may have ended after the first read of the library.
        let first: Result<RunSummary> = look();
        if first.as_ref().is_ok_and(|summary| summary.state == RunState::Interrupted) { look() } else { first }
    }

    /// The library only records that a run has not stopped; its worker's lock tells whether a process works on it.
    fn actual_state(&self, run: &RunSummary, worker: Option<&Worker>) -> RunState {
        if run.state != RunState::Running {
            return run.state;
        }
        match self.active.state(run.id) {
            Some(state) => state,
            None if worker.is_some_and(|worker| self.workers.is_at_work(run.id, worker)) => RunState::Running,
            None => RunState::Interrupted,
        }
    }

    /// A number that increases with every change of the library.
    pub(crate) fn version(&self) -> watch::Receiver<u64> {
        self.changes.version()
    }

    /// The snapshots of a run that this process works on.
    pub(crate) fn session(&self, run: RunId) -> Option<watch::Receiver<RunProgress>> {
        self.active.progress(run)
    }

    /// A snapshot of a run, from the library.
    pub fn progress(&self, run: RunId) -> Result<RunProgress> {
        let summary = self.run(run)?;
        let kept = self.store.read_blocking(|view| {
            let (wall_millis, concurrency) = view.pace_of_run(run)?;
            Ok(Kept {
                failures: view.failure_groups(run)?,
                retried: view.retry_groups(run)?,
                wall_millis,
                concurrency,
                batches: view.batches_of_run(run)?.iter().filter_map(KeptBatch::state).collect(),
                unknown_batches: view.in_unknown_batches(run)?,
                endpoints: view.endpoints_of_run(run)?,
                last_answered: view.last_answered(run, JUST_ANSWERED)?,
                finished: view.finished_images(run)?,
                hooks: view.hook_runs(run)?,
                largest_request: view.largest_request(run)?,
            })
        })?;
        Ok(idle(summary, kept))
    }

    /// What a run had cost as its images were finished.
    pub fn spent_history(&self, run: RunId) -> Result<Vec<SpentAt>> {
        Ok(SpentAt::history(&self.store.read_blocking(|view| view.paid_by_image(run))?))
    }

    /// Runs over time, with the costs at the same numbers of images.
    pub fn series(&self, runs: &[RunId]) -> Result<Vec<RunSeries>> {
        let mut recorded = Vec::new();
        for &run in runs {
            recorded.push(self.store.read_blocking(|view| {
                Ok((run, view.pace_of_run(run)?.0, view.finished_images(run)?, view.paid_by_image(run)?))
            })?);
        }
        let most_images = recorded.iter().map(|(_, _, _, paid)| paid.len()).max().unwrap_or_default();
        let step = SpentAt::step(most_images);
        let series = recorded.into_iter().map(|(run, elapsed_millis, finished, paid)| {
            let is_reported = paid.iter().any(|paid| *paid > PicoDollars::ZERO);
            RunSeries {
                run,
                elapsed_millis,
                rates: rate::history(&finished, elapsed_millis),
                durations: rate::durations(&finished, elapsed_millis),
                spent: if is_reported { SpentAt::every(step, &paid) } else { Vec::new() },
            }
        });
        Ok(series.collect())
    }

    /// The batches of `run`, oldest first.
    pub fn batches(&self, run: RunId) -> Result<Vec<BatchState>> {
        Ok(self
            .store
            .read_blocking(|view| Ok(view.batches_of_run(run)?.iter().filter_map(KeptBatch::state).collect()))?)
    }

    /// Requests in batches of `run` that the server does not know: what they may have cost if the user gives them up.
    pub fn in_unknown_batches(&self, run: RunId) -> Result<PossiblyBilled> {
        Ok(self.store.read_blocking(|view| view.in_unknown_batches(run))?)
    }

    /// Whether a retry may fix failed images of a run, at least with a larger output maximum.
    pub fn may_retry(&self, run: RunId) -> Result<bool> {
        let (retried, (cut_off, _)) =
            self.store.read_blocking(|view| Ok((view.retried_count(run)?, view.cut_off_images(run)?)))?;
        Ok(retried + cut_off > 0)
    }
}

/// What the library stores about a run besides its summary.
struct Kept {
    failures: Vec<FailureGroup>,
    retried: Vec<RetryGroup>,
    wall_millis: f64,
    concurrency: u32,
    batches: Vec<BatchState>,
    unknown_batches: PossiblyBilled,
    endpoints: Vec<RunEndpoint>,
    last_answered: Vec<JustAnswered>,
    finished: Vec<FinishedImage>,
    /// Oldest first.
    hooks: Vec<HookRun>,
    largest_request: PicoDollars,
}

/// A snapshot of a run that no process works on.
fn idle(summary: RunSummary, kept: Kept) -> RunProgress {
    RunProgress {
        run: summary.id,
        state: summary.state,
        stop_detail: summary.stop_detail,
        model: summary.model,
        model_name: summary.model_name,
        recipe_name: summary.recipe_name,
        destination: summary.destination,
        started_at: summary.started_at,
        elapsed_millis: rounded_millis(kept.wall_millis),
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
        rate_window_millis: rounded_millis(kept.wall_millis),
        p50_millis: summary.p50_millis,
        p95_millis: summary.p95_millis,
        concurrency: kept.concurrency,
        mode: summary.mode,
        endpoints: idle_endpoints(kept.endpoints),
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
        rate_history: rate::history(&kept.finished, kept.wall_millis),
        duration_history: rate::durations(&kept.finished, kept.wall_millis),
        failed_hooks: hooks::failed(kept.hooks),
    }
}

/// The endpoints when the run was last worked on; empty if there was only one choice.
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
