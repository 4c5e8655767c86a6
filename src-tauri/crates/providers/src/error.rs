//! Request errors, the reaction that they call for, and the part of an answer that had arrived.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::time::Duration;

use domain::run_state::RetryKind;
use domain::usage::Usage;

use crate::refusal::Refusal;
use crate::retry::{ItemFailure, RetryAction, RetryCause};

/// The received part of an incomplete answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partial {
    /// As far as reported; `None` if the answer had not begun.
    pub usage: Option<Usage>,
    pub text: String,
}

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The server refused before it began to answer.
    #[error("the server refused: {0}")]
    Refused(Box<Refusal>),
    /// The server failed in the middle of its answer.
    #[error("the server ended its answer early: {refusal}")]
    BrokenOff { refusal: Box<Refusal>, partial: Partial },
    /// A local file could not be read; nothing was sent.
    #[error("the stored request cannot be read: {detail}")]
    Unsendable { detail: String },
    /// The file with the requests of a batch was not uploaded, so that there is no batch.
    #[error("the requests could not be uploaded: {0}")]
    NotUploaded(Box<RequestError>),
    /// The model failed on this image, and would again. Not billed.
    #[error("{detail}")]
    Failed { detail: String },
    /// No connection; nothing was sent.
    #[error("the server cannot be reached: {detail}")]
    Unreachable { detail: String },
    /// The connection ended before the answer did.
    #[error("the connection was lost: {detail}")]
    Lost { detail: String, partial: Partial },
    /// No data for this long; the request was aborted.
    #[error("no data for {} seconds", limit.as_secs())]
    IdleTimeout { limit: Duration, partial: Partial },
    /// The answer took too long; the request was aborted.
    #[error("the answer was not complete after {} seconds", limit.as_secs())]
    TotalTimeout { limit: Duration, partial: Partial },
    /// The answer is not one of this API or cannot be decoded: an empty body, a network's login page, nonsense.
    /// `detail` shows it.
    #[error("the server's answer could not be read: {detail}")]
    Unreadable { detail: String, partial: Partial },
}

impl RequestError {
    pub(crate) fn from_http(error: reqwest::Error) -> Self {
        let is_unreachable = error.is_connect();
        let is_undecodable = is_undecodable(&error);
        // The URL is known to the reader; the causes tell what failed.
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
            Self::Refused(_)
            | Self::Unsendable { .. }
            | Self::NotUploaded(_)
            | Self::Failed { .. }
            | Self::Unreachable { .. } => {}
        }
        self
    }

    /// How to react.
    #[must_use]
    pub fn action(&self) -> RetryAction {
        match self {
            Self::Refused(refusal) | Self::BrokenOff { refusal, .. } => refusal.action(),
            Self::NotUploaded(cause) => cause.action(),
            Self::Failed { .. } => RetryAction::FailItem(ItemFailure::ServerFailed),
            Self::Unreadable { .. } => RetryAction::Unreadable,
            Self::Unsendable { .. }
            | Self::Unreachable { .. }
            | Self::Lost { .. }
            | Self::IdleTimeout { .. }
            | Self::TotalTimeout { .. } => RetryAction::Retry { after: None, cause: RetryCause::Transient },
        }
    }

    /// The complaint, as in [`Refusal::complaint`].
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) | Self::BrokenOff { refusal, .. } => refusal.complaint(),
            Self::NotUploaded(cause) => cause.complaint(),
            _ => None,
        }
    }

    /// The kind under which a retry is counted.
    #[must_use]
    pub fn retry_kind(&self) -> RetryKind {
        match self {
            Self::NotUploaded(cause) => cause.retry_kind(),
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

    /// Details for display. That a server is unreachable is already in its [kind](RequestError::retry_kind).
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Unreachable { detail } => detail.clone(),
            error => error.to_string(),
        }
    }

    /// Whether the vendor may bill this request although it has no answer. There is no way to find out and no way to
    /// repeat the same request, so its reservation must stay.
    #[must_use]
    pub fn may_be_billed(&self) -> bool {
        self.partial().is_some()
    }

    /// Whether a batch may have been accepted although the reply was lost: whenever it may be billed, and after a
    /// gateway timeout or a server failure at an unknown point. Then look for it among [the account's
    /// batches](crate::batch::BatchApi::list) before submitting it again.
    #[must_use]
    pub fn may_have_been_taken(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.status, 408 | 500 | 502 | 504 | 520..=528),
            other => other.may_be_billed(),
        }
    }

    /// Whether the server has nothing at this URL. For a batch: not this batch, or no batches at all;
    /// [`RequestError::action`] would speak of models and servers there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status == 404,
            Self::NotUploaded(cause) => cause.is_not_found(),
            _ => false,
        }
    }

    /// The part of the answer that had arrived.
    #[must_use]
    pub fn partial(&self) -> Option<&Partial> {
        match self {
            Self::BrokenOff { partial, .. }
            | Self::Lost { partial, .. }
            | Self::IdleTimeout { partial, .. }
            | Self::TotalTimeout { partial, .. }
            | Self::Unreadable { partial, .. } => Some(partial),
            Self::Refused(_)
            | Self::Unsendable { .. }
            | Self::NotUploaded(_)
            | Self::Failed { .. }
            | Self::Unreachable { .. } => None,
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
