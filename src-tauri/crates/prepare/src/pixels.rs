//! Decoded pictures in memory, and resizing and rotating them.

use domain::geometry::{ImageRegion, Orientation, PixelSize};
use domain::import::SkipReason;
use domain::taken::Taken;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{ResizeOptions, Resizer};

/// An upright picture, eight bits each for red, green and blue, rows from top to bottom without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    pub size: PixelSize,
    /// `3 * size.area()` bytes.
    pub rgb: Vec<u8>,
}

/// A picture as its file stores it, not rotated yet and maybe scaled by the decoder.
pub(crate) struct Stored {
    pub(crate) pixels: Pixels,
    /// Columns and rows of `pixels` that the picture fills. A decoder that scales by a half rounds odd sides up, and
    /// the last column is then only half filled.
    pub(crate) filled: (f64, f64),
    /// Size of the picture in the file, before scaling.
    pub(crate) size: PixelSize,
    pub(crate) orientation: Orientation,
    pub(crate) taken: Option<Taken>,
}

impl Stored {
    /// The picture, resized to a long edge of at most `max_edge` and rotated upright.
    pub(crate) fn into_upright(self, max_edge: Option<u32>) -> Result<Pixels, SkipReason> {
        let target = fitted(self.size, max_edge);
        let pixels = if self.pixels.size == target { self.pixels } else { resized(&self.pixels, self.filled, target)? };
        Ok(turned(pixels, self.orientation))
    }
}

/// The target size for a picture of `size`.
pub(crate) fn fitted(size: PixelSize, max_edge: Option<u32>) -> PixelSize {
    max_edge.map_or(size, |edge| size.fit_within(edge))
}

/// The region of an upright picture that it is within, resized.
pub(crate) fn cropped(pixels: &Pixels, region: ImageRegion, target: PixelSize) -> Result<Pixels, SkipReason> {
    let ImageRegion { left, top, size } = region;
    if size == target {
        let (row, start) = (3 * pixels.size.width as usize, 3 * left as usize);
        let rows = pixels.rgb.chunks_exact(row).skip(top as usize).take(size.height as usize);
        let rgb = rows.flat_map(|row| &row[start..start + 3 * size.width as usize]).copied().collect();
        return Ok(Pixels { size, rgb });
    }
    let [left, top, width, height] = [left, top, size.width, size.height].map(f64::from);
    resampled(pixels, [left, top, width, height], target)
}

fn resized(pixels: &Pixels, filled: (f64, f64), target: PixelSize) -> Result<Pixels, SkipReason> {
    resampled(pixels, [0.0, 0.0, filled.0, filled.1], target)
}

/// Lanczos with three lobes: the sharpest result, for models that read small text. `source` is left, top, width and height
/// of what is shown.
fn resampled(pixels: &Pixels, source: [f64; 4], target: PixelSize) -> Result<Pixels, SkipReason> {
    let PixelSize { width, height } = pixels.size;
    let [left, top, source_width, source_height] = source;
    let options = ResizeOptions::new().crop(left, top, source_width, source_height);
    let mut rgb = vec![0; 3 * target.width as usize * target.height as usize];
    // Typed, because the resizer for any pixel type takes two minutes to compile.
    let source = TypedImageRef::<U8x3>::from_buffer(width, height, &pixels.rgb).map_err(damaged)?;
    let mut result = TypedImage::<U8x3>::from_buffer(target.width, target.height, &mut rgb).map_err(damaged)?;
    Resizer::new().resize_typed(&source, &mut result, &options).map_err(damaged)?;
    Ok(Pixels { size: target, rgb })
}

fn damaged(error: impl Into<Box<dyn std::error::Error>>) -> SkipReason {
    SkipReason::Damaged { detail: error.into().to_string() }
}

pub(crate) fn turned(stored: Pixels, orientation: Orientation) -> Pixels {
    let (width, height) = (stored.size.width as usize, stored.size.height as usize);
    let last = width * height - 1;
    // The first stored pixel of the upright picture, and the steps to the next column and row. Negative steps wrap
    // around.
    let (first, column_step, row_step) = match orientation {
        Orientation::Upright => return stored,
        Orientation::MirroredHorizontally => (width - 1, 1_usize.wrapping_neg(), width),
        Orientation::Rotated180 => (last, 1_usize.wrapping_neg(), width.wrapping_neg()),
        Orientation::MirroredVertically => (last + 1 - width, 1, width.wrapping_neg()),
        Orientation::Transposed => (0, width, 1),
        Orientation::NeedsClockwise90 => (last + 1 - width, width.wrapping_neg(), 1),
        Orientation::Transversed => (last, width.wrapping_neg(), 1_usize.wrapping_neg()),
        Orientation::NeedsCounterClockwise90 => (width - 1, width, 1_usize.wrapping_neg()),
    };
    let size = orientation.upright_size(stored.size);
    let mut rgb = Vec::with_capacity(stored.rgb.len());
    let mut row_start = first;
    for _ in 0..size.height {
        let mut index = row_start;
        for _ in 0..size.width {
            rgb.extend_from_slice(&stored.rgb[3 * index..3 * index + 3]);
            index = index.wrapping_add(column_step);
        }
        row_start = row_start.wrapping_add(row_step);
    }
    Pixels { size, rgb }
}

/// Product of two numbers from 0 to 1 in 255ths, rounded to nearest.
pub(crate) fn multiply(a: u8, b: u8) -> u8 {
    u8::try_from((u32::from(a) * u32::from(b) + 127) / 255).unwrap_or(u8::MAX)
}

/// `value` blended on white by `alpha`.
pub(crate) fn over_white(value: u8, alpha: u8) -> u8 {
    255 - multiply(255 - value, alpha)
}
