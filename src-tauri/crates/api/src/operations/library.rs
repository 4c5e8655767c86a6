//! Collections, images, import.

use domain::camera::Position;
use domain::ids::{CollectionId, ImageId, SmartCollectionId};
use domain::import::SkippedFile;
use domain::layers::LayerScope;
use domain::library::{FilterCounts, ImageCard, ImageInfo, LibraryOverview, SmartCollection};
use domain::query::{self, Completion, Condition, ImageQuery, ReadQuery};
use engine::EngineError;

use crate::router::operations;

operations! {
    read overview(api, collection: Option<CollectionId>) -> LibraryOverview {
        api.ask(move |library| library.images.overview(collection)).await
    }

    read image_ids(api, query: ImageQuery) -> Vec<ImageId> {
        api.ask(move |library| library.images.ids(&query)).await
    }

    /// The number of images with each filter in addition to `query`.
    read filter_counts(api, query: ImageQuery) -> FilterCounts {
        api.ask(move |library| library.images.filter_counts(&query)).await
    }

    /// Parses the valid parts of a typed query.
    read read_query(api, text: String) -> ReadQuery {
        let _ = api;
        Ok(query::read(&text))
    }

    /// Formats conditions as typed text.
    read query_text(api, conditions: Vec<Condition>) -> String {
        let _ = api;
        Ok(query::to_text(&conditions))
    }

    /// Completions of the word at `cursor` in a typed query. Positions count characters.
    read complete_query(api, text: String, cursor: u32) -> Completion {
        api.ask(move |library| library.images.complete_query(&text, cursor)).await
    }

    read image_cards(api, ids: Vec<ImageId>, layers: Option<LayerScope>) -> Vec<ImageCard> {
        api.ask(move |library| library.images.cards(&ids, &layers.unwrap_or_default())).await
    }

    read skipped_files(api, collection: Option<CollectionId>) -> Vec<SkippedFile> {
        api.ask(move |library| library.images.skipped_files(collection)).await
    }

    write rename_collection(api, collection: CollectionId, name: String) -> () {
        Ok(api.library.collections.rename(collection, &name).await?)
    }

    /// Its files stay, and so do the answers and decisions about its images.
    write remove_collection(api, collection: CollectionId) -> () {
        Ok(api.library.collections.remove(collection).await?)
    }

    /// Undoes a removal.
    write restore_collection(api, collection: CollectionId) -> () {
        Ok(api.library.collections.restore(collection).await?)
    }

    /// Opens the folder of a collection in the system's file manager.
    read show_collection_folder(api, collection: CollectionId) -> () {
        api.desktop()?;
        let folder = api.ask(move |library| library.collections.folder(collection)).await?;
        let shown = api.desktop()?.show_folder(folder.clone());
        Ok(shown.map_err(|source| EngineError::File { path: folder, source })?)
    }

    /// Removes images from the library, not from the disk.
    write remove_images(api, images: Vec<ImageId>) -> () {
        Ok(api.library.collections.remove_images(images).await?)
    }

    /// Undoes a removal of images.
    write restore_images(api, images: Vec<ImageId>) -> () {
        Ok(api.library.collections.restore_images(images).await?)
    }

    /// Saves a query as a smart collection.
    write add_smart_collection(api, name: String, query: ImageQuery) -> SmartCollectionId {
        Ok(api.library.collections.add_smart(&name, query).await?)
    }

    /// Changes a smart collection, or restores a deleted one.
    write save_smart_collection(api, collection: SmartCollection) -> () {
        Ok(api.library.collections.save_smart(collection).await?)
    }

    write delete_smart_collection(api, collection: SmartCollectionId) -> () {
        Ok(api.library.collections.delete_smart(collection).await?)
    }

    /// Facts about an image and its files.
    read image_info(api, image: ImageId) -> ImageInfo {
        api.ask(move |library| library.images.info(image)).await
    }

    /// Where a photo was taken; null if its file does not say.
    read image_position(api, image: ImageId) -> Option<Position> {
        api.ask(move |library| library.images.position(image)).await
    }

    /// Shows the file of an image in the system's file manager.
    read show_image_file(api, image: ImageId) -> () {
        api.desktop()?;
        let file = api.ask(move |library| library.images.file(image)).await?;
        let shown = api.desktop()?.show_file(file.clone());
        Ok(shown.map_err(|source| EngineError::File { path: file, source })?)
    }

    /// Opens the system's folder dialog and imports the chosen folders; false if it was cancelled.
    write choose_folders(api) -> bool {
        let Some(folders) = api.desktop()?.choose_folders().await else { return Ok(false) };
        api.import(folders);
        Ok(true)
    }

    write import_samples(api) -> () {
        let folder = api.ask(|library| library.imports.lay_out_samples()).await?;
        api.import(vec![folder]);
        Ok(())
    }

    write cancel_import(api) -> () {
        api.library.imports.cancel();
        Ok(())
    }
}
