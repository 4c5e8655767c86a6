//! Collections: folders as they were dropped. Their files are never touched.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::path::PathBuf;

use domain::ids::CollectionId;

use crate::Result;
use crate::library::Library;

impl Library {
    /// An empty name changes nothing.
    pub async fn rename_collection(&self, collection: CollectionId, name: &str) -> Result<()> {
        let name = name.trim().to_owned();
        if !name.is_empty() {
            self.store.write(move |edit| edit.rename_collection(collection, &name)).await?;
            self.note_change();
        }
        Ok(())
    }

    /// Takes a collection out of the library, with the images that are in no other. Their files stay, and so do answers and
    /// decisions: adding the folder again brings them back.
    pub async fn remove_collection(&self, collection: CollectionId) -> Result<()> {
        self.store.write(move |edit| edit.remove_collection(collection)).await?;
        self.note_change();
        Ok(())
    }

    /// Undoes the removal of a collection.
    pub async fn restore_collection(&self, collection: CollectionId) -> Result<()> {
        self.store.write(move |edit| edit.restore_collection(collection)).await?;
        self.note_change();
        Ok(())
    }

    /// The folder that a collection was made of.
    pub fn collection_folder(&self, collection: CollectionId) -> Result<PathBuf> {
        Ok(self.store.read_blocking(|view| view.collection_root(collection))?)
    }
}
