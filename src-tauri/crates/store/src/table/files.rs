//! Paths of the originals, which are only read.

use std::path::{Path, PathBuf};

use domain::ids::{CollectionId, ImageId};
use rusqlite::{OptionalExtension, params};

use super::all;
use crate::path_bytes;
use crate::{Edit, Result, View};

/// Identifies an unchanged file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    pub byte_len: u64,
    /// Nanoseconds since the Unix epoch, from the file system.
    pub modified_at: i64,
}

impl View<'_> {
    /// The image of a file that is unchanged since its import.
    pub fn image_of_unchanged(&self, path: &Path, file: KnownFile) -> Result<Option<ImageId>> {
        let id = self
            .0
            .prepare_cached("SELECT image_id FROM files WHERE path = ?1 AND byte_len = ?2 AND modified_at = ?3")?
            .query_row(params![path_bytes::to_bytes(path), file.byte_len, file.modified_at], |row| row.get(0))
            .optional()?;
        Ok(id.map(ImageId))
    }

    /// All paths at which an image was found, with the file's state at that time.
    pub fn files_of(&self, image: ImageId) -> Result<Vec<(PathBuf, KnownFile)>> {
        let mut statement =
            self.0.prepare_cached("SELECT path, byte_len, modified_at FROM files WHERE image_id = ?1 ORDER BY path")?;
        all(&mut statement, [image.0], |row| {
            let file = KnownFile { byte_len: row.get(1)?, modified_at: row.get(2)? };
            Ok((path_bytes::from_bytes(&row.get::<_, Vec<u8>>(0)?), file))
        })
    }

    /// Whether an image was ever found at `path`.
    pub fn is_original(&self, path: &Path) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM files WHERE path = ?1")?.exists([path_bytes::to_bytes(path)])?)
    }
}

impl Edit<'_> {
    /// Records `image` at `path` in `collection`.
    pub fn record_file(&self, collection: CollectionId, image: ImageId, path: &Path, file: KnownFile) -> Result<()> {
        let path = path_bytes::to_bytes(path);
        self.0.0.execute(
            "INSERT INTO files (path, image_id, byte_len, modified_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (path) DO UPDATE SET image_id = excluded.image_id, byte_len = excluded.byte_len,
                                              modified_at = excluded.modified_at",
            params![path, image.0, file.byte_len, file.modified_at],
        )?;
        self.0.0.execute(
            "INSERT INTO collection_images (collection_id, image_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [collection.0, image.0],
        )?;
        self.0.0.prepare_cached("UPDATE images SET is_removed = 0 WHERE id = ?1 AND is_removed")?.execute([image.0])?;
        self.0.0.prepare_cached("DELETE FROM removed_images WHERE image_id = ?1")?.execute([image.0])?;
        self.0
            .0
            .execute("DELETE FROM skipped_files WHERE collection_id = ?1 AND path = ?2", params![collection.0, path])?;
        Ok(())
    }
}
