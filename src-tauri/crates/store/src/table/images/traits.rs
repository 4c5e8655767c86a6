//! What is known of images before they are sent.

use std::collections::HashMap;

use domain::geometry::PixelSize;
use domain::ids::ImageId;
use domain::pilot::ImageTraits;
use domain::similar::PerceptualHash;
use domain::taken::Taken;

use crate::table::{all, id_list};
use crate::{Result, View, path_bytes};

impl View<'_> {
    /// What is known of each of `images`, in order. The folder is that of the first path at which an image was found.
    pub fn image_traits(&self, images: &[ImageId]) -> Result<Vec<ImageTraits>> {
        let mut statement = self.0.prepare_cached(
            "SELECT images.id, perceptual_hash, width, height, taken_at,
                 (SELECT min(path) FROM files WHERE image_id = images.id)
             FROM json_each(?1) AS wanted CROSS JOIN images ON images.id = wanted.value ORDER BY wanted.key",
        )?;
        let mut folders = HashMap::new();
        all(&mut statement, [id_list(images.iter().map(|id| id.0))], |row| {
            let path = row.get::<_, Option<Vec<u8>>>(5)?.map(|path| path_bytes::from_bytes(&path));
            let folder = path.and_then(|path| path.parent().map(ToOwned::to_owned));
            let number = u32::try_from(folders.len()).unwrap_or(u32::MAX);
            Ok(ImageTraits {
                id: ImageId(row.get(0)?),
                hash: row.get::<_, Option<i64>>(1)?.map(|bits| PerceptualHash(bits.cast_unsigned())),
                size: PixelSize::new(row.get(2)?, row.get(3)?),
                folder: *folders.entry(folder).or_insert(number),
                day: row.get::<_, Option<i64>>(4)?.map(|millis| Taken::day_of(millis).days_since_epoch()),
            })
        })
    }
}
