//! Google's errors. Pure. Source: the vendor's error and rate limit pages, the error model of its APIs (`google.rpc.Status`
//! with its details), and its SDK, as of 2026-11-23.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use crate::exchange::request_id;
use crate::json::Object;
use crate::rate_limits::{duration, retry_after};
use crate::refusal::Refusal;
use crate::retry::ErrorClass;

/// Request fields that are the same for every image of a run.
const FIXED_FIELDS: [&str; 3] = ["generation_config", "system_instruction", "model"];

/// Parses an error response. `now` is needed for dates in headers.
pub fn read(status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Refusal {
    let refusal = from_body(status, body);
    // The vendor says it in the body; gateways in front of it say it in a header.
    let retry_after = refusal.retry_after.or_else(|| retry_after(headers, now));
    Refusal { request_id: request_id(headers), retry_after, ..refusal }
}

/// Parses an error object, as it also comes within a stream.
pub fn from_body(status: u16, body: &[u8]) -> Refusal {
    let Some(error) = error_object(body) else {
        let message = String::from_utf8_lossy(body).into_owned();
        return Refusal { status, class: unknown_class(status), message, ..Refusal::default() };
    };
    let details = Details::of(&error);
    let name = error.get("status").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.or_else(|| error.get("code").and_then(Value::as_u64).and_then(rpc_code_name));
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    // Within a stream, the status of the response is no longer that of the error.
    let code = error.get("code").and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
    let told = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
    let own_status = if status == 200 { told.unwrap_or(status) } else { status };
    Refusal {
        status,
        class: class_of(own_status, name.unwrap_or_default(), message, &details),
        error_type: name.map(str::to_owned),
        error_code: details.reason.clone().or_else(|| details.quotas.first().cloned()),
        message: message.to_owned(),
        retry_after: details.retry_after,
        ..Refusal::default()
    }
}

/// The name of an error's code.
pub fn code_name(error: &Object<'_>) -> Option<String> {
    let name = error.name("status").filter(|name| !name.is_empty());
    name.or_else(|| rpc_code_name(error.count("code").known()?).map(str::to_owned))
}

/// The name of a `google.rpc.Code`, which an error without an HTTP status has as its code.
fn rpc_code_name(code: u64) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.get(usize::try_from(code).ok()?).copied()
}

/// The error of a body, which some servers put in a list. Some gateways have only its message.
fn error_object(body: &[u8]) -> Option<Map<String, Value>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let body = body.as_array().and_then(|list| list.first()).unwrap_or(&body);
    match body.get("error") {
        Some(Value::Object(error)) => Some(error.clone()),
        Some(Value::String(message)) => Some(Map::from_iter([("message".to_owned(), message.clone().into())])),
        _ => body.as_object().filter(|object| object.contains_key("message")).cloned(),
    }
}

/// What the details of an error say. Each is told by its fields, because gateways leave out the types.
#[derive(Debug, Default)]
struct Details {
    retry_after: Option<Duration>,
    /// Such as `API_KEY_INVALID`.
    reason: Option<String>,
    /// The ids of exceeded quotas.
    quotas: Vec<String>,
    /// Whether an exceeded quota allows nothing at all.
    has_empty_quota: bool,
    /// The fields in question.
    fields: Vec<String>,
}

impl Details {
    fn of(error: &Map<String, Value>) -> Self {
        let mut details = Self::default();
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
            details.add(detail);
            // A detail may be wrapped in an object with its name.
            detail.as_object().into_iter().flat_map(Map::values).for_each(|inner| details.add(inner));
        }
        details
    }

    fn add(&mut self, detail: &Value) {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let items = |key: &str| detail.get(key).and_then(Value::as_array).into_iter().flatten();
        self.retry_after = self.retry_after.or_else(|| detail.get("retryDelay").and_then(delay));
        self.reason = self.reason.take().or_else(|| text(detail, "reason"));
        for violation in items("violations") {
            self.quotas.extend(text(violation, "quotaId").or_else(|| text(violation, "quotaMetric")));
            let value = violation.get("quotaValue");
            self.has_empty_quota |= value.is_some_and(|value| value == "0" || value == 0);
        }
        self.fields.extend(items("fieldViolations").filter_map(|violation| text(violation, "field")));
    }
}

/// A wait such as `46s` or `{"seconds": 46}`.
fn delay(told: &Value) -> Option<Duration> {
    match told {
        Value::String(told) => duration(told).filter(|_| !told.trim().is_empty()),
        Value::Object(parts) => {
            let number = |key: &str| match parts.get(key) {
                Some(Value::String(digits)) => digits.parse().ok(),
                other => other.and_then(Value::as_f64),
            };
            Duration::try_from_secs_f64(number("seconds")? + number("nanos").unwrap_or(0.0) / 1e9).ok()
        }
        _ => None,
    }
}

fn class_of(status: u16, name: &str, message: &str, details: &Details) -> ErrorClass {
    let has = |words: &str| message.to_lowercase().contains(words);
    let is_key_rejected = details.reason.as_deref().is_some_and(|reason| reason.starts_with("API_KEY_INVALID"));
    if is_key_rejected || has("api key not valid") || has("api key expired") {
        return ErrorClass::KeyRejected;
    }
    match name {
        "RESOURCE_EXHAUSTED" => exhausted(message, details),
        "UNAUTHENTICATED" => ErrorClass::KeyRejected,
        // An account without a plan, or the place of the caller.
        "FAILED_PRECONDITION" if has("billing") => ErrorClass::NoCredit,
        "PERMISSION_DENIED" | "FAILED_PRECONDITION" => ErrorClass::NotPermitted,
        "NOT_FOUND" => ErrorClass::UnknownModel,
        "UNAVAILABLE" => ErrorClass::Overloaded,
        "INTERNAL" | "UNKNOWN" | "DEADLINE_EXCEEDED" | "CANCELLED" | "ABORTED" => ErrorClass::Transient,
        "INVALID_ARGUMENT" if has("payload size exceeds") => ErrorClass::TooLarge,
        "INVALID_ARGUMENT" if is_about_configuration(message, details) => ErrorClass::Configuration,
        "INVALID_ARGUMENT" => ErrorClass::Refused,
        _ if status == 429 => exhausted(message, details),
        _ => unknown_class(status),
    }
}

/// A quota of a minute is full again soon. One of a day is not, and a quota of nothing never is.
fn exhausted(message: &str, details: &Details) -> ErrorClass {
    let message = message.to_lowercase();
    let allows_nothing = message.match_indices("limit: 0").any(|(at, found)| {
        let next = message[at + found.len()..].chars().next();
        !next.is_some_and(|next| next.is_ascii_digit() || next == '.')
    });
    let is_of_day = |text: &str| text.to_lowercase().replace(['_', ' '], "").contains("perday");
    if allows_nothing || details.has_empty_quota {
        ErrorClass::NoCredit
    } else if is_of_day(&message) || details.quotas.iter().any(|quota| is_of_day(quota)) {
        ErrorClass::SpendLimit
    } else {
        ErrorClass::RateLimited
    }
}

/// The vendor names the field in a detail, and in its message: `... at 'generation_config.max_output_tokens': ...`.
fn is_about_configuration(message: &str, details: &Details) -> bool {
    let in_message = message.split("at '").skip(1).filter_map(|rest| rest.split('\'').next());
    let mut fields = details.fields.iter().map(String::as_str).chain(in_message);
    fields.any(|field| {
        let field = snake_case(field);
        FIXED_FIELDS.iter().any(|fixed| field.starts_with(fixed))
    })
}

/// The vendor names fields in both notations.
fn snake_case(field: &str) -> String {
    field.chars().flat_map(|c| c.is_ascii_uppercase().then_some('_').into_iter().chain(c.to_lowercase())).collect()
}

/// The class of an error that is not in the vendor's form.
fn unknown_class(status: u16) -> ErrorClass {
    match status {
        200 | 499 => ErrorClass::Transient,
        503 => ErrorClass::Overloaded,
        status => ErrorClass::of_status(status),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::retry::{ItemFailure, RetryAction, RetryCause, StopCause};

    fn action(status: u16, name: &str, message: &str, details: &Value) -> RetryAction {
        let body = json!({"error": {"code": status, "status": name, "message": message, "details": details}});
        let of = |status: u16| read(status, &HeaderMap::new(), body.to_string().as_bytes(), SystemTime::UNIX_EPOCH);
        assert_eq!(of(200).action(), of(status).action(), "within a stream: {body}");
        of(status).action()
    }

    fn quota(id: &str, value: &str) -> Value {
        json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaMetric": "generate_requests", "quotaId": id, "quotaValue": value}]}])
    }

    #[test]
    fn the_table() {
        let stop = RetryAction::StopRun;
        let transient = RetryAction::Retry { after: None, cause: RetryCause::Transient };
        let overloaded = RetryAction::Retry { after: None, cause: RetryCause::Overloaded };
        let hold = RetryAction::HoldEndpoint { after: None };
        let none = json!([]);
        let reason = |reason: &str| json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]);
        let field = |field: &str| json!([{"fieldViolations": [{"field": field, "description": ""}]}]);
        let invalid = "INVALID_ARGUMENT";
        let exhausted = "RESOURCE_EXHAUSTED";
        let unknown_field =
            "Invalid JSON payload received. Unknown name \"x\" at 'generation_config': Cannot find field.";
        let table = [
            (400, invalid, "Bad key", reason("API_KEY_INVALID"), stop(StopCause::KeyRejected)),
            (400, invalid, "API key expired. Please renew the API key.", none.clone(), stop(StopCause::KeyRejected)),
            (401, "UNAUTHENTICATED", "", none.clone(), stop(StopCause::KeyRejected)),
            (403, "PERMISSION_DENIED", "", reason("API_KEY_SERVICE_BLOCKED"), stop(StopCause::NotPermitted)),
            (400, "FAILED_PRECONDITION", "User location is not supported", none.clone(), stop(StopCause::NotPermitted)),
            (400, "FAILED_PRECONDITION", "Please enable billing", none.clone(), stop(StopCause::NoCredit)),
            (404, "NOT_FOUND", "models/gemini-9 is not found", none.clone(), stop(StopCause::UnknownModel)),
            (400, invalid, unknown_field, none.clone(), stop(StopCause::Configuration)),
            (400, invalid, "Bad", field("generationConfig.maxOutputTokens"), stop(StopCause::Configuration)),
            (400, invalid, "Unknown name \"x\": Cannot find field.", none.clone(), RetryAction::RefuseForm),
            (
                400,
                invalid,
                "Unable to process input image.",
                field("contents[0].parts[0]"),
                RetryAction::FailItem(ItemFailure::Refused),
            ),
            (400, invalid, "Request payload size exceeds the limit: 9 bytes.", none.clone(), RetryAction::ShrinkOnce),
            (429, exhausted, "Slow down", quota("GenerateRequestsPerMinutePerProjectPerModel", "15"), hold),
            (429, exhausted, "Quota exceeded, limit: 05", none.clone(), hold),
            (429, exhausted, "", quota("GenerateRequestsPerDayPerProjectPerModel", "250"), stop(StopCause::SpendLimit)),
            (429, exhausted, "Quota of requests per day", none.clone(), stop(StopCause::SpendLimit)),
            (429, exhausted, "Quota exceeded, limit: 0, model: x", none.clone(), stop(StopCause::NoCredit)),
            (429, exhausted, "", quota("GenerateRequestsPerMinutePerProjectPerModel", "0"), stop(StopCause::NoCredit)),
            (500, "INTERNAL", "", none.clone(), transient),
            (503, "UNAVAILABLE", "", none.clone(), overloaded),
            (504, "DEADLINE_EXCEEDED", "", none.clone(), transient),
            (499, "CANCELLED", "", none, transient),
        ];
        for (status, name, message, details, expected) in table {
            assert_eq!(action(status, name, message, &details), expected, "{status} {name} {message} {details}");
        }
    }

    #[test]
    fn the_wait_is_in_the_details() {
        let hold = |after| RetryAction::HoldEndpoint { after };
        for (told, millis) in [
            (json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "46s"}]), Some(46_000)),
            (json!([{"RetryInfo": {"retryDelay": "46.5s"}}]), Some(46_500)),
            (json!([{"retryDelay": {"seconds": "2", "nanos": 500_000_000}}]), Some(2_500)),
            (json!([{"retryDelay": "soon"}]), None),
            (json!([{"retryDelay": ""}]), None),
            (json!({"retryDelay": "46s"}), None),
            (json!(null), None),
        ] {
            let expected = hold(millis.map(Duration::from_millis));
            assert_eq!(action(429, "RESOURCE_EXHAUSTED", "Slow down", &told), expected, "{told}");
        }
        let headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, "3".parse().unwrap())]);
        let refusal = read(429, &headers, b"{}", SystemTime::UNIX_EPOCH);
        assert_eq!(refusal.action(), hold(Some(Duration::from_secs(3))));
    }

    #[test]
    fn bodies_in_other_forms() {
        for (body, message) in [
            (&b"[{\"error\":{\"message\":\"no\",\"status\":\"INVALID_ARGUMENT\"}}]"[..], "no"),
            (b"{\"error\":\"no\"}", "no"),
            (b"{\"message\":\"bad\"}", "bad"),
            (b"{\"error\":{\"message\":null,\"details\":7}}", ""),
            (b"<html>", "<html>"),
            (b"[]", "[]"),
            (b"", ""),
        ] {
            assert_eq!(from_body(400, body).message, message);
        }
        let of = |status| from_body(status, b"<html>").action();
        assert_eq!(of(404), RetryAction::StopRun(StopCause::NotSuchAServer));
        assert_eq!(of(413), RetryAction::ShrinkOnce);
        assert_eq!(of(429), RetryAction::HoldEndpoint { after: None });
    }
}
