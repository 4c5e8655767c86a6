//! Requests that may wait for a day, at half the price: what a batch is, how far it has come, what came of its requests.
//!
//! One call is one attempt, as everywhere in this crate. A submission whose reply was lost may have been taken
//! ([`RequestError::may_have_been_taken`](crate::error::RequestError::may_have_been_taken)); the list of batches finds it by its
//! time and its count. Deliberately absent: waiting, and remembering which id belongs to which image.

use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use domain::geometry::PixelSize;
use domain::usage::Usage;
use serde::Deserialize;

use crate::answer::{RawAnswer, StopReason};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::json::lenient;
use crate::rate_limits::RateLimits;
use crate::refusal::Refusal;
use crate::request::Request;

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// What has begun is finished, the rest is not begun any more.
    Canceling,
    /// Nothing changes any more: the results can be read.
    Ended,
    /// Also any state that this version does not know: none of those is an end.
    #[serde(other)]
    InProgress,
}

/// How many of a batch's requests have come to what.
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
    /// How many requests were submitted.
    #[must_use]
    pub const fn total(&self) -> u64 {
        let ended = self.succeeded.saturating_add(self.errored).saturating_add(self.canceled);
        ended.saturating_add(self.expired).saturating_add(self.processing)
    }
}

/// A batch as the server tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The server's name for it. It is the only way to the results: to be kept before anything else is done.
    pub id: String,
    pub state: BatchState,
    pub counts: BatchCounts,
    /// `None` where the server does not say.
    pub created_at: Option<SystemTime>,
    /// When what has not been done by then expires. `None` where the server does not say.
    pub expires_at: Option<SystemTime>,
}

/// Some of the account's batches, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPage {
    pub batches: Vec<Batch>,
    /// After which id the next page begins; `None` on the last one.
    pub next_after_id: Option<String>,
}

/// What came of one request of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchResult {
    /// As it was pushed. `None` where even that cannot be read.
    pub custom_id: Option<String>,
    pub outcome: BatchOutcome,
}

/// What can come of a request in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchOutcome {
    Answered(BatchAnswer),
    /// Not billed. [`Refusal::action`] says what it calls for.
    Refused(Box<Refusal>),
    /// Not begun when the batch was canceled, and not billed.
    Canceled,
    /// Not begun within the batch's time, and not billed.
    Expired,
    /// A result that this version cannot read. It may have been billed.
    Unreadable {
        detail: String,
    },
}

/// An answer that lacks the size of the picture it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchAnswer {
    pub(crate) text: String,
    pub(crate) stop_reason: StopReason,
    pub(crate) usage: Option<Usage>,
    pub(crate) model: String,
}

impl BatchAnswer {
    /// The answer about a picture of `sent` size, as any other. Its times are zero: it was not waited for, and no figure
    /// about speed may be made of them.
    #[must_use]
    pub fn about(self, sent: PixelSize) -> RawAnswer {
        let Self { text, stop_reason, usage, model } = self;
        RawAnswer {
            text,
            stop_reason,
            usage,
            model,
            request_id: None,
            sent,
            time_to_first_byte_millis: 0,
            took_millis: 0,
            rate_limits: RateLimits::default(),
        }
    }
}

/// Whether `text` names a request in a batch at every vendor: 1 to 64 letters, digits, `_` and `-` of ASCII.
#[must_use]
pub fn is_custom_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether there was room for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pushed {
    Taken,
    /// Nothing was written: this request belongs into the next batch, or, when this one is empty, into none.
    Full,
}

/// Writes the body of a batch, request by request. After an error what was written is no batch any more.
pub trait BatchWriter: Send {
    /// Adds a request if there is room. Its result will carry `custom_id`, which nothing else in the batch may carry.
    ///
    /// # Errors
    /// When `custom_id` is not one ([`is_custom_id`]; nothing is written then), and when writing fails.
    fn push(&mut self, custom_id: &str, request: &Request) -> io::Result<Pushed>;

    /// Ends the batch and flushes it.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The batches of an endpoint.
pub trait BatchApi: Send + Sync {
    /// Begins a batch of at most `byte_limit` bytes, or the vendor's limit where that is less. `spool` is given small pieces,
    /// and should be buffered.
    fn writer(&self, spool: Box<dyn Write + Send>, byte_limit: u64) -> io::Result<Box<dyn BatchWriter>>;

    /// Submits the batch that the [writer](BatchApi::writer) of this endpoint wrote to `spool`.
    ///
    /// # Errors
    /// [`RequestError::may_have_been_taken`] tells whether the server may have the batch all the same. A refusal as too large
    /// is about the batch and not about a picture.
    fn submit<'a>(&'a self, spool: &'a Path) -> BoxFuture<'a, Result<Batch, RequestError>>;

    /// How far a batch has come.
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>>;

    /// The account's batches, the newest first: those that were created before the batch `after_id`, or the newest of all.
    fn list<'a>(&'a self, after_id: Option<&'a str>) -> BoxFuture<'a, Result<BatchPage, RequestError>>;

    /// Asks the server to begin nothing more of a batch. It ends some time later, with the results of what was begun.
    fn cancel<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>>;

    /// Reads the results of a batch that has ended, in whatever order they come, one at a time. They may be read again for
    /// as long as the server keeps them.
    ///
    /// # Errors
    /// When the results end before their end. Those that were told until then are good.
    fn results<'a>(
        &'a self,
        id: &'a str,
        on_result: &'a mut (dyn FnMut(BatchResult) + Send),
    ) -> BoxFuture<'a, Result<(), RequestError>>;
}
