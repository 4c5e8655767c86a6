//! Tests a connection: is this the right kind of server, does it accept the key, does it have the model? Nothing is
//! billed and no picture is sent.

use crate::error::RequestError;
use crate::retry::{RetryAction, StopCause};

/// Maximum number of pages of a list of models: protects against an endless list.
pub(crate) const LIST_PAGES: usize = 20;

/// A model in a server's list. Fields may be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteModel {
    pub id: String,
    pub name: Option<String>,
    /// `active`, `deprecated` or `retired`, as the vendor says.
    pub lifecycle: Option<String>,
    /// RFC 3339, as the server reports it.
    pub retires_at: Option<String>,
}

/// All `available` models, if `model` is among them by the vendor's name or, with `prefix`, the endpoint's.
pub(crate) fn checked(available: Vec<RemoteModel>, prefix: &str, model: &str) -> Result<Vec<RemoteModel>, CheckError> {
    let model_here = format!("{prefix}{model}");
    if available.iter().any(|listed| listed.id == model || listed.id == model_here) {
        Ok(available)
    } else {
        Err(CheckError::UnknownModel { model: model_here, available })
    }
}

/// Why a connection does not work, by what the user can do about it.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Enter another key.
    #[error("the server rejected the key")]
    KeyRejected,
    /// Give the key the permission, or use another.
    #[error("the key lacks a permission: {detail}")]
    NotPermitted { detail: String },
    /// Buy credit, or raise the limit.
    #[error("the account has no credit left, or its spend limit is reached: {detail}")]
    NoCredit { detail: String },
    /// Choose one of these models.
    #[error("the server has no model named {model}")]
    UnknownModel { model: String, available: Vec<RemoteModel> },
    /// Correct the address.
    #[error("not a compatible server: {detail}")]
    NotSuchAServer { detail: String },
    /// Check the network, or that the server runs.
    #[error("the server cannot be reached: {detail}")]
    Unreachable { detail: String },
    /// Wait and try again.
    #[error("the server is overloaded or failing: {detail}")]
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
            // The request names no model, so an unknown model cannot be meant.
            RetryAction::StopRun(StopCause::UnknownModel | StopCause::NotSuchAServer | StopCause::Configuration)
            | RetryAction::Unreadable
            | RetryAction::RefuseForm
            | RetryAction::FailItem(_)
            | RetryAction::ShrinkOnce => Self::NotSuchAServer { detail },
        }
    }
}
