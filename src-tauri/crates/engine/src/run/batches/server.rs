//! Calls to the batch API: submit a batch, find one whose response was lost, poll its status, cancel it.

use domain::ids::BatchId;
use domain::run_state::{RetryKind, StopReason};
use providers::batch::{Batch, BatchStatus};
use providers::error::RequestError;
use store::{BatchStanding, KeptBatch};

use super::super::outcome::Stop;
use super::filling::Spooled;
use super::naming::batch_name;
use super::patience::{are_results_gone, is_before, look_interval, may_be, millis};
use super::{BatchSession, Look, remove_spool};
use crate::Result;
use crate::backend::{CallNext, FailedCall};
use crate::clock::now_millis;

/// Maximum number of pages read from the server's list, so that an endless list cannot block the run.
const PAGE_LIMIT: usize = 20;
/// Unsuccessful searches of the list, after the grace period, before a batch is given up.
const LOOKS_IN_VAIN: u32 = 3;

impl BatchSession<'_> {
    /// Submits a batch. The server may have it from the moment the upload starts.
    pub async fn submit(&mut self, spooled: Spooled) -> Result<Option<Stop>> {
        let (batch, submitted_at) = (spooled.batch, now_millis());
        self.context.store.write(move |edit| edit.record_submitting(batch, submitted_at)).await?;
        self.shown.record_prepared(0);
        for (attempt, _) in self.context.store.read(move |view| view.batch_items_left(batch)).await? {
            if let Some(reservation) = self.reservations.get_mut(&attempt) {
                reservation.record_sent();
            }
        }
        self.open_batches().await?;
        // If the run stops first, the next session finds out whether the batch was accepted.
        let Some(taken) = self.drained(self.batches.submit(&spooled.path, &batch_name(&spooled.token))).await else {
            return Ok(None);
        };
        match taken {
            Ok(taken) => {
                remove_spool(&spooled.path);
                self.outage.over();
                let id = taken.id.clone();
                self.context.store.write(move |edit| edit.record_taken(batch, &id, false)).await?;
                self.record_progress(batch, submitted_at, &taken).await?;
                Ok(None)
            }
            Err(error) if error.may_have_been_taken() => {
                remove_spool(&spooled.path);
                self.looks.insert(batch, Look { next_at: now_millis() + look_interval(0), ..Look::default() });
                Ok(None)
            }
            Err(error) => {
                self.record_standing(batch, BatchStanding::Filling).await?;
                let stop = self.call_failed(&error);
                if stop.is_some() {
                    self.discard_spooled(spooled).await?;
                } else {
                    self.spooled = Some(spooled);
                }
                Ok(stop)
            }
        }
    }

    /// Takes the next step for a batch that the server may have.
    pub async fn look_after(&mut self, batch: &KeptBatch) -> Result<Option<Stop>> {
        match (&batch.vendor_id, batch.standing) {
            (None, _) => self.look_for(batch).await,
            // An adopted batch from the server's list may belong to another program until its results arrive, so it is not
            // canceled.
            (Some(id), BatchStanding::Working) if self.is_canceling && !batch.is_adopted => {
                self.cancel(batch, id).await
            }
            (Some(id), _) => self.look_at(batch, id).await,
        }
    }

    async fn cancel(&mut self, batch: &KeptBatch, id: &str) -> Result<Option<Stop>> {
        let Some(canceled) = self.unless_left(self.batches.cancel(id)).await else { return Ok(None) };
        match canceled {
            Ok(()) => self.outage.over(),
            // The batch may have ended in the meantime; the next poll shows it.
            Err(RequestError::Refused(refusal)) if matches!(refusal.status, 400 | 404 | 409) => self.outage.over(),
            Err(error) => return Ok(self.call_failed(&error)),
        }
        self.record_standing(batch.id, BatchStanding::Canceling).await?;
        Ok(None)
    }

    /// Polls a batch, and reads its results once it has ended.
    async fn look_at(&mut self, batch: &KeptBatch, id: &str) -> Result<Option<Stop>> {
        let Some(told) = self.unless_left(self.batches.get(id)).await else { return Ok(None) };
        let told = match told {
            Ok(told) => told,
            Err(error) => return self.unknown_or_failed(batch, &error).await,
        };
        self.outage.over();
        if batch.standing == BatchStanding::Unknown {
            self.record_standing(batch.id, BatchStanding::Working).await?;
        }
        self.record_progress(batch.id, batch.submitted_at, &told).await?;
        match told.state {
            BatchStatus::Ended => self.read_results(batch, id).await,
            BatchStatus::Refused(refusal) => self.record_refused(batch, id, refusal).await,
            BatchStatus::InProgress | BatchStatus::Canceling => Ok(None),
        }
    }

    async fn record_progress(&mut self, batch: BatchId, submitted_at: u64, told: &Batch) -> Result<()> {
        let finished = told.counts.total().saturating_sub(told.counts.processing);
        let finished = u32::try_from(finished).unwrap_or(u32::MAX);
        let expires_at = told.expires_at.map(millis);
        self.context.store.write(move |edit| edit.record_batch_progress(batch, finished, expires_at)).await?;
        let now = now_millis();
        let next_at = now + look_interval(now.saturating_sub(submitted_at));
        let look = self.looks.entry(batch).or_default();
        (look.next_at, look.in_vain) = (next_at, 0);
        Ok(())
    }

    /// Handles an unreachable server or an unknown batch. A key of another account would not see the batch either, so it is
    /// kept while its results may still exist.
    pub async fn unknown_or_failed(&mut self, batch: &KeptBatch, error: &RequestError) -> Result<Option<Stop>> {
        if !error.is_not_found() {
            return Ok(self.call_failed(error));
        }
        self.outage.over();
        if self.is_canceling || are_results_gone(now_millis().saturating_sub(batch.submitted_at)) {
            self.give_up(batch.id).await?;
        } else {
            self.record_unknown(batch.id, format!("the server does not know a batch of this run: {error}")).await?;
        }
        Ok(None)
    }

    /// Records that the server does not know a batch. The user may give it up.
    pub async fn record_unknown(&mut self, batch: BatchId, detail: String) -> Result<()> {
        tracing::warn!(%batch, detail, "a batch is not known to the server");
        self.unknown.insert(batch, detail);
        self.record_standing(batch, BatchStanding::Unknown).await
    }

    /// Searches for a batch whose submission response was lost, by its name, or by time and item count.
    async fn look_for(&mut self, batch: &KeptBatch) -> Result<Option<Stop>> {
        let candidates = match self.unless_left(self.candidates(batch)).await {
            None => return Ok(None),
            Some(Ok(candidates)) => candidates?,
            // A server without a list can never confirm the batch.
            Some(Err(error)) if error.is_not_found() => Vec::new(),
            Some(Err(error)) => return Ok(self.call_failed(&error)),
        };
        self.outage.over();
        let named = candidates.iter().find(|candidate| candidate.name.is_some());
        let ended = candidates.iter().find(|candidate| candidate.state == BatchStatus::Ended);
        let found = match (named, ended, candidates.as_slice()) {
            (Some(named), ..) => Some(named),
            // The results of an ended batch show at once whose it is.
            (None, Some(ended), _) => Some(ended),
            (None, None, [only]) => Some(only),
            (None, None, _) => None,
        };
        if let Some(found) = found {
            let (batch_id, id, is_adopted) = (batch.id, found.id.clone(), found.name.is_none());
            self.context.store.write(move |edit| edit.record_taken(batch_id, &id, is_adopted)).await?;
            self.looks.remove(&batch.id);
            return Ok(None);
        }
        let now = now_millis();
        let age = now.saturating_sub(batch.submitted_at);
        let look = self.looks.entry(batch.id).or_default();
        look.next_at = now + look_interval(age);
        // With several candidates, the results of the first to end show which one is ours.
        look.in_vain = if candidates.is_empty() { look.in_vain + 1 } else { 0 };
        let grace = u64::try_from(self.limits.grace.as_millis()).unwrap_or(u64::MAX);
        if look.in_vain >= LOOKS_IN_VAIN && age > grace {
            self.give_up(batch.id).await?;
        }
        Ok(None)
    }

    /// Server batches that may be `batch`, newest first.
    async fn candidates(&self, batch: &KeptBatch) -> std::result::Result<Result<Vec<Batch>>, RequestError> {
        let (mut candidates, mut after) = (Vec::new(), None);
        for _ in 0..PAGE_LIMIT {
            let page = self.batches.list(after.as_deref()).await?;
            // Lists of named batches are not known to be in order.
            let is_past =
                page.batches.iter().any(|listed| listed.name.is_none() && is_before(listed, batch.submitted_at));
            for listed in page.batches {
                if !may_be(&listed, batch) || self.not_ours.contains(&(batch.id, listed.id.clone())) {
                    continue;
                }
                let (origin, id) = (self.origin.clone(), listed.id.clone());
                match self.context.store.read(move |view| view.is_known_batch(&origin, &id)).await {
                    Ok(true) => {}
                    Ok(false) => candidates.push(listed),
                    Err(error) => return Ok(Err(error.into())),
                }
            }
            after = page.next_after;
            if after.is_none() || is_past {
                break;
            }
        }
        Ok(Ok(candidates))
    }

    /// Stops searching for a batch. Its possible cost stays reserved, and its requests are repeated only with the user's
    /// consent.
    async fn give_up(&mut self, batch: BatchId) -> Result<()> {
        tracing::warn!(%batch, "a batch that may have been taken was not found");
        for (attempt, _) in self.context.store.read(move |view| view.batch_items_left(batch)).await? {
            // The batch was sent, so dropping the reservation releases nothing.
            self.reservations.remove(&attempt);
        }
        self.given_up += 1;
        self.record_standing(batch, BatchStanding::GivenUp).await
    }

    /// Handles a failed call: all work waits, or the run stops.
    pub fn call_failed(&mut self, error: &RequestError) -> Option<Stop> {
        let FailedCall { next, kind, detail } = FailedCall::from(error);
        let stop = |reason| Some(Stop { reason, detail: Some(detail.clone()) });
        match next {
            CallNext::Again { after } => {
                let is_worth_waiting = self.outage.note(kind, after, &detail, now_millis());
                match kind {
                    _ if is_worth_waiting => None,
                    RetryKind::AnswerUnreadable => stop(StopReason::AnswersUnreadable),
                    _ => stop(StopReason::Unreachable),
                }
            }
            CallNext::Unknown => stop(StopReason::NotSuchAServer),
            CallNext::Stop(reason) => stop(reason),
        }
    }
}
