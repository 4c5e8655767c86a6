//! Calls of operations, and errors as responses.

use std::sync::Arc;
use std::time::Duration;

use api::{ApiError, ErrorCode};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::state::Served;

/// The size of the arguments of a call. Public price tables have one or two megabytes.
const MAX_BODY_BYTES: usize = 8 << 20;

/// Why a request was not carried out.
#[derive(Debug)]
pub struct HttpError {
    pub status: StatusCode,
    pub error: ApiError,
}

impl HttpError {
    pub fn new(status: StatusCode, message: &str) -> Self {
        Self { status, error: ApiError::new(ErrorCode::InvalidInput, message) }
    }
}

impl From<ApiError> for HttpError {
    fn from(error: ApiError) -> Self {
        let status = match error.code {
            ErrorCode::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorCode::SignedOut => StatusCode::UNAUTHORIZED,
            ErrorCode::ReadOnly | ErrorCode::DesktopOnly | ErrorCode::OutsideRoots => StatusCode::FORBIDDEN,
            ErrorCode::UnknownOperation => StatusCode::NOT_FOUND,
            ErrorCode::Library | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self { status, error }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        refused(&self)
    }
}

pub fn refused(refusal: &HttpError) -> Response {
    (refusal.status, Json(&refusal.error)).into_response()
}

/// Calls an operation. It is carried out to its end even if the browser closes the connection.
pub async fn call(
    State(served): State<Arc<Served>>,
    Path(operation): Path<String>,
    request: Request,
) -> Result<Response, HttpError> {
    let input = read_json(&served, request).await?;
    let api = Arc::clone(&served.api);
    let output = tokio::spawn(async move { api.call(&operation, input).await })
        .await
        .map_err(|error| ApiError::internal(&error))??;
    Ok(([(header::CONTENT_TYPE, "application/json")], output).into_response())
}

/// The body of a request, which must be JSON.
pub async fn read_json<Input: DeserializeOwned>(served: &Served, request: Request) -> Result<Input, HttpError> {
    if !is_json(request.headers()) {
        return Err(HttpError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json"));
    }
    let body = read(request.into_body(), MAX_BODY_BYTES, served.limits.body_timeout).await?;
    serde_json::from_slice(&body).map_err(|error| HttpError::new(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads a whole body of at most `limit` bytes.
pub async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, HttpError> {
    match timeout(patience, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // A lost connection ends here too; its response goes nowhere.
        Ok(Err(_)) => Err(HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")),
        Err(_) => Err(HttpError::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}
