//! The desktop app: Tauri around the API. The transport, the system's dialogs and drag and drop; there is no logic here that
//! the command line or a browser would lack.

mod appearance;
mod dragging;
mod error;
mod instance;
mod library;
mod state;
mod subscriptions;
mod system;
mod thumbs;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use tauri::{Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_window_state::StateFlags;

use api::{Api, FrontEnd};
use error::StartError;
use state::Desktop;

/// The name of the one window.
const WINDOW: &str = "main";
/// How long the process outlives its window for requests in flight, because their answers may have been paid for.
const CLOSING_PATIENCE: Duration = Duration::from_secs(30);

/// Opens the library and the window, and returns when the window is closed. Paths on the command line are imported as if
/// they had been dropped. If the library already has a window, that window is shown instead.
pub fn run() -> Result<(), StartError> {
    logs::begin("fieldmark-desktop", env!("CARGO_PKG_VERSION"), std::io::stderr);
    let dropped: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let library = library::open()?;
    let Some(instance) = instance::first_or_show(library.folder(), &dropped).map_err(StartError::OtherWindow)? else {
        return Ok(());
    };
    let session = logs::Session::begin("desktop");
    let ended_unexpectedly = session.has_crashed_before();
    library::begin(&library)?;
    // Stored in the library's folder, so that windows of different libraries can have different sizes.
    let window_state = library.folder().join("window.json");
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_filename(window_state.to_string_lossy())
                .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
                .build(),
        )
        .register_asynchronous_uri_scheme_protocol(thumbs::SCHEME, thumbs::serve)
        .invoke_handler(tauri::generate_handler![transport::call, transport::subscribe, transport::unsubscribe])
        .setup(move |app| {
            let front_end = FrontEnd {
                desktop: Some(Box::new(system::System(app.handle().clone()))),
                is_read_only: false,
                roots: Vec::new(),
                may_agree_to_hooks: true,
                ended_unexpectedly,
            };
            let desktop = Desktop::new(tauri::async_runtime::block_on(async { Api::new(library, front_end) }));
            if !dropped.is_empty() {
                desktop.api.import(dropped);
            }
            app.manage(desktop);
            let window = WebviewWindowBuilder::new(app, WINDOW, WebviewUrl::default())
                .title("Fieldmark")
                .inner_size(1280.0, 800.0)
                .min_inner_size(960.0, 600.0)
                // The dark background of the window, so that nothing flashes before the page is loaded.
                .background_color(tauri::window::Color(0x1a, 0x1a, 0x1a, 0xff))
                .build()?;
            appearance::follow(&window);
            system::import_drops(&window);
            let handle = app.handle().clone();
            instance.listen(move |paths| system::show_again(&handle, paths))?;
            system::close_on_signals(app.handle());
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(move |handle, event| {
        if matches!(event, RunEvent::Exit) {
            let library = handle.state::<Desktop>().api.library().clone();
            tauri::async_runtime::block_on(library.runs.shut_down(CLOSING_PATIENCE));
            session.end();
        }
    });
    Ok(())
}
