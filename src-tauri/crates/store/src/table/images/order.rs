//! The order of what was found. An index has all images in each order; the found ones are taken from it as they come.

use domain::ids::ImageId;
use domain::query::ImageOrder;

use super::id_set::IdSet;
use crate::{Result, View};

impl View<'_> {
    pub(super) fn in_order(&self, mut found: IdSet, order: ImageOrder) -> Result<Vec<ImageId>> {
        let ranked = match order {
            ImageOrder::Added => return Ok(found.ids().collect()),
            ImageOrder::Name => "SELECT id FROM images ORDER BY name COLLATE NOCASE, id",
            ImageOrder::Newest => "SELECT id FROM images WHERE dated_at IS NOT NULL ORDER BY dated_at DESC, id DESC",
            ImageOrder::Taken => "SELECT id FROM images WHERE taken_at IS NOT NULL ORDER BY taken_at, id",
            ImageOrder::LeastCertain => {
                "SELECT image_id FROM image_figures WHERE least_certain IS NOT NULL ORDER BY least_certain, image_id"
            }
            ImageOrder::Doubt => "SELECT image_id FROM image_doubts ORDER BY doubt DESC, image_id",
            ImageOrder::MostMarks => {
                "SELECT image_id FROM image_figures WHERE proposed + accepted + edited > 0
                 ORDER BY proposed + accepted + edited DESC, image_id"
            }
            ImageOrder::Disagreement => {
                "SELECT image_id FROM image_figures WHERE disagreement > 0 ORDER BY disagreement DESC, image_id"
            }
        };
        let mut ids = Vec::with_capacity(found.len() as usize);
        let mut statement = self.0.prepare_cached(ranked)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if found.remove(id) {
                ids.push(ImageId(id));
            }
        }
        // What has no rank comes last, as it was added.
        ids.extend(found.ids());
        Ok(ids)
    }
}
