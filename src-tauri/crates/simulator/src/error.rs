//! Errors: failures to start the server, and the error responses in the vendor's words. Messages follow those of the
//! vendor where they are public; clients must not match on them.

use std::time::Duration;

use serde_json::{Value, json};

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or may not be opened.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The requested port; 0 means any free one.
        port: u16,
        /// The system's error.
        source: std::io::Error,
    },
}

/// An error response: an HTTP status and the vendor's error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorResponse {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) error_code: Option<&'static str>,
    /// The parameter in question, where the protocol names it.
    pub(crate) param: Option<Box<str>>,
    pub(crate) retry_after: Option<Duration>,
    /// Replaces `retry_after`, for a header that is not a number.
    pub(crate) raw_retry_after: Option<String>,
}

impl ErrorResponse {
    pub(crate) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            error_code: None,
            param: None,
            retry_after: None,
            raw_retry_after: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// An unknown parameter, in the words of the vendor's validator.
    pub(crate) fn extra_input(path: &str) -> Self {
        Self::invalid(format!("{path}: Extra inputs are not permitted"))
    }

    pub(crate) fn missing(path: &str) -> Self {
        Self::invalid(format!("{path}: Field required"))
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "not_found_error", message)
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "request_too_large", "Request exceeds the maximum size")
    }

    pub(crate) fn overloaded() -> Self {
        Self::new(529, "overloaded_error", "Overloaded")
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, "api_error", "Internal server error")
    }

    pub(crate) fn rate_limited(message: impl Into<String>, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..Self::new(429, "rate_limit_error", message) }
    }

    /// The whole seconds of `retry-after`, rounded up: a client that waits exactly this long must be admitted.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    /// Whether the same request fails until a person changes something.
    pub(crate) fn is_beyond_mending(&self) -> bool {
        matches!(self.status, 400..=403) || self.error_code.is_some_and(|code| code.ends_with("spend_limit_reached"))
    }

    pub(crate) fn with_code(self, error_code: &'static str) -> Self {
        Self { error_code: Some(error_code), ..self }
    }

    /// The vendor's error body, also used for an `error` event inside a stream.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = self.error_code {
            error["details"] = json!({"error_code": code});
        }
        json!({"type": "error", "error": error, "request_id": request_id})
    }
}
