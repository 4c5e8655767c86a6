//! What the core tells the window unasked: tiny signals, never data that could be asked for.

use std::time::Duration;

use domain::import::ImportProgress;
use domain::run::WorkingRun;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, DragDropEvent, Manager, WebviewWindow, WindowEvent};
use tauri_specta::Event;

use crate::error::AppError;
use crate::state::{self, Desktop};

/// Signals come at most so often.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct ImportChanged(pub ImportProgress);

/// Collections, images, marks or decisions are not what they were.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct LibraryChanged;

/// The runs that are worked on here, and how far they are.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct RunsChanged(pub Vec<WorkingRun>);

/// Whether files are being dragged over the window.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct DragChanged {
    pub is_over: bool,
}

/// Something that was begun without a command could not be done.
#[derive(Debug, Clone, Serialize, specta::Type, Event)]
pub struct Refused(pub AppError);

/// Passes the engine's changes on for as long as the app lives.
pub fn forward(app: &AppHandle) {
    let library = app.state::<Desktop>().library();
    let (mut progress, mut version) = (library.import_progress(), library.version());
    let importing = app.clone();
    tauri::async_runtime::spawn(async move {
        while progress.changed().await.is_ok() {
            let snapshot = progress.borrow_and_update().clone();
            emit(&ImportChanged(snapshot), &importing);
            tokio::time::sleep(SIGNAL_INTERVAL).await;
        }
    });
    let changing = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut working = Vec::new();
        while version.changed().await.is_ok() {
            emit(&LibraryChanged, &changing);
            let now_working = library.working_runs();
            if now_working != working {
                working = now_working;
                emit(&RunsChanged(working.clone()), &changing);
            }
            tokio::time::sleep(SIGNAL_INTERVAL).await;
        }
    });
}

/// Takes files and folders dropped anywhere on the window.
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
                state::import(&app, paths.clone());
            }
            _ => {}
        }
    });
}

fn emit(signal: &(impl Event + Clone + Serialize), app: &AppHandle) {
    if let Err(error) = signal.emit(app) {
        tracing::debug!(%error, "no window to signal to");
    }
}
