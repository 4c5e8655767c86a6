//! Image size limits of models, and the tokens that an image costs.
//!
//! A server would silently resize a larger picture, and boxes would come back in pixels of that unseen picture. So the
//! rule is applied here, before a picture is encoded. Resizing itself is elsewhere.

use domain::geometry::PixelSize;
use serde::Deserialize;

/// The image rule of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ImageRule {
    /// The picture is divided into square patches, one token each.
    Patches {
        /// Side of a patch, in pixels.
        side: u32,
        /// Longest edge of the picture, padded to whole patches, in pixels.
        longest_edge: u32,
        /// The most tokens that a picture may take.
        token_limit: u64,
    },
    /// The picture is divided into square patches, each of which costs more than a token.
    WeightedPatches {
        /// Side of a patch, in pixels.
        side: u32,
        /// Longest edge of the picture, in pixels.
        longest_edge: u32,
        /// The most patches of a picture.
        patch_limit: u64,
        /// Tokens of a hundred patches.
        percent: u64,
    },
    /// The picture is divided into square tiles.
    Tiles {
        /// Longest edge of the picture, in pixels.
        longest_edge: u32,
        /// Longest short side of the picture, in pixels.
        short_side: u32,
        /// Side of a tile, in pixels.
        side: u32,
        /// Tokens of a picture besides those of its tiles.
        base_tokens: u64,
        tile_tokens: u64,
    },
    /// The picture takes the same number of tokens whatever its size.
    Fixed {
        /// What requests ask for.
        resolution: MediaResolution,
        /// Longest edge of the picture, in pixels.
        longest_edge: u32,
        tokens: u64,
    },
    /// The picture is resized to a square of this side; it has no tokens.
    LongestEdge { pixels: u32 },
}

/// How closely a model looks at a picture, where a request can say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaResolution {
    Low,
    Medium,
    High,
    UltraHigh,
}

impl ImageRule {
    /// Input tokens of a picture of this size; exact if it [fits](ImageRule::fits).
    #[must_use]
    pub const fn tokens(self, size: PixelSize) -> u64 {
        match self {
            Self::Patches { side, .. } => squares(size, side),
            Self::WeightedPatches { side, percent, .. } => squares(size, side).saturating_mul(percent).div_ceil(100),
            Self::Tiles { side, base_tokens, tile_tokens, .. } => {
                squares(size, side).saturating_mul(tile_tokens).saturating_add(base_tokens)
            }
            Self::Fixed { tokens, .. } => tokens,
            Self::LongestEdge { .. } => 0,
        }
    }

    /// The longest edge that a picture can have, in pixels.
    #[must_use]
    pub const fn longest_edge(self) -> u32 {
        match self {
            Self::Patches { longest_edge, .. }
            | Self::WeightedPatches { longest_edge, .. }
            | Self::Tiles { longest_edge, .. }
            | Self::Fixed { longest_edge, .. }
            | Self::LongestEdge { pixels: longest_edge } => longest_edge,
        }
    }

    /// Whether a picture of this size is not resized by the server.
    #[must_use]
    pub const fn fits(self, size: PixelSize) -> bool {
        match self {
            Self::Patches { side, longest_edge, token_limit } => {
                let patches_along_edge = longest_edge / side;
                size.width.div_ceil(side) <= patches_along_edge
                    && size.height.div_ceil(side) <= patches_along_edge
                    && self.tokens(size) <= token_limit
            }
            Self::WeightedPatches { side, longest_edge, patch_limit, .. } => {
                size.long_edge() <= longest_edge && squares(size, side) <= patch_limit
            }
            Self::Tiles { longest_edge, short_side, .. } => {
                let short = if size.width < size.height { size.width } else { size.height };
                size.long_edge() <= longest_edge && short <= short_side
            }
            Self::Fixed { longest_edge: pixels, .. } | Self::LongestEdge { pixels } => size.long_edge() <= pixels,
        }
    }

    /// The size in which to send a picture of `original` size: the server's rule, rounded like
    /// [`PixelSize::fit_within`], because that is how pictures are resized.
    #[must_use]
    pub fn sent_size(self, original: PixelSize) -> PixelSize {
        let mut edge = self.resized(original).long_edge();
        // Rounding can make a side a pixel longer, and so add a patch.
        while edge > 1 && !self.fits(original.fit_within(edge)) {
            edge -= 1;
        }
        original.fit_within(edge)
    }

    /// The size to which the server itself would resize a picture. Never larger than `size`, no side below 1.
    #[must_use]
    pub fn resized(self, size: PixelSize) -> PixelSize {
        if self.fits(size) {
            return size;
        }
        if let Self::Fixed { longest_edge: pixels, .. } | Self::LongestEdge { pixels } = self {
            return size.fit_within(pixels);
        }
        if size.height > size.width {
            return self.resized(size.transposed()).transposed();
        }
        let aspect = f64::from(size.width) / f64::from(size.height.max(1));
        let with_width = |width: u32| PixelSize::new(width, height_for(width, aspect));
        let (mut fitting, mut too_wide) = (1, size.width);
        while fitting + 1 < too_wide {
            let middle = fitting.midpoint(too_wide);
            if self.fits(with_width(middle)) {
                fitting = middle;
            } else {
                too_wide = middle;
            }
        }
        with_width(fitting)
    }
}

/// Number of squares of this side that cover a picture.
const fn squares(picture: PixelSize, side: u32) -> u64 {
    picture.width.div_ceil(side) as u64 * picture.height.div_ceil(side) as u64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the width, which is a u32")]
fn height_for(width: u32, aspect: f64) -> u32 {
    ((f64::from(width) / aspect).round_ties_even() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: ImageRule = ImageRule::Patches { side: 28, longest_edge: 1568, token_limit: 1568 };
    const HIGH: ImageRule = ImageRule::Patches { side: 28, longest_edge: 2576, token_limit: 4784 };

    const WEIGHTED: ImageRule =
        ImageRule::WeightedPatches { side: 32, longest_edge: 2048, patch_limit: 2500, percent: 120 };
    const TILES: ImageRule =
        ImageRule::Tiles { longest_edge: 2048, short_side: 768, side: 512, base_tokens: 85, tile_tokens: 170 };

    fn size((width, height): (u32, u32)) -> PixelSize {
        PixelSize::new(width, height)
    }

    #[test]
    fn sizes_and_tokens_are_the_vendor_s() {
        let vectors = [
            ((640, 480), ((640, 480), 414), ((640, 480), 414)),
            ((1280, 720), ((1280, 720), 1196), ((1280, 720), 1196)),
            ((1920, 1080), ((1456, 819), 1560), ((1920, 1080), 2691)),
            ((2560, 1440), ((1456, 819), 1560), ((2560, 1440), 4784)),
            ((3024, 4032), ((952, 1270), 1564), ((1659, 2212), 4740)),
            ((3840, 2160), ((1456, 819), 1560), ((2576, 1449), 4784)),
            ((6000, 4000), ((1344, 896), 1536), ((2352, 1568), 4704)),
            ((8000, 400), ((1568, 78), 168), ((2576, 129), 460)),
        ];
        for (original, standard, high) in vectors {
            for (rule, (sent, count)) in [(STANDARD, standard), (HIGH, high)] {
                let actual = rule.resized(size(original));
                assert_eq!((actual, rule.tokens(actual)), (size(sent), count), "{original:?} {rule:?}");
            }
        }
    }

    #[test]
    fn weighted_patches_and_tiles() {
        // 12 megapixels, as published for a model without limits.
        let boundless = ImageRule::WeightedPatches { side: 32, longest_edge: 8000, patch_limit: 100_000, percent: 120 };
        assert_eq!(boundless.tokens(size((4032, 3024))), 14_364);
        for (original, sent, tokens) in [((640, 480), (640, 480), 360), ((1920, 1080), (1920, 1080), 2448)] {
            assert_eq!((WEIGHTED.resized(size(original)), WEIGHTED.tokens(size(sent))), (size(sent), tokens));
        }
        let large = WEIGHTED.sent_size(size((4032, 3024)));
        assert!(WEIGHTED.tokens(large) <= 3000 && WEIGHTED.tokens(large) > 2900, "{large:?}");
        let vectors =
            [((1024, 1024), (768, 768), 765), ((2048, 4096), (768, 1536), 1105), ((500, 400), (500, 400), 255)];
        for (original, sent, tokens) in vectors {
            assert_eq!((TILES.sent_size(size(original)), TILES.tokens(size(sent))), (size(sent), tokens));
        }
    }

    #[test]
    fn the_documented_table_may_be_a_pixel_off() {
        let actual = STANDARD.resized(PixelSize::new(2000, 1500));
        assert!(actual.width.abs_diff(1269) <= 1 && actual.height.abs_diff(952) <= 1, "{actual:?}");
    }

    #[test]
    fn whatever_is_resized_fits_and_stays() {
        for rule in [STANDARD, HIGH, WEIGHTED, TILES] {
            for width in (1..12_000).step_by(397) {
                for height in (1..12_000).step_by(389) {
                    let original = PixelSize::new(width, height);
                    let sent = rule.resized(original);
                    assert!(rule.fits(sent), "{original:?} became {sent:?}");
                    assert!(sent.width <= width && sent.height <= height && sent.width > 0 && sent.height > 0);
                    assert_eq!(rule.resized(sent), sent);
                    let ours = rule.sent_size(original);
                    assert!(rule.fits(ours) && ours.long_edge() + 2 >= sent.long_edge(), "{original:?}: {ours:?}");
                    assert_eq!(original.fit_within(ours.long_edge()), ours);
                    assert_eq!(rule.resized(original.transposed()), sent.transposed(), "{original:?}");
                }
            }
        }
    }

    #[test]
    fn a_fixed_number_of_tokens_does_not_depend_on_the_size() {
        let rule = ImageRule::Fixed { resolution: MediaResolution::High, longest_edge: 2048, tokens: 1120 };
        for (original, sent) in [((6000, 4000), (2048, 1365)), ((40, 30), (40, 30)), ((1, 9000), (1, 2048))] {
            assert_eq!((rule.sent_size(size(original)), rule.tokens(size(sent))), (size(sent), 1120));
        }
    }

    #[test]
    fn a_longest_edge_keeps_the_shape_and_takes_no_tokens() {
        let rule = ImageRule::LongestEdge { pixels: 832 };
        assert_eq!(rule.sent_size(PixelSize::new(4000, 3000)), PixelSize::new(832, 624));
        let small = PixelSize::new(64, 48);
        assert_eq!((rule.sent_size(small), rule.tokens(small)), (small, 0));
    }
}
