//! The desktop's own parts of the window, such as the title bar and file dialogs, in the theme of the settings.

use std::sync::atomic::{AtomicBool, Ordering};

use api::CoreEvent;
use domain::settings::Theme;
use tauri::{AppHandle, Manager, WebviewWindow, WindowEvent};
use tokio::sync::broadcast::error::RecvError;

use crate::state::Desktop;

/// What the desktop prefers, which `Theme::System` follows.
#[derive(Default)]
struct DesktopPreference {
    is_dark: AtomicBool,
}

/// Applies the theme of the settings to a new window, and again when the desktop changes its own.
pub fn follow(window: &WebviewWindow) {
    let app = window.app_handle();
    app.manage(DesktopPreference { is_dark: AtomicBool::new(is_dark(window)) });
    apply(app);
    let (changing, mut events) = (app.clone(), app.state::<Desktop>().api.events().receive());
    tauri::async_runtime::spawn(async move {
        loop {
            match events.recv().await {
                // Whatever was missed may have been a change of the settings.
                Ok(CoreEvent::SettingsChanged) | Err(RecvError::Lagged(_)) => apply(&changing),
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    let app = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::ThemeChanged(theme) = event {
            let is_dark = *theme == tauri::Theme::Dark;
            app.state::<DesktopPreference>().is_dark.store(is_dark, Ordering::Relaxed);
            apply(&app);
        }
    });
}

/// Applies the theme of the settings. Unreadable settings change nothing: the window reports them.
pub fn apply(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let Ok(settings) = app.state::<Desktop>().api.library().settings.stated() else { return };
        let showing = app.clone();
        if let Err(error) = app.run_on_main_thread(move || show(&showing, settings.theme)) {
            tracing::debug!(%error, "no window whose theme could be changed");
        }
    });
}

/// Sets GTK's preference directly: with Tauri's `set_theme`, the desktop's preference could not be restored, and the change
/// would be reported as the desktop's.
#[cfg(target_os = "linux")]
fn show(app: &AppHandle, theme: Theme) {
    use gtk::prelude::GtkSettingsExt;

    let is_dark = match theme {
        Theme::Dark => true,
        Theme::Light => false,
        Theme::System => app.state::<DesktopPreference>().is_dark.load(Ordering::Relaxed),
    };
    if let Some(settings) = gtk::Settings::default() {
        settings.set_gtk_application_prefer_dark_theme(is_dark);
    }
}

#[cfg(not(target_os = "linux"))]
fn show(app: &AppHandle, theme: Theme) {
    app.set_theme(match theme {
        Theme::System => None,
        Theme::Dark => Some(tauri::Theme::Dark),
        Theme::Light => Some(tauri::Theme::Light),
    });
}

/// Before the theme of the settings is applied.
#[cfg(target_os = "linux")]
fn is_dark(_window: &WebviewWindow) -> bool {
    use gtk::prelude::GtkSettingsExt;

    gtk::Settings::default().is_some_and(|settings| settings.is_gtk_application_prefer_dark_theme())
}

#[cfg(not(target_os = "linux"))]
fn is_dark(window: &WebviewWindow) -> bool {
    window.theme().is_ok_and(|theme| theme == tauri::Theme::Dark)
}
