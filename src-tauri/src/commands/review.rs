//! A person's decisions and changes.

use domain::ids::ImageId;
use domain::review::{Decision, ImageEdit, Step};
use tauri::State;

use super::Answer;
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn decide(desktop: State<'_, Desktop>, decision: Decision) -> Answer<Step> {
    Ok(desktop.library().decide(decision).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn edit_marks(desktop: State<'_, Desktop>, edit: ImageEdit) -> Answer<Step> {
    Ok(desktop.library().edit_marks(edit).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn undo_latest(desktop: State<'_, Desktop>) -> Answer<Option<Step>> {
    Ok(desktop.library().undo_latest().await?)
}

#[tauri::command]
#[specta::specta]
pub async fn undo_on(desktop: State<'_, Desktop>, image: ImageId) -> Answer<Option<Step>> {
    Ok(desktop.library().undo_on(image).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn redo_latest(desktop: State<'_, Desktop>) -> Answer<Option<Step>> {
    Ok(desktop.library().redo_latest().await?)
}

#[tauri::command]
#[specta::specta]
pub async fn redo_on(desktop: State<'_, Desktop>, image: ImageId) -> Answer<Option<Step>> {
    Ok(desktop.library().redo_on(image).await?)
}
