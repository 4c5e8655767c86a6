//! Decoding by the `image` crate: PNG, WebP, GIF, BMP and TIFF, and the few JPEG files that libjpeg-turbo won't start
//! on.

use crate::decode::{admit, damaged};
use crate::exif;
use crate::pixels::{Pixels, Stored, multiply};
use domain::geometry::PixelSize;
use domain::import::{ImageFormat, SkipReason};
use domain::taken::Taken;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;

/// What a decoder may allocate before the size of the picture is known, and beside the picture afterwards.
const OVERHEAD_BYTES: u64 = 64 << 20;

/// The picture in its full size.
pub(crate) fn decode(format: ImageFormat, bytes: &[u8]) -> Result<Stored, SkipReason> {
    if format == ImageFormat::Tiff && exif::is_camera_raw(bytes) {
        return Err(SkipReason::NotAnImage);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(OVERHEAD_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let size = PixelSize::new(width, height);
    let _turn = admit(size)?;

    // Some decoders hold a second copy while they convert.
    limits.max_alloc = Some(decoder.total_bytes().saturating_mul(2).saturating_add(OVERHEAD_BYTES));
    decoder.set_limits(limits).map_err(damaged)?;
    let (orientation, taken) =
        with_exif(format, bytes, &mut decoder, |exif| (exif::orientation(exif), exif::taken(exif))).unwrap_or_default();
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let rgb = match image {
        image if image.color().has_alpha() => on_white(image.into_rgba8().into_raw()),
        image => image.into_rgb8().into_raw(),
    };
    let filled = (f64::from(width), f64::from(height));
    Ok(Stored { pixels: Pixels { size, rgb }, filled, size, orientation, taken })
}

/// When the picture was taken, without decoding it.
pub(crate) fn taken(format: ImageFormat, bytes: &[u8]) -> Option<Taken> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(OVERHEAD_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(limits);
    with_exif(format, bytes, &mut reader.into_decoder().ok()?, exif::taken)?
}

/// What `read` makes of the EXIF of a file; a TIFF file is such a directory itself.
fn with_exif<Read>(
    format: ImageFormat,
    bytes: &[u8],
    decoder: &mut impl ImageDecoder,
    read: impl Fn(&[u8]) -> Read,
) -> Option<Read> {
    match (format, decoder.exif_metadata()) {
        (ImageFormat::Tiff, _) => Some(read(bytes)),
        (_, Ok(Some(chunk))) => Some(read(&chunk)),
        (_, Ok(None) | Err(_)) => None,
    }
}

const fn image_format(format: ImageFormat) -> image::ImageFormat {
    match format {
        ImageFormat::Jpeg => image::ImageFormat::Jpeg,
        ImageFormat::Png => image::ImageFormat::Png,
        ImageFormat::WebP => image::ImageFormat::WebP,
        ImageFormat::Gif => image::ImageFormat::Gif,
        ImageFormat::Bmp => image::ImageFormat::Bmp,
        ImageFormat::Tiff => image::ImageFormat::Tiff,
    }
}

/// Composites on white within the same buffer: a frame of hundreds of megabytes has no room for a second one.
fn on_white(mut rgba: Vec<u8>) -> Vec<u8> {
    let pixel_count = rgba.len() / 4;
    for index in 0..pixel_count {
        let alpha = rgba[4 * index + 3];
        for channel in 0..3 {
            rgba[3 * index + channel] = over_white(rgba[4 * index + channel], alpha);
        }
    }
    rgba.truncate(3 * pixel_count);
    rgba
}

fn over_white(value: u8, alpha: u8) -> u8 {
    255 - multiply(255 - value, alpha)
}
