//! Collections and the files that were skipped in them.

use std::path::{Path, PathBuf};

use domain::ids::{CollectionId, ImageId};
use domain::import::SkippedFile;
use domain::library::Collection;
use rusqlite::params;

use super::{all, found, id_list};
use crate::code::{from_json, to_json};
use crate::path_bytes;
use crate::{Edit, Result, View};

impl View<'_> {
    /// In the order in which they were created.
    pub fn collections(&self) -> Result<Vec<Collection>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, name,
                    (SELECT count(*) FROM collection_images WHERE collection_id = collections.id),
                    (SELECT count(*) FROM skipped_files WHERE collection_id = collections.id)
             FROM collections WHERE NOT is_removed ORDER BY id",
        )?;
        all(&mut statement, [], |row| {
            Ok(Collection {
                id: CollectionId(row.get(0)?),
                name: row.get(1)?,
                image_count: row.get(2)?,
                skipped_count: row.get(3)?,
            })
        })
    }

    /// Its folder, or the common folder of individually added files.
    pub fn collection_root(&self, collection: CollectionId) -> Result<PathBuf> {
        let mut statement = self.0.prepare_cached("SELECT root FROM collections WHERE id = ?1")?;
        let root: Vec<u8> = found(statement.query_row([collection.0], |row| row.get(0)), "collection", collection.0)?;
        Ok(path_bytes::from_bytes(&root))
    }

    /// Files skipped in `collection`, or in any, by path; files that are no images come last.
    pub fn skipped_files(&self, collection: Option<CollectionId>) -> Result<Vec<SkippedFile>> {
        let mut statement = self.0.prepare_cached(
            "SELECT path, reason FROM skipped_files JOIN collections ON collections.id = collection_id
             WHERE NOT is_removed AND (?1 IS NULL OR collection_id = ?1)
             ORDER BY reason = '{\"kind\":\"not_an_image\"}', path",
        )?;
        all(&mut statement, [collection.map(|id| id.0)], |row| {
            Ok(SkippedFile {
                path: path_bytes::from_bytes(&row.get::<_, Vec<u8>>(0)?).to_string_lossy().into_owned(),
                reason: from_json("skipped_files.reason", &row.get::<_, String>(1)?)?,
            })
        })
    }
}

impl Edit<'_> {
    /// The collection at `root`: a new one, or the existing or removed one.
    pub fn collection_at(&self, root: &Path, name: &str, now: u64) -> Result<CollectionId> {
        let root = path_bytes::to_bytes(root);
        self.0.0.execute(
            "INSERT INTO collections (name, root, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (root) DO NOTHING",
            params![name, root, now],
        )?;
        let id = self.0.0.query_row("SELECT id FROM collections WHERE root = ?1", [root], |row| row.get(0))?;
        self.restore_collection(CollectionId(id))?;
        Ok(CollectionId(id))
    }

    pub fn rename_collection(&self, collection: CollectionId, name: &str) -> Result<()> {
        self.0.0.execute("UPDATE collections SET name = ?2 WHERE id = ?1", params![collection.0, name])?;
        Ok(())
    }

    /// Hides a collection, and the images that are in no other. Nothing is deleted.
    pub fn remove_collection(&self, collection: CollectionId) -> Result<()> {
        self.0.0.execute("UPDATE collections SET is_removed = 1 WHERE id = ?1", [collection.0])?;
        self.0.0.execute(
            "UPDATE images SET is_removed = 1
             WHERE id IN (SELECT image_id FROM collection_images WHERE collection_id = ?1) AND NOT EXISTS (
                 SELECT 1 FROM collection_images JOIN collections ON collections.id = collection_id
                 WHERE image_id = images.id AND NOT collections.is_removed)",
            [collection.0],
        )?;
        Ok(())
    }

    /// Restores a removed collection.
    pub fn restore_collection(&self, collection: CollectionId) -> Result<()> {
        let restored =
            self.0.0.execute("UPDATE collections SET is_removed = 0 WHERE id = ?1 AND is_removed", [collection.0])?;
        if restored > 0 {
            self.0.0.execute(
                "UPDATE images SET is_removed = 0
                 WHERE is_removed AND id IN (SELECT image_id FROM collection_images WHERE collection_id = ?1)",
                [collection.0],
            )?;
        }
        Ok(())
    }

    /// Hides images in all collections. Their files, answers and decisions stay.
    pub fn remove_images(&self, images: &[ImageId]) -> Result<()> {
        let ids = id_list(images.iter().map(|image| image.0));
        let these = "image_id IN (SELECT value FROM json_each(?1))";
        let kept = format!(
            "INSERT INTO removed_images SELECT image_id, collection_id FROM collection_images WHERE {these}
             ON CONFLICT DO NOTHING"
        );
        self.0.0.execute(&kept, [&ids])?;
        self.0.0.execute(&format!("DELETE FROM collection_images WHERE {these}"), [&ids])?;
        self.0.0.execute("UPDATE images SET is_removed = 1 WHERE id IN (SELECT value FROM json_each(?1))", [&ids])?;
        Ok(())
    }

    /// Restores removed images.
    pub fn restore_images(&self, images: &[ImageId]) -> Result<()> {
        let ids = id_list(images.iter().map(|image| image.0));
        let these = "image_id IN (SELECT value FROM json_each(?1))";
        let restored = format!(
            "INSERT INTO collection_images (collection_id, image_id)
             SELECT collection_id, image_id FROM removed_images WHERE {these} ON CONFLICT DO NOTHING"
        );
        self.0.0.execute(&restored, [&ids])?;
        self.0.0.execute(&format!("DELETE FROM removed_images WHERE {these}"), [&ids])?;
        self.0.0.execute(
            "UPDATE images SET is_removed = 0 WHERE is_removed AND id IN (SELECT value FROM json_each(?1)) AND EXISTS (
                 SELECT 1 FROM collection_images JOIN collections ON collections.id = collection_id
                 WHERE image_id = images.id AND NOT collections.is_removed)",
            [&ids],
        )?;
        Ok(())
    }

    /// Deletes a collection that contains only files that are no images.
    pub fn delete_if_empty(&self, collection: CollectionId) -> Result<()> {
        let is_empty = "NOT EXISTS (SELECT 1 FROM collection_images WHERE collection_id = ?1) AND NOT EXISTS (
            SELECT 1 FROM skipped_files WHERE collection_id = ?1 AND reason <> '{\"kind\":\"not_an_image\"}')";
        self.0
            .0
            .execute(&format!("DELETE FROM skipped_files WHERE collection_id = ?1 AND {is_empty}"), [collection.0])?;
        self.0.0.execute(
            "DELETE FROM collections WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM collection_images WHERE collection_id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM skipped_files WHERE collection_id = ?1)",
            [collection.0],
        )?;
        Ok(())
    }

    /// Records a skipped file; a later import that accepts it deletes the record.
    pub fn record_skipped(&self, collection: CollectionId, path: &Path, skipped: &SkippedFile) -> Result<()> {
        self.0.0.execute(
            "INSERT INTO skipped_files (collection_id, path, reason) VALUES (?1, ?2, ?3)
             ON CONFLICT (collection_id, path) DO UPDATE SET reason = excluded.reason",
            params![collection.0, path_bytes::to_bytes(path), to_json("skipped_files.reason", &skipped.reason)?],
        )?;
        Ok(())
    }
}
