//! Dragging files out of the window by the system's own means, so that any program that accepts files accepts them, from a
//! file manager to a web page.

use std::error::Error;
use std::path::{Path, PathBuf};

use tauri::{Manager, WebviewWindow};
use tokio::sync::oneshot;

use crate::state::Desktop;

/// The image at the pointer.
const PICTURE: &[u8] = include_bytes!("../../icons/32x32.png");

/// Starts dragging `path`, a complete file; whether that succeeded. Meanwhile, drops on the window itself are ignored.
pub async fn drag_out(window: WebviewWindow, path: PathBuf) -> bool {
    let (tell, told) = oneshot::channel();
    let dragging = window.clone();
    // The toolkit may only be used on the main thread.
    let asked = window.run_on_main_thread(move || {
        let desktop = dragging.state::<Desktop>();
        let app = dragging.app_handle().clone();
        desktop.record_dragging_out(true);
        let begun = begin(&dragging, &path, move || app.state::<Desktop>().record_dragging_out(false));
        if let Err(error) = &begun {
            desktop.record_dragging_out(false);
            tracing::warn!(%error, "a drag out of the window could not begin");
        }
        let _ = tell.send(begun.is_ok());
    });
    asked.is_ok() && told.await.unwrap_or(false)
}

/// Uses GTK directly: `drag` withdraws its data when the file is dropped, which is before many programs request it.
#[cfg(target_os = "linux")]
fn begin(window: &WebviewWindow, path: &Path, over: impl Fn() + 'static) -> Result<(), Box<dyn Error>> {
    use std::cell::RefCell;
    use std::rc::Rc;

    use gtk::gdk::DragAction;
    use gtk::gdk_pixbuf::PixbufLoader;
    use gtk::glib::{ObjectExt, SignalHandlerId};
    use gtk::prelude::{DragContextExtManual, PixbufLoaderExt, WidgetExt};

    /// The button that is pressed while dragging.
    const LEFT_BUTTON: i32 = 1;

    let address = tauri::Url::from_file_path(path).map_err(|()| "the file's path is not absolute")?;
    let picture = PixbufLoader::new();
    picture.write(PICTURE)?;
    picture.close()?;

    let source = window.gtk_window()?;
    let targets = gtk::TargetList::new(&[]);
    targets.add_uri_targets(0);
    let giving = source.connect_drag_data_get(move |_, _, data, _, _| {
        data.set_uris(&[address.as_str()]);
    });
    // The handler is called once and is removed when the drag ends.
    let handlers: Rc<RefCell<Vec<SignalHandlerId>>> = Rc::default();
    let ending = source.connect_drag_end({
        let handlers = Rc::clone(&handlers);
        move |source, _| {
            for handler in handlers.take() {
                source.disconnect(handler);
            }
            over();
        }
    });
    handlers.borrow_mut().extend([giving, ending]);
    let begun = source.drag_begin_with_coordinates(&targets, DragAction::COPY, LEFT_BUTTON, None, -1, -1);
    let Some(context) = begun else {
        for handler in handlers.take() {
            source.disconnect(handler);
        }
        return Err("the desktop takes no drag from here".into());
    };
    if let Some(picture) = picture.pixbuf() {
        context.drag_set_icon_pixbuf(&picture, 0, 0);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn begin(window: &WebviewWindow, path: &Path, over: impl Fn() + Send + 'static) -> Result<(), Box<dyn Error>> {
    use drag::{DragItem, Image, Options};

    let item = DragItem::Files(vec![path.to_owned()]);
    Ok(drag::start_drag(window, item, Image::Raw(PICTURE.to_owned()), move |_, _| over(), Options::default())?)
}
