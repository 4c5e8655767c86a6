//! Sort orders. An index has all images in each order; matches are picked from it.

use std::collections::BTreeMap;

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::query::{ImageOrder, ImageQuery, ImageState};
use domain::review::uncertainty::Signals;

use super::id_set::IdSet;
use crate::table::all;
use crate::table::layers::Layers;
use crate::{Result, View};

impl View<'_> {
    /// Only what `layers` show counts.
    pub(super) fn in_order(&self, found: IdSet, query: &ImageQuery, layers: &LayerScope) -> Result<Vec<ImageId>> {
        let order = query.order;
        let ranked = match layers {
            LayerScope::Runs { .. } => self.ranked_in_layers(order, layers)?,
            LayerScope::All => None,
        };
        let mut ranked = match ranked {
            Some(ranked) => ranked,
            None => self.ranked(order)?,
        };
        if query.is_reversed {
            ranked.reverse();
        }
        let mut ids = taken_in_order(found, ranked);
        if query.is_reversed && order == ImageOrder::Added {
            ids.reverse();
        }
        Ok(ids)
    }

    /// All images that have a rank in an order.
    fn ranked(&self, order: ImageOrder) -> Result<Vec<u32>> {
        let ranked = match order {
            // Ids increase in this order.
            ImageOrder::Added => return Ok(Vec::new()),
            ImageOrder::Name => "SELECT id FROM images ORDER BY name COLLATE NOCASE, id",
            ImageOrder::Newest => "SELECT id FROM images WHERE dated_at IS NOT NULL ORDER BY dated_at DESC, id DESC",
            ImageOrder::Taken => "SELECT id FROM images WHERE taken_at IS NOT NULL ORDER BY taken_at, id",
            ImageOrder::LeastCertain => {
                "SELECT image_id FROM image_figures WHERE least_certain IS NOT NULL ORDER BY least_certain, image_id"
            }
            ImageOrder::Uncertainty => "SELECT image_id FROM image_doubts ORDER BY doubt DESC, image_id",
            ImageOrder::MostAnnotations => {
                "SELECT image_id FROM image_figures WHERE proposed + accepted + edited > 0
                 ORDER BY proposed + accepted + edited DESC, image_id"
            }
            ImageOrder::Disagreement => {
                "SELECT image_id FROM image_figures WHERE disagreement > 0 ORDER BY disagreement DESC, image_id"
            }
        };
        all(&mut *self.0.prepare_cached(ranked)?, [], |row| Ok(row.get(0)?))
    }

    /// The images in an order that depends on `layers`; `None` if it does not.
    fn ranked_in_layers(&self, order: ImageOrder, layers: &LayerScope) -> Result<Option<Vec<u32>>> {
        Ok(match order {
            ImageOrder::LeastCertain => Some(self.least_certain(layers)?.into_iter().map(|(image, _)| image).collect()),
            ImageOrder::MostAnnotations => {
                let mut counts: Vec<(u32, u32)> = self.annotation_counts(layers)?.into_iter().collect();
                counts.sort_by_key(|&(image, count)| (std::cmp::Reverse(count), image));
                Some(counts.into_iter().map(|(image, _)| image).collect())
            }
            ImageOrder::Uncertainty => {
                let proposed = self.images_proposed_on(layers)?;
                let open = self.images_in_state(ImageState::Unreviewed, &proposed, layers, &[])?;
                let mut uncertainties: Vec<(u32, f64)> =
                    self.signals_in(layers)?.into_iter().map(|(id, signals)| (id, signals.uncertainty())).collect();
                uncertainties.retain(|&(id, uncertainty)| uncertainty > 0.0 && open.contains(id));
                uncertainties.sort_by(|one, other| other.1.total_cmp(&one.1));
                Some(uncertainties.into_iter().map(|(id, _)| id).collect())
            }
            _ => None,
        })
    }

    /// Signals of mistakes per image in `layers`: the stored uncertainty is for all layers together.
    fn signals_in(&self, layers: &LayerScope) -> Result<BTreeMap<u32, Signals>> {
        let mut found: BTreeMap<u32, Signals> = BTreeMap::new();
        for (image, least) in self.least_certain(layers)? {
            found.entry(image).or_default().least_certain = Some(least);
        }
        let mut mistakes = self.0.prepare_cached(&format!(
            "SELECT mistakes.image_id, count(*) FROM mistakes JOIN annotations ON annotations.id = annotation_id
             WHERE TRUE{} GROUP BY 1",
            layers.and_is_shown()
        ))?;
        for (image, count) in all(&mut mistakes, [], |row| Ok((row.get::<_, u32>(0)?, row.get(1)?)))? {
            found.entry(image).or_default().mistakes = count;
        }
        let mut differing =
            self.0.prepare_cached("SELECT image_id, disagreement FROM image_figures WHERE disagreement > 0")?;
        for (image, count) in all(&mut differing, [], |row| Ok((row.get::<_, u32>(0)?, row.get(1)?)))? {
            found.entry(image).or_default().disagreement = count;
        }
        Ok(found)
    }
}

/// The `found` images in the order of `ranked`; the rest comes last, in the order in which they were added.
fn taken_in_order(mut found: IdSet, ranked: Vec<u32>) -> Vec<ImageId> {
    let mut ids: Vec<ImageId> = ranked.into_iter().filter(|&id| found.remove(id)).map(ImageId).collect();
    ids.extend(found.ids());
    ids
}
