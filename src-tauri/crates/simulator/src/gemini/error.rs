//! Errors in Google's words and form.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::error::ErrorResponse;
use crate::reply::{self, HttpReply};

/// A request that is refused because of the field at a path, which is empty for the request itself.
pub(super) fn invalid(path: &str, message: impl Into<String>) -> ErrorResponse {
    ErrorResponse { param: Some(path.into()), ..ErrorResponse::invalid(message) }
}

/// ` at 'PATH'`, or nothing for the request itself.
fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at '{path}'") }
}

pub(super) fn unknown(path: &str, name: &str) -> ErrorResponse {
    let message = format!("Invalid JSON payload received. Unknown name \"{name}\"{}: Cannot find field.", at(path));
    invalid(path, message)
}

/// A value of another type than `expected`, such as `TYPE_INT32`.
pub(super) fn wrong_type(path: &str, expected: &str, value: &Value) -> ErrorResponse {
    invalid(path, format!("Invalid value{} ({expected}), {value}", at(path)))
}

/// The error as this protocol has it: its status, and the name of the status.
fn kind(refusal: &ErrorResponse) -> (u16, &'static str) {
    match (refusal.status, refusal.kind) {
        (_, "authentication_error" | "request_too_large") => (400, "INVALID_ARGUMENT"),
        (_, "billing_error" | "rate_limit_error") => (429, "RESOURCE_EXHAUSTED"),
        (_, "permission_error") => (403, "PERMISSION_DENIED"),
        (_, "not_found_error") => (404, "NOT_FOUND"),
        (_, "overloaded_error") => (503, "UNAVAILABLE"),
        (_, "timeout_error") => (504, "DEADLINE_EXCEEDED"),
        (status, "api_error") => (status, "INTERNAL"),
        (status, _) => (status, "INVALID_ARGUMENT"),
    }
}

/// The reply: this protocol says in the body when to come back.
pub(crate) fn reply(refusal: &ErrorResponse) -> HttpReply {
    let status = StatusCode::from_u16(kind(refusal).0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply::full(status, "application/json; charset=UTF-8", body(refusal).to_string())
}

/// The error body, also used within a stream.
pub(crate) fn body(refusal: &ErrorResponse) -> Value {
    let (code, status) = kind(refusal);
    let quota = "Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_requests";
    let of_quota = |id: &str, value: &str| {
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
            {"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": id, "quotaValue": value}
        ]})
    };
    let because = |reason: &str| {
        json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"}})
    };
    let is_spent = refusal.error_code.is_some_and(|code| code.ends_with("spend_limit_reached"));
    let (message, mut details) = match refusal.kind {
        _ if is_spent => {
            (format!("{quota}, limit: 250"), vec![of_quota("GenerateRequestsPerDayPerProjectPerModel", "250")])
        }
        "billing_error" => {
            (format!("{quota}, limit: 0"), vec![of_quota("GenerateRequestsPerMinutePerProjectPerModel", "0")])
        }
        "rate_limit_error" => {
            (refusal.message.clone(), vec![of_quota("GenerateRequestsPerMinutePerProjectPerModel", "1000")])
        }
        "authentication_error" => {
            let message = if refusal.message.contains("expired") {
                "API key expired. Please renew the API key."
            } else {
                "API key not valid. Please pass a valid API key."
            };
            (message.to_owned(), vec![because("API_KEY_INVALID")])
        }
        "permission_error" => (refusal.message.clone(), vec![because("API_KEY_SERVICE_BLOCKED")]),
        "request_too_large" => ("Request payload size exceeds the limit.".to_owned(), Vec::new()),
        "overloaded_error" => ("The model is overloaded. Please try again later.".to_owned(), Vec::new()),
        _ => (refusal.message.clone(), Vec::new()),
    };
    if let Some(field) = &refusal.param {
        details.push(json!({"@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": field, "description": message}]}));
    }
    let delay = refusal.raw_retry_after.clone().or_else(|| Some(format!("{}s", refusal.retry_after_seconds()?)));
    if let Some(delay) = delay {
        details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
    }
    let mut error = json!({"code": code, "message": message, "status": status});
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    json!({"error": error})
}
