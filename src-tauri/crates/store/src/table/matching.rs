//! The images of the library as those of a file are matched with them.

use std::collections::HashSet;

use domain::dataset_import::matching::{MatchIndex, MatchableFile, MatchableImage};
use domain::geometry::{Orientation, PixelSize};
use domain::ids::{CollectionId, ImageId};
use domain::similar::PerceptualHash;

use super::all;
use crate::{Result, View, path_bytes};

/// The images that those of a file are matched with.
#[derive(Debug, Clone)]
pub enum WantedImages {
    All,
    OfCollection(CollectionId),
    These(HashSet<ImageId>),
}

impl View<'_> {
    /// Those of the `wanted` images that are in the library, with what a file may state about them.
    pub fn match_index(&self, wanted: &WantedImages) -> Result<MatchIndex> {
        let mut index = MatchIndex::default();
        let is_meant = "NOT images.is_removed AND (?1 IS NULL OR images.id IN (
            SELECT image_id FROM collection_images WHERE collection_id = ?1))";
        let (collection, only) = match wanted {
            WantedImages::All => (None, None),
            WantedImages::OfCollection(id) => (Some(id.0), None),
            WantedImages::These(images) => (None, Some(images)),
        };
        let is_wanted = |image: ImageId| only.is_none_or(|only| only.contains(&image));
        let mut images = self.0.prepare_cached(&format!(
            "SELECT id, width, height, orientation, hash, byte_len, perceptual_hash FROM images WHERE {is_meant}"
        ))?;
        let mut rows = images.query([collection])?;
        while let Some(row) = rows.next()? {
            let (id, orientation) = (ImageId(row.get(0)?), row.get::<_, u8>(3)?);
            if is_wanted(id) {
                index.add_image(MatchableImage {
                    id,
                    size: Some(PixelSize::new(row.get(1)?, row.get(2)?)),
                    orientation: Orientation::from_exif(orientation.into()).unwrap_or_default(),
                    hash: Some(row.get(4)?),
                    byte_len: Some(row.get(5)?),
                    perceptual_hash: row.get::<_, Option<i64>>(6)?.map(|bits| PerceptualHash(bits.cast_unsigned())),
                });
            }
        }
        let text = |bytes: Vec<u8>| path_bytes::from_bytes(&bytes).to_string_lossy().into_owned();
        let mut roots = self.0.prepare_cached("SELECT root FROM collections WHERE NOT is_removed")?;
        let mut roots: Vec<String> = all(&mut roots, [], |row| Ok(text(row.get(0)?)))?;
        // The innermost folder of those that contain a file comes first.
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let mut files = self.0.prepare_cached(&format!(
            "SELECT image_id, path FROM files JOIN images ON images.id = image_id WHERE {is_meant}"
        ))?;
        let mut rows = files.query([collection])?;
        while let Some(row) = rows.next()? {
            let image = ImageId(row.get(0)?);
            if is_wanted(image) {
                let path = text(row.get(1)?);
                let root = roots.iter().find(|root| path.starts_with(root.as_str()));
                index.add_file(MatchableFile { image, path: &path, root: root.map(String::as_str) });
            }
        }
        index.sort();
        Ok(index)
    }
}
