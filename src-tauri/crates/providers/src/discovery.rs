//! Trying a connection before anything depends on it: is this a server of the right kind, does it take the key, does it
//! have the model? Nothing is billed, and no picture leaves the machine.

use crate::error::RequestError;
use crate::retry::{RetryAction, StopCause};

/// A model as a server lists it. Servers leave things out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteModel {
    pub id: String,
    pub name: Option<String>,
    /// `active`, `deprecated` or `retired` in the vendor's words.
    pub lifecycle: Option<String>,
    /// RFC 3339, as the server tells it.
    pub retires_at: Option<String>,
}

/// Why a connection does not work, by what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Enter another key.
    #[error("the server does not take this key")]
    KeyRejected,
    /// Give the key the right, or take another.
    #[error("the server takes the key but does not allow this: {detail}")]
    NotPermitted { detail: String },
    /// Buy credit, or raise the limit.
    #[error("the account has no credit left, or its spend limit is reached: {detail}")]
    NoCredit { detail: String },
    /// Choose one of these.
    #[error("the server has no model named {model}")]
    UnknownModel { model: String, available: Vec<RemoteModel> },
    /// Correct the address.
    #[error("this is not a server of this provider: {detail}")]
    NotSuchAServer { detail: String },
    /// Check the network, or that the server runs.
    #[error("the server cannot be reached: {detail}")]
    Unreachable { detail: String },
    /// Wait and try again.
    #[error("the server is busy or has a problem of its own: {detail}")]
    ServerFailing { detail: String },
}

impl CheckError {
    pub(crate) fn from_request(error: &RequestError) -> Self {
        let detail = match error {
            RequestError::Refused(refusal) => refusal.to_string(),
            RequestError::Unreachable { detail } => detail.clone(),
            other => other.to_string(),
        };
        match error {
            RequestError::Unreachable { .. } | RequestError::Lost { .. } => return Self::Unreachable { detail },
            RequestError::Unreadable { .. } => return Self::NotSuchAServer { detail },
            _ => {}
        }
        match error.action() {
            RetryAction::StopRun(StopCause::KeyRejected) => Self::KeyRejected,
            RetryAction::StopRun(StopCause::NotPermitted) => Self::NotPermitted { detail },
            RetryAction::StopRun(StopCause::NoCredit | StopCause::SpendLimit) => Self::NoCredit { detail },
            RetryAction::Retry { .. }
            | RetryAction::HoldEndpoint { .. }
            | RetryAction::StopRun(StopCause::WaitTooLong) => Self::ServerFailing { detail },
            // There is no model in the question, so that a missing one cannot be meant.
            RetryAction::StopRun(StopCause::UnknownModel | StopCause::NotSuchAServer | StopCause::Configuration)
            | RetryAction::Unreadable
            | RetryAction::RefuseForm
            | RetryAction::FailItem(_)
            | RetryAction::ShrinkOnce => Self::NotSuchAServer { detail },
        }
    }
}
