//! An arriving image: its bytes, its size, the size the model sees and its price. The size rule is written separately
//! from the vendor's documentation, because the code under test must agree with it. If pictures are not decoded, only
//! the head of the file is decoded from base64.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, ImageReader};
use serde::Serialize;

use crate::error::ErrorResponse;
use crate::eyes::Eyes;
use crate::models::ImageTier;

/// The side of the square of pixels that costs one token.
const PATCH_PIXELS: u32 = 28;
/// Measured on the base64 text, as the vendor does.
const MAX_BASE64_BYTES: usize = 10 * 1024 * 1024;
const MAX_SIDE_PIXELS: u32 = 8000;
/// The limit for every image of a request with more than [`MANY_IMAGES`] of them.
const MAX_SIDE_PIXELS_OF_MANY: u32 = 2000;
const MANY_IMAGES: usize = 20;
/// Base64 text that holds the size of nearly every image; a multiple of four.
const HEAD_BASE64_BYTES: usize = 8 * 1024;

/// The size of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Size {
    /// `ceil(width / 28) * ceil(height / 28)`.
    pub(crate) fn tokens(self) -> u32 {
        self.width.div_ceil(PATCH_PIXELS) * self.height.div_ceil(PATCH_PIXELS)
    }

    fn fits(self, tier: ImageTier) -> bool {
        let padded = |side: u32| side.div_ceil(PATCH_PIXELS) * PATCH_PIXELS;
        padded(self.width) <= tier.longest_edge_pixels
            && padded(self.height) <= tier.longest_edge_pixels
            && self.tokens() <= tier.tokens
    }

    fn turned(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// The size the model sees: the original size if it fits, otherwise the largest that does, by bisection on the
    /// longer side.
    pub(crate) fn seen_by(self, tier: ImageTier) -> Self {
        if self.fits(tier) {
            return self;
        }
        if self.height > self.width {
            return self.turned().seen_by(tier).turned();
        }
        let aspect = f64::from(self.width) / f64::from(self.height);
        let of_width = |width: u32| Self { width, height: height_for(width, aspect) };
        let (mut fitting, mut exceeding) = (1, self.width);
        while fitting + 1 < exceeding {
            let middle = u32::midpoint(fitting, exceeding);
            if of_width(middle).fits(tier) {
                fitting = middle;
            } else {
                exceeding = middle;
            }
        }
        of_width(fitting)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a side of 8000 pixels")]
fn height_for(width: u32, aspect: f64) -> u32 {
    ((f64::from(width) / aspect).round_ties_even() as u32).max(1)
}

/// What to do with an image that is larger than the model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oversized {
    Downsize,
    Refuse,
}

/// The file of an image.
#[derive(Debug, Clone)]
pub(crate) struct EncodedPicture {
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: ImageFormat,
}

/// An image of a request, measured but not decoded.
#[derive(Debug, Clone)]
pub(crate) struct SentPicture {
    /// Absent if pictures are not decoded.
    pub(crate) pixels: Option<EncodedPicture>,
    pub(crate) sent: Size,
    /// What the model sees; its answers are in these pixels.
    pub(crate) seen: Size,
}

impl SentPicture {
    /// Takes the base64 source of an image block at `path`.
    pub(crate) fn take(
        data: &str,
        media_type: &str,
        tier: ImageTier,
        oversized: Oversized,
        eyes: Eyes,
        path: &str,
    ) -> Result<Self, ErrorResponse> {
        if data.len() > MAX_BASE64_BYTES {
            return Err(ErrorResponse::invalid(format!(
                "{path}.source.base64: image exceeds 10 MB maximum: {} bytes > {MAX_BASE64_BYTES} bytes",
                data.len()
            )));
        }
        let at_data = |why: &str| ErrorResponse::invalid(format!("{path}.source.base64.data: {why}"));
        let own = Self::measured(data, media_type, eyes, |sent| sent.seen_by(tier)).map_err(|broken| match broken {
            Broken::MediaType => ErrorResponse::invalid(format!(
                "{path}.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or \
                 'image/webp'"
            )),
            Broken::OtherType(format) => at_data(&format!(
                "The image was specified using the {media_type} media type, but the image appears to be a {} image",
                format.to_mime_type()
            )),
            Broken::Base64 => at_data("Invalid base64 data"),
            Broken::Unreadable => at_data("Could not process image"),
        })?;
        let Self { sent, seen, .. } = own;
        let Size { width, height } = sent;
        if width.max(height) > MAX_SIDE_PIXELS {
            return Err(ErrorResponse::invalid(format!(
                "{path}.source.base64.data: At least one of the image dimensions exceed max allowed size: \
                 {MAX_SIDE_PIXELS} pixels"
            )));
        }
        if seen != sent && oversized == Oversized::Refuse {
            return Err(ErrorResponse::invalid(format!(
                "{path}: image dimensions {width}x{height} exceed the maximum for this model; the largest dimensions \
                 that fit are {}x{}",
                seen.width, seen.height
            )));
        }
        Ok(own)
    }

    /// Measures an image of this type, which the model sees in the size that `seen` gives.
    pub(crate) fn measured(
        data: &str,
        media_type: &str,
        eyes: Eyes,
        seen: impl Fn(Size) -> Size,
    ) -> Result<Self, Broken> {
        let claimed = match media_type {
            "image/jpeg" => ImageFormat::Jpeg,
            "image/png" => ImageFormat::Png,
            "image/gif" => ImageFormat::Gif,
            "image/webp" => ImageFormat::WebP,
            _ => return Err(Broken::MediaType),
        };
        let head = if eyes == Eyes::Open {
            None
        } else if is_base64(data) {
            data.get(..HEAD_BASE64_BYTES).and_then(|head| measured(&STANDARD.decode(head).ok()?))
        } else {
            return Err(Broken::Base64);
        };
        let (format, sent, bytes) = if let Some((format, sent)) = head {
            (format, sent, None)
        } else {
            let bytes = STANDARD.decode(data).map_err(|_| Broken::Base64)?;
            let (format, sent) = measured(&bytes).ok_or(Broken::Unreadable)?;
            (format, sent, (eyes == Eyes::Open).then_some(bytes))
        };
        if format != claimed {
            return Err(Broken::OtherType(format));
        }
        if sent.width == 0 || sent.height == 0 {
            return Err(Broken::Unreadable);
        }
        Ok(Self { pixels: bytes.map(|bytes| EncodedPicture { bytes, format }), sent, seen: seen(sent) })
    }
}

/// Why an image cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    MediaType,
    /// The file is of this type.
    OtherType(ImageFormat),
    Base64,
    Unreadable,
}

/// The format and size in the head of a file.
fn measured(bytes: &[u8]) -> Option<(ImageFormat, Size)> {
    let format = image::guess_format(bytes).ok()?;
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().ok()?;
    Some((format, Size { width, height }))
}

/// Whether a text can be decoded. A loop without an exit lets the compiler check many bytes at a time.
fn is_base64(data: &str) -> bool {
    let digits = data.strip_suffix("==").or_else(|| data.strip_suffix('=')).unwrap_or(data);
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    data.len().is_multiple_of(4) && digits.bytes().fold(true, |so_far, byte| so_far & is_digit(byte))
}

/// Refuses a request whose images are each allowed but too large for their number.
pub(crate) fn check_together(sizes: &[Size]) -> Result<(), ErrorResponse> {
    let has_large = sizes.iter().any(|size| size.width.max(size.height) > MAX_SIDE_PIXELS_OF_MANY);
    if sizes.len() > MANY_IMAGES && has_large {
        return Err(ErrorResponse::invalid(format!(
            "messages: At least one of the image dimensions exceed max allowed size for many-image requests: \
             {MAX_SIDE_PIXELS_OF_MANY} pixels"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{HIGH, STANDARD};

    #[test]
    fn images_are_seen_at_the_published_sizes() {
        let vectors = [
            ((640, 480), (640, 480, 414), (640, 480, 414)),
            ((1280, 720), (1280, 720, 1196), (1280, 720, 1196)),
            ((1920, 1080), (1456, 819, 1560), (1920, 1080, 2691)),
            ((2560, 1440), (1456, 819, 1560), (2560, 1440, 4784)),
            ((3024, 4032), (952, 1270, 1564), (1659, 2212, 4740)),
            ((3840, 2160), (1456, 819, 1560), (2576, 1449, 4784)),
            ((6000, 4000), (1344, 896, 1536), (2352, 1568, 4704)),
            ((8000, 400), (1568, 78, 168), (2576, 129, 460)),
            ((2000, 1500), (1270, 952, 1564), (2000, 1500, 3888)),
        ];
        for ((width, height), standard, high) in vectors {
            for (tier, expected) in [(STANDARD, standard), (HIGH, high)] {
                let seen = Size { width, height }.seen_by(tier);
                assert_eq!((seen.width, seen.height, seen.tokens()), expected, "{width}x{height}");
            }
        }
    }
}
