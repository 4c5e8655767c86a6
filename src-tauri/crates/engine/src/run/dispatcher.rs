//! The one task that owns the state of a run: it admits jobs, hears how they ended, and publishes snapshots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::answer::{Answer, Reading};
use domain::diagnosis::{Obstacle, Wait};
use domain::ids::JobId;
use domain::recipe::Recipe;
use domain::run::{InFlight, PreviewMark, RunProgress, RunState, StopReason};
use store::WaitingJob;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::board::Asked;
use super::ending::{end, last_snapshot};
use super::executor::{Ended, Stop, Work};
use super::lock::RunLock;
use super::progress::{Sitting, Times, whole_millis};
use super::settling::Settling;
use crate::Result;
use crate::clock::now_millis;

/// Between snapshots: ten a second.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(100);
/// Between notes of the time worked, of which a crash may lose the last.
const WALL_NOTE_INTERVAL: Duration = Duration::from_secs(1);
/// Waiting jobs read from the library at a time.
const QUEUE_SLICE: u32 = 256;

pub struct Dispatcher {
    work: Arc<Work>,
    /// Images at once, where the route has no limit of its own.
    concurrency: usize,
    queue: VecDeque<WaitingJob>,
    last_read: Option<JobId>,
    executing: JoinSet<Result<Ended>>,
    settling: Settling,
    /// Tells executors that wait to send to give their jobs back.
    halt: watch::Sender<bool>,
    /// Why nothing more is sent, when a request has shown that.
    must_stop: Option<Stop>,
    sitting: Sitting,
    /// Milliseconds for which requests were allowed and no image was ready, since the last note, by the free places.
    unprepared_millis: f64,
    looked_at: Instant,
    publish: watch::Sender<RunProgress>,
    stop_asked: watch::Receiver<Option<StopReason>>,
    wall_noted_at: Instant,
}

impl Dispatcher {
    /// `halt` is the other end of the work's own; `times` are those of earlier sittings.
    pub fn new(
        work: Work,
        halt: watch::Sender<bool>,
        concurrency: u32,
        times: Times,
        publish: watch::Sender<RunProgress>,
        stop_asked: watch::Receiver<Option<StopReason>>,
    ) -> Self {
        let sitting = Sitting::begin(publish.borrow().clone(), times, Instant::now());
        let work = Arc::new(work);
        Self {
            settling: Settling::new(Arc::clone(&work)),
            work,
            concurrency: concurrency as usize,
            queue: VecDeque::new(),
            last_read: None,
            executing: JoinSet::new(),
            halt,
            must_stop: None,
            sitting,
            unprepared_millis: 0.0,
            looked_at: Instant::now(),
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
                library.record_run_failure(run, error);
                self.executing.shutdown().await;
                None
            }
        };
        // Hooks may take a while.
        let stopping = self.snapshot(RunState::Stopping);
        self.publish.send_replace(stopping);
        let (state, detail) = end(&library, run, run_lock, stop).await;
        let snapshot = self.snapshot(state);
        let last = last_snapshot(&library, RunProgress { stop_detail: detail, hold: None, ..snapshot }).await;
        self.publish.send_replace(last);
    }

    /// Works until nothing is in flight and nothing may be admitted; why.
    async fn carry_out(&mut self) -> Result<Stop> {
        let mut snapshots = interval(SNAPSHOT_INTERVAL);
        snapshots.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let board = Arc::clone(&self.work.board);
        loop {
            let asked = *self.stop_asked.borrow_and_update();
            let stop = self.must_stop.clone().or(asked.map(|reason| Stop { reason, detail: None }));
            if stop.is_none() {
                self.admit()?;
            } else {
                self.halt.send_replace(true);
            }
            if self.executing.is_empty() && self.settling.is_empty() && stop.is_none() {
                // Those that were to be given the marks of an image that failed meanwhile wait before where was read last.
                self.last_read = None;
                self.admit()?;
            }
            if self.executing.is_empty() {
                self.settling.hurry();
            }
            if self.executing.is_empty() && self.settling.is_empty() {
                self.note_wall().await?;
                return match stop {
                    Some(stop) => Ok(stop),
                    None => Ok(Stop { reason: self.how_completed()?, detail: None }),
                };
            }
            tokio::select! {
                Some(ended) = self.executing.join_next() => {
                    match ended.map_err(|_| crate::EngineError::TaskLost)?? {
                        Ended::Answered(answered) => self.settling.take(answered),
                        Ended::PutBack => {}
                        Ended::MustStop(stop) => {
                            self.must_stop.get_or_insert(stop);
                        }
                    }
                }
                settled = self.settling.settled() => {
                    for finished in settled? {
                        self.sitting.note_finished(finished);
                    }
                    self.work.library.note_change();
                }
                () = board.moved() => {}
                // Cannot fail while this task is listed as active; if it did, there would be nobody to ask for a stop.
                Ok(()) = self.stop_asked.changed() => {}
                _ = snapshots.tick() => {
                    self.look_at_preparing();
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

    /// Why the run is over when nothing is left to be asked about.
    fn how_completed(&self) -> Result<StopReason> {
        let run = self.work.run;
        let is_pilot =
            self.work.library.store.read(|view| Ok(view.is_in_pilot(run)? && !view.waiting_images(run)?.is_empty()))?;
        Ok(if is_pilot { StopReason::PilotDone } else { StopReason::Completed })
    }

    fn admit(&mut self) -> Result<()> {
        for _ in 0..self.places() {
            if self.queue.is_empty() {
                let (run, after) = (self.work.run, self.last_read);
                let jobs = self.work.library.store.read(|view| view.waiting_jobs(run, after, QUEUE_SLICE))?;
                self.queue.extend(jobs);
            }
            let Some(job) = self.queue.pop_front() else { return Ok(()) };
            self.last_read = Some(job.id);
            self.executing.spawn(Arc::clone(&self.work).execute(job));
        }
        Ok(())
    }

    /// How many more images may be taken up: those that are asked about, and where they are sent away, as many again as
    /// it takes to have the next ones ready.
    fn places(&self) -> usize {
        if self.settling.is_behind() {
            return 0;
        }
        let taken = self.executing.len();
        let Some(at_once) = self.work.route.at_once() else { return self.concurrency.saturating_sub(taken) };
        let (asked, ahead) = (self.work.board.asked_count(), self.work.board.look_ahead());
        let unasked = taken.saturating_sub(asked);
        ahead.saturating_sub(unasked).min((at_once + ahead).saturating_sub(taken))
    }

    #[expect(clippy::cast_possible_truncation, reason = "images at once")]
    fn snapshot(&mut self, state: RunState) -> RunProgress {
        let work = &self.work;
        let (sums, now) = (work.tally.sums(), Instant::now());
        let read = |text: &str, sent| work.route.preview(text, &work.recipe, sent);
        let in_flight = work.board.asked(read, |asked| InFlight {
            image: asked.image,
            since_millis: whole_millis(now.duration_since(asked.since)),
            size: asked.size,
            preview: preview(asked, &work.recipe),
        });
        let snapshot = self.sitting.snapshot(state, in_flight, now);
        RunProgress {
            prepared: work.board.prepared() as u32,
            reused: sums.reused,
            concurrency: work.route.at_once().unwrap_or(self.concurrency) as u32,
            routes: work.route.states(),
            spent: sums.spent,
            possibly_billed: sums.possibly_billed,
            retried: sums.retried,
            cut_short: sums.cut_short,
            budget: work.budget.cap(),
            reserved: work.budget.reserved(),
            hold: work.route.held(),
            largest_request: work.budget.largest().max(snapshot.largest_request),
            ..snapshot
        }
    }

    /// Adds the time since the last look, where requests could have been sent and the images were still being prepared. Which
    /// of the places were free at the moment of the look stands for the whole of it.
    #[expect(clippy::cast_precision_loss, reason = "images at a time")]
    fn look_at_preparing(&mut self) {
        let now = Instant::now();
        let since_millis = now.duration_since(std::mem::replace(&mut self.looked_at, now)).as_secs_f64() * 1000.0;
        let Some(places) = self.work.route.at_once().filter(|&places| places > 0) else { return };
        let board = &self.work.board;
        let (asked, is_held) = (board.asked_count(), self.work.route.held().is_some());
        if asked < places && board.is_preparing_all() && !is_held {
            self.unprepared_millis += since_millis * (places - asked) as f64 / places as f64;
        }
    }

    async fn note_wall(&mut self) -> Result<()> {
        let now = Instant::now();
        let millis = now.duration_since(self.wall_noted_at).as_secs_f64() * 1000.0;
        self.wall_noted_at = now;
        let (run, peak) = (self.work.run, self.work.in_flight.peak());
        let mut waits = self.work.route.take_waits();
        let unprepared_millis = std::mem::take(&mut self.unprepared_millis);
        if unprepared_millis > 0.0 {
            waits.push(Wait { obstacle: Obstacle::Preparing, millis: unprepared_millis, limit: None });
        }
        let (limits, noted_at) = (self.work.route.known_limits(), now_millis());
        let endpoints = self.work.route.take_records();
        let in_flight_millis = self.work.in_flight.take_summed().as_secs_f64() * 1000.0;
        let noted = self.work.library.store.write(move |edit| {
            edit.add_wall_millis(run, millis)?;
            edit.add_waits(run, &waits)?;
            for (endpoint, limits) in &limits {
                edit.keep_endpoint_limits(endpoint, limits, noted_at)?;
            }
            edit.record_endpoints(run, &endpoints)?;
            edit.add_in_flight_millis(run, in_flight_millis)?;
            edit.note_peak_in_flight(run, peak)
        });
        Ok(noted.await?)
    }
}

/// The marks that have come so far, in pixels of the image.
fn preview(asked: &Asked, recipe: &Recipe) -> Vec<PreviewMark> {
    let answer = Answer { sent: asked.sent, marks: asked.marks.clone(), reading: Reading::default() };
    let marks = answer.annotations(recipe, asked.size).into_iter();
    marks
        .map(|mark| PreviewMark {
            color: recipe.label_for(&mark.label).map_or(1, |label| label.color),
            label: mark.label,
            shape: mark.shape,
        })
        .collect()
}
