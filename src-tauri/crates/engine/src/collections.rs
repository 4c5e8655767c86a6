//! Collections: the dropped folders. Their files are never touched.

use std::path::PathBuf;
use std::sync::Arc;

use domain::ids::{CollectionId, ImageId, SmartCollectionId};
use domain::library::SmartCollection;
use domain::query::ImageQuery;
use store::Store;

use crate::Result;
use crate::changes::Changes;
use crate::clock::now_millis;

/// The collections of a library.
pub struct Collections {
    store: Arc<Store>,
    changes: Changes,
}

impl Collections {
    pub(crate) fn new(store: Arc<Store>, changes: Changes) -> Self {
        Self { store, changes }
    }

    /// Renames a collection. An empty name is ignored.
    pub async fn rename(&self, collection: CollectionId, name: &str) -> Result<()> {
        let name = name.trim().to_owned();
        if !name.is_empty() {
            self.store.write(move |edit| edit.rename_collection(collection, &name)).await?;
            self.changes.record();
        }
        Ok(())
    }

    /// Removes a collection, and the images that are in no other collection. Files, answers and decisions are kept:
    /// adding the folder again restores them.
    pub async fn remove(&self, collection: CollectionId) -> Result<()> {
        self.store.write(move |edit| edit.remove_collection(collection)).await?;
        self.changes.record();
        Ok(())
    }

    /// Undoes the removal of a collection.
    pub async fn restore(&self, collection: CollectionId) -> Result<()> {
        self.store.write(move |edit| edit.restore_collection(collection)).await?;
        self.changes.record();
        Ok(())
    }

    /// Removes images from the library. Files, answers and decisions are kept: adding the files again restores them.
    pub async fn remove_images(&self, images: Vec<ImageId>) -> Result<()> {
        self.store.write(move |edit| edit.remove_images(&images)).await?;
        self.changes.record();
        Ok(())
    }

    /// Undoes the removal of images.
    pub async fn restore_images(&self, images: Vec<ImageId>) -> Result<()> {
        self.store.write(move |edit| edit.restore_images(&images)).await?;
        self.changes.record();
        Ok(())
    }

    /// Saves a query as a smart collection.
    pub async fn add_smart(&self, name: &str, query: ImageQuery) -> Result<SmartCollectionId> {
        let (name, now) = (name.trim().to_owned(), now_millis());
        let id = self.store.write(move |edit| edit.add_smart_collection(&name, &query, now)).await?;
        self.changes.record();
        Ok(id)
    }

    /// Changes a smart collection, or restores a deleted one.
    pub async fn save_smart(&self, collection: SmartCollection) -> Result<()> {
        let now = now_millis();
        self.store.write(move |edit| edit.save_smart_collection(&collection, now)).await?;
        self.changes.record();
        Ok(())
    }

    pub async fn delete_smart(&self, id: SmartCollectionId) -> Result<()> {
        self.store.write(move |edit| edit.delete_smart_collection(id)).await?;
        self.changes.record();
        Ok(())
    }

    /// The folder of a collection.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn folder(&self, collection: CollectionId) -> Result<PathBuf> {
        Ok(self.store.read_blocking(|view| view.collection_root(collection))?)
    }
}
