//! Errors that servers return: status, class, message, and when to retry. Each provider parses its own; the reaction is
//! the same for all.

use std::time::Duration;

use crate::rate_limits::RateLimits;
use crate::retry::{ErrorClass, ItemFailure, RetryAction, RetryCause, StopCause};

/// The longest wait that a server or a limit may impose. A run that would have to wait longer stops with the reason and
/// can be resumed. Documented in docs/reliability.md.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The longest kept part of a server's message, in characters.
pub(crate) const MESSAGE_LIMIT: usize = 500;

/// A request that the server refused, or failed while answering.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// HTTP status; 200 if the error came within a stream or batch results.
    pub status: u16,
    pub class: ErrorClass,
    /// The vendor's error type, such as `rate_limit_error`; `None` if the body was not in the vendor's form.
    pub error_type: Option<String>,
    /// A more specific code of some errors.
    pub error_code: Option<String>,
    /// The server's message, shortened. May be empty.
    pub message: String,
    /// For inquiries at the vendor.
    pub request_id: Option<String>,
    /// The server's hint whether a retry makes sense.
    pub should_retry: Option<bool>,
    /// The wait that the server asks for.
    pub retry_after: Option<Duration>,
    /// Rate limits from the headers.
    pub rate_limits: RateLimits,
}

/// Words of complaints about an image.
const IMAGE_WORDS: [&str; 5] = ["image", "base64", "picture", "pixel", "media_type"];
/// Words of complaints about the form of a request.
const FORM_WORDS: [&str; 9] = [
    "extra inputs",
    "not permitted",
    "unknown",
    "unexpected",
    "unrecognized",
    "not supported",
    "unsupported",
    "does not support",
    "field required",
];

impl Refusal {
    /// How to react: by class, overridden by the server's `should_retry`.
    #[must_use]
    pub fn action(&self) -> RetryAction {
        let action = match (self.should_retry, self.by_class()) {
            (Some(true), _) => self.again(),
            (Some(false), RetryAction::Retry { .. }) => RetryAction::FailItem(ItemFailure::ServerFailed),
            // A limit that does not reset by itself.
            (Some(false), RetryAction::HoldEndpoint { .. }) => RetryAction::StopRun(StopCause::SpendLimit),
            (_, action) => action,
        };
        let is_too_long = self.retry_after.is_some_and(|after| after > LONGEST_WAIT);
        match action {
            RetryAction::Retry { .. } | RetryAction::HoldEndpoint { .. } if is_too_long => {
                RetryAction::StopRun(StopCause::WaitTooLong)
            }
            action => action,
        }
    }

    /// The complaint, equal for two requests that are refused for the same reason. `None` if it is about the image of
    /// one request.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let message = self.message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if has(&IMAGE_WORDS) && !has(&FORM_WORDS) {
            return None;
        }
        // Numbers, paths and request ids differ between requests.
        let words = message.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
        let error_type = self.error_type.as_deref().unwrap_or_default();
        Some(format!("{} {error_type} {}", self.status, words.collect::<Vec<_>>().join(" ")))
    }

    fn by_class(&self) -> RetryAction {
        let stop = RetryAction::StopRun;
        match self.class {
            ErrorClass::Refused if self.complaint().is_some() => RetryAction::RefuseForm,
            ErrorClass::Refused => RetryAction::FailItem(ItemFailure::Refused),
            ErrorClass::KeyRejected => stop(StopCause::KeyRejected),
            ErrorClass::NoCredit => stop(StopCause::NoCredit),
            ErrorClass::SpendLimit => stop(StopCause::SpendLimit),
            ErrorClass::NotPermitted => stop(StopCause::NotPermitted),
            ErrorClass::UnknownModel => stop(StopCause::UnknownModel),
            ErrorClass::NotSuchAServer => stop(StopCause::NotSuchAServer),
            ErrorClass::Configuration => stop(StopCause::Configuration),
            ErrorClass::TooLarge => RetryAction::ShrinkOnce,
            ErrorClass::RateLimited | ErrorClass::Overloaded | ErrorClass::Transient => self.again(),
        }
    }

    /// A retry that fits the failure.
    fn again(&self) -> RetryAction {
        let after = self.retry_after;
        match self.class {
            ErrorClass::RateLimited => RetryAction::HoldEndpoint { after },
            ErrorClass::Overloaded => RetryAction::Retry { after, cause: RetryCause::Overloaded },
            _ => RetryAction::Retry { after, cause: RetryCause::Transient },
        }
    }

    /// The refusal with redacted and then shortened texts. In this order, so that no half of a secret remains.
    pub(crate) fn presentable(self, redact: impl Fn(&str) -> String) -> Self {
        let redacted = |text: Option<String>| text.map(|text| shortened(&redact(&text)));
        Self {
            error_type: redacted(self.error_type),
            error_code: redacted(self.error_code),
            message: shortened(&redact(&self.message)),
            request_id: redacted(self.request_id),
            ..self
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(error_type) = &self.error_type {
            write!(f, ", {error_type}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        match self.retry_after {
            Some(after) if after > LONGEST_WAIT => {
                let (asked, most) = (after.as_secs(), LONGEST_WAIT.as_secs());
                write!(f, "; it requests a wait of {asked} seconds, and the limit is {most}")
            }
            _ => Ok(()),
        }
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(MESSAGE_LIMIT).collect()
}
