//! Batches: what one may hold, its progress over time, and its description. Nothing here waits, answers or bills; the
//! clocks are passed in. Batches of all keys are in one list, and are never archived or deleted.

mod routes;
mod work;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::error::ErrorResponse;
use crate::ledger::Receipt;
pub(crate) use work::BatchWork;

/// The vendor's limit on the items of a batch.
const MAX_ITEMS: usize = 100_000;
/// Separates the random draws of batches from those of requests.
const BATCH_STREAM: u64 = 0x2545_f491_4f6c_dd1d;
/// A canceled batch takes this fraction of the time of a whole one to end.
const PARTS_TO_CANCEL: u32 = 10;

/// How batches are processed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Batching {
    /// From the creation of a batch to its end. Decoding its pictures can make it longer.
    pub takes: Duration,
    /// The probability, between 0 and 1, that an item fails on the vendor's side.
    pub errored: f64,
    /// The probability, between 0 and 1, that an item expires.
    pub expired: f64,
    /// The probability, between 0 and 1, that an item is canceled although no request canceled its batch.
    pub canceled: f64,
}

/// The drawn outcome of an item that is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    Errored,
    Expired,
    Canceled,
}

/// An item as it was sent; its `params` are checked when it is processed.
#[derive(Debug)]
struct Item {
    custom_id: String,
    params: Value,
    luck: Luck,
}

/// Takes the items out of the body of `POST /v1/messages/batches`.
fn items(mut body: Value, mut luck: impl FnMut() -> Luck) -> Result<Vec<Item>, ErrorResponse> {
    let Some(fields) = body.as_object_mut() else {
        return Err(ErrorResponse::invalid("body: Input should be an object"));
    };
    if let Some(other) = fields.keys().find(|field| *field != "requests") {
        return Err(ErrorResponse::extra_input(other));
    }
    let requests = match fields.remove("requests") {
        Some(Value::Array(requests)) => requests,
        Some(_) => return Err(ErrorResponse::invalid("requests: Input should be a valid array")),
        None => return Err(ErrorResponse::missing("requests")),
    };
    if !(1..=MAX_ITEMS).contains(&requests.len()) {
        return Err(ErrorResponse::invalid(format!(
            "requests: List should have between 1 and {MAX_ITEMS} items after validation, not {}",
            requests.len()
        )));
    }
    let mut known = HashSet::new();
    let mut items = Vec::with_capacity(requests.len());
    for (index, mut request) in requests.into_iter().enumerate() {
        let path = format!("requests.{index}");
        let Some(fields) = request.as_object_mut() else {
            return Err(ErrorResponse::invalid(format!("{path}: Input should be an object")));
        };
        let custom_id = match fields.remove("custom_id") {
            Some(Value::String(custom_id)) => custom_id,
            Some(_) => return Err(ErrorResponse::invalid(format!("{path}.custom_id: Input should be a valid string"))),
            None => return Err(ErrorResponse::missing(&format!("{path}.custom_id"))),
        };
        let is_named_well = (1..=64).contains(&custom_id.len())
            && custom_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !is_named_well {
            return Err(ErrorResponse::invalid(format!(
                "{path}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            )));
        }
        if !known.insert(custom_id.clone()) {
            return Err(ErrorResponse::invalid(format!(
                "requests: custom_id's must be unique within a batch. Duplicate custom_id found: {custom_id}"
            )));
        }
        let params = fields.remove("params").ok_or_else(|| ErrorResponse::missing(&format!("{path}.params")))?;
        if let Some(other) = fields.keys().next() {
            return Err(ErrorResponse::extra_input(&format!("{path}.{other}")));
        }
        items.push(Item { custom_id, params, luck: luck() });
    }
    Ok(items)
}

/// A moment on both clocks: monotonic, and wall time for display.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Instant,
    clock: Timestamp,
}

impl Moment {
    fn now() -> Self {
        Self { at: Instant::now(), clock: Timestamp::now() }
    }
}

/// Items by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    succeeded: usize,
    errored: usize,
    canceled: usize,
    expired: usize,
}

/// An ended batch.
#[derive(Debug)]
struct Ended {
    clock: Timestamp,
    counts: Counts,
    /// JSON lines, in no order.
    results: Bytes,
    /// One for every billed item, until the results are fetched.
    receipts: Vec<Receipt>,
}

#[derive(Debug, Default)]
struct State {
    cancel_initiated: Option<Moment>,
    ended: Option<Ended>,
}

#[derive(Debug)]
pub(crate) struct StoredBatch {
    id: String,
    items: usize,
    created: Moment,
    takes: Duration,
    state: Mutex<State>,
    canceled: Notify,
}

impl StoredBatch {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts to cancel. Does nothing if the batch is being canceled already.
    fn cancel(&self, now: Moment) -> Result<(), ErrorResponse> {
        self.with(|state| {
            if state.ended.is_some() {
                return Err(ErrorResponse::invalid(format!("Message Batch {} has already ended.", self.id)));
            }
            state.cancel_initiated.get_or_insert(now);
            Ok(())
        })?;
        self.canceled.notify_one();
        Ok(())
    }

    /// How many items, in the order in which they were sent, are done by then. They are processed at a constant rate.
    fn done_by(&self, at: Instant) -> usize {
        let elapsed = at.saturating_duration_since(self.created.at);
        if elapsed >= self.takes {
            return self.items;
        }
        let done = self.items as u128 * elapsed.as_nanos() / self.takes.as_nanos();
        usize::try_from(done).unwrap_or(self.items)
    }

    /// The batch as the vendor shows it. `base_url` is the address that results are fetched from.
    fn described(&self, base_url: &str) -> Value {
        self.with(|state| {
            let ended = state.ended.as_ref();
            let counts = ended.map(|ended| ended.counts).unwrap_or_default();
            let expires = self.created.clock.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
            json!({
                "id": self.id,
                "type": "message_batch",
                "processing_status": match (ended, state.cancel_initiated) {
                    (Some(_), _) => "ended",
                    (None, Some(_)) => "canceling",
                    (None, None) => "in_progress",
                },
                "request_counts": {
                    "processing": if ended.is_some() { 0 } else { self.items },
                    "succeeded": counts.succeeded,
                    "errored": counts.errored,
                    "canceled": counts.canceled,
                    "expired": counts.expired,
                },
                "created_at": self.created.clock.to_string(),
                "expires_at": expires.to_string(),
                "ended_at": ended.map(|ended| ended.clock.to_string()),
                "cancel_initiated_at": state.cancel_initiated.map(|moment| moment.clock.to_string()),
                "archived_at": null,
                "results_url": ended.map(|_| format!("{base_url}/v1/messages/batches/{}/results", self.id)),
            })
        })
    }
}

/// State shared by all batches.
#[derive(Debug)]
pub(crate) struct Batches {
    batching: Batching,
    rng: Mutex<Rng>,
    /// Oldest first.
    list: Mutex<Vec<Arc<StoredBatch>>>,
}

impl Batches {
    pub(crate) fn new(batching: Batching, seed: u64) -> Self {
        Self { batching, rng: Mutex::new(Rng::with_seed(seed ^ BATCH_STREAM)), list: Mutex::default() }
    }
}

#[cfg(test)]
mod tests;
