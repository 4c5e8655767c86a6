//! The user's decisions and edits.

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::review::{Decision, ImageEdit, Step};
use tauri::State;

use super::Answer;
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn decide(desktop: State<'_, Desktop>, decision: Decision, layers: LayerScope) -> Answer<Step> {
    Ok(desktop.library().review.decide(decision, &layers).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn edit_annotations(desktop: State<'_, Desktop>, edit: ImageEdit, layers: LayerScope) -> Answer<Step> {
    Ok(desktop.library().review.edit(edit, &layers).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn undo_latest(desktop: State<'_, Desktop>, layers: LayerScope) -> Answer<Option<Step>> {
    Ok(desktop.library().review.undo_latest(&layers).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn undo_on(desktop: State<'_, Desktop>, image: ImageId, layers: LayerScope) -> Answer<Option<Step>> {
    Ok(desktop.library().review.undo_on(image, &layers).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn redo_latest(desktop: State<'_, Desktop>, layers: LayerScope) -> Answer<Option<Step>> {
    Ok(desktop.library().review.redo_latest(&layers).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn redo_on(desktop: State<'_, Desktop>, image: ImageId, layers: LayerScope) -> Answer<Option<Step>> {
    Ok(desktop.library().review.redo_on(image, &layers).await?)
}
