//! Tiles of an image: parts that overlap, each sent as a picture of its own, so that small objects are not lost when a
//! large image is reduced to what a model looks at.

use serde::{Deserialize, Serialize};

use super::{AttributeSubject, Recipe};
use crate::geometry::{ImageRegion, PixelSize};

/// How large images are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Tiling {
    /// Side of a tile, in pixels of the image.
    pub edge: u32,
    /// How much neighbours overlap at least, in percent of a tile's side.
    pub overlap: u8,
    /// The most tiles of an image: those of a larger image are as large as this takes.
    pub at_most: u32,
}

impl Default for Tiling {
    fn default() -> Self {
        Self { edge: 1600, overlap: 20, at_most: 16 }
    }
}

/// The parts of an image that are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageParts {
    /// The whole image, then its tiles from the top left.
    pub regions: Vec<ImageRegion>,
    /// Whether the tiles are larger than the recipe says, because there would be too many of them.
    pub are_enlarged: bool,
}

impl Tiling {
    /// The least and the largest side of a tile.
    pub const EDGES: (u32, u32) = (128, 16_384);
    /// More would leave few new pixels in a tile.
    pub const LARGEST_OVERLAP: u8 = 50;
    /// The most tiles that a recipe may allow.
    pub const MOST_TILES: u32 = 256;

    /// The values that are out of their range, each with the range.
    #[must_use]
    pub fn out_of_range(self) -> Vec<String> {
        let Self { edge, overlap, at_most } = self;
        let ranges = [
            ("edge", edge, Self::EDGES.0..=Self::EDGES.1, "pixels"),
            ("overlap", overlap.into(), 0..=Self::LARGEST_OVERLAP.into(), "percent"),
            ("at_most", at_most, 1..=Self::MOST_TILES, "tiles"),
        ];
        let wrong = ranges.into_iter().filter(|(_, value, range, _)| !range.contains(value));
        wrong
            .map(|(name, value, range, unit)| {
                format!("{name} = {value} is not from {} to {} {unit}", range.start(), range.end())
            })
            .collect()
    }

    /// The tiles of an image of this size, row by row, and whether they had to be larger than [`Tiling::edge`]. None if
    /// the image is no larger than a tile.
    fn tiles(self, image: PixelSize) -> (Vec<ImageRegion>, bool) {
        let count = |edge: u32| u64::from(self.along(image.width, edge)) * u64::from(self.along(image.height, edge));
        let (mut edge, mut enough) = (self.edge.max(1), image.long_edge());
        let is_enlarged = edge < enough && count(edge) > u64::from(self.at_most);
        if is_enlarged {
            // The smallest edge with few enough tiles; their number never grows with it.
            while edge + 1 < enough {
                let middle = edge + (enough - edge) / 2;
                if count(middle) > u64::from(self.at_most) {
                    edge = middle;
                } else {
                    enough = middle;
                }
            }
            edge = enough;
        }
        if image.long_edge() <= edge {
            return (Vec::new(), is_enlarged);
        }
        let size = PixelSize::new(edge.min(image.width), edge.min(image.height));
        let (columns, rows) = (self.along(image.width, edge), self.along(image.height, edge));
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let tiles = cells.map(|(row, column)| ImageRegion {
            left: start(image.width - size.width, column, columns),
            top: start(image.height - size.height, row, rows),
            size,
        });
        (tiles.collect(), is_enlarged)
    }

    /// The number of tiles along a side.
    fn along(self, side: u32, edge: u32) -> u32 {
        if side <= edge {
            return 1;
        }
        let overlap = (u64::from(edge) * u64::from(self.overlap.min(Self::LARGEST_OVERLAP))).div_ceil(100);
        let (overlap, edge) = (overlap.min(u64::from(edge) - 1), u64::from(edge));
        u32::try_from((u64::from(side) - overlap).div_ceil(edge - overlap)).unwrap_or(u32::MAX)
    }
}

/// Where tile `index` of `count` begins, if the last one begins at `last`: evenly spread.
fn start(last: u32, index: u32, count: u32) -> u32 {
    let start = u64::from(last) * u64::from(index) / u64::from(count.saturating_sub(1).max(1));
    u32::try_from(start).unwrap_or(last)
}

impl Recipe {
    /// The parts of an image of this size that are asked about. `sent` is its size as the model looks at it whole: an
    /// image that is not reduced has no tiles, because they would show nothing more.
    #[must_use]
    pub fn parts(&self, image: PixelSize, sent: PixelSize) -> ImageParts {
        let tiling = self.tiles.filter(|_| self.has_located_shapes() && sent.long_edge() < image.long_edge());
        let (tiles, are_enlarged) = tiling.map(|tiling| tiling.tiles(image)).unwrap_or_default();
        ImageParts { regions: std::iter::once(ImageRegion::whole(image)).chain(tiles).collect(), are_enlarged }
    }

    /// Whether an image may take more than one answer: it is tiled, or answers are checked.
    #[must_use]
    pub fn takes_several_answers(&self) -> bool {
        self.tiles.is_some() && self.has_located_shapes() || self.check
    }

    /// What is asked about a tile: annotations with a place. What concerns the whole image is asked about that alone.
    #[must_use]
    pub fn of_tile(&self) -> Self {
        let mut of_tile = self.clone();
        of_tile.shapes.retain(|shape| shape.is_located());
        of_tile.attributes.retain(|attribute| attribute.of == AttributeSubject::Annotation);
        of_tile
    }

    /// Whether it asks for annotations with a place in the image.
    #[must_use]
    pub fn has_located_shapes(&self) -> bool {
        self.shapes.iter().any(|shape| shape.is_located())
    }

    /// What determines where the tiles of an image are; `None` without any.
    #[must_use]
    pub fn tiles_key(&self) -> Option<String> {
        let tiles = self.tiles.filter(|_| self.has_located_shapes());
        tiles.map(|Tiling { edge, overlap, at_most }| format!("tiles {edge} {overlap} {at_most}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recipe::ShapeKind;

    fn tiled(tiling: Tiling) -> Recipe {
        Recipe { tiles: Some(tiling), ..Recipe::find_these("cat").unwrap() }
    }

    proptest! {
        #[test]
        fn tiles_cover_the_image_overlap_and_are_few_enough(
            (width, height) in (1_u32..30_000, 1_u32..30_000),
            edge in 128_u32..4_000,
            overlap in 0_u8..=50,
            at_most in 1_u32..200,
        ) {
            let (image, tiling) = (PixelSize::new(width, height), Tiling { edge, overlap, at_most });
            let parts = tiled(tiling).parts(image, image.fit_within(image.long_edge().saturating_sub(1).max(1)));
            prop_assert_eq!(parts.regions[0], ImageRegion::whole(image));
            let tiles = &parts.regions[1..];
            prop_assert!(tiles.len() <= at_most as usize);
            if tiles.is_empty() {
                prop_assert!(parts.are_enlarged || image.long_edge() <= edge);
                return Ok(());
            }
            let size = tiles[0].size;
            prop_assert!(parts.are_enlarged || size.long_edge() == edge);
            prop_assert!(tiles.iter().all(|tile| tile.size == size));
            prop_assert!(tiles.iter().all(|tile| tile.left + size.width <= width && tile.top + size.height <= height));
            for (side, of_tile, starts) in [
                (width, size.width, tiles.iter().map(|tile| tile.left).collect::<Vec<_>>()),
                (height, size.height, tiles.iter().map(|tile| tile.top).collect()),
            ] {
                let mut starts = starts;
                starts.sort_unstable();
                starts.dedup();
                prop_assert_eq!((starts[0], starts[starts.len() - 1] + of_tile), (0, side));
                let least = u64::from(of_tile) * u64::from(overlap) / 100;
                for pair in starts.windows(2) {
                    prop_assert!(u64::from(pair[0] + of_tile) + 1 >= u64::from(pair[1]) + least);
                }
            }
        }
    }

    #[test]
    fn a_large_image_has_larger_tiles_and_says_so() {
        let image = PixelSize::new(12_000, 8_400);
        let parts = tiled(Tiling::default()).parts(image, image.fit_within(1_568));
        assert!(parts.are_enlarged && (13..=17).contains(&parts.regions.len()), "{}", parts.regions.len());
        let all = Tiling { at_most: Tiling::MOST_TILES, ..Tiling::default() };
        let parts = tiled(all).parts(image, image.fit_within(1_568));
        assert_eq!((parts.are_enlarged, parts.regions.len()), (false, 71));
    }

    #[test]
    fn an_image_that_is_not_reduced_or_asked_for_its_tags_alone_has_no_tiles() {
        let image = PixelSize::new(4_000, 3_000);
        let recipe = tiled(Tiling { edge: 1_000, ..Tiling::default() });
        assert_eq!(recipe.parts(image, image).regions, [ImageRegion::whole(image)]);
        assert!(recipe.parts(image, image.fit_within(1_568)).regions.len() > 1);
        let tags = Recipe { shapes: vec![ShapeKind::ImageTag, ShapeKind::Caption], ..recipe };
        assert_eq!(tags.parts(image, image.fit_within(1_568)).regions, [ImageRegion::whole(image)]);
        assert!(!tags.takes_several_answers());
    }
}
