//! Endpoints of a run: servers with a key that requests are spread over, with their problems and statistics.

use serde::{Deserialize, Serialize};

use crate::run_state::{RetryKind, StopReason};

/// A server with one key: the unit of rate limits and outages. Does not contain the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EndpointId {
    pub base_url: String,
    /// Identifies a key without revealing it.
    pub key_fingerprint: String,
}

/// Why an endpoint is not used at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum EndpointProblem {
    /// There is no key for it.
    NoKey,
    /// Invalid settings, or sending there is not allowed.
    Unusable,
    /// The key is wrong or revoked.
    KeyRejected,
    NotPermitted,
    NoCredit,
    SpendLimit,
    UnknownModel,
    NotSuchAServer,
    /// It refuses the shared part of all requests.
    RequestRefused,
    /// Its answers cannot be parsed.
    AnswersUnreadable,
    /// It, or a limit, requires a wait longer than a run waits.
    WaitTooLong,
    Unreachable,
    /// Connections end before the answer does.
    ConnectionLost,
    TimedOut,
    ServerFailed,
    Overloaded,
}

impl From<StopReason> for EndpointProblem {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::KeyRejected => Self::KeyRejected,
            StopReason::NotPermitted => Self::NotPermitted,
            StopReason::NoCredit => Self::NoCredit,
            StopReason::SpendLimit => Self::SpendLimit,
            StopReason::UnknownModel => Self::UnknownModel,
            StopReason::NotSuchAServer => Self::NotSuchAServer,
            StopReason::Unreachable => Self::Unreachable,
            StopReason::AnswersUnreadable => Self::AnswersUnreadable,
            StopReason::WaitTooLong => Self::WaitTooLong,
            _ => Self::RequestRefused,
        }
    }
}

impl From<RetryKind> for EndpointProblem {
    fn from(kind: RetryKind) -> Self {
        match kind {
            RetryKind::Unreachable => Self::Unreachable,
            RetryKind::ConnectionLost => Self::ConnectionLost,
            RetryKind::TimedOut => Self::TimedOut,
            RetryKind::AnswerUnreadable => Self::AnswersUnreadable,
            RetryKind::Overloaded => Self::Overloaded,
            _ => Self::ServerFailed,
        }
    }
}

/// A failure of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointFailure {
    pub problem: EndpointProblem,
    /// The message of the server or connection.
    pub detail: String,
    /// When it is tried again; `None` if not in this session.
    pub again_in_millis: Option<u32>,
}

impl EndpointFailure {
    /// An endpoint whose configuration is unusable.
    #[must_use]
    pub const fn is_of_settings(&self) -> bool {
        matches!(self.problem, EndpointProblem::NoKey | EndpointProblem::Unusable)
    }
}

/// Statistics of an endpoint of a run, over all sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunEndpoint {
    pub name: String,
    /// Answered requests.
    pub answered: u32,
    /// Requests that failed because of the endpoint, not because of an image or rate limit.
    pub failed: u32,
    /// Its last problem, if any.
    pub problem: Option<EndpointProblem>,
    pub detail: Option<String>,
    /// Whether it worked when last used.
    pub is_working: bool,
}
