//! The one task that owns the state of a run: it admits jobs, hears how they ended, and publishes snapshots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::{JobId, RunId};
use domain::recipe::Recipe;
use domain::run::{RunProgress, RunState, StopReason};
use store::WaitingJob;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::executor::{Finished, Work};
use super::lock::RunLock;
use super::progress::Sitting;
use crate::Result;
use crate::library::{Library, lock};
use crate::route::Route;

/// Between snapshots: ten a second.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(100);
/// Between notes of the time worked, of which a crash may lose the last.
const WALL_NOTE_INTERVAL: Duration = Duration::from_secs(1);
/// Waiting jobs read from the library at a time.
const QUEUE_SLICE: u32 = 256;

pub struct Dispatcher {
    work: Arc<Work>,
    concurrency: usize,
    queue: VecDeque<WaitingJob>,
    last_read: Option<JobId>,
    executing: JoinSet<Result<Finished>>,
    sitting: Sitting,
    publish: watch::Sender<RunProgress>,
    stop_asked: watch::Receiver<Option<StopReason>>,
    wall_noted_at: Instant,
}

impl Dispatcher {
    pub fn new(
        library: Arc<Library>,
        run: RunId,
        route: Route,
        recipe: Recipe,
        concurrency: u32,
        publish: watch::Sender<RunProgress>,
        stop_asked: watch::Receiver<Option<StopReason>>,
    ) -> Self {
        let sitting = Sitting::begin(publish.borrow().clone(), Instant::now());
        Self {
            work: Arc::new(Work { library, run, route, recipe: Arc::new(recipe) }),
            concurrency: concurrency as usize,
            queue: VecDeque::new(),
            last_read: None,
            executing: JoinSet::new(),
            sitting,
            publish,
            stop_asked,
            wall_noted_at: Instant::now(),
        }
    }

    /// Works until nothing is left or somebody asks to stop, then lets go of the run.
    pub async fn work(mut self, run_lock: RunLock) {
        let (run, library) = (self.work.run, Arc::clone(&self.work.library));
        let reason = match self.carry_out().await {
            Ok(reason) => Some(reason),
            Err(error) => {
                // What is on disk stays sound. Without a note of its end the run shows as interrupted.
                tracing::error!(%run, %error, "the run cannot go on");
                self.executing.shutdown().await;
                None
            }
        };
        if let Some(reason) = reason {
            let noted = library.store.write(move |edit| edit.note_stopped(run, reason)).await;
            if let Err(error) = noted {
                tracing::error!(%run, %error, "the end of the run was not noted");
            }
            if let Err(error) = Arc::clone(&library).write_metrics_if_wanted(run).await {
                tracing::warn!(%run, %error, "the metrics of the run were not written");
            }
        }
        // In this order: whoever takes the run up next does so by the lock, and must not find this sitting's entry.
        lock(&library.active_runs).remove(&run);
        drop(run_lock);
        library.note_change();
        let state = reason.map_or(RunState::Interrupted, |reason| RunState::Stopped { reason });
        self.publish.send_replace(self.sitting.snapshot(state, Instant::now()));
    }

    /// Works until nothing is in flight and nothing may be admitted; why.
    async fn carry_out(&mut self) -> Result<StopReason> {
        let mut snapshots = interval(SNAPSHOT_INTERVAL);
        snapshots.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let stop = *self.stop_asked.borrow_and_update();
            if stop.is_none() {
                self.admit()?;
            }
            if self.executing.is_empty() {
                self.note_wall().await?;
                return Ok(stop.unwrap_or(StopReason::Completed));
            }
            tokio::select! {
                Some(finished) = self.executing.join_next() => {
                    let finished = finished.map_err(|_| crate::EngineError::TaskLost)??;
                    self.sitting.note_finished(finished, Instant::now());
                    self.work.library.note_change();
                }
                // Cannot fail while this task is listed as active; if it did, there would be nobody to ask for a stop.
                Ok(()) = self.stop_asked.changed() => {}
                _ = snapshots.tick() => {
                    let state = if stop.is_some() { RunState::Stopping } else { RunState::Running };
                    self.publish.send_replace(self.sitting.snapshot(state, Instant::now()));
                    if self.wall_noted_at.elapsed() >= WALL_NOTE_INTERVAL {
                        self.note_wall().await?;
                    }
                }
            }
        }
    }

    fn admit(&mut self) -> Result<()> {
        while self.executing.len() < self.concurrency {
            if self.queue.is_empty() {
                let (run, after) = (self.work.run, self.last_read);
                let jobs = self.work.library.store.read(|view| view.waiting_jobs(run, after, QUEUE_SLICE))?;
                self.queue.extend(jobs);
            }
            let Some(job) = self.queue.pop_front() else { return Ok(()) };
            self.last_read = Some(job.id);
            self.sitting.note_taken(job.image, Instant::now());
            self.executing.spawn(Arc::clone(&self.work).execute(job));
        }
        Ok(())
    }

    async fn note_wall(&mut self) -> Result<()> {
        let now = Instant::now();
        let millis = now.duration_since(self.wall_noted_at).as_secs_f64() * 1000.0;
        self.wall_noted_at = now;
        let run = self.work.run;
        Ok(self.work.library.store.write(move |edit| edit.add_wall_millis(run, millis)).await?)
    }
}
