//! Decoding by the `image` crate: WebP, GIF, BMP and interlaced PNG, and the few JPEG files that libjpeg-turbo refuses.

use crate::header::{Header, check_size, damaged, not_supported};
use crate::pixels::{Pixels, Stored, over_white};
use crate::{exif, webp};
use domain::geometry::PixelSize;
use domain::import::{ImageFormat, SkipReason};
use image::codecs::webp::WebPDecoder;
use image::error::UnsupportedErrorKind;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgba};
use std::borrow::Cow;
use std::io::Cursor;

/// Allocation limit before the picture's size is known, and beside the picture afterwards.
const OVERHEAD_BYTES: u64 = 64 << 20;

/// Reads the header.
pub(crate) fn header(format: ImageFormat, bytes: &[u8]) -> Result<Header, SkipReason> {
    let failure = |error| failure(format, error);
    if format == ImageFormat::WebP {
        let corrected = webp::with_stored_alpha(bytes);
        let copied = if matches!(corrected, Cow::Owned(_)) { bytes.len() as u64 } else { 0 };
        let decoder = WebPDecoder::new(Cursor::new(&*corrected)).map_err(failure)?;
        return header_of(decoder, format, bytes, |_| copied + webp::extra_bytes(bytes));
    }
    if format == ImageFormat::Bmp {
        check_bmp(bytes)?;
    }
    let decoder = reader(format, bytes).into_decoder().map_err(failure)?;
    // If the end is missing, the file is copied to add one.
    let copied = missing_end(format, bytes).map_or(0, |end| (bytes.len() + end.len()) as u64);
    header_of(decoder, format, bytes, |area| match format {
        ImageFormat::Gif => gif_frame_bytes(bytes),
        // The file is copied; coefficients of up to four components are held.
        ImageFormat::Jpeg => 8 * area + bytes.len() as u64,
        ImageFormat::Png => copied + unpacked_metadata_bytes(bytes).min(OVERHEAD_BYTES),
        _ => copied,
    })
}

/// `extra_bytes` gets the number of pixels, and returns the decoder's memory beside the picture.
fn header_of(
    mut decoder: impl ImageDecoder,
    format: ImageFormat,
    bytes: &[u8],
    extra_bytes: impl FnOnce(u64) -> u64,
) -> Result<Header, SkipReason> {
    let (width, height) = decoder.dimensions();
    let size = PixelSize::new(width, height);
    check_size(size)?;
    let color = decoder.color_type();
    // Other pixel formats are converted to these, and those with transparency then reduced to three bytes in place.
    let converted = match (color, color.has_alpha()) {
        (ColorType::Rgb8 | ColorType::Rgba8, _) => 0,
        (_, false) => 3 * size.area(),
        (_, true) => 4 * size.area(),
    };
    let exif = exif_of(&mut decoder, format, bytes);
    let decoder_bytes = decoder.total_bytes().saturating_add(converted).saturating_add(extra_bytes(size.area()));
    let orientation = exif.map(|exif| exif::orientation(&exif)).unwrap_or_default();
    Ok(Header { size, decoded_size: size, orientation, decoder_bytes })
}

/// Maximum size of a PNG's unpacked metadata.
fn unpacked_metadata_bytes(bytes: &[u8]) -> u64 {
    /// Deflate's maximum ratio (RFC 1951).
    const MAX_RATIO: u64 = 1032;
    const SIGNATURE_LEN: usize = 8;
    let mut rest = bytes.get(SIGNATURE_LEN..).unwrap_or_default();
    let mut total = 0_u64;
    while let [a, b, c, d, kind @ ..] = rest
        && let Some((kind, after)) = kind.split_first_chunk::<4>()
    {
        let len = u32::from_be_bytes([*a, *b, *c, *d]);
        match kind {
            b"iCCP" | b"zTXt" | b"iTXt" => total = total.saturating_add(MAX_RATIO * u64::from(len)),
            b"tEXt" => total = total.saturating_add(len.into()),
            _ => {}
        }
        // Followed by a four-byte checksum.
        let next = usize::try_from(len).ok().and_then(|len| after.get(len.checked_add(4)?..));
        rest = next.unwrap_or_default();
    }
    total
}

/// Memory of the first frame, if it differs from the canvas in size. It may be larger.
fn gif_frame_bytes(bytes: &[u8]) -> u64 {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let frame_size = || {
        let mut decoder = options.read_info(Cursor::new(bytes)).ok()?;
        let canvas = PixelSize::new(decoder.width().into(), decoder.height().into());
        let frame = decoder.next_frame_info().ok()??;
        let frame = PixelSize::new(frame.width.into(), frame.height.into());
        (frame != canvas).then_some(frame)
    };
    frame_size().map_or(0, |frame| 4 * frame.area())
}

/// The picture in full size; of an animation the first frame.
pub(crate) fn decode(format: ImageFormat, bytes: &[u8]) -> Result<Stored, SkipReason> {
    let failure = |error| failure(format, error);
    if format == ImageFormat::WebP {
        let bytes = webp::with_stored_alpha(bytes);
        let mut decoder = WebPDecoder::new(Cursor::new(&*bytes)).map_err(failure)?;
        if decoder.has_animation() {
            // Browsers ignore the file's background colour.
            decoder.set_background_color(Rgba([255; 4])).map_err(failure)?;
        }
        return decode_with(format, &bytes, decoder);
    }
    if format == ImageFormat::Bmp {
        check_bmp(bytes)?;
    }
    let bytes = with_end(format, bytes);
    decode_with(format, &bytes, reader(format, &bytes).into_decoder().map_err(failure)?)
}

fn decode_with(format: ImageFormat, bytes: &[u8], mut decoder: impl ImageDecoder) -> Result<Stored, SkipReason> {
    let failure = |error| failure(format, error);
    let (width, height) = decoder.dimensions();
    let size = PixelSize::new(width, height);
    check_size(size)?;

    // Some decoders hold a second copy while converting.
    let max_alloc = decoder.total_bytes().saturating_mul(2).saturating_add(OVERHEAD_BYTES);
    decoder.set_limits(limits(max_alloc)).map_err(failure)?;
    let exif = exif_of(&mut decoder, format, bytes);
    let (orientation, taken) = exif.map(|exif| (exif::orientation(&exif), exif::taken(&exif))).unwrap_or_default();
    let image = DynamicImage::from_decoder(decoder).map_err(failure)?;
    let rgb = if image.color().has_alpha() {
        let rgba = image.into_rgba8().into_raw();
        // Some programs fill the fourth byte of a BMP with zeros without meaning transparency; Windows shows those
        // pictures opaque.
        let is_unused = format == ImageFormat::Bmp && rgba.iter().skip(3).step_by(4).all(|&alpha| alpha == 0);
        rgb_of(rgba, if is_unused { |value, _| value } else { over_white })
    } else {
        image.into_rgb8().into_raw()
    };
    let filled = (f64::from(width), f64::from(height));
    Ok(Stored { pixels: Pixels { size, rgb }, filled, size, orientation, taken })
}

fn failure(format: ImageFormat, error: ImageError) -> SkipReason {
    match error {
        ImageError::Unsupported(error) => match error.kind() {
            UnsupportedErrorKind::GenericFeature(feature) => not_supported(format, feature),
            _ => not_supported(format, error.to_string()),
        },
        error => damaged(error),
    }
}

fn reader(format: ImageFormat, bytes: &[u8]) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(limits(OVERHEAD_BYTES));
    reader
}

fn limits(max_alloc: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(max_alloc);
    limits
}

/// Adds the missing end that decoders require, if no pixel is missing.
fn with_end(format: ImageFormat, bytes: &[u8]) -> Cow<'_, [u8]> {
    missing_end(format, bytes).map_or(Cow::Borrowed(bytes), |end| Cow::Owned([bytes, end].concat()))
}

/// The missing end that decoders require, if no pixel is missing.
fn missing_end(format: ImageFormat, bytes: &[u8]) -> Option<&'static [u8]> {
    const PNG_END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";
    const PADDING: &[u8] = &[0; 4];
    match format {
        ImageFormat::Png => (!bytes.ends_with(PNG_END)).then_some(PNG_END),
        ImageFormat::Bmp => missing_padding(bytes).and_then(|missing| PADDING.get(..missing)),
        _ => None,
    }
}

/// Refuses what the decoder takes for damaged, and pixels that begin within the header: it would show the header.
fn check_bmp(bmp: &[u8]) -> Result<(), SkipReason> {
    const FILE_HEADER_LEN: u32 = 14;
    const CORE_HEADER_LEN: u32 = 12;
    const INFO_HEADER_LEN: u32 = 40;
    let u16_at = |at: usize| bmp.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u16::from_le_bytes(*bytes));
    let u32_at = |at: usize| bmp.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes));
    let (Some(start), Some(header_len)) = (u32_at(10), u32_at(14)) else { return Ok(()) };
    if start < FILE_HEADER_LEN.saturating_add(header_len) {
        return Err(damaged("the pixels begin within the header"));
    }
    let (compression, bits) = match header_len {
        CORE_HEADER_LEN => (Some(0), u16_at(24)),
        INFO_HEADER_LEN.. => (u32_at(30), u16_at(28)),
        _ => return Ok(()),
    };
    let (Some(compression), Some(bits)) = (compression, bits) else { return Ok(()) };
    match (compression, bits) {
        (0, 2) if header_len == CORE_HEADER_LEN => Err(not_supported(ImageFormat::Bmp, "2 bits in an OS/2 header")),
        (0, 1 | 2 | 4 | 8 | 16 | 24 | 32) | (1, 8) | (2, 4) | (3, 16 | 32) => Ok(()),
        _ => Err(not_supported(ImageFormat::Bmp, format!("compression {compression} with {bits} bits"))),
    }
}

/// Rows of a BMP are padded to four bytes. Some writers omit that after the last row.
fn missing_padding(bmp: &[u8]) -> Option<usize> {
    const CORE_HEADER_LEN: u32 = 12;
    const UNCOMPRESSED: [u32; 2] = [0, 3];
    let u16_at = |at| Some(u16::from_le_bytes(*bmp.get(at..)?.first_chunk()?));
    let u32_at = |at| Some(u32::from_le_bytes(*bmp.get(at..)?.first_chunk()?));
    let (width, height, bits) = if u32_at(14)? == CORE_HEADER_LEN {
        (u16_at(18)?.into(), u16_at(20)?.into(), u16_at(24)?)
    } else {
        UNCOMPRESSED.contains(&u32_at(30)?).then_some((
            u32_at(18)?,
            u32_at(22)?.cast_signed().unsigned_abs(),
            u16_at(28)?,
        ))?
    };
    let row_len = u64::from(width).checked_mul(bits.into())?.div_ceil(8);
    let stride = row_len.next_multiple_of(4);
    let end = u64::from(u32_at(10)?).checked_add(stride.checked_mul(height.into())?)?;
    let missing = end.checked_sub(bmp.len() as u64).filter(|&missing| 0 < missing && missing <= stride - row_len)?;
    usize::try_from(missing).ok()
}

/// The EXIF block, without decoding.
pub(crate) fn exif_block(format: ImageFormat, bytes: &[u8]) -> Option<Vec<u8>> {
    if format == ImageFormat::WebP {
        return webp::exif(bytes).map(<[u8]>::to_vec);
    }
    exif_of(&mut reader(format, bytes).into_decoder().ok()?, format, bytes).map(Cow::into_owned)
}

/// The WebP decoder would allocate whatever length the file claims.
fn exif_of<'a>(decoder: &mut impl ImageDecoder, format: ImageFormat, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    match format {
        ImageFormat::WebP => webp::exif(bytes).map(Cow::Borrowed),
        _ => decoder.exif_metadata().ok().flatten().map(Cow::Owned),
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

/// Converts to three bytes per pixel with `on_white`, in the same buffer, because a frame of hundreds of megabytes has
/// no room for a second one.
fn rgb_of(mut rgba: Vec<u8>, on_white: fn(u8, u8) -> u8) -> Vec<u8> {
    let pixel_count = rgba.len() / 4;
    for index in 0..pixel_count {
        let alpha = rgba[4 * index + 3];
        for channel in 0..3 {
            rgba[3 * index + channel] = on_white(rgba[4 * index + channel], alpha);
        }
    }
    rgba.truncate(3 * pixel_count);
    rgba
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{encoded, quarters, rgb_image};

    #[test]
    fn a_bmp_whose_pixels_begin_within_its_header_is_damaged() {
        let whole = encoded(&rgb_image(&quarters(16, 12)), image::ImageFormat::Bmp);
        decode(ImageFormat::Bmp, &whole).unwrap();
        for start in [0_u8, 14, 53] {
            let mut broken = whole.clone();
            broken[10] = start;
            assert!(matches!(decode(ImageFormat::Bmp, &broken), Err(SkipReason::Damaged { .. })), "{start}");
            assert!(matches!(header(ImageFormat::Bmp, &broken), Err(SkipReason::Damaged { .. })), "{start}");
        }
    }
}
