//! How sending fails, what that calls for, and what of an answer had already arrived.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::time::Duration;

use domain::run_state::RetryKind;
use domain::usage::Usage;

use crate::refusal::Refusal;
use crate::retry::{ItemFailure, RetryAction, RetryCause};

/// What had arrived of an answer that never ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partial {
    /// As far as the server had counted; `None` when it had not begun to answer.
    pub usage: Option<Usage>,
    pub text: String,
}

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The server said no before it began to answer.
    #[error("the server refused: {0}")]
    Refused(Box<Refusal>),
    /// The server said no in the middle of its answer.
    #[error("the server broke off its answer: {refusal}")]
    BrokenOff { refusal: Box<Refusal>, partial: Partial },
    /// What was to be sent could not be read from this machine's disk, so that nothing was sent.
    #[error("what was to be sent cannot be read: {detail}")]
    Unsendable { detail: String },
    /// The model failed on this image, and would again. Nothing is billed for it.
    #[error("{detail}")]
    Failed { detail: String },
    /// No connection came about, so that nothing was sent.
    #[error("the server cannot be reached: {detail}")]
    Unreachable { detail: String },
    /// The connection ended before the answer did.
    #[error("the connection was lost: {detail}")]
    Lost { detail: String, partial: Partial },
    /// Nothing at all came for this long; the request was aborted.
    #[error("nothing came for {} seconds", limit.as_secs())]
    IdleTimeout { limit: Duration, partial: Partial },
    /// The answer did not end in time; the request was aborted.
    #[error("the answer did not end within {} seconds", limit.as_secs())]
    TotalTimeout { limit: Duration, partial: Partial },
    /// The server answered, and its answer is not one of this interface or cannot be decoded: an empty body, a network's
    /// login page, nonsense. `detail` shows what came.
    #[error("the server's answer could not be read: {detail}")]
    Unreadable { detail: String, partial: Partial },
}

impl RequestError {
    pub(crate) fn from_http(error: reqwest::Error) -> Self {
        let is_unreachable = error.is_connect();
        let is_undecodable = is_undecodable(&error);
        // The address is known to whoever reads this; the causes tell what went wrong.
        let error = error.without_url();
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let said = next.to_string();
            if !detail.contains(&said) {
                detail = format!("{detail}: {said}");
            }
            cause = next.source();
        }
        let partial = Partial::default();
        match (is_unreachable, is_undecodable) {
            (true, _) => Self::Unreachable { detail },
            (false, true) => Self::Unreadable { detail, partial },
            (false, false) => Self::Lost { detail, partial },
        }
    }

    pub(crate) fn with_partial(mut self, arrived: Partial) -> Self {
        match &mut self {
            Self::BrokenOff { partial, .. }
            | Self::Lost { partial, .. }
            | Self::IdleTimeout { partial, .. }
            | Self::TotalTimeout { partial, .. }
            | Self::Unreadable { partial, .. } => *partial = arrived,
            Self::Refused(_) | Self::Unsendable { .. } | Self::Failed { .. } | Self::Unreachable { .. } => {}
        }
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn action(&self) -> RetryAction {
        match self {
            Self::Refused(refusal) | Self::BrokenOff { refusal, .. } => refusal.action(),
            Self::Failed { .. } => RetryAction::FailItem(ItemFailure::ServerFailed),
            Self::Unreadable { .. } => RetryAction::Unreadable,
            Self::Unsendable { .. }
            | Self::Unreachable { .. }
            | Self::Lost { .. }
            | Self::IdleTimeout { .. }
            | Self::TotalTimeout { .. } => RetryAction::Retry { after: None, cause: RetryCause::Transient },
        }
    }

    /// What the server complains of, as [`Refusal::complaint`] has it.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) | Self::BrokenOff { refusal, .. } => refusal.complaint(),
            _ => None,
        }
    }

    /// Under which name a request that failed so is counted when it is made again.
    #[must_use]
    pub fn retry_kind(&self) -> RetryKind {
        match self {
            Self::Unreachable { .. } => RetryKind::Unreachable,
            Self::Lost { .. } => RetryKind::ConnectionLost,
            Self::Unreadable { .. } => RetryKind::AnswerUnreadable,
            Self::IdleTimeout { .. } | Self::TotalTimeout { .. } => RetryKind::TimedOut,
            Self::Refused(_) | Self::BrokenOff { .. } | Self::Unsendable { .. } | Self::Failed { .. } => {
                match self.action() {
                    RetryAction::HoldEndpoint { .. } => RetryKind::RateLimited,
                    RetryAction::ShrinkOnce => RetryKind::TooLarge,
                    RetryAction::Retry { cause: RetryCause::Overloaded, .. } => RetryKind::Overloaded,
                    _ => RetryKind::ServerFailed,
                }
            }
        }
    }

    /// What is told of it: that a server cannot be reached is what its [kind](RequestError::retry_kind) says.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Unreachable { detail } => detail.clone(),
            error => error.to_string(),
        }
    }

    /// Whether the vendor may bill this request although it has no answer. There is no way to find out, and no way to
    /// send it again as the same request: what was set aside for it has to stay so.
    #[must_use]
    pub fn may_be_billed(&self) -> bool {
        self.partial().is_some()
    }

    /// Whether a batch may have been taken although this came in place of a reply: whenever it may be billed, and also
    /// when a gateway gave up waiting or the server failed at an unknown point. To be looked for among
    /// [the batches of the account](crate::batch::BatchApi::list) before it is submitted again.
    #[must_use]
    pub fn may_have_been_taken(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.status, 408 | 500 | 502 | 504 | 520..=528),
            other => other.may_be_billed(),
        }
    }

    /// Whether the server knows nothing under this address. Asked about a batch: not this batch, or no batches at all;
    /// [`RequestError::action`] speaks of models and of servers there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 404)
    }

    /// What had arrived before the failure.
    #[must_use]
    pub fn partial(&self) -> Option<&Partial> {
        match self {
            Self::BrokenOff { partial, .. }
            | Self::Lost { partial, .. }
            | Self::IdleTimeout { partial, .. }
            | Self::TotalTimeout { partial, .. }
            | Self::Unreadable { partial, .. } => Some(partial),
            Self::Refused(_) | Self::Unsendable { .. } | Self::Failed { .. } | Self::Unreachable { .. } => None,
        }
    }
}

/// Whether an answer came and is not one that can be decoded: no HTTP, or a body that is not encoded as its header says. The HTTP
/// client reports every body that ends early as one that cannot be decoded; only the causes tell the difference.
fn is_undecodable(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(next) = cause {
        if let Some(of_connection) = next.downcast_ref::<hyper::Error>() {
            return of_connection.is_parse() || of_connection.source().is_some_and(is_malformed);
        }
        cause = next.source();
    }
    error.is_decode()
}

/// Whether the pieces of a body are not of the form that HTTP requires.
fn is_malformed(cause: &(dyn std::error::Error + 'static)) -> bool {
    let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::InvalidInput | ErrorKind::InvalidData))
}
