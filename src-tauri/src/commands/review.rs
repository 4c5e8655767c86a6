//! A person's decisions.

use domain::review::{Decided, Decision};
use tauri::State;

use super::Answer;
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn decide(desktop: State<'_, Desktop>, decision: Decision) -> Answer<Decided> {
    Ok(desktop.library().decide(decision).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn undo_decision(desktop: State<'_, Desktop>) -> Answer<Option<Decided>> {
    Ok(desktop.library().undo_decision().await?)
}
