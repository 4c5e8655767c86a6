//! Datasets that leave the window: saved to a file that the user chooses, or dragged to another program.

use domain::dataset::FormatDescriptor;
use domain::export::{ExportRequest, ReadyExport};
use domain::ids::RunId;

use crate::router::operations;

operations! {
    /// Every format, in display order.
    read export_formats(api) -> Vec<FormatDescriptor> {
        let _ = api;
        Ok(engine::dataset::formats().copied().collect())
    }

    /// Writes an export into the library's folder, where it stays until the library is opened again, and returns what it contains.
    read ready_export(api, run: RunId, request: ExportRequest) -> ReadyExport {
        api.ask(move |library| library.datasets.ready(run, &request)).await
    }

    /// Opens the system's save dialog; the path written, or `None` when it was cancelled.
    read save_export(api, run: RunId, request: ExportRequest) -> Option<String> {
        let name = engine::dataset::export_name(run, &request)?;
        let Some(path) = api.desktop()?.choose_file_to_save(name).await else { return Ok(None) };
        api.ask(move |library| {
            library.datasets.export(run, &request, &path)?;
            Ok(Some(path.to_string_lossy().into_owned()))
        })
        .await
    }

    /// Starts dragging the file of a finished export while the mouse button is down. False if the platform does not let a window
    /// start a drag.
    read drag_export(api, run: RunId, request: ExportRequest) -> bool {
        let path = api.library.datasets.ready_path(run, &request)?;
        Ok(api.desktop()?.drag_out(path).await)
    }
}
