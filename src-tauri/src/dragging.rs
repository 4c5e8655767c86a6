//! Files dragged out of the window, as the system does it: whatever takes files takes them, from a file manager to a web page.

use std::path::PathBuf;

use drag::{DragItem, Image, Options};
use tauri::{Manager, WebviewWindow};
use tokio::sync::oneshot;

use crate::state::Desktop;

/// What is seen at the pointer.
const PICTURE: &[u8] = include_bytes!("../../icons/32x32.png");

/// Begins to drag `path`, a whole file; whether that went. The window's own drops are not taken meanwhile.
pub async fn drag_out(window: WebviewWindow, path: PathBuf) -> bool {
    let (tell, told) = oneshot::channel();
    let dragging = window.clone();
    // The toolkit is asked where it lives.
    let asked = window.run_on_main_thread(move || {
        let has_begun = start(&dragging, path);
        if let Err(error) = &has_begun {
            tracing::warn!(%error, "a drag out of the window could not begin");
        }
        let _ = tell.send(has_begun.is_ok());
    });
    asked.is_ok() && told.await.unwrap_or(false)
}

fn start(window: &WebviewWindow, path: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let desktop = window.state::<Desktop>();
    desktop.note_dragging_out(true);
    let app = window.app_handle().clone();
    let over = move |_, _| app.state::<Desktop>().note_dragging_out(false);
    #[cfg(target_os = "linux")]
    let source = window.gtk_window()?;
    #[cfg(not(target_os = "linux"))]
    let source = window.clone();
    let item = DragItem::Files(vec![as_dragged(path)]);
    let begun = drag::start_drag(&source, item, Image::Raw(PICTURE.to_owned()), over, Options::default());
    if begun.is_err() {
        desktop.note_dragging_out(false);
    }
    Ok(begun?)
}

/// On Linux a path becomes the end of a `file:` address as it stands: what an address cannot hold is put otherwise here.
#[cfg(target_os = "linux")]
fn as_dragged(path: PathBuf) -> PathBuf {
    tauri::Url::from_file_path(&path).map_or(path, |address| PathBuf::from(address.path()))
}

#[cfg(not(target_os = "linux"))]
fn as_dragged(path: PathBuf) -> PathBuf {
    path
}
