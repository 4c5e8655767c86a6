//! From a failure to what is to be done about it. A provider puts its errors into classes ([`ErrorClass`]); what a class
//! calls for ([`RetryAction`]) is the same for all of them.
//!
//! Deliberately absent: waiting, counting retries, lowering concurrency. The owner of a run does that.

use std::time::Duration;

use domain::run_state::StopReason;

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAction {
    /// This image fails; the next one may succeed.
    FailItem(ItemFailure),
    /// The server would not take this request, and does not say that its image is the reason. This image fails if the
    /// server takes other requests; if it takes none, the form of the requests is the reason ([`Refusal::complaint`]).
    RefuseForm,
    /// The answer could not be read. Try this request again; a server of which no answer can be read is not asked any more.
    Unreadable,
    /// Try this request again, after `after` or the caller's own backoff.
    Retry { after: Option<Duration>, cause: RetryCause },
    /// Send nothing to this endpoint for `after` or the caller's own backoff, then try again. Costs no attempt.
    HoldEndpoint { after: Option<Duration> },
    /// Send a smaller picture, once; if that is refused as well the image fails.
    ShrinkOnce,
    /// Nothing more will succeed until the user has done something.
    StopRun(StopCause),
}

/// Why an image failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemFailure {
    /// The server would not take this request.
    Refused,
    /// The server failed, and said that trying again is pointless.
    ServerFailed,
}

/// Why it makes sense to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryCause {
    /// A failure that passes by itself.
    Transient,
    /// The server is overloaded: fewer requests at a time will help.
    Overloaded,
}

/// What the user has to see to before a run can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopCause {
    /// The key is wrong or was withdrawn.
    KeyRejected,
    /// The account has no credit, or its billing is not in order.
    NoCredit,
    /// A spend limit of the account is reached.
    SpendLimit,
    /// The key may not do this.
    NotPermitted,
    /// The server does not know the model.
    UnknownModel,
    /// The server does not know the interface at all, or sends elsewhere.
    NotSuchAServer,
    /// The request's fixed part is refused, so that every image would be.
    Configuration,
    /// The server asks to wait for longer than [`LONGEST_WAIT`](crate::refusal::LONGEST_WAIT).
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

/// What a refusal is about. The provider tells by the status, the type and the words of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ErrorClass {
    /// This request, for its image or for its form.
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
    /// A failure of the server that passes by itself.
    Transient,
}

impl ErrorClass {
    /// The class that the HTTP status tells, where the body does not tell more. 529 is overload by the use of several
    /// vendors.
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
