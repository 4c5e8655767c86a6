//! Importing files and folders: dropped on the window, chosen in a dialog, or named on the command line.

use std::path::PathBuf;

use tauri::{AppHandle, DragDropEvent, Manager, WebviewWindow, WindowEvent};

use crate::error::AppError;
use crate::signals::{DragChanged, Refused, emit};
use crate::state::Desktop;

/// Imports these files and folders. Signals report the progress, and an error.
pub fn import(app: &AppHandle, paths: Vec<PathBuf>) {
    let (app, library) = (app.clone(), app.state::<Desktop>().library());
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = library.imports.run(&paths) {
            let error = AppError::from(error);
            tracing::error!(message = error.message, "an import failed");
            emit(&Refused(error), &app);
        }
    });
}

/// Imports files and folders dropped anywhere on the window.
pub fn take_drops(window: &WebviewWindow) {
    let app = window.app_handle().clone();
    window.on_window_event(move |event| {
        let WindowEvent::DragDrop(event) = event else { return };
        if app.state::<Desktop>().is_dragging_out() {
            return;
        }
        match event {
            DragDropEvent::Enter { .. } => emit(&DragChanged { is_over: true }, &app),
            DragDropEvent::Leave => emit(&DragChanged { is_over: false }, &app),
            DragDropEvent::Drop { paths, .. } => {
                emit(&DragChanged { is_over: false }, &app);
                import(&app, paths.clone());
            }
            _ => {}
        }
    });
}
