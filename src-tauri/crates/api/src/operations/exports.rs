//! Datasets that leave the window: written where the user chooses, or downloaded by a browser. A window numbers its
//! exports, to follow and to cancel them.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::dataset::FormatDescriptor;
use domain::export::{ExportPreview, ExportProgress, ExportRequest, Exported, ReadyExport};
use engine::EngineError;

use crate::router::operations;
use crate::{ApiError, ErrorCode};

operations! {
    /// Every format, in display order.
    read export_formats(api) -> Vec<FormatDescriptor> {
        let _ = api;
        Ok(engine::dataset::formats().copied().collect())
    }

    /// What an export would write, and to `target` if one is chosen. A later one with the same number cancels it.
    read preview_export(api, number: u32, request: ExportRequest, target: Option<String>) -> ExportPreview {
        let listed = api.list_export(number);
        let target = target.filter(|_| api.front_end.desktop.is_some()).map(PathBuf::from);
        api.ask(move |library| library.datasets.preview(&request, target.as_deref(), &listed)).await
    }

    /// Opens the system's save dialog for a file or a new folder; `None` when it was cancelled.
    read choose_export_target(api, request: ExportRequest) -> Option<String> {
        let name = api.ask(move |library| library.datasets.file_name(&request)).await?;
        let path = api.desktop()?.choose_file_to_save(name).await;
        Ok(path.map(|path| path.to_string_lossy().into_owned()))
    }

    /// Writes an export to a path that the user chose.
    read save_export(api, number: u32, request: ExportRequest, path: String) -> Exported {
        api.desktop()?;
        let (listed, path) = (api.list_export(number), PathBuf::from(path));
        let target = path.clone();
        let exported = api.ask(move |library| library.datasets.export(&request, &target, &listed)).await?;
        api.record_export(&path);
        Ok(exported)
    }

    /// Writes an export into the library's folder, where a browser can download it until the library is opened again. A folder
    /// becomes a ZIP file.
    read ready_export(api, number: u32, request: ExportRequest) -> ReadyExport {
        let listed = api.list_export(number);
        api.ask(move |library| library.datasets.ready(&request, &listed)).await
    }

    /// Writes a file that the window made, such as a chart, where the user chooses. Opens the system's save dialog; the path
    /// written, or `None` when it was cancelled.
    read save_file(api, name: String, content_base64: String) -> Option<String> {
        let invalid = |error: base64::DecodeError| ApiError::new(ErrorCode::InvalidInput, error.to_string());
        let content = BASE64_STANDARD.decode(&content_base64).map_err(invalid)?;
        let Some(path) = api.desktop()?.choose_file_to_save(name).await else { return Ok(None) };
        api.ask(move |library| {
            library.outputs.write(&path, &content)?;
            Ok(Some(path.to_string_lossy().into_owned()))
        })
        .await
    }

    /// How far an export is; `None` if it is over.
    read export_progress(api, number: u32) -> Option<ExportProgress> {
        Ok(api.export_progress(number))
    }

    /// Cancels an export. Nothing of it stays.
    read cancel_export(api, number: u32) -> () {
        api.cancel_export(number);
        Ok(())
    }

    /// Shows what an export wrote in the system's file manager.
    read show_export(api, path: String) -> () {
        let path = api.written_export(&path)?;
        let shown = api.desktop()?.show_file(path.clone());
        Ok(shown.map_err(|source| EngineError::File { path, source })?)
    }

    /// Starts dragging what an export wrote while the mouse button is down. False if the platform does not let a window start a
    /// drag.
    read drag_export(api, path: String) -> bool {
        let path = api.written_export(&path)?;
        Ok(api.desktop()?.drag_out(path).await)
    }
}
