//! A server's "no": status, class, message, and when to come back. Each provider reads its own; what follows from one is the
//! same for all.

use std::time::Duration;

use crate::rate_limits::RateLimits;
use crate::retry::{ErrorClass, ItemFailure, RetryAction, RetryCause, StopCause};

/// The longest time that a server is waited for because it says so or because of a limit. A run that would have to wait
/// longer stops, says why, and can be resumed. The figure stands in docs/reliability.md.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The longest part of a server's message that is kept, in characters.
pub(crate) const MESSAGE_LIMIT: usize = 500;

/// A request that the server refused, or gave up after it had begun to answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// HTTP status; 200 when the error came within a stream that had begun, or among a batch's results.
    pub status: u16,
    pub class: ErrorClass,
    /// The vendor's own name for it, such as `rate_limit_error`; `None` when the body was not in the vendor's form.
    pub error_type: Option<String>,
    /// A finer code that some errors carry.
    pub error_code: Option<String>,
    /// What the server said, shortened. May be empty.
    pub message: String,
    /// To be named when one asks the vendor about it.
    pub request_id: Option<String>,
    /// The server's own word on whether trying again makes sense.
    pub should_retry: Option<bool>,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What the headers said about limits.
    pub rate_limits: RateLimits,
}

/// What a complaint about an image speaks of.
const IMAGE_WORDS: [&str; 5] = ["image", "base64", "picture", "pixel", "media_type"];
/// What a complaint about the form of a request says, whatever it is about.
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
    /// What to do about it: what its class calls for, with the server's own word (`should_retry`) above it.
    #[must_use]
    pub fn action(&self) -> RetryAction {
        let action = match (self.should_retry, self.by_class()) {
            (Some(true), _) => self.again(),
            (Some(false), RetryAction::Retry { .. }) => RetryAction::FailItem(ItemFailure::ServerFailed),
            // A limit that does not pass by itself.
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

    /// What the server complains of, the same for two requests that are refused for the same reason. `None` where the
    /// complaint is about the image of one request.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let message = self.message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if has(&IMAGE_WORDS) && !has(&FORM_WORDS) {
            return None;
        }
        // Sizes, places and names of requests differ from one to the next.
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

    /// Trying again, in the way that fits the failure.
    fn again(&self) -> RetryAction {
        let after = self.retry_after;
        match self.class {
            ErrorClass::RateLimited => RetryAction::HoldEndpoint { after },
            ErrorClass::Overloaded => RetryAction::Retry { after, cause: RetryCause::Overloaded },
            _ => RetryAction::Retry { after, cause: RetryCause::Transient },
        }
    }

    /// The same refusal without what `redact` takes out of its texts, and not longer than anybody reads. In this order:
    /// half of a secret must not remain where a text was cut.
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
                write!(f, "; it asks to wait {asked} seconds, and Fieldmark waits {most} at most")
            }
            _ => Ok(()),
        }
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(MESSAGE_LIMIT).collect()
}
