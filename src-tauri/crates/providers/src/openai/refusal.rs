//! OpenAI's errors and rate limit headers. Pure. Source: OpenAI's error and rate limit pages, and the retry rule of its
//! SDKs, as of 2026-11-23.

use std::time::SystemTime;

use reqwest::header::HeaderMap;

use crate::exchange::request_id;
use crate::json::Object;
use crate::rate_limits::{RateLimits, Window, duration, retry_after};
use crate::refusal::Refusal;
use crate::retry::ErrorClass;

/// Request fields that are the same for every image of a run.
const FIXED_FIELDS: [&str; 8] = [
    "model",
    "max_completion_tokens",
    "max_tokens",
    "response_format",
    "reasoning_effort",
    "stream",
    "stream_options",
    "messages[0]",
];

/// Codes of errors that end when the user pays.
const CREDIT_CODES: [&str; 3] = ["insufficient_quota", "billing_not_active", "access_terminated"];

/// Parses an error response. `now` is needed for dates in headers.
pub fn read(status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Refusal {
    let refusal = from_body(status, body);
    let should_retry = match headers.get("x-should-retry").and_then(|value| value.to_str().ok()) {
        // Waiting does not help against a spend limit, whatever the header says.
        _ if matches!(refusal.class, ErrorClass::NoCredit | ErrorClass::SpendLimit) => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    Refusal {
        request_id: request_id(headers),
        should_retry,
        retry_after: retry_after(headers, now),
        rate_limits: limits_at(headers, now),
        ..refusal
    }
}

/// Parses an error object, as it also comes within a stream.
pub fn from_body(status: u16, body: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let object = Object::parse(&text).ok();
    // Other servers have the error's fields in the body itself, or a text in place of the object.
    let error = object.as_ref().and_then(|object| object.object("error"));
    let message = error.as_ref().and_then(|error| error.name("message"));
    let message = message.or_else(|| object.as_ref()?.name("error"));
    let message = message.or_else(|| object.as_ref()?.name("message")).or_else(|| object.as_ref()?.name("detail"));
    let field = |key: &str| error.as_ref().and_then(|error| error.name(key)).filter(|value| !value.is_empty());
    let mut refusal = Refusal {
        status,
        error_type: field("type"),
        error_code: field("code"),
        message: message.unwrap_or_else(|| text.clone().into_owned()),
        ..Refusal::default()
    };
    // Within a stream, the status of the response is no longer that of the error; some servers repeat it as the code.
    let code = error.as_ref().and_then(|error| error.count("code").known());
    let code = code.or_else(|| refusal.error_code.as_deref()?.parse().ok());
    let told = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
    let status = if status == 200 { told.unwrap_or(status) } else { status };
    refusal.class = class_of(status, &refusal, field("param").as_deref());
    refusal
}

/// Rate limits from the headers.
pub fn rate_limits(headers: &HeaderMap) -> RateLimits {
    limits_at(headers, SystemTime::now())
}

fn limits_at(headers: &HeaderMap, now: SystemTime) -> RateLimits {
    let header = |what: &str, kind: &str| headers.get(format!("x-ratelimit-{what}-{kind}"))?.to_str().ok();
    let window = |kind: &str| {
        Some(Window {
            // A limit of zero cannot be used for pacing.
            limit: header("limit", kind)?.parse().ok().filter(|limit| *limit > 0)?,
            remaining: header("remaining", kind)?.parse().ok()?,
            resets_at: header("reset", kind).and_then(duration).and_then(|wait| now.checked_add(wait)),
        })
    };
    RateLimits { requests: window("requests"), tokens: window("tokens"), ..RateLimits::default() }
}

fn class_of(status: u16, refusal: &Refusal, param: Option<&str>) -> ErrorClass {
    let code = refusal.error_code.as_deref().unwrap_or_default();
    let error_type = refusal.error_type.as_deref().unwrap_or_default();
    if CREDIT_CODES.contains(&code) || error_type == "insufficient_quota" {
        return ErrorClass::NoCredit;
    }
    let is_of_params = |field: &&str| param.is_some_and(|param| param.starts_with(field));
    match (status, code, error_type) {
        (_, "billing_hard_limit_reached", _) => ErrorClass::SpendLimit,
        // More tokens than may wait in batches at a time.
        (_, "token_limit_exceeded", _) => ErrorClass::RateLimited,
        (200 | 400 | 403 | 404, "model_not_found", _) => ErrorClass::UnknownModel,
        // Other servers say it in words only.
        (404, ..) if refusal.message.to_lowercase().contains("model") => ErrorClass::UnknownModel,
        (200 | 400, "invalid_api_key", _) => ErrorClass::KeyRejected,
        // One request that is larger than the limit of a minute: waiting does not help.
        (429, ..) if refusal.message.starts_with("Request too large") => ErrorClass::TooLarge,
        (200 | 400 | 422, ..) if FIXED_FIELDS.iter().any(is_of_params) => ErrorClass::Configuration,
        (200, _, "invalid_request_error") => ErrorClass::Refused,
        (200, _, "rate_limit_error" | "requests" | "tokens") | (200, "rate_limit_exceeded", _) => {
            ErrorClass::RateLimited
        }
        (200, ..) => ErrorClass::Transient,
        (503, ..) => ErrorClass::Overloaded,
        (status, ..) => ErrorClass::of_status(status),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::retry::{ItemFailure, RetryAction, RetryCause, StopCause};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn error(message: &str, error_type: &str, param: &str, code: &str) -> String {
        serde_json::json!({"error": {"message": message, "type": error_type, "param": param, "code": code}}).to_string()
    }

    #[test]
    fn a_body_in_the_vendor_s_form() {
        let body = error("Slow down", "requests", "", "rate_limit_exceeded");
        let pairs = [
            ("x-request-id", "req_1"),
            ("retry-after-ms", "1500"),
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-limit-tokens", "0"),
            ("x-ratelimit-remaining-tokens", "0"),
        ];
        let refusal = read(429, &headers(&pairs), body.as_bytes(), NOW);
        let after = Some(Duration::from_millis(1_500));
        assert_eq!(refusal.action(), RetryAction::HoldEndpoint { after });
        assert_eq!(refusal.to_string(), "status 429, requests: Slow down (request req_1)");
        let resets_at = NOW.checked_add(Duration::from_mins(6));
        assert_eq!(refusal.rate_limits.requests, Some(Window { limit: 60, remaining: 0, resets_at }));
        assert_eq!(refusal.rate_limits.tokens, None);
    }

    #[test]
    fn the_table() {
        let stop = RetryAction::StopRun;
        let transient = RetryAction::Retry { after: None, cause: RetryCause::Transient };
        let overloaded = RetryAction::Retry { after: None, cause: RetryCause::Overloaded };
        let hold = RetryAction::HoldEndpoint { after: None };
        let failed = RetryAction::FailItem(ItemFailure::Refused);
        let invalid = "invalid_request_error";
        let table = [
            (401, error("Incorrect API key provided", invalid, "", "invalid_api_key"), stop(StopCause::KeyRejected)),
            (403, error("Not allowed", "", "", ""), stop(StopCause::NotPermitted)),
            (404, error("The model `x` does not exist", invalid, "", "model_not_found"), stop(StopCause::UnknownModel)),
            (403, error("No access to `x`", invalid, "", "model_not_found"), stop(StopCause::UnknownModel)),
            (
                404,
                "{\"error\":\"model 'x' not found, try pulling it first\"}".to_owned(),
                stop(StopCause::UnknownModel),
            ),
            (404, "404 page not found".to_owned(), stop(StopCause::NotSuchAServer)),
            (429, error("", "insufficient_quota", "", "insufficient_quota"), stop(StopCause::NoCredit)),
            (429, error("", invalid, "", "billing_hard_limit_reached"), stop(StopCause::SpendLimit)),
            (429, error("Rate limit reached", "tokens", "", "rate_limit_exceeded"), hold),
            (429, error("Request too large for x", "tokens", "", "rate_limit_exceeded"), RetryAction::ShrinkOnce),
            (400, error("Invalid schema", invalid, "response_format", ""), stop(StopCause::Configuration)),
            (400, error("Too large", invalid, "max_completion_tokens", ""), stop(StopCause::Configuration)),
            (400, error("Invalid base64 image", invalid, "messages[1].content[0]", "invalid_base64"), failed),
            (400, error("Unsupported parameter", invalid, "foo", ""), RetryAction::RefuseForm),
            (413, "<html>".to_owned(), RetryAction::ShrinkOnce),
            (500, error("", "server_error", "", ""), transient),
            (503, error("Slow down", "server_error", "", ""), overloaded),
            (200, error("", "server_error", "", ""), transient),
            (200, error("", "tokens", "", "rate_limit_exceeded"), hold),
            (
                200,
                r#"{"error":{"code":401,"message":"No auth credentials found"}}"#.to_owned(),
                stop(StopCause::KeyRejected),
            ),
            (200, r#"{"error":{"code":429,"message":"Slow down"}}"#.to_owned(), hold),
            (200, r#"{"error":{"code":"502","message":"Bad gateway"}}"#.to_owned(), transient),
        ];
        for (status, body, expected) in table {
            let refusal = read(status, &HeaderMap::new(), body.as_bytes(), NOW);
            assert_eq!(refusal.action(), expected, "{status} {body}");
        }
    }

    #[test]
    fn waiting_does_not_help_without_credit() {
        let body = error("", "insufficient_quota", "", "insufficient_quota");
        let refusal = read(429, &headers(&[("x-should-retry", "true")]), body.as_bytes(), NOW);
        assert_eq!(refusal.action(), RetryAction::StopRun(StopCause::NoCredit));
    }

    #[test]
    fn bodies_of_other_servers() {
        for (body, message) in [
            (&b"{\"error\":\"no\"}"[..], "no"),
            (b"{\"object\":\"error\",\"message\":\"bad\",\"code\":400}", "bad"),
            (b"{\"detail\":\"Not Found\"}", "Not Found"),
            (b"<html>", "<html>"),
            (b"", ""),
        ] {
            assert_eq!(from_body(400, body).message, message);
        }
    }
}
