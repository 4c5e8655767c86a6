//! Why the app cannot start.

use engine::EngineError;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no home folder to keep a library in; name one with FIELDMARK_LIBRARY")]
    NoHome,
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the window cannot be opened: {0}")]
    Tauri(#[from] tauri::Error),
}
