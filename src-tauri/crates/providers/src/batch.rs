//! Batches: requests that may take a day, at half the price.
//!
//! One call is one attempt, as everywhere in this crate. A submission whose reply was lost may have been accepted
//! ([`RequestError::may_have_been_taken`](crate::error::RequestError::may_have_been_taken)); it is then found in the
//! list of batches by its name, or by time and count where batches have no names. Polling, and mapping ids to images, is the
//! caller's task.

pub(crate) mod results;
pub(crate) mod spool;

use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::usage::Usage;
use serde::Deserialize;

use crate::answer::{FinishReason, RawAnswer};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::json::lenient;
use crate::rate_limits::RateLimits;
use crate::refusal::Refusal;
use crate::request::Request;

/// State of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Requests in progress finish; no new ones start.
    Canceling,
    /// Final: the results can be read.
    Ended,
    /// Final: the server found the whole batch invalid. It has no results, and nothing is billed.
    #[serde(skip)]
    Refused(Box<Refusal>),
    /// Also any unknown state: none of those is final.
    #[serde(other)]
    InProgress,
}

/// How a vendor's batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchEnd {
    Completed,
    Canceled,
    Expired,
    /// It was found invalid.
    Failed,
}

/// Number of requests of a batch by result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(default)]
pub struct BatchCounts {
    #[serde(deserialize_with = "lenient")]
    pub processing: u64,
    #[serde(deserialize_with = "lenient")]
    pub succeeded: u64,
    #[serde(deserialize_with = "lenient")]
    pub errored: u64,
    #[serde(deserialize_with = "lenient")]
    pub canceled: u64,
    #[serde(deserialize_with = "lenient")]
    pub expired: u64,
}

impl BatchCounts {
    /// Number of submitted requests.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.ended().saturating_add(self.processing)
    }

    /// Number of requests with a result.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        let answered = self.succeeded.saturating_add(self.errored);
        answered.saturating_add(self.canceled).saturating_add(self.expired)
    }
}

/// A batch as the server reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The server's id. It is the only way to the results, so it must be stored first.
    pub id: String,
    /// The name that it was submitted with; `None` if the server reports none.
    pub name: Option<String>,
    pub state: BatchStatus,
    pub counts: BatchCounts,
    /// `None` if the server does not report it.
    pub created_at: Option<SystemTime>,
    /// When unfinished requests expire; `None` if the server does not report it.
    pub expires_at: Option<SystemTime>,
}

impl Batch {
    /// With shortened texts, without the key.
    pub(crate) fn presentable(self, redact: impl Fn(&str) -> String) -> Self {
        let state = match self.state {
            BatchStatus::Refused(refusal) => BatchStatus::Refused(Box::new(refusal.presentable(redact))),
            state => state,
        };
        Self { state, ..self }
    }
}

/// A page of the account's batches, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPage {
    pub batches: Vec<Batch>,
    /// Where the next page begins: often the last id of this one. `None` on the last page.
    pub next_after: Option<String>,
}

/// A list whose pages begin after the last id of the page before, as a server sends it.
#[derive(Deserialize, Debug)]
pub(crate) struct CursorPage<T> {
    data: Vec<T>,
    #[serde(default)]
    has_more: bool,
}

impl<T: Into<Batch>> CursorPage<T> {
    /// The page that was asked for after `after`.
    pub(crate) fn into_page(self, after: Option<&str>) -> BatchPage {
        let batches: Vec<Batch> = self.data.into_iter().map(Into::into).collect();
        let last = batches.last().map(|batch| batch.id.clone());
        let next_after = last.filter(|last| self.has_more && after != Some(last));
        BatchPage { batches, next_after }
    }
}

/// The result of one request of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchResult {
    /// As pushed; `None` if unreadable.
    pub custom_id: Option<String>,
    pub outcome: BatchOutcome,
}

/// The outcome of a request in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchOutcome {
    Answered(BatchAnswer),
    /// Not billed. [`Refusal::action`] says how to react.
    Refused(Box<Refusal>),
    /// Not begun before the batch was canceled, and not billed.
    Canceled,
    /// Not begun before the batch expired, and not billed.
    Expired,
    /// Unreadable by this version. It may have been billed.
    Unreadable {
        detail: String,
    },
}

/// What became of the requests of an ended batch that have no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreported {
    /// Nothing is known: they may have been billed.
    Unknown,
    /// As [`BatchOutcome::Canceled`].
    Canceled,
    /// As [`BatchOutcome::Expired`].
    Expired,
}

/// An answer without the size of its picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchAnswer {
    pub(crate) text: String,
    pub(crate) stop_reason: FinishReason,
    pub(crate) usage: Option<Usage>,
    pub(crate) model: String,
}

impl BatchAnswer {
    /// The answer for a picture of `sent` size, whose boxes are in `coordinates`. Its times are zero, as they are not known;
    /// it must not enter timing metrics.
    #[must_use]
    pub fn about(self, sent: PixelSize, coordinates: BoxCoordinates) -> RawAnswer {
        let Self { text, stop_reason, usage, model } = self;
        RawAnswer {
            text,
            stop_reason,
            usage,
            model,
            request_id: None,
            sent,
            coordinates,
            time_to_first_byte_millis: 0,
            took_millis: 0,
            rate_limits: RateLimits::default(),
        }
    }
}

/// Whether `text` is valid as an id at every vendor: 1 to 64 ASCII letters, digits, `_` and `-`.
#[must_use]
pub fn is_custom_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether a request fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pushed {
    Taken,
    /// Nothing was written: the request belongs in the next batch, or, if this one is empty, in none.
    Full,
}

/// Writes the body of a batch, request by request. After an error the file is unusable.
pub trait BatchWriter: Send {
    /// Adds a request if it fits. Its result will carry `custom_id`, which must be unique in the batch.
    ///
    /// # Errors
    ///
    /// If `custom_id` is invalid ([`is_custom_id`]; nothing is written then), or if writing fails.
    fn push(&mut self, custom_id: &str, request: &Request) -> io::Result<Pushed>;

    /// Ends the batch and flushes it.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The batches of an endpoint.
pub trait BatchApi: Send + Sync {
    /// Begins a batch of at most `byte_limit` bytes, or the vendor's limit if that is less. `spool` receives small
    /// pieces and should be buffered.
    fn writer(&self, spool: Box<dyn Write + Send>, byte_limit: u64) -> io::Result<Box<dyn BatchWriter>>;

    /// Submits the batch that the [writer](BatchApi::writer) of this endpoint wrote to `spool`. `name` identifies it in the
    /// server's list, if batches have names there.
    ///
    /// # Errors
    ///
    /// [`RequestError::may_have_been_taken`] tells whether the server may have accepted the batch nevertheless. "Too
    /// large" is about the batch, not about a picture.
    fn submit<'a>(&'a self, spool: &'a Path, name: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>>;

    /// Polls the state of a batch.
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>>;

    /// A page of the account's batches, newest first: the first, or the one at `after` ([`BatchPage::next_after`]).
    fn list<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<BatchPage, RequestError>>;

    /// Asks the server to start no more requests of a batch. It ends later, with the results of those in progress.
    fn cancel<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), RequestError>>;

    /// Reads the results of an ended batch one at a time, in any order. They can be read again for as long as the
    /// server keeps them. Returns what became of requests without a result.
    ///
    /// # Errors
    ///
    /// If the results are incomplete. Those passed on before are valid.
    fn results<'a>(
        &'a self,
        id: &'a str,
        on_result: &'a mut (dyn FnMut(BatchResult) + Send),
    ) -> BoxFuture<'a, Result<Unreported, RequestError>>;

    /// Deletes the files of an ended batch whose results are stored: they hold pictures and answers. Does nothing where a
    /// batch has no files.
    fn delete_files<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(async { Ok(()) })
    }
}
