//! The runs of this process: their progress, and how to stop them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use domain::ids::RunId;
use domain::run::{RunProgress, WorkingRun};
use domain::run_state::{RunState, StopReason};
use tokio::sync::watch;

use crate::sync::lock;

/// A run that this process executes.
struct ActiveRun {
    progress: watch::Receiver<RunProgress>,
    /// `Some` tells the run's task to start no more jobs.
    stop: watch::Sender<Option<StopReason>>,
}

/// The runs that this process executes.
#[derive(Default)]
pub struct ActiveRuns(Mutex<HashMap<RunId, ActiveRun>>);

impl ActiveRuns {
    /// Adds a run. Returns the receiver through which its task is told to stop.
    pub fn add(&self, run: RunId, progress: watch::Receiver<RunProgress>) -> watch::Receiver<Option<StopReason>> {
        let (stop, stop_asked) = watch::channel(None);
        lock(&self.0).insert(run, ActiveRun { progress, stop });
        stop_asked
    }

    pub fn remove(&self, run: RunId) {
        lock(&self.0).remove(&run);
    }

    /// Progress snapshots of a run; `None` if this process does not execute it.
    pub fn progress(&self, run: RunId) -> Option<watch::Receiver<RunProgress>> {
        lock(&self.0).get(&run).map(|active| active.progress.clone())
    }

    /// The state of a run; `None` if this process does not execute it.
    pub fn state(&self, run: RunId) -> Option<RunState> {
        lock(&self.0).get(&run).map(|active| active.progress.borrow().state)
    }

    pub fn stop(&self, run: RunId, reason: StopReason) {
        if let Some(active) = lock(&self.0).get(&run) {
            active.stop.send_replace(Some(reason));
        }
    }

    /// Pauses every run that sends to another machine: requests in flight finish, and no new ones are sent.
    pub fn pause_elsewhere(&self) {
        for working in self.working() {
            if working.destination.is_elsewhere() {
                self.stop(working.run, StopReason::Paused);
            }
        }
    }

    /// The runs with their progress, oldest first.
    pub fn working(&self) -> Vec<WorkingRun> {
        let mut working: Vec<WorkingRun> = lock(&self.0)
            .values()
            .map(|active| {
                let snapshot = active.progress.borrow();
                WorkingRun {
                    run: snapshot.run,
                    destination: snapshot.destination.clone(),
                    finished: snapshot.done + snapshot.failed,
                    total: snapshot.total,
                }
            })
            .collect();
        working.sort_by_key(|working| working.run);
        working
    }

    /// Stops every run, and waits until requests in flight are stored or `patience` has elapsed.
    pub async fn shut_down(&self, patience: Duration) {
        let mut stopping: Vec<_> = lock(&self.0)
            .values()
            .map(|active| {
                active.stop.send_if_modified(|stop| {
                    let is_first = stop.is_none();
                    stop.get_or_insert(StopReason::Shutdown);
                    is_first
                });
                active.progress.clone()
            })
            .collect();
        let drained = async {
            for progress in &mut stopping {
                // An error means that the run's task has ended, which is fine too.
                let _ = progress.wait_for(|snapshot| matches!(snapshot.state, RunState::Stopped { .. })).await;
            }
        };
        if tokio::time::timeout(patience, drained).await.is_err() {
            tracing::warn!("closing with images still in flight; they will be done when the run is resumed");
        }
    }
}
