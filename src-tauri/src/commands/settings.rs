//! The user's settings, and facts about this installation.

use domain::settings::{Installation, Settings};
use tauri::State;

use super::{Answer, ask};
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn settings(desktop: State<'_, Desktop>) -> Answer<Settings> {
    ask(&desktop, |library| library.settings.stated()).await
}

/// Changes what differs between `before`, which the window has shown, and `after`; returns the settings after the change.
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
