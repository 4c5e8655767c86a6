//! The task that owns the state of a run: it admits jobs, collects their results and publishes snapshots. A panic or an
//! error in one job fails only that job.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::answer::PartPass;
use domain::answer::{Answer, Reading};
use domain::diagnosis::{Wait, WaitReason};
use domain::ids::JobId;
use domain::recipe::Recipe;
use domain::run::{InFlight, PendingElsewhere, PreviewAnnotation, RunProgress};
use domain::run_state::{FailureKind, RunState, StopReason};
use store::{Remaining, WaitingJob};
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::activity::OpenRequest;
use super::context::RunContext;
use super::outcome::{Answered, Ended, Stop, answers_pending, failed};
use super::progress::{RunSession, Times};
use super::settling::Settling;
use crate::Result;
use crate::clock::{now_millis, whole_millis};
use crate::error::guarded;

/// Interval between snapshots.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(100);
/// Interval between saves of the time worked; a crash loses at most one interval.
const WALL_NOTE_INTERVAL: Duration = Duration::from_secs(1);
/// Waiting jobs read from the library at a time.
const QUEUE_SLICE: u32 = 256;
/// How often to check for answers from other runs.
const PENDING_INTERVAL: Duration = Duration::from_millis(500);

pub struct Dispatcher {
    context: Arc<RunContext>,
    /// Images processed at once if the backend has no limit of its own.
    concurrency: usize,
    queue: VecDeque<WaitingJob>,
    last_read: Option<JobId>,
    /// Whether the last read reached the end of the queue.
    is_all_read: bool,
    /// The other runs that the remaining jobs waited for at that time.
    pending: Vec<PendingElsewhere>,
    pending_read_at: Instant,
    executing: JoinSet<Result<Ended>>,
    /// The jobs of the tasks in `executing`.
    at_work: HashMap<task::Id, WaitingJob>,
    /// Admitted jobs that are neither settled nor returned to the queue.
    admitted: HashSet<JobId>,
    settling: Settling,
    /// Tells executors that wait to send to return their jobs.
    halt: watch::Sender<bool>,
    /// Set once a request shows that nothing more may be sent.
    must_stop: Option<Stop>,
    session: RunSession,
    /// Milliseconds since the last save in which requests were allowed but no image was ready, weighted by the share of free
    /// places.
    unprepared_millis: f64,
    looked_at: Instant,
    publish: watch::Sender<RunProgress>,
    stop_asked: watch::Receiver<Option<StopReason>>,
    wall_noted_at: Instant,
}

impl Dispatcher {
    /// `halt` is the sender of the context's `halt`; `times` are those of earlier sessions.
    pub fn new(
        context: RunContext,
        halt: watch::Sender<bool>,
        concurrency: u32,
        times: Times,
        publish: watch::Sender<RunProgress>,
        stop_asked: watch::Receiver<Option<StopReason>>,
    ) -> Self {
        let session = RunSession::begin(publish.borrow().clone(), times, Instant::now());
        let context = Arc::new(context);
        Self {
            settling: Settling::new(Arc::clone(&context)),
            context,
            concurrency: concurrency as usize,
            queue: VecDeque::new(),
            last_read: None,
            is_all_read: false,
            pending: Vec::new(),
            pending_read_at: Instant::now(),
            executing: JoinSet::new(),
            at_work: HashMap::new(),
            admitted: HashSet::new(),
            halt,
            must_stop: None,
            session,
            unprepared_millis: 0.0,
            looked_at: Instant::now(),
            publish,
            stop_asked,
            wall_noted_at: Instant::now(),
        }
    }

    /// Works until nothing is left or a stop is requested. Returns why it stopped.
    pub async fn work(mut self) -> Result<Stop> {
        let outcome = self.carry_out().await;
        if outcome.is_err() {
            self.executing.shutdown().await;
        }
        let last = self.snapshot(RunState::Stopping);
        self.publish.send_replace(last);
        outcome
    }

    /// Works until nothing is in flight and nothing may be admitted. Returns why.
    async fn carry_out(&mut self) -> Result<Stop> {
        let mut snapshots = interval(SNAPSHOT_INTERVAL);
        snapshots.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let activity = Arc::clone(&self.context.activity);
        loop {
            let asked = *self.stop_asked.borrow_and_update();
            let mut stop = self.must_stop.clone().or(asked.map(|reason| Stop { reason, detail: None }));
            if stop.is_none() {
                self.admit().await?;
                if self.is_pending_due() {
                    stop = self.admit_again().await?;
                }
            } else {
                self.halt.send_replace(true);
            }
            if self.executing.is_empty() {
                self.settling.hurry();
            }
            if let (true, Some(stop)) = (self.is_idle(), &stop) {
                self.record_wall().await?;
                return Ok(stop.clone());
            }
            tokio::select! {
                Some(ended) = self.executing.join_next_with_id() => self.take(ended).await?,
                settled = self.settling.settled() => {
                    for finished in settled? {
                        self.admitted.remove(&finished.job);
                        // If a job failed, the images waiting for its annotations are now in the queue.
                        self.is_all_read &= finished.outcome.is_ok();
                        self.session.record_finished(finished);
                    }
                    self.context.changes.record();
                }
                () = activity.moved() => {}
                // Cannot fail while this task is listed as active.
                Ok(()) = self.stop_asked.changed() => {}
                _ = snapshots.tick() => {
                    self.look_at_preparing();
                    let state = if stop.is_some() { RunState::Stopping } else { RunState::Running };
                    let snapshot = self.snapshot(state);
                    self.publish.send_replace(snapshot);
                    if self.wall_noted_at.elapsed() >= WALL_NOTE_INTERVAL {
                        self.record_wall().await?;
                    }
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.executing.is_empty() && self.settling.is_empty()
    }

    /// Handles the end of a task. A panic or an error in it fails only its image; an error here means that the library
    /// cannot be written.
    async fn take(&mut self, ended: std::result::Result<(task::Id, Result<Ended>), JoinError>) -> Result<()> {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, ended),
            Err(lost) => (lost.id(), Err(lost.into())),
        };
        let Some(job) = self.at_work.remove(&id) else { return Ok(()) };
        #[cfg(test)]
        super::tests::panic_if_told(self.context.layout.folder(), "dispatcher");
        match ended {
            Ok(Ended::Answered(answered)) => {
                self.settling.take(*answered);
                return Ok(());
            }
            Ok(Ended::PutBack) => {}
            Ok(Ended::PendingElsewhere) => self.is_all_read = false,
            Ok(Ended::MustStop(stop)) => {
                self.must_stop.get_or_insert(stop);
            }
            Err(error) if error.is_of_library() => return Err(error),
            Err(error) => {
                tracing::error!(run = %self.context.run, image = %job.image, %error, "an image failed by an internal error");
                let id = job.id;
                let lost = self.context.store.write(move |edit| edit.lose_attempts(id)).await?;
                self.context.tally.record_lost(lost);
                let outcome = failed(None, FailureKind::InternalError, error.to_string());
                let finished_after_millis = self.context.clock.worked_millis();
                self.settling.take(Answered { job, outcome, timing: None, finished_after_millis });
                return Ok(());
            }
        }
        self.admitted.remove(&job.id);
        Ok(())
    }

    async fn admit(&mut self) -> Result<()> {
        for _ in 0..self.places() {
            while self.queue.is_empty() && !self.is_all_read {
                self.read_queue().await?;
            }
            let Some(job) = self.queue.pop_front() else { return Ok(()) };
            self.admitted.insert(job.id);
            let task = self.executing.spawn(Arc::clone(&self.context).execute(job.clone()));
            self.at_work.insert(task.id(), job);
        }
        Ok(())
    }

    async fn read_queue(&mut self) -> Result<()> {
        let (run, after) = (self.context.run, self.last_read);
        let Remaining { jobs, pending } =
            self.context.store.read(move |view| view.remaining(run, after, QUEUE_SLICE)).await?;
        self.is_all_read = jobs.is_empty();
        self.last_read = jobs.last().map(|job| job.id).or(after);
        self.queue.extend(jobs.into_iter().filter(|job| !self.admitted.contains(&job.id)));
        if self.is_all_read {
            (self.pending, self.pending_read_at) = (pending, Instant::now());
        }
        Ok(())
    }

    /// Whether to read the queue from the start: nothing is in flight, or other runs may have answered in the meantime.
    /// Undecided refusals can be decided only once nothing is in flight.
    fn is_pending_due(&self) -> bool {
        let is_due = self.pending_read_at.elapsed() >= PENDING_INTERVAL;
        let needs_idle = self.pending.is_empty() || !self.context.undecided.is_empty();
        self.is_all_read && if needs_idle { self.is_idle() && (self.pending.is_empty() || is_due) } else { is_due }
    }

    /// Reads the queue from the start, for images that wait again or no longer wait for another run. Returns why the run
    /// stops if there is nothing to do.
    async fn admit_again(&mut self) -> Result<Option<Stop>> {
        if !self.pending.is_empty() {
            self.context.workers.forget_dead().await?;
        }
        (self.last_read, self.is_all_read) = (None, false);
        self.admit().await?;
        if !self.is_idle() || !self.queue.is_empty() {
            return Ok(None);
        }
        if !self.pending.is_empty() {
            return Ok(answers_pending(self.context.run, &self.pending));
        }
        let run = self.context.run;
        let is_pilot = self
            .context
            .store
            .read(move |view| Ok(view.is_in_pilot(run)? && !view.waiting_images(run)?.is_empty()))
            .await?;
        let reason = if is_pilot { StopReason::PilotDone } else { StopReason::Completed };
        Ok(Some(Stop { reason, detail: None }))
    }

    /// How many more images to admit: those in flight, plus for a remote backend those to prepare ahead.
    fn places(&self) -> usize {
        if self.settling.is_behind() {
            return 0;
        }
        let taken = self.executing.len();
        let Some(concurrency) = self.context.backend.concurrency() else {
            return self.concurrency.saturating_sub(taken);
        };
        let (asked, ahead) = (self.context.activity.asked_count(), self.context.activity.look_ahead());
        let unasked = taken.saturating_sub(asked);
        ahead.saturating_sub(unasked).min((concurrency + ahead).saturating_sub(taken))
    }

    #[expect(clippy::cast_possible_truncation, reason = "images at once")]
    fn snapshot(&mut self, state: RunState) -> RunProgress {
        let context = &self.context;
        let (sums, now) = (context.tally.sums(), Instant::now());
        let read =
            |text: &str, pass: PartPass, sent| context.backend.preview(text, &pass.recipe(&context.recipe), sent);
        let in_flight = context.activity.asked(read, |asked| InFlight {
            image: asked.image,
            since_millis: whole_millis(now.duration_since(asked.since)),
            size: asked.size,
            // A preview must not fail the run.
            preview: guarded(|| preview(asked, &context.recipe)).unwrap_or_default(),
        });
        let snapshot = self.session.snapshot(state, in_flight, now);
        RunProgress {
            prepared: context.activity.prepared() as u32,
            reused: sums.reused,
            concurrency: context.backend.concurrency().unwrap_or(self.concurrency) as u32,
            endpoints: context.backend.states(),
            spent: sums.spent,
            possibly_billed: sums.possibly_billed,
            retried: sums.retried,
            cut_short: sums.cut_short,
            budget: context.budget.cap(),
            reserved: context.budget.reserved(),
            hold: context.backend.held(),
            pending_elsewhere: if self.is_all_read { self.pending.clone() } else { Vec::new() },
            largest_request: context.budget.largest().max(snapshot.largest_request),
            ..snapshot
        }
    }

    /// Adds the time since the last check if requests could have been sent while images were still being prepared. The free
    /// places at the time of the check count for the whole interval.
    #[expect(clippy::cast_precision_loss, reason = "images at a time")]
    fn look_at_preparing(&mut self) {
        let now = Instant::now();
        let since_millis = now.duration_since(std::mem::replace(&mut self.looked_at, now)).as_secs_f64() * 1000.0;
        let Some(places) = self.context.backend.concurrency().filter(|&places| places > 0) else { return };
        let activity = &self.context.activity;
        let (asked, is_held) = (activity.asked_count(), self.context.backend.held().is_some());
        if asked < places && activity.is_preparing_all() && !is_held {
            self.unprepared_millis += since_millis * (places - asked) as f64 / places as f64;
        }
    }

    async fn record_wall(&mut self) -> Result<()> {
        let now = Instant::now();
        let millis = now.duration_since(self.wall_noted_at).as_secs_f64() * 1000.0;
        self.wall_noted_at = now;
        let (run, peak) = (self.context.run, self.context.in_flight.peak());
        let mut waits = self.context.backend.take_waits();
        let unprepared_millis = std::mem::take(&mut self.unprepared_millis);
        if unprepared_millis > 0.0 {
            waits.push(Wait { wait_reason: WaitReason::Preparing, millis: unprepared_millis, limit: None });
        }
        let (limits, noted_at) = (self.context.backend.known_limits(), now_millis());
        let endpoints = self.context.backend.take_records();
        let in_flight_millis = self.context.in_flight.take_summed().as_secs_f64() * 1000.0;
        let noted = self.context.store.write(move |edit| {
            edit.add_wall_millis(run, millis)?;
            edit.add_waits(run, &waits)?;
            for (endpoint, limits) in &limits {
                edit.keep_endpoint_limits(endpoint, limits, noted_at)?;
            }
            edit.record_endpoints(run, &endpoints)?;
            edit.add_in_flight_millis(run, in_flight_millis)?;
            edit.record_peak_in_flight(run, peak)
        });
        Ok(noted.await?)
    }
}

/// The annotations received so far, in image pixels.
fn preview(asked: &OpenRequest, recipe: &Recipe) -> Vec<PreviewAnnotation> {
    let answer = Answer { sent: asked.sent, annotations: asked.annotations.clone(), reading: Reading::default() };
    let annotations = answer.annotations_of(asked.part.1, recipe, asked.size).into_iter();
    annotations
        .map(|annotation| PreviewAnnotation {
            color: recipe.label_for(&annotation.label).map_or(1, |label| label.color),
            label: annotation.label,
            shape: annotation.shape,
        })
        .collect()
}
