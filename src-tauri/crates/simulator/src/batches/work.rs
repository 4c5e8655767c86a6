//! Processes a batch: checks and answers its items one after the other, waits until its time is over, and bills what
//! was done by then.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use super::{Counts, Ended, Item, Luck, PARTS_TO_CANCEL, StoredBatch};
use crate::completion::CompletedRequest;
use crate::digest::Digest;
use crate::error::ErrorResponse;
use crate::ledger::{Entry, Receipt};
use crate::messages::aside;
use crate::server::{Arrival, Server, lock};
use crate::usage::{Tier, TokenUsage};
use crate::validation::{self, CheckTerms, ValidRequest};

/// An accepted batch.
#[derive(Debug)]
pub(crate) struct BatchWork {
    pub(super) batch: Arc<StoredBatch>,
    pub(super) items: Vec<Item>,
    pub(super) terms: CheckTerms,
    pub(super) arrival: Arrival,
}

/// The outcome of an item.
enum Outcome {
    Succeeded { message: Value, entry: Box<Entry> },
    Errored(Value),
    Expired,
    Canceled,
}

impl Server {
    /// Processes a batch to its end.
    pub(crate) async fn work_off(self: Arc<Self>, work: BatchWork) {
        let BatchWork { batch, items, terms, arrival } = work;
        let mut outcomes = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let custom_id = item.custom_id.clone();
            let outcome = self.outcome(item, &terms, &arrival, format!("{}_{index}", batch.id)).await;
            outcomes.push((custom_id, outcome));
        }
        let done = batch.time_out().await;
        let mut counts = Counts::default();
        let mut receipts = Vec::new();
        let mut lines = Vec::with_capacity(outcomes.len());
        for (index, (custom_id, outcome)) in outcomes.into_iter().enumerate() {
            let outcome = if index < done { outcome } else { Outcome::Canceled };
            let result = self.settled(outcome, &mut counts, &mut receipts);
            lines.push(format!("{}\n", json!({"custom_id": custom_id, "result": result})));
        }
        self.batches.shuffle(&mut lines);
        let ended = Ended { clock: Timestamp::now(), counts, results: Bytes::from(lines.concat()), receipts };
        batch.with(|state| state.ended = Some(ended));
    }

    /// Counts an item that is done and bills it if it succeeded.
    fn settled(&self, outcome: Outcome, counts: &mut Counts, receipts: &mut Vec<Receipt>) -> Value {
        match outcome {
            Outcome::Succeeded { message, entry } => {
                counts.succeeded += 1;
                receipts.push(self.book.bill(*entry));
                json!({"type": "succeeded", "message": message})
            }
            Outcome::Errored(error) => {
                counts.errored += 1;
                json!({"type": "errored", "error": error})
            }
            Outcome::Expired => {
                counts.expired += 1;
                json!({"type": "expired"})
            }
            Outcome::Canceled => {
                counts.canceled += 1;
                json!({"type": "canceled"})
            }
        }
    }

    async fn outcome(&self, item: Item, terms: &CheckTerms, arrival: &Arrival, name: String) -> Outcome {
        let errored = |refusal: &ErrorResponse| {
            let mut body = refusal.body("");
            body["request_id"] = Value::Null;
            Outcome::Errored(body)
        };
        match item.luck {
            Luck::Expired => return Outcome::Expired,
            Luck::Canceled => return Outcome::Canceled,
            Luck::Errored => return errored(&ErrorResponse::internal()),
            Luck::Good => {}
        }
        if let Some(refusal) = self.next_item_refusal() {
            return errored(&refusal);
        }
        let (params, checked_terms) = (item.params, terms.clone());
        let checked = aside(move || (Digest::of(params.to_string().as_bytes()), checked(&params, &checked_terms)));
        let (digest, asked) = match checked.await {
            Ok((digest, Ok(asked))) => (digest, asked),
            Ok((_, Err(refusal))) | Err(refusal) => return errored(&refusal),
        };
        let now = Instant::now();
        let usage = {
            // The vendor does not guarantee cache hits in a batch; here they depend on the order of the items.
            let mut cache = lock(&self.cache);
            let split = cache.split(asked.model, &asked.segments, now);
            cache.keep(asked.model, &asked.segments, now);
            TokenUsage::of_prompt(split)
        };
        let (eyes, price, spoiling) = (terms.eyes, self.price(&asked, Tier::Batch), self.next_spoiling());
        let completion = match aside(move || CompletedRequest::of(asked, eyes, usage, price, spoiling)).await {
            Ok(completion) => completion,
            Err(refusal) => return errored(&refusal),
        };
        let message_id = name.replacen("msgbatch_", "msg_", 1);
        let message = completion.message(&message_id).whole();
        let entry = completion.entry(&arrival.request_id, &message_id, self.book.millis(arrival.at), digest);
        Outcome::Succeeded { message, entry: Box::new(entry) }
    }
}

fn checked(params: &Value, terms: &CheckTerms) -> Result<ValidRequest, ErrorResponse> {
    let asked = validation::message(params, None, terms)?;
    if asked.is_streaming {
        return Err(ErrorResponse::invalid("\"stream=True\" is not supported in the Message Batches API"));
    }
    Ok(asked)
}

impl StoredBatch {
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
