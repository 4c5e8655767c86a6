//! Splits that were exported. How images are split is in `domain::split`.

use std::collections::HashMap;

use domain::ids::ImageId;
use domain::split::SplitPart;
use rusqlite::params;

use super::all;
use crate::code::{from_name, name_of};
use crate::{Edit, Result, View};

impl View<'_> {
    /// The part of every image that was exported with this seed.
    pub fn split_parts(&self, seed: u32) -> Result<HashMap<ImageId, SplitPart>> {
        let mut statement = self.0.prepare_cached("SELECT image_id, part FROM split_images WHERE seed = ?1")?;
        let parts = all(&mut statement, [seed], |row| {
            Ok((ImageId(row.get(0)?), from_name("split_images.part", row.get(1)?)?))
        })?;
        Ok(parts.into_iter().collect())
    }
}

impl Edit<'_> {
    /// Records the parts of images. An image that has one already keeps it.
    pub fn record_split(&self, seed: u32, parts: &[(ImageId, SplitPart)]) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO split_images (seed, image_id, part) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        for (image, part) in parts {
            statement.execute(params![seed, image.0, name_of(part)?])?;
        }
        Ok(())
    }
}
