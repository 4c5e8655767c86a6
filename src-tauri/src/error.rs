//! Why the app cannot start.

use engine::EngineError;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no home folder for a library; set FIELDMARK_LIBRARY to a folder")]
    NoHome,
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the library has another window, which does not answer: {0}")]
    OtherWindow(#[source] std::io::Error),
    #[error("the window cannot be opened: {0}")]
    Tauri(#[from] tauri::Error),
}
