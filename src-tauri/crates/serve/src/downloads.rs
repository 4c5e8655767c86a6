//! Pixels, and files to keep. Browsers may ask for parts of them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use api::{ApiError, ErrorCode, ImagePixels};
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::ids::RunId;
use serde::Deserialize;

use crate::calls::HttpError;
use crate::ranges::{Asked, RangedContent};
use crate::state::Served;

const METRICS_NAME: &str = "batch-annotation-metrics.json";

/// An image, upright, as JPEG: `/thumb/<image id>/<edge>`.
pub async fn pixels(State(served): State<Arc<Served>>, asked: Asked, uri: Uri) -> Response {
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
            let tag = blake3::hash(&jpeg);
            match asked.respond(&tag, RangedContent::Bytes(jpeg.into())).await {
                Ok(response) => (headers, response).into_response(),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
            }
        }
        ImagePixels::Missing(message) => (StatusCode::NOT_FOUND, message).into_response(),
        ImagePixels::Failed(message) => (StatusCode::INTERNAL_SERVER_ERROR, message).into_response(),
    }
}

#[derive(Debug, Deserialize)]
pub struct ExportQuery {
    /// As `ready_export` returned it.
    name: String,
}

/// An export that is ready.
pub async fn export(
    State(served): State<Arc<Served>>,
    Query(ExportQuery { name }): Query<ExportQuery>,
    asked: Asked,
) -> Result<Response, HttpError> {
    let path = served.api.library().datasets.ready_path(&name).map_err(ApiError::from)?;
    let response = attachment(&asked, &name, path).await?;
    let noted = served.api.library().ask(move |library| library.care.note_download(&name)).await;
    noted.map_err(ApiError::from)?;
    Ok(response)
}

async fn attachment(asked: &Asked, name: &str, path: PathBuf) -> Result<Response, HttpError> {
    let file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ApiError::new(ErrorCode::File, "it is not a file").into());
    }
    let changed = metadata.modified().map_err(unreadable)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = blake3::hash(format!("{name} {} {}", metadata.len(), changed.as_nanos()).as_bytes());
    let content = RangedContent::File { file, length: metadata.len() };
    Ok((as_attachment(name), asked.respond(&tag, content).await.map_err(unreadable)?).into_response())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: io::Error) -> ApiError {
    ApiError::new(ErrorCode::File, error.to_string())
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
    asked: Asked,
) -> Result<Response, HttpError> {
    let metrics = served.api.library().ask(move |library| library.insight.classic_metrics(run));
    let metrics = metrics.await.map_err(ApiError::from)?;
    let json = serde_json::to_string_pretty(&metrics).map_err(|error| ApiError::internal(&error))? + "\n";
    let content = asked.respond(&blake3::hash(json.as_bytes()), RangedContent::Bytes(json.into())).await;
    Ok((as_attachment(METRICS_NAME), content.map_err(unreadable)?).into_response())
}
