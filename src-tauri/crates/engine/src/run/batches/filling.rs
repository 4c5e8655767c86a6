//! Fills a batch with waiting images. A few are prepared ahead and written one by one to a spool file in the library's
//! folder, so memory use stays low.

use std::collections::VecDeque;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;

use domain::answer::PartPass;
use domain::coordinates::BoxCoordinates;
use domain::ids::{AttemptId, BatchId, JobId};
use domain::money::PicoDollars;
use domain::run_state::{FailureKind, StopReason};
use providers::batch::{BatchWriter, Pushed};
use providers::request::Request;
use store::{Claim, JobFailure, JobOutcome, WaitingJob};
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::context::RunContext;
use super::super::outcome::{Kept, NO_ALLOWANCE, better_of, failed};
use super::naming::custom_id;
use super::{BatchSession, remove_spool, spool_prefix};
use crate::backend::AnswerLength;
use crate::clock::now_millis;
use crate::machine::processors;
use crate::{EngineError, Result, private};

/// Waiting jobs read from the library at a time.
const QUEUE_SLICE: u32 = 256;

/// A batch that is complete on disk but not submitted.
pub struct Spooled {
    pub batch: BatchId,
    pub token: String,
    pub path: PathBuf,
}

/// A job about to be settled or added to the batch.
enum Next {
    /// Settled by an existing answer, which is not paid for again.
    Answered(JobOutcome),
    /// Being prepared. If an earlier answer was cut off, its outcome is kept in case no request can be sent.
    Preparing(JoinHandle<std::result::Result<Request, JobFailure>>, Option<JobOutcome>),
}

enum Ready {
    Settled(JobOutcome),
    /// As [`Next::Preparing`].
    Prepared(Request, Option<JobOutcome>),
}

/// What became of a request that was to be added to a batch.
enum Added {
    Attempt(AttemptId),
    /// Another run asks about the image, or has its answer.
    PendingElsewhere,
    /// It could exceed the monthly cap.
    MonthIsFull,
}

/// The waiting jobs in order, with the next few being prepared.
struct Ahead {
    context: Arc<RunContext>,
    jobs: VecDeque<WaitingJob>,
    last_read: Option<JobId>,
    preparing: VecDeque<(WaitingJob, Next)>,
}

impl Ahead {
    fn new(context: &Arc<RunContext>) -> Self {
        Self { context: Arc::clone(context), jobs: VecDeque::new(), last_read: None, preparing: VecDeque::new() }
    }

    async fn next(&mut self) -> Result<Option<(WaitingJob, Ready)>> {
        while self.preparing.len() < processors() as usize {
            let Some(job) = self.next_job().await? else { break };
            let next = match self.context.kept_outcome(&job).await? {
                Kept::Final(outcome) => Next::Answered(outcome),
                kept => {
                    let (context, image, size) = (Arc::clone(&self.context), job.image, job.size);
                    let edge = context.backend.sent_edge(size);
                    // Decoding blocks; a panic in it fails the task, not the process.
                    let preparing = spawn_blocking(move || context.prepare(image, size, edge, AnswerLength::Usual));
                    Next::Preparing(preparing, kept.into_outcome())
                }
            };
            self.preparing.push_back((job, next));
        }
        let Some((job, next)) = self.preparing.pop_front() else { return Ok(None) };
        let ready = match next {
            Next::Answered(outcome) => Ready::Settled(outcome),
            Next::Preparing(preparing, cut_off) => match preparing.await.map_err(EngineError::from) {
                Ok(Ok(prepared)) => Ready::Prepared(prepared, cut_off),
                Ok(Err(failure)) => Ready::Settled(better_of(cut_off, JobOutcome::Failed(failure))),
                Err(error) => {
                    let failure = failed(None, FailureKind::InternalError, error.to_string());
                    Ready::Settled(better_of(cut_off, failure))
                }
            },
        };
        Ok(Some((job, ready)))
    }

    async fn next_job(&mut self) -> Result<Option<WaitingJob>> {
        if self.jobs.is_empty() {
            let (run, after) = (self.context.run, self.last_read);
            self.jobs.extend(self.context.store.read(move |view| view.waiting_jobs(run, after, QUEUE_SLICE)).await?);
        }
        let job = self.jobs.pop_front();
        self.last_read = job.as_ref().map_or(self.last_read, |job| Some(job.id));
        Ok(job)
    }
}

/// The duration of an answer from this run; `None` if no request was sent or the answer was reused.
fn own_millis(job: &WaitingJob) -> Option<f64> {
    let asked = job.answer_to(PartPass::default()).filter(|kept| !kept.is_reused);
    asked.map(|kept| f64::from(kept.took_millis))
}

/// A batch being written.
struct Filling {
    spooled: Spooled,
    writer: Box<dyn BatchWriter>,
}

impl Filling {
    /// Writes a request on the blocking pool.
    async fn push(
        mut self,
        attempt: AttemptId,
        coordinates: BoxCoordinates,
        request: Request,
    ) -> Result<(Self, Pushed)> {
        spawn_blocking(move || {
            let pushed = self.writer.push(&custom_id(attempt, &self.spooled.token, coordinates), &request);
            let pushed = pushed.map_err(EngineError::file(&self.spooled.path))?;
            Ok((self, pushed))
        })
        .await?
    }

    async fn finish(self) -> Result<Spooled> {
        spawn_blocking(move || {
            self.writer.finish().map_err(EngineError::file(&self.spooled.path))?;
            Ok(self.spooled)
        })
        .await?
    }
}

impl BatchSession<'_> {
    /// Writes the next batch, as large as limits and budget allow, and settles jobs that need no request. Discards the batch
    /// if asked to stop.
    pub async fn fill(&mut self) -> Result<()> {
        let mut ahead = Ahead::new(self.context);
        let mut filling: Option<Filling> = None;
        let mut items = 0;
        (self.may_fill, self.no_room) = (false, None);
        while let Some((job, ready)) = ahead.next().await? {
            if self.stop_asked.borrow().is_some() {
                self.may_fill = true;
                return match filling {
                    Some(filling) => self.discard_spooled(filling.spooled).await,
                    None => Ok(()),
                };
            }
            let took_millis = own_millis(&job);
            let (prepared, cut_off) = match ready {
                Ready::Settled(outcome) => {
                    self.settle(job, outcome, took_millis).await?;
                    continue;
                }
                Ready::Prepared(prepared, cut_off) => (prepared, cut_off),
            };
            let at_most = self.context.backend.at_most(&prepared, PartPass::default(), AnswerLength::Usual);
            if !self.context.allowance(&job).admits(at_most) {
                let failure = failed(None, FailureKind::ModelFailed, NO_ALLOWANCE.to_owned());
                self.settle(job, better_of(cut_off, failure), took_millis).await?;
                continue;
            }
            let Some(reservation) = self.context.budget.reserve_now(at_most) else {
                self.no_room = Some(StopReason::BudgetReached);
                break;
            };
            let batch = match filling.take() {
                Some(filling) => filling,
                None => self.begin_batch().await?,
            };
            let (batch_id, sent, now) = (batch.spooled.batch, prepared.sent(), now_millis());
            let output_limit = self.context.backend.output_limit(AnswerLength::Usual);
            let (run, asked) = (self.context.run, job.clone());
            let limit = self.context.spending.limit();
            let added = self.context.store.write(move |edit| {
                if !edit.has_month_room(limit.as_ref(), at_most)? {
                    return Ok(Added::MonthIsFull);
                }
                if edit.can_claim(run, &asked)? != Claim::Held {
                    return Ok(Added::PendingElsewhere);
                }
                let attempt = edit.add_batch_item(batch_id, asked.id, sent, at_most, now)?;
                edit.record_output_limit(attempt, output_limit)?;
                Ok(Added::Attempt(attempt))
            });
            let attempt = match added.await? {
                Added::Attempt(attempt) => attempt,
                Added::PendingElsewhere => {
                    // Another run is asking about this image or has its answer; check again later.
                    filling = Some(batch);
                    continue;
                }
                Added::MonthIsFull => {
                    filling = Some(batch);
                    self.no_room = Some(StopReason::MonthlyCapReached);
                    break;
                }
            };
            let (batch, pushed) = batch.push(attempt, self.backend.coordinates(), prepared).await?;
            filling = Some(batch);
            if pushed == Pushed::Full {
                self.context.store.write(move |edit| edit.drop_batch_item(attempt)).await?;
                if items == 0 {
                    let detail = "the image is larger than the limit of a batch".to_owned();
                    let failure = failed(None, FailureKind::Refused, detail);
                    self.settle(job, better_of(cut_off, failure), took_millis).await?;
                    continue;
                }
                self.may_fill = true;
                break;
            }
            self.reservations.insert(attempt, reservation);
            items += 1;
            self.shown.record_prepared(items);
            if items >= self.limits.items {
                self.may_fill = true;
                break;
            }
        }
        match filling {
            Some(filling) if items > 0 => self.spooled = Some(filling.finish().await?),
            Some(filling) => self.discard_spooled(filling.spooled).await?,
            None => {}
        }
        let run = self.context.run;
        self.pending = self.context.store.read(move |view| view.pending_elsewhere(run)).await?;
        Ok(())
    }

    /// Accepts cut-off answers as final if the budget has no room for longer ones.
    pub async fn settle_cut_off(&mut self) -> Result<()> {
        let mut ahead = Ahead::new(self.context);
        while let Some(job) = ahead.next_job().await? {
            if let Kept::CutOff(outcome @ JobOutcome::Done { .. }, _) = self.context.kept_outcome(&job).await? {
                let took_millis = own_millis(&job);
                self.settle(job, outcome, took_millis).await?;
            }
        }
        Ok(())
    }

    async fn begin_batch(&self) -> Result<Filling> {
        let token = format!("{:08x}", fastrand::u32(..));
        let (run, now) = (self.context.run, now_millis());
        let (its_token, origin) = (token.clone(), self.origin.clone());
        let batch = self.context.store.write(move |edit| edit.add_batch(run, &its_token, &origin, now)).await?;
        let path = self.spool_folder().join(format!("{}{batch}.json", spool_prefix(run)));
        let writer = private::create_file(&path)
            .and_then(|file| self.batches.writer(Box::new(BufWriter::new(file)), self.limits.bytes))
            .map_err(EngineError::file(&path))?;
        Ok(Filling { spooled: Spooled { batch, token, path }, writer })
    }

    /// Discards a batch together with its spool file.
    pub async fn discard_spooled(&mut self, spooled: Spooled) -> Result<()> {
        remove_spool(&spooled.path);
        self.discard(spooled.batch).await
    }

    /// Discards a batch that the server does not have. Its images wait as before.
    pub async fn discard(&mut self, batch: BatchId) -> Result<()> {
        for (attempt, _) in self.context.store.read(move |view| view.batch_items_left(batch)).await? {
            if let Some(reservation) = self.reservations.remove(&attempt) {
                reservation.settle(PicoDollars::ZERO);
            }
        }
        self.shown.record_prepared(0);
        Ok(self.context.store.write(move |edit| edit.discard_batch(batch)).await?)
    }
}
