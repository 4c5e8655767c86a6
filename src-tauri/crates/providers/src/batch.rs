//! Requests that may wait for a day, at half the price: what a batch is, how far it has come, what came of its requests.
//!
//! One call is one attempt, as everywhere in this crate. A submission whose reply was lost may have been taken
//! ([`SendError::may_have_been_taken`](crate::error::SendError::may_have_been_taken)); the list of batches finds it by its
//! time and its count. Deliberately absent: waiting, and remembering which id belongs to which image.

use std::time::SystemTime;

use domain::geometry::PixelSize;
use domain::usage::Usage;
use serde::Deserialize;

use crate::answer::{RawAnswer, StopReason};
use crate::json::lenient;
use crate::refusal::{RateLimits, Refusal};

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
    /// Not billed. [`Refusal::disposition`] says what it calls for.
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
    /// The answer about a picture of `sent` size, as any other. Its times are zero: nobody waited for it, and no figure
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
