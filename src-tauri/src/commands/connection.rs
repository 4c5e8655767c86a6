//! The connection to the default provider. A key comes in here once, as it is typed, and never goes back to the window.

use domain::connection::{Connection, ConnectionCheck};
use tauri::State;
use zeroize::Zeroizing;

use super::{Answer, ask};
use crate::state::Desktop;

/// The connection to the default provider as it is set up now; never a key.
#[tauri::command]
#[specta::specta]
pub async fn connection(desktop: State<'_, Desktop>) -> Answer<Connection> {
    ask(&desktop, |library| library.connections.shown()).await
}

/// Keeps a typed key for the server at `base_url`, or for the one that is set up: in the keychain, or for the session where there
/// is none.
#[tauri::command]
#[specta::specta]
pub async fn keep_key(desktop: State<'_, Desktop>, base_url: Option<String>, key: String) -> Answer<Connection> {
    let key = Zeroizing::new(key);
    ask(&desktop, move |library| library.connections.keep_key(base_url.as_deref(), &key)).await
}

#[tauri::command]
#[specta::specta]
pub async fn forget_key(desktop: State<'_, Desktop>, base_url: Option<String>) -> Answer<Connection> {
    ask(&desktop, move |library| library.connections.forget_key(base_url.as_deref())).await
}

/// Uses the `.env` file of the working folder, as it was shown, until it changes.
#[tauri::command]
#[specta::specta]
pub async fn allow_env_file(desktop: State<'_, Desktop>) -> Answer<Connection> {
    ask(&desktop, |library| library.connections.allow_env_file()).await
}

/// Asks the server for its models with the key. Sends no image and costs nothing.
#[tauri::command]
#[specta::specta]
pub async fn check_connection(desktop: State<'_, Desktop>) -> Answer<ConnectionCheck> {
    Ok(desktop.library().connections.check().await?)
}
