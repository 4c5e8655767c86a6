//! Processes a batch: checks and answers its items one after the other, waits until its time is over, and bills what
//! was done by then.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use super::{
    BatchEnding, BatchOutput, BatchedItem, Counts, EndedBatch, ItemResult, Luck, PARTS_TO_BEGIN, PARTS_TO_CANCEL,
    StoredBatch,
};
use crate::completion::CompletedRequest;
use crate::digest::Digest;
use crate::error::ErrorResponse;
use crate::gemini::MethodCall;
use crate::ledger::{Entry, Receipt};
use crate::messages::aside;
use crate::protocol::Protocol;
use crate::server::{Arrival, Server};
use crate::sync::lock;
use crate::usage::{Tier, TokenUsage};
use crate::validation::{self, CheckTerms, ValidRequest};

/// An accepted batch.
#[derive(Debug)]
pub(crate) struct BatchWork {
    pub(crate) batch: Arc<StoredBatch>,
    pub(crate) items: Vec<BatchedItem>,
    /// The method of its requests, where a path names it.
    pub(crate) call: Option<MethodCall>,
    /// Why the whole batch turns out to be invalid, as the protocol writes it.
    pub(crate) invalid: Option<Value>,
    pub(crate) terms: CheckTerms,
    pub(crate) arrival: Arrival,
}

/// The outcome of an item.
enum Outcome {
    Succeeded { message: Value, entry: Box<Entry> },
    Errored(ErrorResponse),
    Expired,
    Canceled,
}

impl Server {
    /// Hands a batch over to be processed.
    pub(crate) async fn begin(&self, work: BatchWork) {
        // Fails only while the server stops.
        let _stopping = self.work.send(work).await;
    }

    /// Processes a batch to its end.
    pub(crate) async fn work_off(self: Arc<Self>, mut work: BatchWork) {
        let batch = Arc::clone(&work.batch);
        if let Some(errors) = work.invalid.take() {
            sleep_until((batch.created.at + batch.takes / PARTS_TO_BEGIN).into()).await;
            batch.end(BatchEnding::Invalid(errors), Counts::default(), BatchOutput::Nothing, Vec::new());
            return;
        }
        let expires_whole = self.protocol() == Protocol::Gemini;
        let is_expired = |item: &BatchedItem| item.luck == Luck::Expired;
        let has_expired = expires_whole && work.items.first().is_some_and(is_expired);
        let mut outcomes = Vec::with_capacity(work.items.len());
        for (index, item) in std::mem::take(&mut work.items).into_iter().enumerate() {
            let custom_id = item.custom_id.clone();
            let luck = if expires_whole && is_expired(&item) { Luck::Good } else { item.luck };
            let outcome = if has_expired {
                Outcome::Expired
            } else {
                self.outcome(BatchedItem { luck, ..item }, &work, index).await
            };
            outcomes.push((custom_id, outcome));
        }
        let done = batch.time_out().await;
        let mut counts = Counts::default();
        let mut receipts = Vec::new();
        let mut results = Vec::with_capacity(outcomes.len());
        for (index, (custom_id, outcome)) in outcomes.into_iter().enumerate() {
            let outcome = if index < done { outcome } else { Outcome::Canceled };
            results.push((custom_id, self.settled(outcome, &mut counts, &mut receipts)));
        }
        self.batches.shuffle(&mut results);
        let ending = match self.protocol() {
            _ if done < batch.items => BatchEnding::Canceled,
            Protocol::Chat | Protocol::LenientChat(_) | Protocol::Gemini if counts.expired > 0 => BatchEnding::Expired,
            _ => BatchEnding::Completed,
        };
        let output = self.output(&batch, results, &ending);
        batch.end(ending, counts, output, receipts);
    }

    /// The results as this protocol writes them.
    fn output(&self, batch: &StoredBatch, results: Vec<(String, ItemResult)>, ending: &BatchEnding) -> BatchOutput {
        match self.protocol() {
            Protocol::Messages => {
                let lines: String = results.into_iter().map(|(custom_id, result)| line(&custom_id, result)).collect();
                BatchOutput::Lines(Bytes::from(lines))
            }
            Protocol::Chat | Protocol::LenientChat(_) => self.chat_output(batch, results),
            Protocol::Gemini => self.gemini_output(batch, results, ending),
        }
    }

    /// Counts an item that is done and bills it if it succeeded.
    fn settled(&self, outcome: Outcome, counts: &mut Counts, receipts: &mut Vec<Receipt>) -> ItemResult {
        match outcome {
            Outcome::Succeeded { message, entry } => {
                counts.succeeded += 1;
                receipts.push(self.book.bill(*entry));
                ItemResult::Succeeded(message)
            }
            Outcome::Errored(refusal) => {
                counts.errored += 1;
                ItemResult::Errored(refusal)
            }
            Outcome::Expired => {
                counts.expired += 1;
                ItemResult::Expired
            }
            Outcome::Canceled => {
                counts.canceled += 1;
                ItemResult::Canceled
            }
        }
    }

    async fn outcome(&self, item: BatchedItem, work: &BatchWork, index: usize) -> Outcome {
        match item.luck {
            Luck::Expired => return Outcome::Expired,
            Luck::Canceled => return Outcome::Canceled,
            Luck::Errored => return Outcome::Errored(ErrorResponse::internal()),
            Luck::Good => {}
        }
        if let Some(refusal) = self.next_item_refusal() {
            return Outcome::Errored(refusal);
        }
        let (params, call, terms) = (item.params, work.call.clone(), work.terms.clone());
        let checked =
            aside(move || (Digest::of(params.to_string().as_bytes()), checked(&params, call.as_ref(), &terms)));
        let (digest, asked) = match checked.await {
            Ok((digest, Ok(asked))) => (digest, asked),
            Ok((_, Err(refusal))) | Err(refusal) => return Outcome::Errored(refusal),
        };
        let now = Instant::now();
        let usage = {
            // The vendor does not guarantee cache hits in a batch; here they depend on the order of the items.
            let mut cache = lock(&self.cache);
            let split = cache.split(asked.model, &asked.segments, now);
            cache.keep(asked.model, &asked.segments, now);
            TokenUsage::of_prompt(split)
        };
        let (eyes, price, spoiling) = (work.terms.eyes, self.price(&asked, Tier::Batch), self.next_spoiling());
        let completion = match aside(move || CompletedRequest::of(asked, eyes, usage, price, spoiling)).await {
            Ok(completion) => completion,
            Err(refusal) => return Outcome::Errored(refusal),
        };
        let Arrival { request_id, at } = &work.arrival;
        let message_id = self.protocol().message_id(&format!("{request_id}_{index}"));
        let message = self.protocol().whole(&completion.message(&message_id), completion.asked.includes_usage);
        let entry = completion.entry(request_id, &message_id, self.book.millis(*at), digest);
        Outcome::Succeeded { message, entry: Box::new(entry) }
    }
}

/// A line of the results of Anthropic's batches.
fn line(custom_id: &str, result: ItemResult) -> String {
    let result = match result {
        ItemResult::Succeeded(message) => json!({"type": "succeeded", "message": message}),
        ItemResult::Errored(refusal) => {
            let mut error = refusal.body("");
            error["request_id"] = Value::Null;
            json!({"type": "errored", "error": error})
        }
        ItemResult::Expired => json!({"type": "expired"}),
        ItemResult::Canceled => json!({"type": "canceled"}),
    };
    format!("{}\n", json!({"custom_id": custom_id, "result": result}))
}

fn checked(params: &Value, call: Option<&MethodCall>, terms: &CheckTerms) -> Result<ValidRequest, ErrorResponse> {
    let asked = validation::message(params, call, terms)?;
    if asked.is_streaming {
        return Err(ErrorResponse::invalid("\"stream=True\" is not supported in a batch"));
    }
    Ok(asked)
}

impl StoredBatch {
    fn end(&self, ending: BatchEnding, counts: Counts, output: BatchOutput, receipts: Vec<Receipt>) {
        let ended = EndedBatch { clock: Timestamp::now(), counts, ending, output, receipts };
        self.with(|state| state.ended = Some(ended));
    }

    /// Waits until the batch ends, by itself or canceled; returns how many items are done.
    async fn time_out(&self) -> usize {
        tokio::select! {
            biased;
            () = self.canceled.notified() => {
                tokio::time::sleep(self.takes / PARTS_TO_CANCEL).await;
                let at = self.with(|state| state.cancel_initiated).map_or_else(Instant::now, |moment| moment.at);
                self.done_by(at)
            }
            () = sleep_until((self.created.at + self.takes).into()) => self.items,
        }
    }
}
