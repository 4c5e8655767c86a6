//! What a failed request means for its image.

use std::time::Duration;

use domain::run_state::{RetryKind, StopReason};
use providers::error::RequestError;
use providers::retry::{ItemFailure, RetryAction};

/// A request that got no answer.
pub struct FailedRequest {
    pub next: AfterFailure,
    /// The failing endpoint, if another one works and should be tried instead.
    pub avoids: Option<usize>,
    /// The kind under which the retry is counted.
    pub retry_kind: RetryKind,
    pub may_be_billed: bool,
    pub detail: String,
}

/// What to do after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// Wait for a permit again; the request itself is fine.
    Again,
    /// As `Again`, but after an outage and no earlier than the server asks.
    AgainAfterOutage { after: Option<Duration> },
    /// Retry after a delay, or after the one the server asks for.
    Retry { after: Option<Duration> },
    /// Retry with a smaller image.
    Shrink,
    /// The server refuses this image.
    Refuse,
    /// The endpoint refused the request and has accepted none so far, so the form of all requests may be wrong. Decided once
    /// nothing else is left to send ([`Backend::verdict`](super::Backend::verdict)).
    Undecided { endpoint: usize },
    /// The model failed on this image and would fail again.
    Fail,
    /// Stop sending in this run.
    Stop(StopReason),
}

impl FailedRequest {
    /// A failure before sending that a retry would not fix.
    pub fn unsent(detail: String) -> Self {
        Self {
            next: AfterFailure::Fail,
            avoids: None,
            retry_kind: RetryKind::ServerFailed,
            may_be_billed: false,
            detail,
        }
    }

    /// Classifies `error` on its own, without other endpoints or requests: for batch results and local models. An image that
    /// is too large is not resized and retried.
    pub fn of_alone(error: &RequestError) -> Self {
        let next = match error.action() {
            RetryAction::Retry { after, .. } | RetryAction::HoldEndpoint { after } => AfterFailure::Retry { after },
            RetryAction::StopRun(cause) => AfterFailure::Stop(cause.into()),
            RetryAction::RefuseForm => AfterFailure::Undecided { endpoint: 0 },
            RetryAction::FailItem(ItemFailure::Refused) | RetryAction::ShrinkOnce => AfterFailure::Refuse,
            RetryAction::FailItem(ItemFailure::ServerFailed) | RetryAction::Unreadable => AfterFailure::Fail,
        };
        let (retry_kind, detail) = (error.retry_kind(), error.detail());
        Self { next, avoids: None, retry_kind, may_be_billed: error.may_be_billed(), detail }
    }
}

/// The verdict on an image refused by an endpoint that had accepted no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureVerdict {
    /// The endpoint has accepted other requests since.
    Refused,
    /// Another endpoint may accept it.
    AskAgain,
    /// No endpoint has accepted a request.
    NoneTaken,
}
