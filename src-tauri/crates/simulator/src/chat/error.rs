//! Errors in OpenAI's words and form.

use serde_json::{Value, json};

use crate::error::ErrorResponse;

/// A request that is refused because of a parameter.
pub(crate) fn invalid(param: &str, code: Option<&'static str>, message: impl Into<String>) -> ErrorResponse {
    let refusal = ErrorResponse { param: Some(param.into()), ..ErrorResponse::invalid(message) };
    match code {
        Some(code) => refusal.with_code(code),
        None => refusal,
    }
}

pub(crate) fn missing(param: &str) -> ErrorResponse {
    invalid(param, Some("missing_required_parameter"), format!("Missing required parameter: '{param}'."))
}

pub(crate) fn unknown(param: &str) -> ErrorResponse {
    invalid(param, Some("unknown_parameter"), format!("Unknown parameter: '{param}'."))
}

pub(crate) fn wrong_type(param: &str, expected: &str) -> ErrorResponse {
    invalid(param, Some("invalid_type"), format!("Invalid type for '{param}': expected {expected}."))
}

pub(crate) fn no_model(name: &str) -> ErrorResponse {
    ErrorResponse::not_found(format!("The model `{name}` does not exist or you do not have access to it."))
}

/// A response as this protocol has it: some errors have another status here.
pub(crate) fn status(refusal: &ErrorResponse) -> u16 {
    match refusal.status {
        402 => 429,
        529 => 503,
        status => status,
    }
}

/// The error body, also used within a stream.
pub(crate) fn body(refusal: &ErrorResponse) -> Value {
    let is_unpaid =
        refusal.kind == "billing_error" || refusal.error_code.is_some_and(|code| code.ends_with("spend_limit_reached"));
    let (kind, code) = match refusal.kind {
        _ if is_unpaid => ("insufficient_quota", Some("insufficient_quota")),
        "authentication_error" => ("invalid_request_error", Some("invalid_api_key")),
        "not_found_error" => ("invalid_request_error", Some("model_not_found")),
        "rate_limit_error" => ("requests", Some("rate_limit_exceeded")),
        "overloaded_error" | "api_error" | "timeout_error" => ("server_error", None),
        kind => (kind, refusal.error_code),
    };
    let message = if is_unpaid {
        "You exceeded your current quota, please check your plan and billing details."
    } else {
        &refusal.message
    };
    json!({"error": {"message": message, "type": kind, "param": refusal.param, "code": code}})
}
