//! Records the results of a batch in the ledger, each on disk before it is parsed. Results may be read repeatedly; those
//! already in the ledger stay unchanged.

use domain::ids::BatchId;
use domain::money::PicoDollars;
use domain::run_state::{FailureKind, RetryKind, StopReason};
use providers::batch::{BatchOutcome, BatchResult, Unreported};
use providers::error::RequestError;
use providers::refusal::Refusal;
use providers::retry::RetryAction;
use store::{BatchItem, BatchStanding, KeptBatch};
use tokio::sync::mpsc;

use super::super::ask::Ask;
use super::super::budget::Reservation;
use super::super::outcome::{Stop, better_of, failed};
use super::super::retry::Retrying;
use super::BatchSession;
use super::naming::attempt_called;
use crate::Result;
use crate::backend::{AfterFailure, CallNext, FailedCall, FailedRequest, Received};
use crate::clock::now_millis;
use crate::error::guarded;

/// Retries after a request expired.
const EXPIRED_RETRIES: u32 = 2;
/// How often a session fetches unreadable results.
const UNREADABLE_RESULTS: u32 = 3;

/// The state of reading a batch's results.
#[derive(Default)]
struct Read {
    /// Results whose custom id belongs to this batch, including known ones.
    own: u32,
    /// Whether a result could not be read, so that it is worth keeping at the server.
    has_unreadable: bool,
    /// A stop reason from a result that affects every image.
    stop: Option<Stop>,
    /// Refusals of the form of a request before the server has accepted any. Decided after all results are read.
    undecided: Vec<(BatchItem, FailedRequest)>,
}

/// What to do with an image whose request failed.
enum After {
    /// The image waits for a later batch.
    Waits(Option<RetryKind>),
    Fails(FailureKind),
    /// The image waits, and the run stops.
    Stops(Stop),
}

impl<'a> BatchSession<'a> {
    /// Reads the results of an ended batch. If the download breaks off, the results read so far are kept, and the rest is
    /// read later.
    pub async fn read_results(&mut self, batch: &KeptBatch, vendor_id: &str) -> Result<Option<Stop>> {
        // Unbounded, since the reader of results cannot wait. It holds the answers of one batch at most.
        let (tell, mut told) = mpsc::unbounded_channel();
        let (batches, stop_asked) = (self.batches, self.stop_asked.clone());
        let id = vendor_id.to_owned();
        let fetching = async move {
            // Sending fails only if the receiver is gone.
            let fetched = batches.results(&id, &mut |result| drop(tell.send(result))).await;
            drop(tell);
            fetched
        };
        let fetching = super::unless_left(stop_asked, fetching);
        let taking = async {
            let mut read = Read::default();
            while let Some(result) = told.recv().await {
                if self.is_leaving() {
                    break;
                }
                self.take(batch, result, &mut read).await?;
            }
            Ok::<_, crate::EngineError>(read)
        };
        let (fetched, read) = tokio::join!(fetching, taking);
        let read = read?;
        match fetched {
            None => Ok(None),
            Some(Err(error)) => {
                if error.retry_kind() == RetryKind::AnswerUnreadable {
                    let look = self.looks.entry(batch.id).or_default();
                    look.unreadable += 1;
                    let is_last = look.unreadable >= UNREADABLE_RESULTS;
                    if is_last && read.own > 0 {
                        // The others may have been billed. Their results stay at the server.
                        return Ok(self.end_read(batch, read, Unreported::Unknown).await?.0);
                    }
                    if is_last {
                        return Ok(Some(Stop { reason: StopReason::AnswersUnreadable, detail: Some(error.detail()) }));
                    }
                }
                self.unknown_or_failed(batch, &error).await
            }
            Some(Ok(_)) if self.is_leaving() => Ok(None),
            Some(Ok(_)) if batch.is_adopted && read.own == 0 => {
                self.disown(batch).await?;
                Ok(None)
            }
            Some(Ok(unreported)) => {
                let has_unreadable = read.has_unreadable;
                let (stop, has_unknown) = self.end_read(batch, read, unreported).await?;
                // What is not in the ledger may still be found at the server.
                if !has_unreadable && !has_unknown {
                    self.delete_files(vendor_id).await;
                }
                Ok(stop)
            }
        }
    }

    /// Ends a batch whose results have been read. Also returns whether the outcome of a request is unknown.
    async fn end_read(
        &mut self,
        batch: &KeptBatch,
        read: Read,
        unreported: Unreported,
    ) -> Result<(Option<Stop>, bool)> {
        let refused = self.decide(read.undecided, millis_since(batch.submitted_at)).await?;
        let left = self.end_batch(batch, unreported).await?;
        Ok((read.stop.or(refused), left > 0 && unreported == Unreported::Unknown))
    }

    async fn take(&mut self, batch: &KeptBatch, result: BatchResult, read: &mut Read) -> Result<()> {
        read.has_unreadable |= result.custom_id.is_none() || matches!(result.outcome, BatchOutcome::Unreadable { .. });
        let called = result.custom_id.as_deref().and_then(|id| attempt_called(id, &batch.token));
        let Some((attempt, coordinates)) = called else {
            tracing::warn!(batch = %batch.id, custom_id = ?result.custom_id, "a result without a request");
            return Ok(());
        };
        read.own += 1;
        let id = batch.id;
        let Some(item) = self.context.store.read(move |view| view.batch_item(id, attempt)).await? else {
            return Ok(());
        };
        let took_millis = millis_since(batch.submitted_at);
        let failed_request = match result.outcome {
            BatchOutcome::Answered(answer) => {
                match guarded(|| self.backend.batch_answer(answer, item.sent, coordinates)) {
                    Ok(Ok(received)) => return self.keep(item, received, took_millis).await,
                    Ok(Err(failed_request)) => failed_request,
                    Err(error) => FailedRequest {
                        may_be_billed: true,
                        ..unanswered(AfterFailure::Fail, RetryKind::ServerFailed, &error.to_string())
                    },
                }
            }
            BatchOutcome::Refused(refusal) => FailedRequest::of_alone(&RequestError::Refused(refusal)),
            BatchOutcome::Canceled => self.canceled(batch),
            BatchOutcome::Expired => expired(),
            BatchOutcome::Unreadable { detail } => FailedRequest {
                may_be_billed: true,
                ..unanswered(
                    AfterFailure::Fail,
                    RetryKind::ServerFailed,
                    &format!("its result cannot be read: {detail}"),
                )
            },
        };
        if matches!(failed_request.next, AfterFailure::Undecided { .. }) {
            read.undecided.push((item, failed_request));
            return Ok(());
        }
        let after = after(&failed_request, &item, self.context.retrying);
        read.stop = read.stop.take().or(self.record_unanswered(item, &failed_request, after, took_millis).await?);
        Ok(())
    }

    /// The failure of a request that was canceled with its batch. It is not billed, and the request itself is fine.
    fn canceled(&mut self, batch: &KeptBatch) -> FailedRequest {
        if batch.standing != BatchStanding::Canceling && !self.is_canceling {
            self.canceled += 1;
        }
        unanswered(AfterFailure::Again, RetryKind::TimedOut, "canceled with its batch")
    }

    /// Decides refusals of the form of a request. If the server has accepted other requests, they concern the images.
    /// Otherwise they concern every request: the images wait, and the run stops.
    async fn decide(&mut self, undecided: Vec<(BatchItem, FailedRequest)>, took_millis: f64) -> Result<Option<Stop>> {
        let is_about_images = self.backend.is_form_taken();
        let mut stop = None;
        for (item, failed_request) in undecided {
            let after = if is_about_images {
                After::Fails(FailureKind::Refused)
            } else {
                After::Stops(Stop { reason: StopReason::RequestRefused, detail: Some(failed_request.detail.clone()) })
            };
            stop = stop.or(self.record_unanswered(item, &failed_request, after, took_millis).await?);
        }
        Ok(stop)
    }

    async fn keep(&mut self, item: BatchItem, received: Received, took_millis: f64) -> Result<()> {
        let reservation = self.reservation(&item);
        let (at_most, size) = (reservation.at_most(), item.job.size);
        let asked = (size, &Ask::whole(size));
        let outcome = self.context.keep(item.attempt, received, at_most, reservation, asked).await?;
        let outcome = better_of(self.context.kept_outcome(&item.job).await?.into_outcome(), outcome);
        self.settle(item.job, outcome, Some(took_millis)).await
    }

    async fn record_unanswered(
        &mut self,
        item: BatchItem,
        failed_request: &FailedRequest,
        after: After,
        took_millis: f64,
    ) -> Result<Option<Stop>> {
        let reservation = self.reservation(&item);
        let retried_for = match after {
            After::Waits(kind) => kind,
            After::Fails(_) | After::Stops(_) => None,
        };
        let at_most = reservation.at_most();
        self.context.record_unanswered(item.attempt, failed_request, retried_for, at_most, reservation).await?;
        match after {
            After::Waits(_) => Ok(None),
            After::Fails(kind) => {
                // A cut-off answer is better than none.
                let failure = failed(Some(item.attempt), kind, failed_request.detail.clone());
                let outcome = better_of(self.context.kept_outcome(&item.job).await?.into_outcome(), failure);
                self.settle(item.job, outcome, Some(took_millis)).await?;
                Ok(None)
            }
            After::Stops(stop) => Ok(Some(stop)),
        }
    }

    fn reservation(&mut self, item: &BatchItem) -> Reservation<'a> {
        self.reservations.remove(&item.attempt).unwrap_or_else(|| self.context.budget.take_up(PicoDollars::ZERO))
    }

    /// Marks a batch as ended once all its results are stored. Returns the number of requests without a result.
    async fn end_batch(&mut self, batch: &KeptBatch, unreported: Unreported) -> Result<usize> {
        let items = self.items_left(batch).await?;
        let left = items.len();
        for item in items {
            let failed_request = match unreported {
                Unreported::Unknown => FailedRequest {
                    may_be_billed: true,
                    ..unanswered(AfterFailure::Fail, RetryKind::ServerFailed, "the batch ended without a result for it")
                },
                Unreported::Canceled => self.canceled(batch),
                Unreported::Expired => expired(),
            };
            let after = after(&failed_request, &item, self.context.retrying);
            self.record_unanswered(item, &failed_request, after, millis_since(batch.submitted_at)).await?;
        }
        self.record_ended(batch).await?;
        Ok(left)
    }

    /// Ends a batch that the server found invalid as a whole: nothing of it is billed, and its images wait. The run stops with the
    /// server's reason, unless the server only has no room for it before another batch of the run has ended.
    pub async fn record_refused(
        &mut self,
        batch: &KeptBatch,
        vendor_id: &str,
        refusal: Box<Refusal>,
    ) -> Result<Option<Stop>> {
        if batch.is_adopted {
            // Without results, nothing shows that it is this batch.
            self.disown(batch).await?;
            return Ok(None);
        }
        let detail = format!("the server refused the whole batch: {refusal}");
        let is_full = matches!(refusal.action(), RetryAction::HoldEndpoint { .. });
        let reason = match FailedCall::from(&RequestError::Refused(refusal)).next {
            CallNext::Stop(reason) => reason,
            CallNext::Again { .. } | CallNext::Unknown => StopReason::RequestRefused,
        };
        let stop = Stop { reason, detail: Some(detail.clone()) };
        for item in self.items_left(batch).await? {
            let failed_request = unanswered(AfterFailure::Again, RetryKind::ServerFailed, &detail);
            self.record_unanswered(item, &failed_request, After::Waits(None), 0.0).await?;
        }
        self.record_ended(batch).await?;
        self.delete_files(vendor_id).await;
        self.is_server_full = is_full && !self.open_batches().await?.is_empty();
        Ok(if self.is_server_full { None } else { Some(stop) })
    }

    async fn items_left(&self, batch: &KeptBatch) -> Result<Vec<BatchItem>> {
        let id = batch.id;
        let items = self.context.store.read(move |view| {
            let left = view.batch_items_left(id)?.into_iter();
            left.filter_map(|(attempt, _)| view.batch_item(id, attempt).transpose()).collect()
        });
        Ok(items.await?)
    }

    async fn record_ended(&mut self, batch: &KeptBatch) -> Result<()> {
        self.record_standing(batch.id, BatchStanding::Ended).await?;
        // Unanswered images wait again, and most requests cost less than their reservation.
        self.may_fill = true;
        self.is_server_full = false;
        Ok(())
    }

    /// Deletes the files of an ended batch at the server. What is not deleted expires there.
    async fn delete_files(&self, vendor_id: &str) {
        if let Some(Err(error)) = self.unless_left(self.batches.delete_files(vendor_id)).await {
            tracing::warn!(vendor_id, %error, "the files of a batch were not deleted at the server");
        }
    }

    /// Drops the match of `batch` with a server batch that belongs to another program.
    async fn disown(&mut self, batch: &KeptBatch) -> Result<()> {
        let id: BatchId = batch.id;
        self.not_ours.extend(batch.vendor_id.clone().map(|vendor_id| (id, vendor_id)));
        self.looks.remove(&id);
        Ok(self.context.store.write(move |edit| edit.record_not_taken_there(id)).await?)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds")]
fn millis_since(moment: u64) -> f64 {
    now_millis().saturating_sub(moment) as f64
}

fn unanswered(next: AfterFailure, retry_kind: RetryKind, detail: &str) -> FailedRequest {
    FailedRequest { next, avoids: None, retry_kind, may_be_billed: false, detail: detail.to_owned() }
}

/// The failure of a request that was not begun in time. It is not billed, and the request itself is fine.
fn expired() -> FailedRequest {
    let detail = "the batch expired before the vendor started on it";
    unanswered(AfterFailure::Retry { after: None }, RetryKind::Expired, detail)
}

/// What to do with the image of `item` after `failed_request`. The ledger counts its attempts over all sessions.
fn after(failed_request: &FailedRequest, item: &BatchItem, retrying: Retrying) -> After {
    match failed_request.next {
        AfterFailure::Again => After::Waits(None),
        AfterFailure::Retry { .. } => {
            let (is_last, failure) = match failed_request.retry_kind {
                RetryKind::Expired => (item.expiries >= EXPIRED_RETRIES, FailureKind::Expired),
                _ => (item.failures >= retrying.attempts, FailureKind::ModelFailed),
            };
            if is_last { After::Fails(failure) } else { After::Waits(Some(failed_request.retry_kind)) }
        }
        AfterFailure::Shrink | AfterFailure::Refuse | AfterFailure::Undecided { .. } => {
            After::Fails(FailureKind::Refused)
        }
        AfterFailure::Fail | AfterFailure::AgainAfterOutage { .. } => After::Fails(FailureKind::ModelFailed),
        AfterFailure::Stop(reason) => After::Stops(Stop { reason, detail: Some(failed_request.detail.clone()) }),
    }
}
