//! The order of what was found. An index has all images in each order; the found ones are taken from it as they come.

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::query::{ImageOrder, ImageState};

use super::id_set::IdSet;
use crate::table::all;
use crate::{Result, View};

impl View<'_> {
    /// What `layers` do not show does not count.
    pub(super) fn in_order(&self, mut found: IdSet, order: ImageOrder, layers: &LayerScope) -> Result<Vec<ImageId>> {
        if matches!(layers, LayerScope::Runs { .. })
            && let Some(ranked) = self.ranked_in_layers(order, layers)?
        {
            return Ok(taken_in_order(found, ranked));
        }
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

    /// The images in an order that depends on `layers`; `None` where it does not.
    fn ranked_in_layers(&self, order: ImageOrder, layers: &LayerScope) -> Result<Option<Vec<u32>>> {
        Ok(match order {
            ImageOrder::LeastCertain => Some(self.least_certain(layers)?),
            ImageOrder::MostMarks => {
                let mut counts: Vec<(u32, u32)> = self.mark_counts(layers)?.into_iter().collect();
                counts.sort_by_key(|&(image, count)| (std::cmp::Reverse(count), image));
                Some(counts.into_iter().map(|(image, _)| image).collect())
            }
            // Doubts are kept of all layers together; what is reviewed in these comes last.
            ImageOrder::Doubt => {
                let proposed = self.images_proposed_on(layers)?;
                let open = self.images_in_state(ImageState::Unreviewed, &proposed, &[])?;
                let mut statement =
                    self.0.prepare_cached("SELECT image_id FROM image_doubts ORDER BY doubt DESC, image_id")?;
                let ranked = all(&mut statement, [], |row| Ok(row.get::<_, u32>(0)?))?;
                let (mut ranked, reviewed): (Vec<u32>, Vec<u32>) =
                    ranked.into_iter().partition(|&id| open.contains(id));
                ranked.extend(reviewed);
                Some(ranked)
            }
            _ => None,
        })
    }
}

/// The `found` images in the order of `ranked`; what has no rank comes last, as it was added.
fn taken_in_order(mut found: IdSet, ranked: Vec<u32>) -> Vec<ImageId> {
    let mut ids: Vec<ImageId> = ranked.into_iter().filter(|&id| found.remove(id)).map(ImageId).collect();
    ids.extend(found.ids());
    ids
}
