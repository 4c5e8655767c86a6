//! Paths of the originals, which are only read.

use std::collections::HashSet;
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

/// An image of the library, and where its original was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOriginal {
    pub image: ImageId,
    pub name: String,
    pub hash: [u8; 32],
    pub byte_len: u64,
    pub files: Vec<(PathBuf, KnownFile)>,
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

    /// The folders and files that collections and runs are about.
    pub fn roots(&self) -> Result<Vec<PathBuf>> {
        let mut statement = self.0.prepare_cached("SELECT root FROM collections UNION SELECT path FROM run_roots")?;
        all(&mut statement, [], |row| Ok(path_bytes::from_bytes(&row.get::<_, Vec<u8>>(0)?)))
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

    /// The originals of all images in the library, removed ones aside.
    pub fn originals(&self) -> Result<Vec<KnownOriginal>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, name, hash, images.byte_len, path, files.byte_len, modified_at
             FROM images LEFT JOIN files ON image_id = id WHERE NOT is_removed ORDER BY id, path",
        )?;
        let mut originals: Vec<KnownOriginal> = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let image = ImageId(row.get(0)?);
            if originals.last().is_none_or(|last| last.image != image) {
                let (name, hash, byte_len) = (row.get(1)?, row.get(2)?, row.get(3)?);
                originals.push(KnownOriginal { image, name, hash, byte_len, files: Vec::new() });
            }
            if let (Some(path), Some(original)) = (row.get::<_, Option<Vec<u8>>>(4)?, originals.last_mut()) {
                let file = KnownFile { byte_len: row.get(5)?, modified_at: row.get(6)? };
                original.files.push((path_bytes::from_bytes(&path), file));
            }
        }
        Ok(originals)
    }

    /// The content hashes of the images in the library, removed ones aside.
    pub fn content_hashes(&self) -> Result<HashSet<[u8; 32]>> {
        let mut statement = self.0.prepare_cached("SELECT hash FROM images WHERE NOT is_removed")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Where images were found, removed ones aside.
    pub fn file_paths(&self) -> Result<Vec<PathBuf>> {
        let mut statement =
            self.0.prepare_cached("SELECT path FROM files JOIN images ON id = image_id WHERE NOT is_removed")?;
        all(&mut statement, [], |row| Ok(path_bytes::from_bytes(&row.get::<_, Vec<u8>>(0)?)))
    }

    /// Whether an image was ever found at `path`.
    pub fn is_original(&self, path: &Path) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM files WHERE path = ?1")?.exists([path_bytes::to_bytes(path)])?)
    }
}

impl Edit<'_> {
    /// The original of `image` is at `to`, and no longer at `from`. Its folder may have moved with it.
    pub fn move_file(&self, image: ImageId, from: Option<&Path>, to: &Path, file: KnownFile) -> Result<()> {
        if let Some(from) = from {
            let from = path_bytes::to_bytes(from);
            self.0.0.execute("DELETE FROM files WHERE path = ?1 AND image_id = ?2", params![from, image.0])?;
        }
        self.0.0.execute(
            "INSERT INTO files (path, image_id, byte_len, modified_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (path) DO UPDATE SET image_id = excluded.image_id, byte_len = excluded.byte_len,
                                              modified_at = excluded.modified_at",
            params![path_bytes::to_bytes(to), image.0, file.byte_len, file.modified_at],
        )?;
        Ok(())
    }

    /// The folder `from` is now `to`: collections and runs that were about it are about its new place, unless something
    /// else is there already.
    pub fn move_root(&self, from: &Path, to: &Path) -> Result<()> {
        let paths = [path_bytes::to_bytes(from), path_bytes::to_bytes(to)];
        self.0.0.execute("UPDATE OR IGNORE collections SET root = ?2 WHERE root = ?1", params![paths[0], paths[1]])?;
        self.0.0.execute("UPDATE OR IGNORE run_roots SET path = ?2 WHERE path = ?1", params![paths[0], paths[1]])?;
        Ok(())
    }

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
