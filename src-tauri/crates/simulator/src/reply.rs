//! HTTP requests and replies: bodies, headers, errors.

use std::io;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::Value;

use crate::error::ErrorResponse;

pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type HttpReply = Response<ReplyBody>;

/// Why a request ends without its reply.
#[derive(Debug)]
pub(crate) enum Ending {
    Refused(ErrorResponse),
    /// The connection is reset before a byte is sent.
    Reset,
}

impl From<ErrorResponse> for Ending {
    fn from(refusal: ErrorResponse) -> Self {
        Self::Refused(refusal)
    }
}

/// An error that resets the connection.
pub(crate) fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset on purpose")
}

/// Reads a body of at most this many bytes.
pub(crate) async fn read(body: Incoming, most_bytes: usize) -> Result<Bytes, ErrorResponse> {
    match Limited::new(body, most_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ErrorResponse::too_large()),
        Err(error) => Err(ErrorResponse::invalid(format!("The request body could not be read: {error}"))),
    }
}

pub(crate) fn full(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> HttpReply {
    let mut reply = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    reply
}

pub(crate) fn json(body: &Value) -> HttpReply {
    full(StatusCode::OK, "application/json", body.to_string())
}

pub(crate) fn page(status: StatusCode, html: &'static str) -> HttpReply {
    full(status, "text/html", html)
}

/// An error response with this status and body.
pub(crate) fn refused_as(refusal: &ErrorResponse, status: u16, body: &Value) -> HttpReply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = full(status, "application/json", body.to_string());
    if let Some(seconds) = refusal.retry_after_seconds() {
        set(reply.headers_mut(), RETRY_AFTER.as_str(), &seconds.to_string());
    }
    if let Some(value) = &refusal.raw_retry_after {
        set(reply.headers_mut(), RETRY_AFTER.as_str(), value);
    }
    reply
}

/// Sets a header; names and values are ASCII by construction.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}
