//! One image of a run, from original to marks. Each step is on disk before the next begins, so that a process may die
//! anywhere between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::geometry::PixelSize;
use domain::ids::{AttemptId, ImageId, RunId};
use domain::money::PicoDollars;
use domain::recipe::Recipe;
use domain::run::{FailureKind, RetryKind, StopReason};
use provider::disposition::{Disposition, ItemFailure, StopCause};
use store::{JobFailure, JobOutcome, Unanswered, WaitingJob};
use tokio::sync::watch;

use super::budget::{Budget, CapReached};
use super::retry::{self, RETRIES};
use super::tally::Tally;
use crate::clock::now_millis;
use crate::library::Library;
use crate::route::{Prepared, Received, Route, Trouble};
use crate::{EngineError, Result};

/// What every job of a run shares.
pub struct Work {
    pub library: Arc<Library>,
    pub run: RunId,
    pub route: Route,
    pub recipe: Arc<Recipe>,
    pub tally: Tally,
    pub budget: Budget,
    /// True once nothing more is to be sent: jobs that wait to send go back into the queue.
    pub halt: watch::Receiver<bool>,
}

/// How a job came back.
pub enum Ended {
    Settled(Finished),
    /// It waits as before: nothing of it is in flight, and nothing is to be sent.
    PutBack(ImageId),
    /// It waits as before, and so must all others until a person has done something.
    MustStop(ImageId, Stop),
}

/// Why a run cannot go on, and what was said about it.
#[derive(Debug, Clone)]
pub struct Stop {
    pub reason: StopReason,
    pub detail: Option<String>,
}

/// A job that has been settled.
pub struct Finished {
    pub image: ImageId,
    pub name: String,
    pub took_millis: f64,
    /// The number of marks, or why there are none.
    pub outcome: std::result::Result<u32, (FailureKind, String)>,
}

/// What came of asking, before it is settled.
enum Asked {
    Outcome(JobOutcome),
    PutBack,
    MustStop(Stop),
}

/// What follows from a request that was not answered.
enum Next {
    Wait(Duration),
    /// The route is held, which makes everybody wait.
    Hold(Duration),
    Shrink,
    Fail(FailureKind),
    Stop(StopReason),
}

impl Work {
    /// Does one job and settles it. An error means that the library cannot be written: the run cannot go on.
    pub async fn execute(self: Arc<Self>, job: WaitingJob) -> Result<Ended> {
        let began = Instant::now();
        let asked = match &job.answer {
            Some((attempt, raw_answer)) => Asked::Outcome(self.read(*attempt, raw_answer, job.size)),
            None => self.ask(&job).await?,
        };
        let outcome = match asked {
            Asked::Outcome(outcome) => outcome,
            Asked::PutBack => return Ok(Ended::PutBack(job.image)),
            Asked::MustStop(stop) => return Ok(Ended::MustStop(job.image, stop)),
        };
        let took_millis = began.elapsed().as_secs_f64() * 1000.0;
        let finished = Finished {
            image: job.image,
            name: job.name.clone(),
            took_millis,
            outcome: match &outcome {
                JobOutcome::Done { annotations, .. } => Ok(u32::try_from(annotations.len()).unwrap_or(u32::MAX)),
                JobOutcome::Failed(failure) => Err((failure.kind, failure.detail.clone())),
            },
        };
        if matches!(&outcome, JobOutcome::Done { reading, .. } if reading.is_cut_short) {
            self.tally.note_cut_short();
        }
        let (run, recipe, now) = (self.run, Arc::clone(&self.recipe), now_millis());
        self.library.store.write(move |edit| edit.settle_job(run, &job, &recipe, &outcome, took_millis, now)).await?;
        Ok(Ended::Settled(finished))
    }

    /// Prepares the image and sends it until it is answered, or it is clear that it will not be.
    async fn ask(self: &Arc<Self>, job: &WaitingJob) -> Result<Asked> {
        let mut edge = self.route.sent_edge(job.size);
        let mut prepared = match self.prepared(job, edge).await? {
            Ok(prepared) => prepared,
            Err(failure) => return Ok(Asked::Outcome(JobOutcome::Failed(failure))),
        };
        let (mut tries, mut holds, mut is_shrunk) = (0, 0, false);
        loop {
            let at_most = self.route.at_most(&prepared);
            let admitted = self.unless_halted(async {
                self.route.passage().await;
                self.budget.reserve(at_most).await
            });
            match admitted.await {
                None => return Ok(Asked::PutBack),
                Some(Err(CapReached)) => {
                    return Ok(Asked::MustStop(Stop { reason: StopReason::BudgetReached, detail: None }));
                }
                Some(Ok(())) => {}
            }
            let (id, sent_at) = (job.id, now_millis());
            let attempt = self.library.store.write(move |edit| edit.note_sent(id, at_most, sent_at)).await?;
            let trouble = match self.route.ask(&prepared).await? {
                Ok(received) => return self.keep(attempt, received, at_most, job).await.map(Asked::Outcome),
                Err(trouble) => trouble,
            };
            let next = match next(&trouble, tries + 1, holds + 1) {
                Next::Shrink if is_shrunk => Next::Fail(FailureKind::Refused),
                next => next,
            };
            let is_again = matches!(next, Next::Wait(_) | Next::Hold(_) | Next::Shrink);
            self.note_unanswered(attempt, &trouble, is_again.then_some(trouble.retry_kind), at_most).await?;
            match next {
                Next::Wait(delay) => {
                    tries += 1;
                    if self.unless_halted(tokio::time::sleep(delay)).await.is_none() {
                        return Ok(Asked::PutBack);
                    }
                }
                Next::Hold(delay) => {
                    // A server that is out of reach uses tries up, one that asks for patience does not.
                    tries += u32::from(trouble.retry_kind == RetryKind::Unreachable);
                    holds += 1;
                    self.route.hold(delay, trouble.retry_kind, &trouble.detail);
                }
                Next::Shrink => {
                    is_shrunk = true;
                    edge = Route::smaller_edge(job.size.fit_within(edge));
                    prepared = match self.prepared(job, edge).await? {
                        Ok(prepared) => prepared,
                        Err(failure) => return Ok(Asked::Outcome(JobOutcome::Failed(failure))),
                    };
                }
                Next::Fail(kind) => return Ok(Asked::Outcome(failed(Some(attempt), kind, trouble.detail))),
                Next::Stop(reason) => return Ok(Asked::MustStop(Stop { reason, detail: Some(trouble.detail) })),
            }
        }
    }

    /// Waits; `None` when nothing more is to be sent.
    async fn unless_halted<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let mut halt = self.halt.clone();
        tokio::select! {
            biased;
            _ = halt.wait_for(|is_halted| *is_halted) => None,
            done = wait => Some(done),
        }
    }

    /// Decodes the original to the size that is sent, in the form that is sent.
    async fn prepared(
        self: &Arc<Self>,
        job: &WaitingJob,
        edge: u32,
    ) -> Result<std::result::Result<Arc<Prepared>, JobFailure>> {
        let (work, image, size) = (Arc::clone(self), job.image, job.size);
        // Decoding blocks; a panic in it fails the task, not the process.
        let prepared = tokio::task::spawn_blocking(move || work.prepare(image, size, edge));
        prepared.await.map_err(|_| EngineError::TaskLost)
    }

    fn prepare(&self, image: ImageId, size: PixelSize, edge: u32) -> std::result::Result<Arc<Prepared>, JobFailure> {
        let unsent = |kind, detail| JobFailure { attempt: None, kind, detail };
        let decoded = self
            .library
            .decode_original(image, Some(edge))
            .map_err(|unavailable| unsent(unavailable.kind, unavailable.detail))?;
        if decoded.original != size {
            let detail = format!("decodes to {:?} but was imported as {size:?}", decoded.original);
            return Err(unsent(FailureKind::FileUnreadable, detail));
        }
        let prepared = self.route.prepare(decoded.pixels);
        prepared.map(Arc::new).map_err(|detail| unsent(FailureKind::Refused, detail))
    }

    /// Keeps an answer as it came, then reads it.
    async fn keep(
        &self,
        attempt: AttemptId,
        received: Received,
        at_most: PicoDollars,
        job: &WaitingJob,
    ) -> Result<JobOutcome> {
        let Received { kept, bill } = received;
        let (raw_answer, received_at) = (kept.clone(), now_millis());
        self.library.store.write(move |edit| edit.note_received(attempt, &raw_answer, bill, received_at)).await?;
        match bill {
            Some(bill) => self.tally.note_spent(bill.paid),
            None if at_most > PicoDollars::ZERO => self.tally.note_possibly_billed(at_most),
            None => {}
        }
        self.budget.settle(at_most, bill.map_or(at_most, |bill| bill.paid));
        Ok(self.read(attempt, &kept, job.size))
    }

    async fn note_unanswered(
        &self,
        attempt: AttemptId,
        trouble: &Trouble,
        retried_for: Option<RetryKind>,
        at_most: PicoDollars,
    ) -> Result<()> {
        if trouble.may_be_billed {
            self.tally.note_possibly_billed(at_most);
        }
        self.budget.settle(at_most, if trouble.may_be_billed { at_most } else { PicoDollars::ZERO });
        if let Some(kind) = retried_for {
            self.tally.note_retry(kind);
        }
        let how = Unanswered { error: trouble.detail.clone(), retried_for, may_be_billed: trouble.may_be_billed };
        let now = now_millis();
        Ok(self.library.store.write(move |edit| edit.note_unanswered(attempt, &how, now)).await?)
    }

    fn read(&self, attempt: AttemptId, raw_answer: &str, size: PixelSize) -> JobOutcome {
        match self.route.read(raw_answer, &self.recipe) {
            Ok(answer) => {
                let annotations = answer.annotations(&self.recipe, size);
                JobOutcome::Done { attempt, annotations, reading: answer.reading }
            }
            Err((kind, detail)) => failed(Some(attempt), kind, detail),
        }
    }
}

fn failed(attempt: Option<AttemptId>, kind: FailureKind, detail: String) -> JobOutcome {
    JobOutcome::Failed(JobFailure { attempt, kind, detail })
}

/// What to do about `trouble` when it is that of try number `tries`, and of the hold number `holds`.
fn next(trouble: &Trouble, tries: u32, holds: u32) -> Next {
    let is_unreachable = trouble.retry_kind == RetryKind::Unreachable;
    match trouble.disposition {
        Disposition::FailItem(ItemFailure::Refused) => Next::Fail(FailureKind::Refused),
        Disposition::FailItem(ItemFailure::ServerFailed) => Next::Fail(FailureKind::ModelFailed),
        // Not the image's fault, and the next one would fare no better.
        Disposition::Retry { .. } if tries > RETRIES && is_unreachable => Next::Stop(StopReason::Unreachable),
        Disposition::Retry { .. } if tries > RETRIES => Next::Fail(FailureKind::ModelFailed),
        Disposition::Retry { after, .. } if is_unreachable => Next::Hold(retry::delay(tries, after, fastrand::f64())),
        Disposition::Retry { after, .. } => Next::Wait(retry::delay(tries, after, fastrand::f64())),
        Disposition::HoldRoute { after } => Next::Hold(retry::delay(holds, after, fastrand::f64())),
        Disposition::ShrinkOnce => Next::Shrink,
        Disposition::StopRun(cause) => Next::Stop(match cause {
            StopCause::KeyRejected => StopReason::KeyRejected,
            StopCause::NoCredit => StopReason::NoCredit,
            StopCause::SpendLimit => StopReason::SpendLimit,
            StopCause::NotPermitted => StopReason::NotPermitted,
            StopCause::UnknownModel => StopReason::UnknownModel,
            StopCause::NotSuchAServer => StopReason::NotSuchAServer,
            StopCause::Configuration => StopReason::RequestRefused,
        }),
    }
}
