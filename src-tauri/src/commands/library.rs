//! Collections, images, import.

use domain::ids::{CollectionId, ImageId};
use domain::import::SkippedFile;
use domain::library::{ImageCard, ImageQuery, LibraryOverview};
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

use super::{Answer, ask};
use crate::state::{self, Desktop};

#[tauri::command]
#[specta::specta]
pub async fn overview(desktop: State<'_, Desktop>, collection: Option<CollectionId>) -> Answer<LibraryOverview> {
    ask(&desktop, move |library| library.overview(collection)).await
}

#[tauri::command]
#[specta::specta]
pub async fn image_ids(desktop: State<'_, Desktop>, query: ImageQuery) -> Answer<Vec<ImageId>> {
    ask(&desktop, move |library| library.image_ids(&query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn image_cards(desktop: State<'_, Desktop>, ids: Vec<ImageId>) -> Answer<Vec<ImageCard>> {
    ask(&desktop, move |library| library.image_cards(&ids)).await
}

#[tauri::command]
#[specta::specta]
pub async fn skipped_files(desktop: State<'_, Desktop>, collection: Option<CollectionId>) -> Answer<Vec<SkippedFile>> {
    ask(&desktop, move |library| library.skipped_files(collection)).await
}

/// Opens the system's folder dialog and imports what is chosen; false when it was cancelled.
#[tauri::command]
#[specta::specta]
pub async fn choose_folders(app: AppHandle) -> Answer<bool> {
    let (choose, chosen) = oneshot::channel();
    app.dialog().file().pick_folders(move |folders| {
        // The window may be gone by the time somebody has chosen.
        let _ = choose.send(folders);
    });
    let Some(folders) = chosen.await.ok().flatten() else { return Ok(false) };
    state::import(&app, folders.into_iter().filter_map(|folder| folder.into_path().ok()).collect());
    Ok(true)
}

#[tauri::command]
#[specta::specta]
pub async fn import_samples(app: AppHandle, desktop: State<'_, Desktop>) -> Answer<()> {
    let folder = ask(&desktop, |library| library.lay_out_samples()).await?;
    state::import(&app, vec![folder]);
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_import(desktop: State<'_, Desktop>) -> Answer<()> {
    desktop.library().cancel_import();
    Ok(())
}
