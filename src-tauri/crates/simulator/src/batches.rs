//! Batches of any vendor: their items, and their progress over time. Nothing here waits, answers or bills; the clocks are
//! passed in. Batches of all keys are in one list, and are never archived or deleted. What a vendor accepts and shows is in
//! [`messages`], and in `batches` of the other protocols.

mod messages;
mod work;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::error::ErrorResponse;
use crate::ledger::Receipt;
use crate::sync::lock;
pub(crate) use work::BatchWork;

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
    /// The probability, between 0 and 1, that an item expires. A batch of Gemini expires as a whole.
    pub expired: f64,
    /// The probability, between 0 and 1, that an item is canceled although no request canceled its batch.
    pub canceled: f64,
}

/// The first part of its time that a batch is only checked or waits.
const PARTS_TO_BEGIN: u32 = 10;

/// The drawn outcome of an item that is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Luck {
    Good,
    Errored,
    Expired,
    Canceled,
}

/// An item as it was sent; its `params` are checked when it is processed.
#[derive(Debug)]
pub(crate) struct BatchedItem {
    pub(crate) custom_id: String,
    pub(crate) params: Value,
    pub(crate) luck: Luck,
}

/// The result of an item.
#[derive(Debug)]
pub(crate) enum ItemResult {
    /// The answer as the protocol writes it.
    Succeeded(Value),
    Errored(ErrorResponse),
    Expired,
    Canceled,
}

/// A moment on both clocks: monotonic, and wall time for display.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) clock: Timestamp,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), clock: Timestamp::now() }
    }
}

/// Items by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) succeeded: usize,
    pub(crate) errored: usize,
    pub(crate) canceled: usize,
    pub(crate) expired: usize,
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BatchEnding {
    Completed,
    Canceled,
    Expired,
    /// It was found invalid: the errors as the protocol writes them.
    Invalid(Value),
}

/// The results of a batch as the protocol writes them.
#[derive(Debug, Clone, Default)]
pub(crate) enum BatchOutput {
    #[default]
    Nothing,
    /// JSON lines, in no order.
    Lines(Bytes),
    /// The ids of a file of answers and one of errors.
    Files { answers: Option<String>, errors: Option<String> },
    /// A list of results, in no order.
    Inlined(Vec<Value>),
}

/// An ended batch.
#[derive(Debug)]
pub(crate) struct EndedBatch {
    pub(crate) clock: Timestamp,
    pub(crate) counts: Counts,
    pub(crate) ending: BatchEnding,
    pub(crate) output: BatchOutput,
    /// One for every billed item, until the results are fetched.
    receipts: Vec<Receipt>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) cancel_initiated: Option<Moment>,
    pub(crate) ended: Option<EndedBatch>,
}

#[derive(Debug)]
pub(crate) struct StoredBatch {
    pub(crate) id: String,
    pub(crate) items: usize,
    pub(crate) created: Moment,
    /// What its description repeats of its creation, as the protocol writes it.
    pub(crate) facts: Value,
    takes: Duration,
    state: Mutex<State>,
    canceled: Notify,
}

impl StoredBatch {
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts to cancel. Does nothing if the batch is being canceled already.
    pub(crate) fn cancel(&self, now: Moment) -> Result<(), ErrorResponse> {
        self.with(|state| {
            if state.ended.is_some() {
                return Err(ErrorResponse::invalid(format!("Batch {} has already ended.", self.id)));
            }
            state.cancel_initiated.get_or_insert(now);
            Ok(())
        })?;
        self.canceled.notify_one();
        Ok(())
    }

    /// How many items, in the order in which they were sent, are done by then. They are processed at a constant rate.
    pub(crate) fn done_by(&self, at: Instant) -> usize {
        let elapsed = at.saturating_duration_since(self.created.at);
        if elapsed >= self.takes {
            return self.items;
        }
        let done = self.items as u128 * elapsed.as_nanos() / self.takes.as_nanos();
        usize::try_from(done).unwrap_or(self.items)
    }

    /// Whether it is still being checked or waits.
    pub(crate) fn is_beginning(&self, now: Instant) -> bool {
        now < self.created.at + self.takes / PARTS_TO_BEGIN
    }

    /// Records that its results were fetched.
    pub(crate) fn deliver(&self) {
        let receipts = self.with(|state| state.ended.as_mut().map(|ended| std::mem::take(&mut ended.receipts)));
        for mut receipt in receipts.into_iter().flatten() {
            receipt.delivered(Instant::now());
        }
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

    /// The drawn outcome of an item.
    pub(crate) fn draw(&self) -> Luck {
        let Batching { errored, expired, canceled, .. } = self.batching;
        match lock(&self.rng).f64() {
            point if point < errored => Luck::Errored,
            point if point < errored + expired => Luck::Expired,
            point if point < errored + expired + canceled => Luck::Canceled,
            _ => Luck::Good,
        }
    }

    /// Adds a batch whose id is a number after `prefix`.
    pub(crate) fn open(&self, prefix: &str, items: usize, facts: Value, created: Moment) -> Arc<StoredBatch> {
        let mut list = lock(&self.list);
        let batch = Arc::new(StoredBatch {
            id: format!("{prefix}{:017}", list.len() + 1),
            items,
            created,
            facts,
            takes: self.batching.takes,
            state: Mutex::default(),
            canceled: Notify::new(),
        });
        list.push(Arc::clone(&batch));
        batch
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<StoredBatch>> {
        lock(&self.list).iter().find(|batch| batch.id == id).map(Arc::clone)
    }

    /// All batches, as `describe` shows each.
    pub(crate) fn newest_first(&self, describe: impl Fn(&StoredBatch) -> Value) -> Vec<Value> {
        lock(&self.list).iter().rev().map(|batch| describe(batch)).collect()
    }

    /// Cancels every batch in progress.
    pub(crate) fn cancel_all(&self) {
        for batch in lock(&self.list).iter() {
            // An error means that the batch has ended already.
            let _ended = batch.cancel(Moment::now());
        }
    }

    pub(crate) fn shuffle<T>(&self, results: &mut [T]) {
        lock(&self.rng).shuffle(results);
    }
}

#[cfg(test)]
mod tests;
