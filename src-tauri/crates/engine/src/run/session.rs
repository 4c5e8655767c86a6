//! A session of a run: from taking the run to releasing it, however it ends. A watcher supervises the run's task, so that a
//! fault in it ends only this run.

use std::sync::Arc;

use domain::ids::RunId;
use domain::run::RunProgress;
use domain::run_state::{RunMode, RunState, StopReason};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;
use tracing::Instrument;

use super::activity::Activity;
use super::batches::BatchRun;
use super::budget::Budget;
use super::context::{RunContext, WorkClock};
use super::dispatcher::Dispatcher;
use super::outcome::Stop;
use super::progress::Times;
use super::tally::{Sums, Tally};
use super::undecided::UndecidedRefusals;
use super::{Opened, Runs};
use crate::blocking::off_workers;
use crate::machine::processors;
use crate::run_history::RunHistory;
use crate::sync::lock;
use crate::workers::TakenRun;
use crate::{EngineError, Result};

/// A started session: the run's task, and the channel for its snapshots.
struct Begun {
    working: JoinHandle<Result<Stop>>,
    publish: watch::Sender<RunProgress>,
}

impl Runs {
    /// Works on a run that this process has taken, once `begin` has opened it. Releases the run on an earlier failure.
    pub(super) async fn work_on(
        self: &Arc<Self>,
        taken: TakenRun,
        begin: impl Future<Output = Result<(Opened, bool)>>,
    ) -> Result<()> {
        let starting = async {
            let (opened, is_resumed) = begin.await?;
            self.begin_session(taken.run, opened, is_resumed).await
        };
        match starting.await {
            Ok(session) => {
                tokio::spawn(watch_over(Arc::clone(self), taken, session));
                self.changes.record();
                Ok(())
            }
            Err(error) => {
                taken.release().await;
                Err(error)
            }
        }
    }

    async fn begin_session(self: &Arc<Self>, run: RunId, opened: Opened, is_resumed: bool) -> Result<Begun> {
        let lost = self
            .store
            .write(move |edit| {
                edit.record_resumed(run)?;
                edit.give_up_lost_attempts(run)
            })
            .await?;
        if lost > 0 {
            tracing::info!(%run, lost, "requests of an earlier session were never answered");
        }
        let kept = self.store.read(move |view| {
            let times = Times { durations: view.durations(run)?, finished: view.finished_images(run)? };
            let (concurrency, pace) = (view.concurrency_of_run(run)?, view.pace_of_run(run)?);
            Ok((view.recipe_of_run(run)?, concurrency, pace, times, view.is_in_pilot(run)?))
        });
        let (recipe, concurrency, (worked_millis, _), times, is_in_pilot) = kept.await?;
        let history = Arc::clone(&self.history);
        let summary = off_workers(move || history.run(run)).await?;
        // The pilot of a batch run is priced differently from the other images.
        if is_resumed && !(is_in_pilot && summary.mode == RunMode::Batch) {
            self.keep_bound(run, &opened.backend, summary.paid + summary.possibly_billed.at_most).await?;
        }
        if summary.done > summary.reused + summary.propagated
            && self.store.read(move |view| view.asks_one_question(run)).await?
        {
            opened.backend.record_form_taken();
        }
        let history = Arc::clone(&self.history);
        let snapshot = off_workers(move || history.progress(run)).await?;
        let mode = if is_in_pilot { RunMode::Live } else { snapshot.mode };
        let tally = Tally::beginning_with(Sums {
            spent: snapshot.spent,
            possibly_billed: snapshot.possibly_billed,
            retried: snapshot.retried.clone(),
            cut_short: snapshot.cut_short,
            reused: snapshot.reused,
        });
        let budget = Budget::new(snapshot.budget, snapshot.spent + snapshot.possibly_billed.at_most);
        let (publish, progress) = watch::channel(RunProgress { state: RunState::Running, mode, ..snapshot });
        let stop_asked = self.active.add(run, progress);
        let (halt, is_halted) = watch::channel(false);
        let mut context = RunContext {
            store: Arc::clone(&self.store),
            layout: Arc::clone(&self.layout),
            changes: self.changes.clone(),
            workers: Arc::clone(&self.workers),
            originals: Arc::clone(&self.originals),
            run,
            backend: opened.backend,
            recipe: Arc::new(recipe),
            tally,
            budget,
            spending: Arc::clone(&self.spending),
            retrying: opened.retrying,
            activity: Arc::new(Activity::new(opened.options.chunk_size)),
            in_flight: Arc::default(),
            undecided: UndecidedRefusals::default(),
            preparing: Semaphore::new(processors() as usize),
            admission: Mutex::default(),
            halt: is_halted,
            clock: WorkClock::start(worked_millis),
        };
        let (hooks, shown, limits) = (Arc::clone(&self.hooks), publish.clone(), *lock(&self.batch_limits));
        let session = async move {
            let failed = hooks.before(run).await;
            publish.send_modify(|progress| progress.failed_hooks = failed);
            context.clock = WorkClock::start(worked_millis);
            match mode {
                RunMode::Live => Dispatcher::new(context, halt, concurrency, times, publish, stop_asked).work().await,
                RunMode::Batch => BatchRun::new(context, limits, times, publish, stop_asked).work().await,
            }
        };
        let budget = summary.budget.map(|budget| budget.to_string());
        tracing::info!(%run, ?mode, is_resumed, images = summary.total, done = summary.done, budget, "the run begins");
        let working = tokio::spawn(session.instrument(tracing::info_span!("run", %run)));
        Ok(Begun { working, publish: shown })
    }
}

/// Waits for the run's task, records the outcome and releases the run.
async fn watch_over(runs: Arc<Runs>, taken: TakenRun, Begun { working, publish }: Begun) {
    let run = taken.run;
    let stop = match working.await.map_err(EngineError::from).flatten() {
        Ok(stop) => Some(stop),
        // What is on disk stays valid. Without a recorded end, the run shows as interrupted.
        Err(error) if error.is_of_library() => {
            runs.record_failure(run, error);
            None
        }
        Err(error) => {
            tracing::error!(%run, %error, "the task of the run has failed");
            Some(Stop { reason: StopReason::InternalError, detail: Some(error.to_string()) })
        }
    };
    let state = stop.as_ref().map_or(RunState::Interrupted, |stop| RunState::Stopped { reason: stop.reason });
    // Publish before the hooks, which may take a while.
    publish.send_modify(|progress| (progress.state, progress.in_flight) = (RunState::Stopping, Vec::new()));
    let detail = stop.as_ref().and_then(|stop| stop.detail.clone());
    let ending = tokio::spawn(end(Arc::clone(&runs), run, stop, state));
    if let Err(error) = ending.await {
        tracing::error!(%run, %error, "the end of the run was not carried out");
    }
    // In this order: the next session starts by taking the run and must not find this one's entry.
    runs.active.remove(run);
    taken.release().await;
    runs.publishing.after_run(run);
    runs.changes.record();
    let last = RunProgress { state, stop_detail: detail, hold: None, ..publish.borrow().clone() };
    let last = last_snapshot(&runs.history, last).await;
    tracing::info!(
        %run, ?state, done = last.done, failed = last.failed, spent = %last.spent,
        possibly_billed = last.possibly_billed.count, "the run has stopped"
    );
    publish.send_replace(last);
}

/// Records why `run` stopped, and runs its hooks.
async fn end(runs: Arc<Runs>, run: RunId, stop: Option<Stop>, state: RunState) {
    if let Some(Stop { reason, detail }) = stop {
        let noted = runs.store.write(move |edit| {
            edit.release_claims(run)?;
            edit.record_stopped(run, reason, detail.as_deref())
        });
        if let Err(error) = noted.await {
            runs.record_failure(run, error.into());
        }
        let insight = Arc::clone(&runs.insight);
        if let Err(error) = off_workers(move || insight.write_metrics_if_wanted(run)).await {
            tracing::warn!(%run, %error, "the metrics of the run were not written");
        }
    }
    runs.hooks.after(run, state).await;
}

/// The last snapshot of a stopped run. Read from the library, so that it is the same after a restart; `otherwise` is the
/// fallback if the library cannot be read.
async fn last_snapshot(history: &Arc<RunHistory>, otherwise: RunProgress) -> RunProgress {
    let (history, run) = (Arc::clone(history), otherwise.run);
    match off_workers(move || history.progress(run)).await {
        Ok(idle) => RunProgress { state: otherwise.state, ..idle },
        Err(error) => {
            tracing::warn!(%run, %error, "the run cannot be read after its end");
            otherwise
        }
    }
}
