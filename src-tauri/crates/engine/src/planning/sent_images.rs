//! The images of a plan as they are sent: whole, and in tiles.

use std::collections::BTreeMap;

use domain::answer::PartPass;
use domain::estimate::{SizeClass, SizeMix};
use domain::geometry::PixelSize;
use domain::plan::{SentSize, SizeCount};
use providers::catalog::ModelSpec;

use crate::backend::RequestCosts;

/// The images of a plan as they are sent.
pub(super) struct SentImages<'a> {
    pub(super) originals: &'a [SizeCount],
    /// Whole images, by the size in which they are sent, most frequent first.
    pub(super) whole: Vec<SentSize>,
    /// Their tiles.
    pub(super) tiles: Vec<SentSize>,
}

impl<'a> SentImages<'a> {
    pub(super) fn of(costs: &RequestCosts, originals: &'a [SizeCount]) -> Self {
        let mut tiles: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for original in originals.iter().filter(|_| costs.takes_several_answers()) {
            for tile in &costs.parts(original.size).regions[1..] {
                *tiles.entry((tile.size.width, tile.size.height)).or_default() += original.count;
            }
        }
        let tiles =
            tiles.into_iter().map(|((width, height), count)| SizeCount { size: PixelSize::new(width, height), count });
        let model = costs.usual().model();
        let tiles = sent_sizes(model, &tiles.collect::<Vec<_>>());
        Self { originals, whole: sent_sizes(model, originals), tiles }
    }

    pub(super) fn image_count(&self) -> u32 {
        self.whole.iter().map(|sent| sent.count).sum()
    }

    pub(super) fn tile_count(&self) -> u32 {
        self.tiles.iter().map(|sent| sent.count).sum()
    }

    /// The numbers of images by size class.
    pub(super) fn mix(&self) -> SizeMix {
        let mut mix = SizeMix::default();
        for sent in &self.whole {
            mix[SizeClass::of(sent.size) as usize] += sent.count;
        }
        mix
    }

    /// Each size with what it shows.
    pub(super) fn pictures(&self) -> impl Iterator<Item = (PartPass, &SentSize)> {
        let pass = |part| PartPass { part, is_check: false };
        let whole = self.whole.iter().map(move |sent| (pass(0), sent));
        whole.chain(self.tiles.iter().map(move |sent| (pass(1), sent)))
    }
}

/// The sizes in which pictures are sent, most frequent first.
fn sent_sizes(model: &ModelSpec, sizes: &[SizeCount]) -> Vec<SentSize> {
    let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for original in sizes {
        let sent = model.sent_size(original.size);
        *counts.entry((sent.width, sent.height)).or_default() += original.count;
    }
    let mut sent: Vec<SentSize> = counts
        .into_iter()
        .map(|((width, height), count)| {
            let size = PixelSize::new(width, height);
            SentSize { size, count, image_tokens: u32::try_from(model.image_rule.tokens(size)).unwrap_or(u32::MAX) }
        })
        .collect();
    sent.sort_by_key(|sent| (std::cmp::Reverse(sent.count), std::cmp::Reverse(sent.image_tokens)));
    sent
}
