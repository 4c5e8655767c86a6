//! How large a picture may be so that the vendor leaves it alone, and how many tokens it then costs.
//!
//! Anthropic cuts a picture into patches of 28 x 28 pixels, a token each. A picture beyond the model's tier would be made
//! smaller over there, out of sight, and the boxes would come back in pixels of that unseen picture. So the rule is
//! applied here, before a picture is encoded. Deliberately absent: resizing itself, which is the business of whoever owns
//! pixels. Source: Anthropic's vision guide as of 2026-11-23.

use domain::geometry::PixelSize;

/// Side of a patch, in pixels.
const PATCH: u32 = 28;

/// Which size limits a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageTier {
    /// Models up to 4.6, and Haiku 4.5.
    Standard,
    /// Models from 4.7 on.
    High,
}

impl ImageTier {
    /// Longest side of the padded picture, in pixels.
    #[must_use]
    pub const fn edge(self) -> u32 {
        match self {
            Self::Standard => 1568,
            Self::High => 2576,
        }
    }

    /// The most tokens a picture may take.
    #[must_use]
    pub const fn token_limit(self) -> u64 {
        match self {
            Self::Standard => 1568,
            Self::High => 4784,
        }
    }
}

/// Input tokens of a picture that is sent in this size: exact as long as it [`fits`].
#[must_use]
pub const fn tokens(size: PixelSize) -> u64 {
    size.width.div_ceil(PATCH) as u64 * size.height.div_ceil(PATCH) as u64
}

/// Whether the vendor takes a picture of this size as it is. Sides count padded to whole patches.
#[must_use]
pub const fn fits(size: PixelSize, tier: ImageTier) -> bool {
    let patches_along_edge = tier.edge() / PATCH;
    size.width.div_ceil(PATCH) <= patches_along_edge
        && size.height.div_ceil(PATCH) <= patches_along_edge
        && tokens(size) <= tier.token_limit()
}

/// The size in which a picture of `original` size is to be sent: the vendor's rule, with sides rounded as
/// [`PixelSize::fit_within`] rounds them, since that is what resizing to a long edge makes.
#[must_use]
pub fn sent_size(original: PixelSize, tier: ImageTier) -> PixelSize {
    let mut edge = resize(original, tier).long_edge();
    // The other rounding can make a side a pixel longer, and with that a patch.
    while edge > 1 && !fits(original.fit_within(edge), tier) {
        edge -= 1;
    }
    original.fit_within(edge)
}

/// The size that the vendor itself would give a picture of `size`. Never larger than `size`, no side below 1.
#[must_use]
pub fn resize(size: PixelSize, tier: ImageTier) -> PixelSize {
    if fits(size, tier) {
        return size;
    }
    if size.height > size.width {
        return resize(size.transposed(), tier).transposed();
    }
    let aspect = f64::from(size.width) / f64::from(size.height.max(1));
    let with_width = |width: u32| PixelSize::new(width, height_for(width, aspect));
    let (mut fitting, mut too_wide) = (1, size.width);
    while fitting + 1 < too_wide {
        let middle = fitting.midpoint(too_wide);
        if fits(with_width(middle), tier) {
            fitting = middle;
        } else {
            too_wide = middle;
        }
    }
    with_width(fitting)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the width, which is a u32")]
fn height_for(width: u32, aspect: f64) -> u32 {
    ((f64::from(width) / aspect).round_ties_even() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            for (tier, (sent, count)) in [(ImageTier::Standard, standard), (ImageTier::High, high)] {
                let actual = resize(size(original), tier);
                assert_eq!((actual, tokens(actual)), (size(sent), count), "{original:?} {tier:?}");
            }
        }
    }

    #[test]
    fn the_documented_table_may_be_a_pixel_off() {
        let actual = resize(PixelSize::new(2000, 1500), ImageTier::Standard);
        assert!(actual.width.abs_diff(1269) <= 1 && actual.height.abs_diff(952) <= 1, "{actual:?}");
    }

    #[test]
    fn whatever_is_resized_fits_and_stays() {
        for tier in [ImageTier::Standard, ImageTier::High] {
            for width in (1..12_000).step_by(397) {
                for height in (1..12_000).step_by(389) {
                    let original = PixelSize::new(width, height);
                    let sent = resize(original, tier);
                    assert!(fits(sent, tier), "{original:?} became {sent:?}");
                    assert!(sent.width <= width && sent.height <= height && sent.width > 0 && sent.height > 0);
                    assert_eq!(resize(sent, tier), sent);
                    let ours = sent_size(original, tier);
                    assert!(fits(ours, tier) && ours.long_edge() + 2 >= sent.long_edge(), "{original:?}: {ours:?}");
                    assert_eq!(original.fit_within(ours.long_edge()), ours);
                    assert_eq!(resize(original.transposed(), tier), sent.transposed(), "{original:?}");
                }
            }
        }
    }
}
