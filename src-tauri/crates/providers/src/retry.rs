//! Maps failures to reactions. A provider classifies its errors ([`ErrorClass`]); the reaction ([`RetryAction`]) is the
//! same for all providers.
//!
//! Waiting, counting retries and lowering concurrency are the engine's task.

use std::time::Duration;

use domain::run_state::StopReason;

/// How to react to a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAction {
    /// This image fails; the next one may succeed.
    FailItem(ItemFailure),
    /// The server refuses this request without blaming its image. The image fails if the server accepts other requests;
    /// if it accepts none, the form of the requests is the reason ([`Refusal::complaint`]).
    RefuseForm,
    /// The answer could not be parsed. Retry; a server that never gives a readable answer is abandoned.
    Unreadable,
    /// Retry, after `after` or the caller's own backoff.
    Retry { after: Option<Duration>, cause: RetryCause },
    /// Pause this endpoint for `after` or the caller's own backoff, then retry. Costs no attempt.
    HoldEndpoint { after: Option<Duration> },
    /// Send a smaller picture, once; if that is refused too, the image fails.
    ShrinkOnce,
    /// Nothing will succeed until the user acts.
    StopRun(StopCause),
}

/// Why an image failed permanently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemFailure {
    /// The server refused this request.
    Refused,
    /// The server failed, and said that a retry is pointless.
    ServerFailed,
}

/// Why to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryCause {
    /// A temporary failure.
    Transient,
    /// The server is overloaded: lower concurrency helps.
    Overloaded,
}

/// What the user must fix before a run can continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopCause {
    /// The key is wrong or revoked.
    KeyRejected,
    /// The account has no credit or a billing problem.
    NoCredit,
    /// A spend limit of the account is reached.
    SpendLimit,
    /// The key lacks a permission.
    NotPermitted,
    /// The server does not know the model.
    UnknownModel,
    /// The server does not have this API, or redirects.
    NotSuchAServer,
    /// The shared part of the requests is refused, so every image would fail.
    Configuration,
    /// The required wait is longer than [`LONGEST_WAIT`](crate::refusal::LONGEST_WAIT).
    WaitTooLong,
}

impl From<StopCause> for StopReason {
    fn from(cause: StopCause) -> Self {
        match cause {
            StopCause::KeyRejected => Self::KeyRejected,
            StopCause::NoCredit => Self::NoCredit,
            StopCause::SpendLimit => Self::SpendLimit,
            StopCause::NotPermitted => Self::NotPermitted,
            StopCause::UnknownModel => Self::UnknownModel,
            StopCause::NotSuchAServer => Self::NotSuchAServer,
            StopCause::Configuration => Self::RequestRefused,
            StopCause::WaitTooLong => Self::WaitTooLong,
        }
    }
}

/// Class of an error, determined from status, type and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ErrorClass {
    /// This request, because of its image or form.
    #[default]
    Refused,
    KeyRejected,
    NoCredit,
    SpendLimit,
    NotPermitted,
    UnknownModel,
    NotSuchAServer,
    /// A field that is the same in every request of a run.
    Configuration,
    TooLarge,
    RateLimited,
    Overloaded,
    /// A temporary server failure.
    Transient,
}

impl ErrorClass {
    /// The class of an HTTP status, if the body is not more specific. Several vendors use 529 for overload.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::KeyRejected,
            402 => Self::NoCredit,
            403 => Self::NotPermitted,
            300..=399 | 404 | 405 => Self::NotSuchAServer,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            529 => Self::Overloaded,
            408 | 409 | 500.. => Self::Transient,
            _ => Self::Refused,
        }
    }
}
