//! The connections to providers. A typed key arrives here once and never returns to the window.

use domain::connection::{ConnectionCheck, ConnectionOverview};
use tauri::State;
use zeroize::Zeroizing;

use super::{Answer, ask};
use crate::state::Desktop;

/// The current connections to all providers, without keys.
#[tauri::command]
#[specta::specta]
pub async fn connections(desktop: State<'_, Desktop>) -> Answer<ConnectionOverview> {
    ask(&desktop, |library| library.connections.shown()).await
}

/// Stores a typed key of a provider for the server at `base_url`, or for the configured one: in the keychain, or for the
/// session if there is no keychain.
#[tauri::command]
#[specta::specta]
pub async fn keep_key(
    desktop: State<'_, Desktop>,
    provider: String,
    base_url: Option<String>,
    key: String,
) -> Answer<ConnectionOverview> {
    let key = Zeroizing::new(key);
    ask(&desktop, move |library| library.connections.keep_key(&provider, base_url.as_deref(), &key)).await
}

#[tauri::command]
#[specta::specta]
pub async fn forget_key(
    desktop: State<'_, Desktop>,
    provider: String,
    base_url: Option<String>,
) -> Answer<ConnectionOverview> {
    ask(&desktop, move |library| library.connections.forget_key(&provider, base_url.as_deref())).await
}

/// Uses the `.env` file of the working folder, as it was shown, until it changes.
#[tauri::command]
#[specta::specta]
pub async fn allow_env_file(desktop: State<'_, Desktop>) -> Answer<ConnectionOverview> {
    ask(&desktop, |library| library.connections.allow_env_file()).await
}

/// Requests the list of models from the server of a provider, with the key. Sends no image and costs nothing.
#[tauri::command]
#[specta::specta]
pub async fn check_connection(desktop: State<'_, Desktop>, provider: String) -> Answer<ConnectionCheck> {
    Ok(desktop.library().connections.check(&provider).await?)
}
