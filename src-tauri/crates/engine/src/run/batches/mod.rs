//! Batch runs: images go through the vendor's batch API, which finishes within a day at half the price.
//!
//! ```text
//! waiting jobs → filling (spool file, a row per item) → server (submit, search, poll) → results → annotations
//! ```
//!
//! One task owns the whole run and works sequentially, since batches are slow anyway. Every step is on disk before the next:
//! a batch and its requests before its body is sent, the vendor's batch id before the first poll, every raw answer before it
//! is parsed. All other state of a session may be lost at any time. Pausing discards it on purpose, and the batches continue
//! at the vendor. A batch whose submission response was lost is searched for in the vendor's list and never resubmitted
//! automatically. Unlike live runs, batch runs retry neither cut-off answers with a higher output maximum nor rejected
//! images at a smaller size.

mod filling;
mod naming;
mod patience;
mod results;
mod server;
mod shown;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{AttemptId, BatchId, RunId};
use domain::run::{BatchState, PendingElsewhere, RunProgress};
use domain::run_state::{RunState, StopReason};
use providers::batch::BatchApi;
use store::{BatchStanding, JobOutcome, JobTiming, KeptBatch, WaitingJob};
use tokio::sync::watch;

use self::filling::Spooled;
use self::patience::BatchOutage;
use self::shown::Shown;
use super::budget::Reservation;
use super::context::RunContext;
use super::outcome::{Answered, Stop, answers_pending};
use super::progress::Times;
use crate::backend::Backend;
use crate::clock::now_millis;
use crate::{EngineError, Result};

/// How often to check for answers from other runs.
const PENDING_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait for a submission in progress when the run is stopped. Without its response, the batch has to be searched
/// for.
const SUBMISSION_DRAIN: Duration = Duration::from_secs(3);

/// Limits on the size of a batch and on the search for a lost one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Maximum number of images per batch.
    pub items: u32,
    /// Maximum size of a batch's body, in bytes.
    pub bytes: u64,
    /// How long after its submission a batch with a lost response is searched for before it is given up. The vendor lists a
    /// batch at once; the rest of the time allows for a list that lags.
    pub grace: Duration,
}

impl Default for BatchLimits {
    /// Well below the vendor's limits, so that a failed submission is cheap to repeat.
    fn default() -> Self {
        Self { items: 10_000, bytes: 100_000_000, grace: Duration::from_mins(10) }
    }
}

/// The task that executes a batch run.
pub struct BatchRun {
    context: Arc<RunContext>,
    limits: BatchLimits,
    times: Times,
    publish: watch::Sender<RunProgress>,
    stop_asked: watch::Receiver<Option<StopReason>>,
}

impl BatchRun {
    /// `times` are those of earlier sessions.
    pub fn new(
        context: RunContext,
        limits: BatchLimits,
        times: Times,
        publish: watch::Sender<RunProgress>,
        stop_asked: watch::Receiver<Option<StopReason>>,
    ) -> Self {
        Self { context: Arc::new(context), limits, times, publish, stop_asked }
    }

    /// Works until nothing is left or a stop is requested. Returns why it stopped.
    pub async fn work(self) -> Result<Stop> {
        let Self { context, limits, times, publish, stop_asked } = self;
        let shown = Shown::new(publish.borrow().clone(), times);
        let outcome = {
            let carrying_out = carry_out(&context, limits, &shown, stop_asked);
            let showing = shown.keep_showing(&context, |snapshot| drop(publish.send_replace(snapshot)));
            tokio::select! {
                outcome = carrying_out => outcome,
                failed = showing => failed.map(|never| match never {}),
            }
        };
        publish.send_replace(shown.snapshot(&context, Some(RunState::Stopping)));
        outcome
    }
}

/// Works until there is a reason to stop, and returns it.
async fn carry_out(
    context: &Arc<RunContext>,
    limits: BatchLimits,
    shown: &Shown,
    stop_asked: watch::Receiver<Option<StopReason>>,
) -> Result<Stop> {
    let Some((batches, origin)) = context.backend.batches() else {
        return Ok(Stop { reason: StopReason::NotSuchAServer, detail: None });
    };
    let mut session = BatchSession {
        context,
        backend: &context.backend,
        batches,
        origin,
        limits,
        shown,
        stop_asked,
        reservations: HashMap::new(),
        spooled: None,
        outage: BatchOutage::default(),
        looks: HashMap::new(),
        not_ours: HashSet::new(),
        may_fill: true,
        pending: Vec::new(),
        no_room: None,
        is_canceling: false,
        given_up: 0,
        unknown: HashMap::new(),
        canceled: 0,
        is_server_full: false,
    };
    let outcome = session.work_through().await;
    shown.record_wall(context).await?;
    outcome
}

/// When to poll a batch next, and how many searches for it failed.
#[derive(Clone, Copy, Default)]
struct Look {
    next_at: u64,
    in_vain: u32,
    /// How often its results could not be read.
    unreadable: u32,
}

/// A session of a batch run.
struct BatchSession<'a> {
    context: &'a Arc<RunContext>,
    backend: &'a Backend,
    batches: &'a dyn BatchApi,
    origin: String,
    limits: BatchLimits,
    shown: &'a Shown,
    stop_asked: watch::Receiver<Option<StopReason>>,
    /// Reservations of all batch requests that are not known to have ended.
    reservations: HashMap<AttemptId, Reservation<'a>>,
    /// The next batch to submit.
    spooled: Option<Spooled>,
    outage: BatchOutage,
    looks: HashMap<BatchId, Look>,
    /// Server batches that were wrongly matched with one of ours.
    not_ours: HashSet<(BatchId, String)>,
    /// Whether there may be images to put into a batch.
    may_fill: bool,
    /// The other runs that the remaining images wait for.
    pending: Vec<PendingElsewhere>,
    /// Why the next image has no room: in the budget, or in the month.
    no_room: Option<StopReason>,
    is_canceling: bool,
    /// Batches given up in this session.
    given_up: u32,
    /// Batches that the server does not know, with its message. They are not polled again in this session.
    unknown: HashMap<BatchId, String>,
    /// Requests canceled at the server, but not by this run.
    canceled: u32,
    /// Whether the server accepts no further batch before one of this run has ended.
    is_server_full: bool,
}

impl BatchSession<'_> {
    async fn work_through(&mut self) -> Result<Stop> {
        self.take_up().await?;
        loop {
            let asked = *self.stop_asked.borrow_and_update();
            match asked {
                Some(StopReason::Cancelled) if !self.is_canceling => self.begin_canceling().await?,
                Some(StopReason::Cancelled) | None => {}
                Some(reason) => return Ok(Stop { reason, detail: None }),
            }
            let mut open = self.open_batches().await?;
            let may_submit = self.may_submit(&open);
            open.retain(|batch| !self.unknown.contains_key(&batch.id));
            if !may_submit && let Some(spooled) = self.spooled.take() {
                self.discard_spooled(spooled).await?;
                self.may_fill = true;
            }
            if may_submit && self.may_fill && !self.is_canceling && self.spooled.is_none() {
                self.fill().await?;
                continue;
            }
            let (now, again_at) = (now_millis(), self.outage.again_at());
            self.shown.record_hold(self.outage.hold(now));
            if open.is_empty() && self.spooled.is_none() {
                if self.no_room.is_some() {
                    self.settle_cut_off().await?;
                }
                match self.wait_for_others(may_submit).await? {
                    Some(stop) => return Ok(stop),
                    None => continue,
                }
            }
            if !self.pending.is_empty() {
                self.look_at_pending().await?;
            }
            let next_at = |batch: &KeptBatch| self.looks.get(&batch.id).map_or(0, |look| look.next_at).max(again_at);
            let next = open.iter().min_by_key(|batch| next_at(batch));
            let wakes_at = match (&self.spooled, next) {
                (Some(_), _) | (None, None) => again_at,
                (None, Some(batch)) => next_at(batch),
            };
            if wakes_at > now {
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(wakes_at - now)) => {}
                    // Cannot fail while this task is listed as active.
                    Ok(()) = self.stop_asked.changed() => {}
                }
                continue;
            }
            let stop = match (self.spooled.take(), next) {
                (Some(spooled), _) => self.submit(spooled).await?,
                (None, Some(batch)) => self.look_after(batch).await?,
                (None, None) => None,
            };
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
    }

    /// Resumes the batches of earlier sessions.
    async fn take_up(&mut self) -> Result<()> {
        let run = self.context.run;
        self.sweep_spool()?;
        let batches = self.context.store.read(move |view| view.batches_of_run(run)).await?;
        for batch in &batches {
            match batch.standing {
                // Nothing of it was sent, so it can be filled again.
                BatchStanding::Filling => self.discard(batch.id).await?,
                BatchStanding::Ended | BatchStanding::GivenUp => {}
                BatchStanding::Submitting
                | BatchStanding::Working
                | BatchStanding::Canceling
                | BatchStanding::Unknown => {
                    let id = batch.id;
                    let left = self.context.store.read(move |view| view.batch_items_left(id)).await?;
                    for (attempt, at_most) in left {
                        self.reservations.insert(attempt, self.context.budget.take_up(at_most));
                    }
                }
            }
        }
        let open = self.open_batches().await?;
        self.outage = BatchOutage::new(!open.is_empty());
        for batch in open {
            if batch.origin == self.origin {
                continue;
            }
            let detail = format!("it was submitted to {}, and the server is {} now", batch.origin, self.origin);
            self.record_unknown(batch.id, detail).await?;
        }
        Ok(())
    }

    /// Whether another batch may be submitted. If the server does not know a batch, the key may belong to another account;
    /// if a batch was canceled there, the user decides.
    fn may_submit(&self, open: &[KeptBatch]) -> bool {
        let has_room = !self.is_server_full || open.is_empty();
        has_room && self.canceled == 0 && open.iter().all(|batch| batch.standing != BatchStanding::Unknown)
    }

    /// The unfinished batches that the server may have, oldest first. Updates the displayed state of all batches.
    async fn open_batches(&self) -> Result<Vec<KeptBatch>> {
        let run = self.context.run;
        let kept = self
            .context
            .store
            .read(move |view| Ok((view.batches_of_run(run)?, view.unsettled(run)?, view.in_unknown_batches(run)?)));
        let (mut batches, unsettled, unknown) = kept.await?;
        let shown: Vec<BatchState> = batches.iter().filter_map(KeptBatch::state).collect();
        let is_over = |batch: &KeptBatch| {
            matches!(batch.standing, BatchStanding::Filling | BatchStanding::Ended | BatchStanding::GivenUp)
        };
        let in_batches = batches.iter().filter(|batch| batch.state().is_some()).map(|batch| batch.items_left).sum();
        self.shown.record_batches(shown, in_batches, unsettled, unknown);
        batches.retain(|batch| !is_over(batch));
        Ok(batches)
    }

    /// Handles the remaining images once no batch is open. If other runs are asking about them, waits a moment; otherwise
    /// returns why the run stops.
    async fn wait_for_others(&mut self, may_submit: bool) -> Result<Option<Stop>> {
        if !may_submit || self.is_canceling || self.given_up > 0 || self.no_room.is_some() {
            return Ok(Some(self.ending()));
        }
        self.look_at_pending().await?;
        if self.may_fill {
            return Ok(None);
        }
        if self.pending.is_empty() {
            return Ok(Some(self.ending()));
        }
        if let Some(stop) = answers_pending(self.context.run, &self.pending) {
            return Ok(Some(stop));
        }
        tokio::select! {
            () = tokio::time::sleep(PENDING_INTERVAL) => {}
            // As in `work_through`.
            Ok(()) = self.stop_asked.changed() => {}
        }
        Ok(None)
    }

    /// Checks whether other runs are still asking about the images this run waits for.
    async fn look_at_pending(&mut self) -> Result<()> {
        let run = self.context.run;
        self.context.workers.forget_dead().await?;
        let left = self.context.store.read(move |view| view.remaining(run, None, 1)).await?;
        self.may_fill |= !left.jobs.is_empty() && self.no_room.is_none();
        self.pending = left.pending;
        self.shown.record_pending(self.pending.clone());
        Ok(())
    }

    /// Why the run ends once no batch is open.
    fn ending(&self) -> Stop {
        let stop = |reason| Stop { reason, detail: None };
        if self.is_canceling {
            return stop(StopReason::Cancelled);
        }
        let because = |reason, detail: String| Stop { reason, detail: Some(detail) };
        if let Some(detail) = self.unknown.values().next() {
            return because(StopReason::BatchUnknown, detail.clone());
        }
        if self.canceled > 0 {
            let requests =
                if self.canceled == 1 { "1 request was" } else { &format!("{} requests were", self.canceled) };
            return because(
                StopReason::BatchCanceled,
                format!("{requests} canceled at the server, but not by this run"),
            );
        }
        if self.given_up > 0 {
            let detail =
                "the reply to a batch was lost and the server does not list the batch, or its results have expired";
            return because(StopReason::BatchUnknown, detail.into());
        }
        stop(self.no_room.unwrap_or(StopReason::Completed))
    }

    async fn begin_canceling(&mut self) -> Result<()> {
        self.is_canceling = true;
        self.shown.record_canceling();
        self.looks.clear();
        match self.spooled.take() {
            Some(spooled) => self.discard_spooled(spooled).await,
            None => Ok(()),
        }
    }

    /// Whether the run should stop without waiting for its batches.
    fn is_leaving(&self) -> bool {
        is_to_leave(*self.stop_asked.borrow())
    }

    /// As [`unless_left`], for this run.
    async fn unless_left<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        unless_left(self.stop_asked.clone(), call).await
    }

    /// Finishes a call even if the run is stopped, unless it takes too long.
    async fn drained<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let mut stop_asked = self.stop_asked.clone();
        let overdue = async {
            let is_left = stop_asked.wait_for(|asked| is_to_leave(*asked)).await.is_ok();
            if is_left {
                tokio::time::sleep(SUBMISSION_DRAIN).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            done = call => Some(done),
            () = overdue => None,
        }
    }

    /// `took_millis` is `None` if no request was sent for the image.
    async fn settle(&self, job: WaitingJob, outcome: JobOutcome, took_millis: Option<f64>) -> Result<()> {
        let timing = took_millis.map(|took_millis| JobTiming { took_millis, alone_millis: None });
        let finished_after_millis = self.context.clock.worked_millis();
        let answered = Answered { job, outcome, timing, finished_after_millis };
        for finished in self.context.settle(vec![answered]).await? {
            self.shown.record_finished(finished);
        }
        self.context.changes.record();
        Ok(())
    }

    async fn record_standing(&self, batch: BatchId, standing: BatchStanding) -> Result<()> {
        Ok(self.context.store.write(move |edit| edit.record_standing(batch, standing)).await?)
    }

    fn spool_folder(&self) -> PathBuf {
        self.context.layout.batches()
    }

    /// Removes spool files of earlier sessions, which are no longer needed.
    fn sweep_spool(&self) -> Result<()> {
        let folder = self.spool_folder();
        crate::private::create_folder(&folder).map_err(EngineError::file(&folder))?;
        for entry in std::fs::read_dir(&folder).map_err(EngineError::file(&folder))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&spool_prefix(self.context.run)) {
                remove_spool(&entry.path());
            }
        }
        Ok(())
    }
}

fn is_to_leave(asked: Option<StopReason>) -> bool {
    asked.is_some_and(|reason| reason != StopReason::Cancelled)
}

/// Makes a call, but abandons it if the run stops for any reason but cancellation; the next session then finds out its result.
async fn unless_left<T>(
    mut stop_asked: watch::Receiver<Option<StopReason>>,
    call: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        Ok(_) = stop_asked.wait_for(|asked| is_to_leave(*asked)) => None,
        done = call => Some(done),
    }
}

fn spool_prefix(run: RunId) -> String {
    format!("run-{run}-")
}

fn remove_spool(path: &std::path::Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "the body of a batch was not removed");
    }
}
