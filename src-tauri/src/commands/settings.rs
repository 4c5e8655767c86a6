//! What a person has set, and what this installation is.

use domain::settings::{Installation, Settings};
use tauri::State;

use super::{Answer, ask};
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn settings(desktop: State<'_, Desktop>) -> Answer<Settings> {
    ask(&desktop, |library| library.settings()).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_settings(desktop: State<'_, Desktop>, settings: Settings) -> Answer<()> {
    ask(&desktop, move |library| library.save_settings(&settings)).await
}

#[tauri::command]
#[specta::specta]
pub async fn installation(desktop: State<'_, Desktop>) -> Answer<Installation> {
    Ok(desktop.library().installation())
}
