//! What follows from a request without an answer, for its image.

use std::time::Duration;

use domain::run_state::{RetryKind, StopReason};
use providers::error::RequestError;
use providers::retry::{ItemFailure, RetryAction};

/// A request without an answer.
pub struct FailedRequest {
    pub next: AfterFailure,
    /// The endpoint that failed, where another works and may be asked instead.
    pub avoids: Option<usize>,
    /// Under which name it is counted when it is made again.
    pub retry_kind: RetryKind,
    pub may_be_billed: bool,
    pub detail: String,
}

/// What to do about a request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It waits for its permit again; nothing was wrong with it.
    Again,
    /// The same, after the server has failed on everybody, and not before it says.
    AgainAfterOutage { after: Option<Duration> },
    /// Once more after a moment, or after as long as the server says.
    Retry { after: Option<Duration> },
    /// A smaller picture may be taken.
    Shrink,
    /// The server will not take this picture.
    Refuse,
    /// The endpoint has refused it and taken no request yet: it may be the form of the requests. It is looked at again when
    /// nothing else is left ([`Backend::verdict`](super::Backend::verdict)).
    Undecided { endpoint: usize },
    /// The model failed on it, and says that it will again.
    Fail,
    /// Nothing more is to be sent in this run.
    Stop(StopReason),
}

impl FailedRequest {
    /// Nothing was sent, and trying again would not help.
    pub fn unsent(detail: String) -> Self {
        Self {
            next: AfterFailure::Fail,
            avoids: None,
            retry_kind: RetryKind::ServerFailed,
            may_be_billed: false,
            detail,
        }
    }

    /// What follows from `error` where no other endpoint and no other request has a say: among the results of a batch, and
    /// on this computer. A picture that is too large is not sent smaller.
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

/// What becomes of an image whose request was refused by an endpoint that had taken none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureVerdict {
    /// The endpoint has taken others since.
    Refused,
    /// Another endpoint may take it.
    AskAgain,
    /// None has taken any.
    NoneTaken,
}
