//! The one task that owns the state of a run: it admits jobs, hears how they ended, and publishes snapshots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::JobId;
use domain::run::{RunProgress, RunState, StopReason};
use store::WaitingJob;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::executor::{Ended, Stop, Work};
use super::lock::RunLock;
use super::progress::Sitting;
use crate::Result;
use crate::library::lock;

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
    executing: JoinSet<Result<Ended>>,
    /// Tells executors that wait to send to give their jobs back.
    halt: watch::Sender<bool>,
    /// Why nothing more is sent, when a request has shown that.
    must_stop: Option<Stop>,
    sitting: Sitting,
    publish: watch::Sender<RunProgress>,
    stop_asked: watch::Receiver<Option<StopReason>>,
    wall_noted_at: Instant,
}

impl Dispatcher {
    /// `halt` is the other end of the work's own.
    pub fn new(
        work: Work,
        halt: watch::Sender<bool>,
        concurrency: u32,
        publish: watch::Sender<RunProgress>,
        stop_asked: watch::Receiver<Option<StopReason>>,
    ) -> Self {
        let sitting = Sitting::begin(publish.borrow().clone(), Instant::now());
        Self {
            work: Arc::new(work),
            concurrency: concurrency as usize,
            queue: VecDeque::new(),
            last_read: None,
            executing: JoinSet::new(),
            halt,
            must_stop: None,
            sitting,
            publish,
            stop_asked,
            wall_noted_at: Instant::now(),
        }
    }

    /// Works until nothing is left or somebody asks to stop, then lets go of the run.
    pub async fn work(mut self, run_lock: RunLock) {
        let (run, library) = (self.work.run, Arc::clone(&self.work.library));
        let stop = match self.carry_out().await {
            Ok(stop) => Some(stop),
            Err(error) => {
                // What is on disk stays sound. Without a note of its end the run shows as interrupted.
                tracing::error!(%run, %error, "the run cannot go on");
                self.executing.shutdown().await;
                None
            }
        };
        if let Some(Stop { reason, detail }) = stop.clone() {
            let noted = library.store.write(move |edit| edit.note_stopped(run, reason, detail.as_deref())).await;
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
        let (state, detail) = match stop {
            Some(Stop { reason, detail }) => (RunState::Stopped { reason }, detail),
            None => (RunState::Interrupted, None),
        };
        let snapshot = self.snapshot(state);
        self.publish.send_replace(RunProgress { stop_detail: detail, hold: None, ..snapshot });
    }

    /// Works until nothing is in flight and nothing may be admitted; why.
    async fn carry_out(&mut self) -> Result<Stop> {
        let mut snapshots = interval(SNAPSHOT_INTERVAL);
        snapshots.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = *self.stop_asked.borrow_and_update();
            let stop = self.must_stop.clone().or(asked.map(|reason| Stop { reason, detail: None }));
            if stop.is_none() {
                self.admit()?;
            } else {
                self.halt.send_replace(true);
            }
            if self.executing.is_empty() {
                self.note_wall().await?;
                return Ok(stop.unwrap_or(Stop { reason: StopReason::Completed, detail: None }));
            }
            tokio::select! {
                Some(ended) = self.executing.join_next() => {
                    match ended.map_err(|_| crate::EngineError::TaskLost)?? {
                        Ended::Settled(finished) => {
                            self.sitting.note_finished(finished, Instant::now());
                            self.work.library.note_change();
                        }
                        Ended::PutBack(image) => self.sitting.note_put_back(image),
                        Ended::MustStop(image, stop) => {
                            self.sitting.note_put_back(image);
                            self.must_stop.get_or_insert(stop);
                        }
                    }
                }
                // Cannot fail while this task is listed as active; if it did, there would be nobody to ask for a stop.
                Ok(()) = self.stop_asked.changed() => {}
                _ = snapshots.tick() => {
                    let state = if stop.is_some() { RunState::Stopping } else { RunState::Running };
                    let snapshot = self.snapshot(state);
                    self.publish.send_replace(snapshot);
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

    fn snapshot(&mut self, state: RunState) -> RunProgress {
        let sums = self.work.tally.sums();
        RunProgress {
            spent: sums.spent,
            possibly_billed: sums.possibly_billed,
            retried: sums.retried,
            cut_short: sums.cut_short,
            budget: self.work.budget.cap(),
            reserved: self.work.budget.reserved(),
            hold: self.work.route.held(),
            ..self.sitting.snapshot(state, Instant::now())
        }
    }

    async fn note_wall(&mut self) -> Result<()> {
        let now = Instant::now();
        let millis = now.duration_since(self.wall_noted_at).as_secs_f64() * 1000.0;
        self.wall_noted_at = now;
        let run = self.work.run;
        Ok(self.work.library.store.write(move |edit| edit.add_wall_millis(run, millis)).await?)
    }
}
