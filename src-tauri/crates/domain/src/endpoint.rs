//! Endpoints of a run: the servers that its requests are spread over, each with a key; what is wrong with one, and how many
//! requests it has answered.

use serde::{Deserialize, Serialize};

use crate::run_state::{RetryKind, StopReason};

/// A server with one key: what rate limits and outages are about. The key itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EndpointId {
    pub base_url: String,
    /// Tells keys apart, and cannot be turned back into one.
    pub key_fingerprint: String,
}

/// Why an endpoint is not used, or not at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum EndpointProblem {
    /// There is no key for it.
    NoKey,
    /// Its entry in the settings cannot be used, or sending there is not agreed to.
    Unusable,
    /// The key is wrong or was withdrawn.
    KeyRejected,
    NotPermitted,
    NoCredit,
    SpendLimit,
    UnknownModel,
    NotSuchAServer,
    /// It refuses what is the same in every request.
    RequestRefused,
    /// Its answers cannot be read.
    AnswersUnreadable,
    /// It, or a limit, lets nothing through for longer than a run waits.
    WaitTooLong,
    Unreachable,
    /// Connections end before an answer does.
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

/// What is wrong with an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointFailure {
    pub problem: EndpointProblem,
    /// The message of the server or of the connection.
    pub detail: String,
    /// When it is tried again; `None`: not in this session.
    pub again_in_millis: Option<u32>,
}

impl EndpointFailure {
    /// Of an endpoint that no run can use as it is set up.
    #[must_use]
    pub const fn is_of_settings(&self) -> bool {
        matches!(self.problem, EndpointProblem::NoKey | EndpointProblem::Unusable)
    }
}

/// What an endpoint did for a run, over all its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunEndpoint {
    pub name: String,
    /// Requests that it answered.
    pub answered: u32,
    /// Requests that failed because of the endpoint, and not because of the image or a rate limit.
    pub failed: u32,
    /// What was wrong with it last; `None`: nothing.
    pub problem: Option<EndpointProblem>,
    pub detail: Option<String>,
    /// Whether it worked when it was used last.
    pub is_working: bool,
}
