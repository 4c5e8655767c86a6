//! What only a desktop can do: the system's dialogs, file manager and drag and drop.

use std::path::PathBuf;

use api::{CoreEvent, DesktopActions};
use futures_util::future::BoxFuture;
use tauri::{AppHandle, DragDropEvent, Manager, WebviewWindow, WindowEvent};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

use crate::dragging;
use crate::state::Desktop;

/// Imports files and folders dropped anywhere on the window.
pub fn import_drops(window: &WebviewWindow) {
    let app = window.app_handle().clone();
    window.on_window_event(move |event| {
        let WindowEvent::DragDrop(event) = event else { return };
        let desktop = app.state::<Desktop>();
        if desktop.is_dragging_out() {
            return;
        }
        match event {
            DragDropEvent::Enter { .. } => desktop.api.events().send(CoreEvent::DragChanged { is_over: true }),
            DragDropEvent::Leave => desktop.api.events().send(CoreEvent::DragChanged { is_over: false }),
            DragDropEvent::Drop { paths, .. } => {
                desktop.api.events().send(CoreEvent::DragChanged { is_over: false });
                desktop.api.take_dropped(paths.clone());
            }
            _ => {}
        }
    });
}

/// Brings the window to the front, and imports the paths of another start. Returns whether there is a window.
pub fn show_again(app: &AppHandle, paths: Vec<PathBuf>) -> bool {
    let Some(window) = app.get_webview_window(crate::WINDOW) else { return false };
    if !paths.is_empty() {
        app.state::<Desktop>().api.take_dropped(paths);
    }
    let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!(%error, "the window cannot be shown");
    }
    true
}

pub struct System(pub AppHandle);

impl DesktopActions for System {
    fn choose_folders(&self) -> BoxFuture<'_, Option<Vec<PathBuf>>> {
        let (choose, chosen) = oneshot::channel();
        self.0.dialog().file().pick_folders(move |folders| {
            // The window may be closed before the user has chosen.
            let _ = choose.send(folders);
        });
        Box::pin(async move {
            let folders = chosen.await.ok().flatten()?;
            Some(folders.into_iter().filter_map(|folder| folder.into_path().ok()).collect())
        })
    }

    fn choose_file_to_open(&self) -> BoxFuture<'_, Option<PathBuf>> {
        let (choose, chosen) = oneshot::channel();
        self.0.dialog().file().pick_file(move |path| {
            let _ = choose.send(path);
        });
        Box::pin(async move { chosen.await.ok().flatten().and_then(|path| path.into_path().ok()) })
    }

    fn choose_file_to_save(&self, name: String) -> BoxFuture<'_, Option<PathBuf>> {
        let (choose, chosen) = oneshot::channel();
        let mut dialog = self.0.dialog().file().set_file_name(&name);
        if let Some((_, extension)) = name.rsplit_once('.') {
            dialog = dialog.add_filter(extension.to_uppercase(), &[extension]);
        }
        dialog.save_file(move |path| {
            let _ = choose.send(path);
        });
        Box::pin(async move { chosen.await.ok().flatten().and_then(|path| path.into_path().ok()) })
    }

    fn drag_out(&self, file: PathBuf) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            match self.0.get_webview_window(crate::WINDOW) {
                Some(window) => dragging::drag_out(window, file).await,
                None => false,
            }
        })
    }

    fn show_file(&self, file: PathBuf) -> std::io::Result<()> {
        match file.parent() {
            Some(folder) => open::that_detached(folder),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    fn show_folder(&self, folder: PathBuf) -> std::io::Result<()> {
        open::that_detached(folder)
    }

    fn web_view_version(&self) -> Option<String> {
        let name = if cfg!(windows) { "WebView2" } else { "WebKit" };
        tauri::webview_version().ok().map(|version| format!("{name} {version}"))
    }
}

/// Closes the app when it is asked to end, such as at the end of a session: requests in flight finish, as when the window is closed.
#[cfg(unix)]
pub fn close_on_signals(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            match signal(kind) {
                Ok(mut asked) => {
                    asked.recv().await;
                    app.exit(0);
                }
                Err(error) => tracing::warn!(%error, "the app does not notice when it is asked to end"),
            }
        });
    }
}

#[cfg(not(unix))]
pub fn close_on_signals(_app: &AppHandle) {}
