//! The displayed state of a batch run. Written by the run's task, read for snapshots.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::run::{BatchState, Hold, PendingElsewhere, PossiblyBilled, RunProgress};
use domain::run_state::RunState;
use tokio::time::{MissedTickBehavior, interval};

use super::super::context::RunContext;
use super::super::outcome::Finished;
use super::super::progress::{RunSession, Times};
use crate::Result;
use crate::clock::whole_millis;
use crate::sync::lock;

/// Interval between snapshots; batches change slowly.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(200);
/// Interval between saves of the time worked; a crash loses at most one interval.
const WALL_NOTE_INTERVAL: Duration = Duration::from_secs(1);

/// The displayed state, apart from the sums in the ledger.
pub struct Shown(Mutex<State>);

struct State {
    session: RunSession,
    batches: Vec<BatchState>,
    /// Requests in batches that are not known to have ended.
    in_batches: u32,
    /// Peak of `in_batches`.
    most_in_batches: u32,
    prepared: u32,
    /// The hold, with the time it was recorded.
    hold: Option<(Hold, Instant)>,
    unsettled: PossiblyBilled,
    pending: Vec<PendingElsewhere>,
    unknown: PossiblyBilled,
    is_canceling: bool,
    wall_noted_at: Instant,
}

impl State {
    fn held(&self) -> Option<Hold> {
        let (hold, noted_at) = self.hold.clone()?;
        Some(Hold { left_millis: hold.left_millis.saturating_sub(whole_millis(noted_at.elapsed())), ..hold })
    }
}

impl Shown {
    pub fn new(standing: RunProgress, times: Times) -> Self {
        let (unsettled, unknown, batches) = (standing.unsettled, standing.unknown_batches, standing.batches.clone());
        let session = RunSession::begin(standing, times, Instant::now());
        Self(Mutex::new(State {
            session,
            batches,
            in_batches: 0,
            most_in_batches: 0,
            prepared: 0,
            hold: None,
            unsettled,
            pending: Vec::new(),
            unknown,
            is_canceling: false,
            wall_noted_at: Instant::now(),
        }))
    }

    pub fn record_finished(&self, finished: Finished) {
        lock(&self.0).session.record_finished(finished);
    }

    pub fn record_batches(
        &self,
        batches: Vec<BatchState>,
        in_batches: u32,
        unsettled: PossiblyBilled,
        unknown: PossiblyBilled,
    ) {
        let mut state = lock(&self.0);
        (state.batches, state.in_batches) = (batches, in_batches);
        (state.unsettled, state.unknown) = (unsettled, unknown);
        state.most_in_batches = state.most_in_batches.max(in_batches);
    }

    /// Records the number of images ready to submit.
    pub fn record_prepared(&self, prepared: u32) {
        lock(&self.0).prepared = prepared;
    }

    pub fn record_hold(&self, hold: Option<Hold>) {
        lock(&self.0).hold = hold.map(|hold| (hold, Instant::now()));
    }

    pub fn record_pending(&self, pending: Vec<PendingElsewhere>) {
        lock(&self.0).pending = pending;
    }

    pub fn record_canceling(&self) {
        lock(&self.0).is_canceling = true;
    }

    /// Publishes snapshots until the library can no longer be written.
    pub async fn keep_showing(&self, context: &RunContext, publish: impl Fn(RunProgress)) -> Result<Infallible> {
        let mut snapshots = interval(SNAPSHOT_INTERVAL);
        snapshots.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            snapshots.tick().await;
            publish(self.snapshot(context, None));
            let is_due = lock(&self.0).wall_noted_at.elapsed() >= WALL_NOTE_INTERVAL;
            if is_due {
                self.record_wall(context).await?;
            }
        }
    }

    /// A snapshot of the run; `end` is its final state.
    pub fn snapshot(&self, context: &RunContext, end: Option<RunState>) -> RunProgress {
        let mut state = lock(&self.0);
        let at_work = if state.is_canceling { RunState::Stopping } else { RunState::Running };
        let sums = context.tally.sums();
        let snapshot = state.session.snapshot(end.unwrap_or(at_work), Vec::new(), Instant::now());
        // Once no process works on the run, every unfinished image counts as waiting.
        let in_batches = if end.is_some() { 0 } else { state.in_batches };
        RunProgress {
            // The server does not report when it will finish.
            left_millis: None,
            waiting: snapshot.waiting.saturating_sub(in_batches),
            prepared: state.prepared,
            concurrency: snapshot.concurrency.max(state.most_in_batches),
            reused: sums.reused,
            batches: state.batches.clone(),
            spent: sums.spent,
            possibly_billed: sums.possibly_billed,
            unsettled: state.unsettled,
            unknown_batches: state.unknown,
            retried: sums.retried,
            cut_short: sums.cut_short,
            budget: context.budget.cap(),
            reserved: context.budget.reserved(),
            hold: if end.is_some() { None } else { state.held() },
            pending_elsewhere: if end.is_some() { Vec::new() } else { state.pending.clone() },
            ..snapshot
        }
    }

    /// Adds the time since the last save to the run's total.
    pub async fn record_wall(&self, context: &RunContext) -> Result<()> {
        let (millis, peak) = {
            let (mut state, now) = (lock(&self.0), Instant::now());
            let millis = now.duration_since(state.wall_noted_at).as_secs_f64() * 1000.0;
            state.wall_noted_at = now;
            (millis, state.most_in_batches)
        };
        let run = context.run;
        let noted = context.store.write(move |edit| {
            edit.add_wall_millis(run, millis)?;
            edit.record_peak_in_flight(run, peak)
        });
        Ok(noted.await?)
    }
}
