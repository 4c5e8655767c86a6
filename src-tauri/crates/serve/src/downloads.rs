//! Pixels, and files to keep.

use std::path::PathBuf;
use std::sync::Arc;

use api::{ApiError, ErrorCode, ImagePixels};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::export::ExportRequest;
use domain::ids::RunId;
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use crate::calls::HttpError;
use crate::state::Served;

const METRICS_NAME: &str = "batch-annotation-metrics.json";

/// An image, upright, as JPEG: `/thumb/<image id>/<edge>`.
pub async fn pixels(State(served): State<Arc<Served>>, uri: Uri) -> Response {
    let Some((image, edge)) = uri.path().strip_prefix("/thumb").and_then(api::parse_pixels) else {
        return (StatusCode::BAD_REQUEST, "/thumb/<image id>/<384, 2048 or full>").into_response();
    };
    match served.api.pixels(image, edge).await {
        ImagePixels::Jpeg(jpeg) => {
            // Another library at the same address, whose images have the same numbers, has another session.
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CACHE_CONTROL, "private, max-age=86400"),
                (header::VARY, "cookie"),
            ];
            (headers, jpeg).into_response()
        }
        ImagePixels::Missing(message) => (StatusCode::NOT_FOUND, message).into_response(),
        ImagePixels::Failed(message) => (StatusCode::INTERNAL_SERVER_ERROR, message).into_response(),
    }
}

#[derive(Debug, Deserialize)]
pub struct ExportQuery {
    run: RunId,
    /// An [`ExportRequest`] as JSON.
    request: String,
}

/// The annotations of a run as a file.
pub async fn export(
    State(served): State<Arc<Served>>,
    Query(ExportQuery { run, request }): Query<ExportQuery>,
) -> Result<Response, HttpError> {
    let request: ExportRequest =
        serde_json::from_str(&request).map_err(|error| HttpError::new(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let asked = served.api.library().ask(move |library| {
        let ready = library.datasets.ready(run, &request)?;
        Ok((ready.file_name, library.datasets.ready_path(run, &request)?))
    });
    let (name, path) = asked.await.map_err(ApiError::from)?;
    attachment(&name, path).await
}

async fn attachment(name: &str, path: PathBuf) -> Result<Response, HttpError> {
    let failed = |error: std::io::Error| ApiError::new(ErrorCode::File, error.to_string());
    let file = tokio::fs::File::open(&path).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(ApiError::new(ErrorCode::DesktopOnly, "a browser cannot save a folder").into());
    }
    let length = [(header::CONTENT_LENGTH, metadata.len())];
    Ok((as_attachment(name), length, Body::from_stream(ReaderStream::new(file))).into_response())
}

/// Headers of a file that the browser saves.
fn as_attachment(name: &str) -> [(header::HeaderName, String); 2] {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{plain}\"")),
    ]
}

#[derive(Debug, Deserialize)]
pub struct MetricsQuery {
    run: RunId,
}

/// The metrics of a run as a file.
pub async fn metrics(
    State(served): State<Arc<Served>>,
    Query(MetricsQuery { run }): Query<MetricsQuery>,
) -> Result<Response, HttpError> {
    let asked = served.api.library().ask(move |library| library.insight.classic_metrics(run));
    let metrics = asked.await.map_err(ApiError::from)?;
    let json = serde_json::to_string_pretty(&metrics).map_err(|error| ApiError::internal(&error))?;
    Ok((as_attachment(METRICS_NAME), json + "\n").into_response())
}
