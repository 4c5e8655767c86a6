//! Data sets out of the window: into a file that a person chooses, or dragged to where it is needed.

use domain::dataset::FormatDescriptor;
use domain::export::{ExportRequest, ReadyExport};
use domain::ids::RunId;
use tauri::{AppHandle, State, WebviewWindow};

use super::{Answer, ask, chosen_file};
use crate::state::Desktop;

/// Every format, in the order in which people are shown them.
#[tauri::command]
#[specta::specta]
pub fn export_formats() -> Vec<FormatDescriptor> {
    engine::dataset::formats().copied().collect()
}

/// Writes an export where the library keeps them until it is opened next, and says what it holds.
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

/// Begins to drag the file of an export that is ready; the mouse button that drags is down. False where the platform does
/// not let a window begin one.
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
