//! Collections and the files that were left out of them.

use std::path::{Path, PathBuf};

use domain::ids::CollectionId;
use domain::import::SkippedFile;
use domain::library::Collection;
use rusqlite::params;

use super::{all, found};
use crate::code::{from_json, to_json};
use crate::path_bytes;
use crate::{Edit, Result, View};

impl View<'_> {
    /// In the order in which they were first dropped.
    pub fn collections(&self) -> Result<Vec<Collection>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, name,
                    (SELECT count(*) FROM collection_images WHERE collection_id = collections.id),
                    (SELECT count(*) FROM skipped_files WHERE collection_id = collections.id)
             FROM collections ORDER BY id",
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

    /// Its folder, or the folder of files that were dropped without one.
    pub fn collection_root(&self, collection: CollectionId) -> Result<PathBuf> {
        let mut statement = self.0.prepare_cached("SELECT root FROM collections WHERE id = ?1")?;
        let root: Vec<u8> = found(statement.query_row([collection.0], |row| row.get(0)), "collection", collection.0)?;
        Ok(path_bytes::from_bytes(&root))
    }

    /// Files left out of `collection`, or of any, by path; what was never an image comes last.
    pub fn skipped_files(&self, collection: Option<CollectionId>) -> Result<Vec<SkippedFile>> {
        let mut statement = self.0.prepare_cached(
            "SELECT path, reason FROM skipped_files WHERE ?1 IS NULL OR collection_id = ?1
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
    /// The collection of the folder or files at `root`, made when there is none.
    pub fn collection_at(&self, root: &Path, name: &str, now: u64) -> Result<CollectionId> {
        let root = path_bytes::to_bytes(root);
        self.0.0.execute(
            "INSERT INTO collections (name, root, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (root) DO NOTHING",
            params![name, root, now],
        )?;
        let id = self.0.0.query_row("SELECT id FROM collections WHERE root = ?1", [root], |row| row.get(0))?;
        Ok(CollectionId(id))
    }

    /// Notes a file that was left out; a later import that takes it removes the note.
    pub fn note_skipped(&self, collection: CollectionId, path: &Path, skipped: &SkippedFile) -> Result<()> {
        self.0.0.execute(
            "INSERT INTO skipped_files (collection_id, path, reason) VALUES (?1, ?2, ?3)
             ON CONFLICT (collection_id, path) DO UPDATE SET reason = excluded.reason",
            params![collection.0, path_bytes::to_bytes(path), to_json("skipped_files.reason", &skipped.reason)?],
        )?;
        Ok(())
    }
}
