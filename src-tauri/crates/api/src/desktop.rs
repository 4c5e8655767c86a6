//! What the desktop app can do and a browser cannot.

use std::path::PathBuf;

use futures_util::future::BoxFuture;

/// The system's dialogs, file manager and drag and drop.
pub trait DesktopActions: Send + Sync {
    /// Opens the system's folder dialog; `None` if it was cancelled.
    fn choose_folders(&self) -> BoxFuture<'_, Option<Vec<PathBuf>>>;

    /// Opens the system's dialog for one file; `None` if it was cancelled.
    fn choose_file_to_open(&self) -> BoxFuture<'_, Option<PathBuf>>;

    /// Opens the system's save dialog with a suggested file name; `None` if it was cancelled.
    fn choose_file_to_save(&self, name: String) -> BoxFuture<'_, Option<PathBuf>>;

    /// Starts dragging a file out of the window; false if the platform does not let a window do that.
    fn drag_out(&self, file: PathBuf) -> BoxFuture<'_, bool>;

    /// Shows a file in its folder, selected if the file manager can do that.
    fn show_file(&self, file: PathBuf) -> std::io::Result<()>;

    /// Shows a folder in the system's file manager.
    fn show_folder(&self, folder: PathBuf) -> std::io::Result<()>;

    /// The engine of the window, with its version.
    fn web_view_version(&self) -> Option<String>;
}
