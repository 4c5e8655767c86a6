//! Hooks: their state, and the user's consent to a command.

use domain::hooks::{HookEvent, HookStanding, Hooks};
use tauri::State;

use super::{Answer, ask};
use crate::state::Desktop;

/// Every event with its command, in the order in which they occur.
#[tauri::command]
#[specta::specta]
pub async fn hooks(desktop: State<'_, Desktop>) -> Answer<Vec<HookStanding>> {
    ask(&desktop, |library| library.hooks.all()).await
}

/// The user has seen exactly this command, and when it runs.
#[tauri::command]
#[specta::specta]
pub async fn agree_to_hook(desktop: State<'_, Desktop>, event: HookEvent, command: String) -> Answer<()> {
    ask(&desktop, move |library| library.hooks.agree(event, &command)).await
}

/// Commands that report every run to Claude Flow. This saves nothing.
#[tauri::command]
#[specta::specta]
pub async fn claude_flow_hooks() -> Answer<Hooks> {
    Ok(engine::claude_flow_hooks())
}
