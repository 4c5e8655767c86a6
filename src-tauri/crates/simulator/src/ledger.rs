//! What was billed. An entry is written before the answer starts, at the full price of the answer, and learns later
//! whether the whole answer was handed to the connection: a client that hangs up has paid nevertheless. (The vendor does
//! not say what it bills for an answer nobody waited for; this is the dearest reading.)

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::digest::Digest;
use crate::picture::Size;
use crate::usage::Usage;

/// How far an answer got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Still being sent.
    Underway,
    /// Handed whole to the connection.
    Whole,
    /// The client hung up, or a fault cut it short.
    Partial,
}

/// One answer, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The `request-id` header.
    pub request_id: String,
    /// The `id` of the message.
    pub message_id: String,
    /// The full id of the model.
    pub model: String,
    /// The counters as they were reported.
    pub usage: Usage,
    /// The price in pico-dollars (10^-12 USD), from the simulator's own table.
    pub pico_dollars: u64,
    /// Why the answer ended.
    pub stop_reason: String,
    /// Whether it was sent as a stream.
    pub is_streamed: bool,
    /// Whether it was an item of a batch.
    pub is_batched: bool,
    /// The size of the picture asked about, as it was sent.
    pub picture: Option<Size>,
    /// When the request arrived, in milliseconds since the simulator's start.
    pub arrived_millis: u64,
    /// When the last byte of the answer was handed to the connection, in milliseconds since the simulator's start. For
    /// an item of a batch, when the results were first asked for.
    pub handed_over_millis: Option<u64>,
    /// Whether the client got it.
    pub delivery: Delivery,
    /// What tells whether the same was asked before.
    #[serde(skip)]
    pub(crate) digest: Digest,
}

impl Entry {
    /// The price in dollars, for people to read; sums belong in `pico_dollars`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn dollars(&self) -> f64 {
        self.pico_dollars as f64 / 1e12
    }
}

/// A request that was answered with an error, and billed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The `request-id` header.
    pub request_id: String,
    /// The HTTP status.
    pub status: u16,
    /// The error's message, as sent.
    pub message: String,
    /// When the request arrived, in milliseconds since the simulator's start.
    pub arrived_millis: u64,
}

/// Everything billed and refused since the start.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Ledger {
    /// Answers, oldest first.
    pub billed: Vec<Entry>,
    /// Refusals, oldest first, on every path.
    pub refused: Vec<Refused>,
}

impl Ledger {
    /// The sum of all entries, in pico-dollars.
    #[must_use]
    pub fn total_pico_dollars(&self) -> u64 {
        self.billed.iter().map(|entry| entry.pico_dollars).sum()
    }
}

/// The ledger while the server runs.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    started: Instant,
    ledger: Arc<Mutex<Ledger>>,
}

impl Book {
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, ledger: Arc::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Milliseconds since the start.
    pub(crate) fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn copy(&self) -> Ledger {
        self.with(|ledger| ledger.clone())
    }

    pub(crate) fn refuse(&self, refused: Refused) {
        self.with(|ledger| ledger.refused.push(refused));
    }

    /// Bills an answer. Dropping the receipt undelivered annotations the entry partial.
    pub(crate) fn bill(&self, entry: Entry) -> Receipt {
        let index = self.with(|ledger| {
            ledger.billed.push(entry);
            ledger.billed.len() - 1
        });
        Receipt { book: self.clone(), index, handed_over_millis: None }
    }
}

/// The right to say how the delivery of one entry ended.
#[derive(Debug)]
pub(crate) struct Receipt {
    book: Book,
    index: usize,
    handed_over_millis: Option<u64>,
}

impl Receipt {
    /// Notes that the whole answer was handed over at `at`.
    pub(crate) fn delivered(&mut self, at: Instant) {
        self.handed_over_millis = Some(self.book.millis(at));
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.book.with(|ledger| {
            if let Some(entry) = ledger.billed.get_mut(self.index) {
                entry.handed_over_millis = self.handed_over_millis;
                entry.delivery = self.handed_over_millis.map_or(Delivery::Partial, |_| Delivery::Whole);
            }
        });
    }
}
