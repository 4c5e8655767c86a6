//! Anthropic's errors and rate limit headers. Pure. Source: Anthropic's error and rate limit pages, and the retry rule
//! of its SDKs, as of 2026-11-23.

use std::time::SystemTime;

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::exchange::request_id;
use crate::rate_limits::{RateLimits, Window, moment, retry_after};
use crate::refusal::Refusal;
use crate::retry::ErrorClass;

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
    #[serde(default)]
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct ErrorDetail {
    #[serde(rename = "type", default)]
    error_type: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    error_code: Option<String>,
}

/// Request fields that are the same for every image of a run.
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

/// Parses an error response. `now` is needed for dates in headers.
pub fn read(status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Refusal {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let refusal = from_body(status, body);
    let should_retry = match header("x-should-retry") {
        // Waiting does not help against a spend limit, whatever the header says.
        _ if spend_class(&refusal).is_some() => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    Refusal {
        request_id: request_id(headers).or(refusal.request_id),
        should_retry,
        retry_after: retry_after(headers, now),
        rate_limits: rate_limits(headers),
        ..refusal
    }
}

/// Parses an error object, as it also comes within a stream.
pub fn from_body(status: u16, body: &[u8]) -> Refusal {
    let mut refusal = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody { error, request_id }) => Refusal {
            status,
            error_type: error.error_type,
            error_code: error.details.and_then(|details| details.error_code),
            message: error.message.unwrap_or_default(),
            request_id,
            ..Refusal::default()
        },
        Err(_) => Refusal { status, message: String::from_utf8_lossy(body).into_owned(), ..Refusal::default() },
    };
    refusal.class = class_of(&refusal);
    refusal
}

/// Rate limits from the headers.
pub fn rate_limits(headers: &HeaderMap) -> RateLimits {
    let header = |kind: &str, what: &str| headers.get(format!("anthropic-ratelimit-{kind}-{what}"))?.to_str().ok();
    let window = |kind: &str| {
        Some(Window {
            // A limit of zero cannot be used for pacing.
            limit: header(kind, "limit")?.parse().ok().filter(|limit| *limit > 0)?,
            remaining: header(kind, "remaining")?.parse().ok()?,
            resets_at: header(kind, "reset").and_then(moment),
        })
    };
    RateLimits {
        requests: window("requests"),
        tokens: window("tokens"),
        input_tokens: window("input-tokens"),
        output_tokens: window("output-tokens"),
    }
}

fn class_of(refusal: &Refusal) -> ErrorClass {
    if let Some(class) = spend_class(refusal) {
        return class;
    }
    match (refusal.status, refusal.error_type.as_deref()) {
        (200 | 400, _) if is_about_configuration(refusal) => ErrorClass::Configuration,
        // Within a stream or batch results the status precedes the error; only the type tells.
        (200, Some("invalid_request_error")) => ErrorClass::Refused,
        (200, Some("authentication_error")) => ErrorClass::KeyRejected,
        (200, Some("billing_error")) => ErrorClass::NoCredit,
        (200, Some("permission_error")) => ErrorClass::NotPermitted,
        (200, Some("request_too_large")) => ErrorClass::TooLarge,
        (200 | 404, Some("not_found_error")) => ErrorClass::UnknownModel,
        (200 | 408 | 409 | 500.., Some("rate_limit_error")) => ErrorClass::RateLimited,
        (200 | 408 | 409 | 500.., Some("overloaded_error")) => ErrorClass::Overloaded,
        (200, _) => ErrorClass::Transient,
        (status, _) => ErrorClass::of_status(status),
    }
}

/// Billing errors have the status of a rate limit or a bad request.
fn spend_class(refusal: &Refusal) -> Option<ErrorClass> {
    let codes = [&refusal.error_type, &refusal.error_code];
    if codes.into_iter().flatten().any(|code| code.ends_with("spend_limit_reached")) {
        return Some(ErrorClass::SpendLimit);
    }
    if !matches!(refusal.status, 400 | 403 | 429) {
        return None;
    }
    if refusal.message.contains("You have reached your specified API usage limits") {
        Some(ErrorClass::SpendLimit)
    } else if refusal.message.contains("credit balance is too low") {
        Some(ErrorClass::NoCredit)
    } else {
        None
    }
}

/// The vendor's messages begin with the path of the field in question: `output_config.format.schema: ...`.
fn is_about_configuration(refusal: &Refusal) -> bool {
    let field = refusal.message.split(['.', ':', ' ']).next().unwrap_or_default();
    let is_bad_request = match refusal.status {
        200 => refusal.error_type.as_deref() == Some("invalid_request_error"),
        status => status == 400,
    };
    is_bad_request && FIXED_FIELDS.contains(&field.trim_matches(['`', '"', '\'']))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::refusal::{LONGEST_WAIT, MESSAGE_LIMIT};
    use crate::retry::{ItemFailure, RetryAction, RetryCause, StopCause};
    use reqwest::header::{HeaderName, HeaderValue};

    type Pairs = &'static [(&'static str, &'static str)];

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_body_in_the_vendor_s_form() {
        let body = br#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down",
            "details":{"error_code":"ramp_limit_exceeded"}},"request_id":"req_body"}"#;
        let pairs = [("request-id", "req_head"), ("x-should-retry", "true"), ("retry-after", "2")];
        let refusal = read(429, &headers(&pairs), body, SystemTime::UNIX_EPOCH);
        assert_eq!(
            refusal,
            Refusal {
                status: 429,
                class: ErrorClass::RateLimited,
                error_type: Some("rate_limit_error".into()),
                error_code: Some("ramp_limit_exceeded".into()),
                message: "Slow down".into(),
                request_id: Some("req_head".into()),
                should_retry: Some(true),
                retry_after: Some(Duration::from_secs(2)),
                rate_limits: RateLimits::default(),
            }
        );
        assert_eq!(refusal.to_string(), "status 429, rate_limit_error: Slow down (request req_head)");
    }

    #[test]
    fn a_body_in_any_other_form() {
        for body in [&b"<html>Bad gateway</html>"[..], b"", b"[]", b"{\"error\":\"no\"}", b"\xff\xfe"] {
            let refusal = read(502, &HeaderMap::new(), body, SystemTime::UNIX_EPOCH);
            assert_eq!((refusal.status, refusal.error_type), (502, None));
        }
    }

    #[test]
    fn half_a_secret_does_not_remain() {
        let body = format!("{} secret and more", "x".repeat(MESSAGE_LIMIT - 4));
        let message = from_body(400, body.as_bytes()).presentable(|text| text.replace("secret", "-")).message;
        assert!(message.ends_with("x - a") && message.len() == MESSAGE_LIMIT, "{message}");
    }

    #[test]
    fn retry_after_headers() {
        // 1994-11-06 08:49:30 UTC.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let table: [(Pairs, Option<u64>); 10] = [
            (&[("retry-after", "3")], Some(3_000)),
            (&[("retry-after", "0.25")], Some(250)),
            (&[("retry-after-ms", "1500"), ("retry-after", "9")], Some(1_500)),
            (&[("retry-after-ms", "soon"), ("retry-after", "9")], Some(9_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(7_000)),
            (&[("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT")], Some(7_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "NaN")], None),
            (&[], None),
        ];
        for (pairs, millis) in table {
            let refusal = read(429, &headers(pairs), b"", now);
            assert_eq!(refusal.retry_after, millis.map(Duration::from_millis), "{pairs:?}");
        }
    }

    #[test]
    fn a_wait_beyond_the_limit_stops_the_run() {
        let refused = |value: &'static str, status| {
            read(status, &headers(&[("retry-after", value)]), b"", SystemTime::UNIX_EPOCH)
        };
        for told in [
            "3601",
            "9300000000000000000",
            "18446744073709551616",
            "1e18",
            "1e300",
            "1e999",
            "inf",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            for status in [429, 500, 503, 529] {
                let refusal = refused(told, status);
                assert_eq!(refusal.action(), RetryAction::StopRun(StopCause::WaitTooLong), "{told}, {status}");
                assert!(refusal.to_string().contains("requests a wait"), "{refusal}");
            }
        }
        assert_eq!(refused("3600", 429).action(), RetryAction::HoldEndpoint { after: Some(LONGEST_WAIT) });
    }

    #[test]
    fn limits_from_headers() {
        let limits = rate_limits(&headers(&[
            ("anthropic-ratelimit-requests-limit", "1000"),
            ("anthropic-ratelimit-requests-remaining", "999"),
            ("anthropic-ratelimit-requests-reset", "1970-01-01T00:01:00Z"),
            ("anthropic-ratelimit-input-tokens-limit", "2000000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-limit", "many"),
        ]));
        let minute = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        assert_eq!(limits.requests, Some(Window { limit: 1_000, remaining: 999, resets_at: Some(minute) }));
        assert_eq!(limits.input_tokens, Some(Window { limit: 2_000_000, remaining: 0, resets_at: None }));
        assert_eq!((limits.tokens, limits.output_tokens), (None, None));
    }

    #[test]
    fn limits_that_are_not_numbers_are_ignored() {
        for limit in ["0", "-1", "1e9", "NaN", "inf", "18446744073709551616", ""] {
            let name = HeaderName::from_static("anthropic-ratelimit-requests-limit");
            let mut told = headers(&[("anthropic-ratelimit-requests-remaining", "5")]);
            told.insert(name, HeaderValue::from_static(limit));
            assert_eq!(rate_limits(&told), RateLimits::default(), "{limit}");
        }
    }

    fn refusal(status: u16, error_type: &str, message: &str) -> Refusal {
        classified(Refusal {
            status,
            error_type: Some(error_type.into()),
            message: message.into(),
            ..Refusal::default()
        })
    }

    fn classified(refusal: Refusal) -> Refusal {
        Refusal { class: class_of(&refusal), ..refusal }
    }

    const TRANSIENT: RetryAction = RetryAction::Retry { after: None, cause: RetryCause::Transient };
    const OVERLOADED: RetryAction = RetryAction::Retry { after: None, cause: RetryCause::Overloaded };
    const HOLD: RetryAction = RetryAction::HoldEndpoint { after: None };
    const FAIL: RetryAction = RetryAction::FailItem(ItemFailure::Refused);
    const FORM: RetryAction = RetryAction::RefuseForm;

    const fn stop(cause: StopCause) -> RetryAction {
        RetryAction::StopRun(cause)
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
            (413, "request_too_large", "", RetryAction::ShrinkOnce),
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
            (200, "request_too_large", "", RetryAction::ShrinkOnce),
        ];
        for (status, error_type, message, expected) in table {
            assert_eq!(refusal(status, error_type, message).action(), expected, "{status} {error_type} {message}");
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
            (413, RetryAction::ShrinkOnce),
            (429, HOLD),
            (502, TRANSIENT),
            (503, TRANSIENT),
            (529, OVERLOADED),
        ];
        for (status, expected) in table {
            assert_eq!(classified(Refusal { status, ..Refusal::default() }).action(), expected, "{status}");
        }
    }

    #[test]
    fn the_server_s_word_wins_but_not_over_money() {
        let told = |status, error_type: &str, should_retry| {
            Refusal { should_retry: Some(should_retry), ..refusal(status, error_type, "") }.action()
        };
        assert_eq!(told(400, "invalid_request_error", true), TRANSIENT);
        assert_eq!(told(401, "authentication_error", true), TRANSIENT);
        assert_eq!(told(429, "rate_limit_error", true), HOLD);
        assert_eq!(told(529, "overloaded_error", true), OVERLOADED);
        assert_eq!(told(500, "api_error", false), RetryAction::FailItem(ItemFailure::ServerFailed));
        assert_eq!(told(413, "request_too_large", false), RetryAction::ShrinkOnce);
        assert_eq!(told(429, "rate_limit_error", false), stop(StopCause::SpendLimit));
        let body = br#"{"error":{"type":"enforced_spend_limit_reached"}}"#;
        let refusal = read(429, &headers(&[("x-should-retry", "true")]), body, SystemTime::UNIX_EPOCH);
        assert_eq!(refusal.action(), stop(StopCause::SpendLimit));
    }

    #[test]
    fn details_may_name_the_spend_limit() {
        let error_code = Some("enforced_spend_limit_reached".to_owned());
        let refusal = classified(Refusal { error_code, ..refusal(429, "rate_limit_error", "") });
        assert_eq!(refusal.action(), stop(StopCause::SpendLimit));
    }

    #[test]
    fn waiting_times_are_passed_on() {
        let after = Some(Duration::from_secs(7));
        let told = |status| classified(Refusal { status, retry_after: after, ..Refusal::default() }).action();
        assert_eq!(told(429), RetryAction::HoldEndpoint { after });
        assert_eq!(told(500), RetryAction::Retry { after, cause: RetryCause::Transient });
        assert_eq!(told(529), RetryAction::Retry { after, cause: RetryCause::Overloaded });
    }
}
