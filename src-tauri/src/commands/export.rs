//! Datasets that leave the window: saved to a file that the user chooses, or dragged to another program.

use domain::dataset::FormatDescriptor;
use domain::export::{ExportRequest, ReadyExport};
use domain::ids::RunId;
use tauri::{AppHandle, State, WebviewWindow};

use super::{Answer, ask, chosen_file};
use crate::state::Desktop;

/// Every format, in display order.
#[tauri::command]
#[specta::specta]
pub fn export_formats() -> Vec<FormatDescriptor> {
    engine::dataset::formats().copied().collect()
}

/// Writes an export into the library's folder, where it stays until the library is opened again, and returns what it contains.
#[tauri::command]
#[specta::specta]
pub async fn ready_export(desktop: State<'_, Desktop>, run: RunId, request: ExportRequest) -> Answer<ReadyExport> {
    ask(&desktop, move |library| library.datasets.ready(run, &request)).await
}

/// Opens the system's save dialog; the path written, or `None` when it was cancelled.
#[tauri::command]
#[specta::specta]
pub async fn save_export(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    run: RunId,
    request: ExportRequest,
) -> Answer<Option<String>> {
    let name = engine::dataset::export_name(run, &request)?;
    let Some(path) = chosen_file(&app, &name).await else { return Ok(None) };
    ask(&desktop, move |library| {
        library.datasets.export(run, &request, &path)?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

/// Starts dragging the file of a finished export while the mouse button is down. False if the platform does not let a window
/// start a drag.
#[tauri::command]
#[specta::specta]
pub async fn drag_export(
    window: WebviewWindow,
    desktop: State<'_, Desktop>,
    run: RunId,
    request: ExportRequest,
) -> Answer<bool> {
    let path = desktop.library().datasets.ready_path(run, &request)?;
    Ok(crate::dragging::drag_out(window, path).await)
}
