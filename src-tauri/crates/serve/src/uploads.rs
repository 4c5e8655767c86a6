//! Photos that a browser sends.

use std::fs::File;
use std::sync::Arc;

use api::{ApiError, ErrorCode, UploadedFile};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::calls::HttpError;
use crate::state::Served;

/// Writes the body into the file `name` of an upload that was begun with `begin_upload`.
pub async fn upload(
    State(served): State<Arc<Served>>,
    Path((upload, name)): Path<(u32, String)>,
    request: Request,
) -> Result<StatusCode, HttpError> {
    let limit = served.limits.upload_bytes;
    if announced_length(request.headers()).is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let api = Arc::clone(&served.api);
    let (uploaded, file): (UploadedFile, File) = off_workers(move || api.create_uploaded_file(upload, &name)).await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut body = request.into_body().into_data_stream();
    let mut written = 0_u64;
    loop {
        let part = timeout(served.limits.body_timeout, body.next())
            .await
            .map_err(|_| HttpError::new(StatusCode::REQUEST_TIMEOUT, "the file did not arrive in time"))?;
        let Some(part) = part else { break };
        let part = part.map_err(|error| HttpError::new(StatusCode::BAD_REQUEST, &error.to_string()))?;
        written = written.saturating_add(part.len() as u64);
        if written > limit {
            return Err(too_large());
        }
        file.write_all(&part).await.map_err(unwritten)?;
    }
    file.flush().await.map_err(unwritten)?;
    drop(file);
    off_workers(move || uploaded.finish()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> HttpError {
    HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "the file is larger than this server accepts")
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unwritten(error: std::io::Error) -> HttpError {
    ApiError::new(ErrorCode::File, error.to_string()).into()
}

async fn off_workers<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, HttpError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::internal(&error))??)
}
