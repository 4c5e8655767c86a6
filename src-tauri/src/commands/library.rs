//! Collections, images, import.

use domain::ids::{CollectionId, ImageId};
use domain::import::SkippedFile;
use domain::layers::LayerScope;
use domain::library::{FilterCounts, ImageCard, LibraryOverview};
use domain::query::{self, Completion, Condition, ImageQuery, ReadQuery};
use engine::EngineError;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

use super::{Answer, ask};
use crate::importing::import;
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn overview(desktop: State<'_, Desktop>, collection: Option<CollectionId>) -> Answer<LibraryOverview> {
    ask(&desktop, move |library| library.images.overview(collection)).await
}

#[tauri::command]
#[specta::specta]
pub async fn image_ids(desktop: State<'_, Desktop>, query: ImageQuery) -> Answer<Vec<ImageId>> {
    ask(&desktop, move |library| library.images.ids(&query)).await
}

/// The number of images with each filter in addition to `query`.
#[tauri::command]
#[specta::specta]
pub async fn filter_counts(desktop: State<'_, Desktop>, query: ImageQuery) -> Answer<FilterCounts> {
    ask(&desktop, move |library| library.images.filter_counts(&query)).await
}

/// Parses the valid parts of a typed query.
#[tauri::command]
#[specta::specta]
#[expect(clippy::needless_pass_by_value, reason = "a command owns what it is sent")]
pub fn read_query(text: String) -> ReadQuery {
    query::read(&text)
}

/// Formats conditions as typed text.
#[tauri::command]
#[specta::specta]
#[expect(clippy::needless_pass_by_value, reason = "a command owns what it is sent")]
pub fn query_text(conditions: Vec<Condition>) -> String {
    query::to_text(&conditions)
}

/// Completions of the word at `cursor` in a typed query. Positions count characters.
#[tauri::command]
#[specta::specta]
pub async fn complete_query(desktop: State<'_, Desktop>, text: String, cursor: u32) -> Answer<Completion> {
    ask(&desktop, move |library| library.images.complete_query(&text, cursor)).await
}

#[tauri::command]
#[specta::specta]
pub async fn image_cards(desktop: State<'_, Desktop>, ids: Vec<ImageId>, layers: LayerScope) -> Answer<Vec<ImageCard>> {
    ask(&desktop, move |library| library.images.cards(&ids, &layers)).await
}

#[tauri::command]
#[specta::specta]
pub async fn skipped_files(desktop: State<'_, Desktop>, collection: Option<CollectionId>) -> Answer<Vec<SkippedFile>> {
    ask(&desktop, move |library| library.images.skipped_files(collection)).await
}

#[tauri::command]
#[specta::specta]
pub async fn rename_collection(desktop: State<'_, Desktop>, collection: CollectionId, name: String) -> Answer<()> {
    Ok(desktop.library().collections.rename(collection, &name).await?)
}

/// Its files stay, and so do the answers and decisions about its images.
#[tauri::command]
#[specta::specta]
pub async fn remove_collection(desktop: State<'_, Desktop>, collection: CollectionId) -> Answer<()> {
    Ok(desktop.library().collections.remove(collection).await?)
}

/// Undoes a removal.
#[tauri::command]
#[specta::specta]
pub async fn restore_collection(desktop: State<'_, Desktop>, collection: CollectionId) -> Answer<()> {
    Ok(desktop.library().collections.restore(collection).await?)
}

/// Opens the folder of a collection in the system's file manager.
#[tauri::command]
#[specta::specta]
pub async fn show_collection_folder(desktop: State<'_, Desktop>, collection: CollectionId) -> Answer<()> {
    ask(&desktop, move |library| {
        let folder = library.collections.folder(collection)?;
        open::that_detached(&folder).map_err(|source| EngineError::File { path: folder, source })
    })
    .await
}

/// Opens the system's folder dialog and imports the chosen folders; false if it was cancelled.
#[tauri::command]
#[specta::specta]
pub async fn choose_folders(app: AppHandle) -> Answer<bool> {
    let (choose, chosen) = oneshot::channel();
    app.dialog().file().pick_folders(move |folders| {
        // The window may be closed before the user has chosen.
        let _ = choose.send(folders);
    });
    let Some(folders) = chosen.await.ok().flatten() else { return Ok(false) };
    import(&app, folders.into_iter().filter_map(|folder| folder.into_path().ok()).collect());
    Ok(true)
}

#[tauri::command]
#[specta::specta]
pub async fn import_samples(app: AppHandle, desktop: State<'_, Desktop>) -> Answer<()> {
    let folder = ask(&desktop, |library| library.imports.lay_out_samples()).await?;
    import(&app, vec![folder]);
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_import(desktop: State<'_, Desktop>) -> Answer<()> {
    desktop.library().imports.cancel();
    Ok(())
}
