//! The window's commands, by screen.

pub mod checks;
pub mod connection;
pub mod hooks;
pub mod library;
pub mod plan;
pub mod review;
pub mod runs;
pub mod settings;

use std::sync::Arc;

use engine::{EngineError, Library};
use tauri::State;

use crate::error::AppError;
use crate::state::Desktop;

type Answer<T> = Result<T, AppError>;

/// Asks the library where blocking is allowed.
async fn ask<T: Send + 'static>(
    desktop: &State<'_, Desktop>,
    question: impl FnOnce(Arc<Library>) -> Result<T, EngineError> + Send + 'static,
) -> Answer<T> {
    let library = desktop.library();
    let answer = tauri::async_runtime::spawn_blocking(move || question(library)).await;
    answer.map_err(|_| EngineError::TaskLost)?.map_err(AppError::from)
}
