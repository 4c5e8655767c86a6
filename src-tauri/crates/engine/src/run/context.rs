//! State shared by all jobs of a run, and the steps that store a job's results. Each step is on disk before the next starts,
//! so the process may die at any point.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::geometry::PixelSize;
use domain::ids::{AttemptId, ImageId, RunId};
use domain::money::PicoDollars;
use domain::recipe::Recipe;
use domain::run_state::{FailureKind, RetryKind};
use domain::worst_case::Allowance;
use providers::request::Request;
use store::{JobFailure, JobOutcome, Propagated, Store, Unanswered, WaitingJob};
use tokio::sync::{Mutex, Semaphore, watch};

use super::activity::Activity;
use super::ask::Ask;
use super::budget::{Budget, Reservation};
use super::in_flight::InFlightCounter;
use super::outcome::{Answered, Finished, Kept, failed, is_cut_off};
use super::retry::Retrying;
use super::tally::Tally;
use super::undecided::UndecidedRefusals;
use crate::Result;
use crate::backend::{AnswerLength, Backend, FailedRequest, Received};
use crate::changes::Changes;
use crate::clock::now_millis;
use crate::error::guarded;
use crate::layout::Layout;
use crate::originals::Originals;
use crate::spending::{MonthRoom, MonthlySpending};
use crate::workers::Workers;

/// How often to check whether the month has room again.
const MONTH_INTERVAL: Duration = Duration::from_millis(250);

/// State shared by all jobs of a run.
pub struct RunContext {
    pub store: Arc<Store>,
    pub layout: Arc<Layout>,
    pub changes: Changes,
    pub workers: Arc<Workers>,
    pub originals: Arc<Originals>,
    pub run: RunId,
    pub backend: Arc<Backend>,
    pub recipe: Arc<Recipe>,
    pub tally: Tally,
    pub budget: Budget,
    /// The month over all runs.
    pub spending: Arc<MonthlySpending>,
    pub retrying: Retrying,
    pub activity: Arc<Activity>,
    pub in_flight: Arc<InFlightCounter>,
    pub undecided: UndecidedRefusals,
    /// Limits decoding to the number of CPUs, which also bounds its memory.
    pub preparing: Semaphore,
    /// Held by the next job to be sent, so that requests are sent in the order in which images became ready.
    pub admission: Mutex<()>,
    /// `true` once nothing more may be sent; jobs waiting to send return to the queue.
    pub halt: watch::Receiver<bool>,
    pub clock: WorkClock,
}

/// The time worked on a run over all its sessions, without pauses.
#[derive(Debug, Clone, Copy)]
pub struct WorkClock {
    before_millis: f64,
    began: Instant,
}

impl WorkClock {
    /// Starts the clock; `before_millis` is the total of earlier sessions.
    pub fn start(before_millis: f64) -> Self {
        Self { before_millis, began: Instant::now() }
    }

    pub fn worked_millis(&self) -> f64 {
        self.before_millis + self.began.elapsed().as_secs_f64() * 1000.0
    }
}

impl RunContext {
    /// Waits until the month has room for a request. False if it will have none soon.
    pub async fn waits_for_month(&self, at_most: PicoDollars) -> Result<bool> {
        loop {
            match self.spending.room(&self.workers, at_most).await? {
                MonthRoom::Now => return Ok(true),
                MonthRoom::None => return Ok(false),
                MonthRoom::Later => tokio::time::sleep(MONTH_INTERVAL).await,
            }
        }
    }

    /// The outcome of the stored answer about a whole image.
    pub async fn kept_outcome(&self, job: &WaitingJob) -> Result<Kept> {
        self.kept_answer(job, &Ask::whole(job.size)).await
    }

    /// The outcome of the stored answer to this request.
    pub async fn kept_answer(&self, job: &WaitingJob, ask: &Ask) -> Result<Kept> {
        let Some(kept) = job.answer_to(ask.pass) else { return Ok(Kept::None) };
        let outcome = self.read(kept.attempt, &kept.raw_answer, (job.size, ask));
        if !kept.is_cut_short {
            self.record_cut_short(kept.attempt, &outcome).await?;
        }
        let reached = kept.output_limit.unwrap_or_default();
        if !is_cut_off(&outcome) || reached >= self.backend.largest_output_limit() {
            return Ok(Kept::Final(outcome));
        }
        let can_be_longer = |length| self.backend.output_limit(length) > reached;
        let length = if can_be_longer(AnswerLength::Usual) { AnswerLength::Usual } else { AnswerLength::Longer };
        Ok(Kept::CutOff(outcome, length))
    }

    /// Records whether an answer was cut off, once it is read.
    async fn record_cut_short(&self, attempt: AttemptId, outcome: &JobOutcome) -> Result<()> {
        if is_cut_off(outcome) {
            self.store.write_derived(move |edit| edit.record_cut_short(attempt)).await?;
        }
        Ok(())
    }

    /// What further requests for the image of `job` may cost.
    pub fn allowance(&self, job: &WaitingJob) -> Allowance {
        Allowance::new(self.backend.image_at_most(job.size), job.committed)
    }

    /// Settles jobs together; their outcomes are on disk on return. A job that cannot be settled fails alone.
    pub async fn settle(&self, group: Vec<Answered>) -> Result<Vec<Finished>> {
        let group = Arc::new(group);
        match self.write_outcomes(Arc::clone(&group)).await {
            Ok(finished) => return Ok(finished),
            Err(error) if error.is_of_library() => return Err(error),
            Err(error) if group.len() == 1 => tracing::error!(run = %self.run, %error, "an image could not be settled"),
            Err(_) => {}
        }
        let mut finished = Vec::new();
        for answered in group.iter() {
            match self.write_outcomes(Arc::new(vec![answered.clone()])).await {
                Ok(settled) => finished.extend(settled),
                Err(error) if error.is_of_library() => return Err(error),
                Err(error) => {
                    let outcome = failed(None, FailureKind::InternalError, error.to_string());
                    let answered = Answered { outcome, ..answered.clone() };
                    finished.extend(self.write_outcomes(Arc::new(vec![answered])).await?);
                }
            }
        }
        Ok(finished)
    }

    async fn write_outcomes(&self, group: Arc<Vec<Answered>>) -> Result<Vec<Finished>> {
        let (run, recipe, now, written) = (self.run, Arc::clone(&self.recipe), now_millis(), Arc::clone(&group));
        // The answers are already on disk; if a power failure loses their annotations, they are parsed again.
        let propagated = self.store.write_derived(move |edit| {
            let settled = written.iter().map(|answered| {
                edit.record_finished_after(answered.job.id, answered.finished_after_millis)?;
                edit.settle_job(run, &answered.job, &recipe, &answered.outcome, answered.timing, now)
            });
            settled.collect::<store::Result<Vec<Propagated>>>()
        });
        let propagated = propagated.await?;
        let both = group.iter().zip(propagated);
        Ok(both.map(|(answered, propagated)| Finished { propagated, ..self.finished(answered) }).collect())
    }

    fn finished(&self, Answered { job, outcome, timing, finished_after_millis }: &Answered) -> Finished {
        let is_reused = job.is_reused_by(outcome, *timing);
        if is_reused {
            self.tally.record_reused();
        }
        if matches!(outcome, JobOutcome::Done { reading, .. } if reading.is_cut_short) {
            self.tally.record_cut_short();
        }
        Finished {
            job: job.id,
            image: job.image,
            name: job.name.clone(),
            took_millis: timing.map(|timing| timing.took_millis),
            after_millis: *finished_after_millis,
            propagated: Propagated::default(),
            replaced: job.standing,
            outcome: match outcome {
                JobOutcome::Done { annotations, .. } => Ok(u32::try_from(annotations.len()).unwrap_or(u32::MAX)),
                JobOutcome::Failed(failure) => Err((failure.kind, failure.detail.clone())),
            },
        }
    }

    /// Decodes and encodes the original of `image` for a request about the whole of it. Blocks.
    pub fn prepare(
        &self,
        image: ImageId,
        size: PixelSize,
        edge: u32,
        length: AnswerLength,
    ) -> std::result::Result<Request, JobFailure> {
        self.prepare_part((image, size), &Ask::whole(size), (edge, length), &mut BTreeMap::new())
    }

    /// Stores the raw answer, then parses it.
    pub async fn keep(
        &self,
        attempt: AttemptId,
        received: Received,
        at_most: PicoDollars,
        reservation: Reservation<'_>,
        asked: (PixelSize, &Ask),
    ) -> Result<JobOutcome> {
        let Received { kept, bill } = received;
        let (raw_answer, received_at) = (kept.clone(), now_millis());
        self.store.write(move |edit| edit.record_received(attempt, &raw_answer, bill, received_at)).await?;
        match bill {
            Some(bill) => self.tally.record_spent(bill.paid),
            None if at_most > PicoDollars::ZERO => self.tally.record_possibly_billed(at_most),
            None => {}
        }
        reservation.settle(bill.map_or(at_most, |bill| bill.paid));
        let outcome = self.read(attempt, &kept, asked);
        self.record_cut_short(attempt, &outcome).await?;
        Ok(outcome)
    }

    /// Records that a request ended without an answer.
    pub async fn record_unanswered(
        &self,
        attempt: AttemptId,
        unanswered: &FailedRequest,
        retried_for: Option<RetryKind>,
        at_most: PicoDollars,
        reservation: Reservation<'_>,
    ) -> Result<()> {
        if unanswered.may_be_billed {
            self.tally.record_possibly_billed(at_most);
        }
        reservation.settle(if unanswered.may_be_billed { at_most } else { PicoDollars::ZERO });
        if let Some(kind) = retried_for {
            self.tally.record_retry(kind);
        }
        let how = Unanswered { error: unanswered.detail.clone(), retried_for, may_be_billed: unanswered.may_be_billed };
        let now = now_millis();
        Ok(self.store.write(move |edit| edit.record_unanswered(attempt, &how, now)).await?)
    }

    /// The outcome of a stored answer about a part of an image of `size`. If parsing panics, the raw answer stays stored for
    /// a later version to parse.
    fn read(&self, attempt: AttemptId, raw_answer: &str, (size, ask): (PixelSize, &Ask)) -> JobOutcome {
        let recipe = &*ask.pass.recipe(&self.recipe);
        let read = guarded(|| match self.backend.read(raw_answer, recipe) {
            Ok(answer) => {
                let annotations = answer.annotations_of(ask.region, recipe, size);
                JobOutcome::Done { attempts: vec![attempt], annotations, reading: answer.reading }
            }
            Err((kind, detail)) => failed(Some(attempt), kind, detail),
        });
        read.unwrap_or_else(|error| failed(None, FailureKind::InternalError, error.to_string()))
    }
}
