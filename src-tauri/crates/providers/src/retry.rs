//! From a failure to what is to be done about it. Pure: a table, with the vendor's own word (`x-should-retry`) above it.
//!
//! Deliberately absent: waiting, counting retries, lowering concurrency. Those who own a run do that. Source: Anthropic's
//! error page and the retry rule of its SDKs as of 2026-11-23.

use std::time::Duration;

use crate::refusal::{LONGEST_WAIT, Refusal};

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// This image fails; the next one may succeed.
    FailItem(ItemFailure),
    /// The server would not take this request, and does not say that its image is the reason. This image fails if the
    /// server takes other requests; if it takes none, the form of the requests is the reason ([`Refusal::complaint`]).
    RefuseForm,
    /// The answer could not be read. Try this request again; a server of which no answer can be read is not asked any more.
    Unreadable,
    /// Try this request again, after `after` or the caller's own backoff.
    Retry { after: Option<Duration>, cause: RetryCause },
    /// Send nothing on this route for `after` or the caller's own backoff, then try again. Costs no attempt.
    HoldRoute { after: Option<Duration> },
    /// Send a smaller picture, once; if that is refused as well the image fails.
    ShrinkOnce,
    /// Nothing more will succeed until a person has done something.
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
    /// The server has too much to do: fewer requests at a time will help.
    Overloaded,
}

/// What a person has to see to before a run can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopCause {
    /// The key is wrong or was withdrawn.
    KeyRejected,
    /// The account has no credit, or its billing is not in order.
    NoCredit,
    /// A spend limit that somebody set is reached.
    SpendLimit,
    /// The key may not do this.
    NotPermitted,
    /// The server does not know the model.
    UnknownModel,
    /// The server does not know the interface at all, or sends elsewhere.
    NotSuchAServer,
    /// The request's fixed part is refused, so that every image would be.
    Configuration,
    /// The server asks to wait for longer than [`LONGEST_WAIT`].
    WaitTooLong,
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

/// Fields of a request that are the same for every image of a run.
const FIXED_FIELDS: [&str; 10] = [
    "model",
    "max_tokens",
    "system",
    "output_config",
    "output_format",
    "thinking",
    "stream",
    "tools",
    "tool_choice",
    "anthropic-version",
];

impl Refusal {
    /// What to do about it.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        if let Some(cause) = self.spend_stop() {
            return Disposition::StopRun(cause);
        }
        let disposition = self.without_bound();
        let is_too_long = self.retry_after.is_some_and(|after| after > LONGEST_WAIT);
        match disposition {
            Disposition::Retry { .. } | Disposition::HoldRoute { .. } if is_too_long => {
                Disposition::StopRun(StopCause::WaitTooLong)
            }
            other => other,
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

    fn without_bound(&self) -> Disposition {
        match self.should_retry {
            Some(true) => self.again(),
            Some(false) => match self.by_status() {
                Disposition::Retry { .. } => Disposition::FailItem(ItemFailure::ServerFailed),
                // A limit that does not pass by itself.
                Disposition::HoldRoute { .. } => Disposition::StopRun(StopCause::SpendLimit),
                other => other,
            },
            None => self.by_status(),
        }
    }

    fn by_status(&self) -> Disposition {
        match (self.status, self.error_type.as_deref()) {
            // Within a stream or a batch's results the status has been sent before the failure; only the type tells.
            (200, Some("invalid_request_error")) if !self.is_about_configuration() => self.refused(),
            (200, Some("authentication_error")) | (401, _) => Disposition::StopRun(StopCause::KeyRejected),
            (200, Some("billing_error")) | (402, _) => Disposition::StopRun(StopCause::NoCredit),
            (200, Some("permission_error")) | (403, _) => Disposition::StopRun(StopCause::NotPermitted),
            (200 | 404, Some("not_found_error")) => Disposition::StopRun(StopCause::UnknownModel),
            (300..=399 | 404 | 405, _) => Disposition::StopRun(StopCause::NotSuchAServer),
            (200, Some("request_too_large")) | (413, _) => Disposition::ShrinkOnce,
            _ if self.is_about_configuration() => Disposition::StopRun(StopCause::Configuration),
            (200 | 408 | 409 | 429 | 500.., _) => self.again(),
            _ => self.refused(),
        }
    }

    fn refused(&self) -> Disposition {
        match self.complaint() {
            Some(_) => Disposition::RefuseForm,
            None => Disposition::FailItem(ItemFailure::Refused),
        }
    }

    /// Trying again, in the way that fits the failure.
    fn again(&self) -> Disposition {
        let after = self.retry_after;
        match (self.status, self.error_type.as_deref()) {
            (429, _) | (_, Some("rate_limit_error")) => Disposition::HoldRoute { after },
            (529, _) | (_, Some("overloaded_error")) => Disposition::Retry { after, cause: RetryCause::Overloaded },
            _ => Disposition::Retry { after, cause: RetryCause::Transient },
        }
    }

    /// Some refusals are about money although their status says rate limit or bad request.
    fn spend_stop(&self) -> Option<StopCause> {
        let codes = [&self.error_type, &self.error_code];
        if codes.into_iter().flatten().any(|code| code.ends_with("spend_limit_reached")) {
            return Some(StopCause::SpendLimit);
        }
        if !matches!(self.status, 400 | 403 | 429) {
            return None;
        }
        if self.message.contains("You have reached your specified API usage limits") {
            Some(StopCause::SpendLimit)
        } else if self.message.contains("credit balance is too low") {
            Some(StopCause::NoCredit)
        } else {
            None
        }
    }

    /// The vendor's messages begin with the path of the field they are about: `output_config.format.schema: ...`.
    fn is_about_configuration(&self) -> bool {
        let field = self.message.split(['.', ':', ' ']).next().unwrap_or_default();
        let is_bad_request = match self.status {
            200 => self.error_type.as_deref() == Some("invalid_request_error"),
            status => status == 400,
        };
        is_bad_request && FIXED_FIELDS.contains(&field.trim_matches(['`', '"', '\'']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, error_type: &str, message: &str) -> Refusal {
        Refusal { status, error_type: Some(error_type.into()), message: message.into(), ..Refusal::default() }
    }

    const TRANSIENT: Disposition = Disposition::Retry { after: None, cause: RetryCause::Transient };
    const OVERLOADED: Disposition = Disposition::Retry { after: None, cause: RetryCause::Overloaded };
    const HOLD: Disposition = Disposition::HoldRoute { after: None };
    const FAIL: Disposition = Disposition::FailItem(ItemFailure::Refused);
    const FORM: Disposition = Disposition::RefuseForm;

    const fn stop(cause: StopCause) -> Disposition {
        Disposition::StopRun(cause)
    }

    const EXTRA_INPUTS: &str = "messages.0.content.0.image.transformations: Extra inputs are not permitted";

    #[test]
    fn complaints_about_the_form_are_the_same_for_every_image() {
        let complaint = |message: &str| refusal(400, "invalid_request_error", message).complaint();
        assert_eq!(complaint(EXTRA_INPUTS), complaint(&EXTRA_INPUTS.replace(".0.", ".7.")));
        let long = |tokens: u32| complaint(&format!("prompt is too long: {tokens} tokens > 200000 maximum"));
        assert!(long(200_001).is_some() && long(200_001) == long(999_999));
        assert_ne!(complaint(EXTRA_INPUTS), long(200_001));
        assert_ne!(refusal(422, "", "x").complaint(), refusal(400, "", "x").complaint());
        assert_eq!(complaint("messages.0.content.0: Could not process image"), None);
        assert_eq!(complaint("At least one of the image dimensions exceeds 8000 pixels"), None);
    }

    #[test]
    fn the_table() {
        let usage_limits = "You have reached your specified API usage limits. You will regain access on 2026-12-01.";
        let table = [
            (400, "invalid_request_error", "messages.0.content.0.image: could not process image", FAIL),
            (400, "invalid_request_error", "prompt is too long: 1000001 tokens > 1000000 maximum", FORM),
            (400, "invalid_request_error", "output_config.format.schema: bad", stop(StopCause::Configuration)),
            (400, "invalid_request_error", "`temperature` may not be set", FORM),
            (400, "invalid_request_error", "max_tokens: 200000 > 128000", stop(StopCause::Configuration)),
            (400, "invalid_request_error", usage_limits, stop(StopCause::SpendLimit)),
            (400, "invalid_request_error", "Your credit balance is too low to go on", stop(StopCause::NoCredit)),
            (401, "authentication_error", "invalid x-api-key", stop(StopCause::KeyRejected)),
            (402, "billing_error", "", stop(StopCause::NoCredit)),
            (403, "permission_error", "", stop(StopCause::NotPermitted)),
            (404, "not_found_error", "model: claude-x", stop(StopCause::UnknownModel)),
            (408, "timeout_error", "", TRANSIENT),
            (409, "conflict_error", "", TRANSIENT),
            (413, "request_too_large", "", Disposition::ShrinkOnce),
            (400, "invalid_request_error", "messages.0.content.0.image.source.base64.data: too many bytes", FAIL),
            (400, "invalid_request_error", EXTRA_INPUTS, FORM),
            (422, "invalid_request_error", "", FORM),
            (429, "rate_limit_error", "", HOLD),
            (429, "enforced_spend_limit_reached", "", stop(StopCause::SpendLimit)),
            (429, "contract_spend_limit_reached", "", stop(StopCause::SpendLimit)),
            (429, "linked_organization_spend_limit_reached", "", stop(StopCause::SpendLimit)),
            (500, "api_error", "", TRANSIENT),
            (504, "timeout_error", "", TRANSIENT),
            (529, "overloaded_error", "", OVERLOADED),
            (200, "overloaded_error", "", OVERLOADED),
            (200, "api_error", "", TRANSIENT),
            (200, "rate_limit_error", "", HOLD),
            (200, "invalid_request_error", "", FORM),
            (200, "invalid_request_error", "max_tokens: 200000 > 128000", stop(StopCause::Configuration)),
            (200, "not_found_error", "model: claude-x", stop(StopCause::UnknownModel)),
            (200, "request_too_large", "", Disposition::ShrinkOnce),
        ];
        for (status, error_type, message, expected) in table {
            assert_eq!(refusal(status, error_type, message).disposition(), expected, "{status} {error_type} {message}");
        }
    }

    #[test]
    fn bodies_that_are_not_the_vendor_s() {
        let table = [
            (302, stop(StopCause::NotSuchAServer)),
            (400, FORM),
            (422, FORM),
            (404, stop(StopCause::NotSuchAServer)),
            (405, stop(StopCause::NotSuchAServer)),
            (413, Disposition::ShrinkOnce),
            (429, HOLD),
            (502, TRANSIENT),
            (503, TRANSIENT),
            (529, OVERLOADED),
        ];
        for (status, expected) in table {
            assert_eq!(Refusal { status, ..Refusal::default() }.disposition(), expected, "{status}");
        }
    }

    #[test]
    fn the_server_s_word_wins_but_not_over_money() {
        let told = |status, error_type: &str, should_retry| {
            Refusal { should_retry: Some(should_retry), ..refusal(status, error_type, "") }.disposition()
        };
        assert_eq!(told(400, "invalid_request_error", true), TRANSIENT);
        assert_eq!(told(401, "authentication_error", true), TRANSIENT);
        assert_eq!(told(429, "rate_limit_error", true), HOLD);
        assert_eq!(told(529, "overloaded_error", true), OVERLOADED);
        assert_eq!(told(500, "api_error", false), Disposition::FailItem(ItemFailure::ServerFailed));
        assert_eq!(told(413, "request_too_large", false), Disposition::ShrinkOnce);
        assert_eq!(told(429, "rate_limit_error", false), stop(StopCause::SpendLimit));
        assert_eq!(told(429, "enforced_spend_limit_reached", true), stop(StopCause::SpendLimit));
    }

    #[test]
    fn details_may_name_the_spend_limit() {
        let error_code = Some("enforced_spend_limit_reached".to_owned());
        let refusal = Refusal { error_code, ..refusal(429, "rate_limit_error", "") };
        assert_eq!(refusal.disposition(), stop(StopCause::SpendLimit));
    }

    #[test]
    fn waiting_times_are_passed_on() {
        let after = Some(Duration::from_secs(7));
        let told = |status| Refusal { status, retry_after: after, ..Refusal::default() }.disposition();
        assert_eq!(told(429), Disposition::HoldRoute { after });
        assert_eq!(told(500), Disposition::Retry { after, cause: RetryCause::Transient });
        assert_eq!(told(529), Disposition::Retry { after, cause: RetryCause::Overloaded });
    }
}
