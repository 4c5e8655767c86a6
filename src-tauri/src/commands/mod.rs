//! The window's commands, by screen.

pub mod checks;
pub mod connection;
pub mod export;
pub mod hooks;
pub mod library;
pub mod plan;
pub mod review;
pub mod runs;
pub mod settings;

use std::path::PathBuf;
use std::sync::Arc;

use engine::{EngineError, Library};
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

use crate::error::AppError;
use crate::state::Desktop;

type Answer<T> = Result<T, AppError>;

/// Queries the library on a thread that may block.
async fn ask<T: Send + 'static>(
    desktop: &State<'_, Desktop>,
    question: impl FnOnce(&Arc<Library>) -> Result<T, EngineError> + Send + 'static,
) -> Answer<T> {
    Ok(desktop.library().ask(question).await?)
}

/// Opens the system's save dialog; `None` if it was cancelled.
async fn chosen_file(app: &AppHandle, name: &str) -> Option<PathBuf> {
    let (choose, chosen) = oneshot::channel();
    let mut dialog = app.dialog().file().set_file_name(name);
    if let Some((_, extension)) = name.rsplit_once('.') {
        dialog = dialog.add_filter(extension.to_uppercase(), &[extension]);
    }
    dialog.save_file(move |path| {
        let _ = choose.send(path);
    });
    chosen.await.ok().flatten().and_then(|path| path.into_path().ok())
}
