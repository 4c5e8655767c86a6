//! What a person has set, and what this installation is.

use domain::settings::{Installation, Settings};
use tauri::State;

use super::{Answer, ask};
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn settings(desktop: State<'_, Desktop>) -> Answer<Settings> {
    ask(&desktop, |library| library.settings.stated()).await
}

/// Changes what differs between `before`, which the window has shown, and `after`; the settings as they are then.
#[tauri::command]
#[specta::specta]
pub async fn change_settings(desktop: State<'_, Desktop>, before: Settings, after: Settings) -> Answer<Settings> {
    ask(&desktop, move |library| library.settings.change(&before, &after)).await
}

#[tauri::command]
#[specta::specta]
pub async fn installation(desktop: State<'_, Desktop>) -> Answer<Installation> {
    Ok(desktop.library().installation())
}
