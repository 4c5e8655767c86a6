//! PNG, row by row: memory holds the result and a row. Interlaced pictures use the `image` crate, because their rows
//! come in seven passes.

use crate::error::Error;
use crate::header::{Header, check_size, damaged, not_supported, zeros};
use crate::pixels::{Pixels, Stored, over_white};
use crate::{exif, raster};
use ::png::{BitDepth, ColorType, Decoder, Encoder, Limits, Reader, Transformations};
use domain::geometry::PixelSize;
use domain::import::{ImageFormat, SkipReason};
use std::io::Cursor;

/// Limit for EXIF, palettes and rows.
const MAX_METADATA_BYTES: usize = 64 << 20;

/// Encodes without loss and without metadata.
pub fn encode_png(pixels: &Pixels) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let encode = |bytes: &mut Vec<u8>| {
        let mut encoder = Encoder::new(bytes, pixels.size.width, pixels.size.height);
        encoder.set_color(ColorType::Rgb);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels.rgb)?;
        writer.finish()
    };
    encode(&mut bytes).map_err(|error| Error::Encode { detail: error.to_string() })?;
    Ok(bytes)
}

/// Reads the header.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, SkipReason> {
    let reader = reader(bytes)?;
    let info = reader.info();
    if info.interlaced {
        return raster::header(ImageFormat::Png, bytes);
    }
    let size = size(&reader)?;
    // A stored row, the previous one, and the output row.
    let rows = 3 * reader.output_line_size(size.width).unwrap_or(usize::MAX) as u64;
    let metadata = info.exif_metadata.as_ref().map_or(0, |exif| exif.len() as u64);
    let orientation = info.exif_metadata.as_deref().map(exif::orientation).unwrap_or_default();
    let decoder_bytes = (3 * size.area()).saturating_add(rows).saturating_add(metadata);
    Ok(Header { size, decoded_size: size, orientation, decoder_bytes })
}

/// The picture in full size; of an animation the default image.
pub(crate) fn decode(bytes: &[u8]) -> Result<Stored, SkipReason> {
    let mut reader = reader(bytes)?;
    if reader.info().interlaced {
        return raster::decode(ImageFormat::Png, bytes);
    }
    let size = size(&reader)?;
    let kind = reader.output_color_type();
    let row_len = 3 * size.width as usize;
    let mut rgb = zeros(row_len * size.height as usize)?;
    for pixels in rgb.chunks_exact_mut(row_len) {
        let row = reader.next_row().map_err(damaged)?.ok_or_else(|| damaged("the image ends early"))?;
        spread(row.data(), kind, pixels)?;
    }
    let exif = reader.info().exif_metadata.as_deref();
    Ok(Stored {
        pixels: Pixels { size, rgb },
        filled: (f64::from(size.width), f64::from(size.height)),
        size,
        orientation: exif.map(exif::orientation).unwrap_or_default(),
        taken: exif.and_then(exif::taken),
    })
}

/// The EXIF block, without decoding.
pub(crate) fn exif_block(bytes: &[u8]) -> Option<Vec<u8>> {
    reader(bytes).ok()?.info().exif_metadata.as_deref().map(<[u8]>::to_vec)
}

fn reader(bytes: &[u8]) -> Result<Reader<Cursor<&[u8]>>, SkipReason> {
    // Xcode writes PNG of a kind that only Apple's systems read: without a header for the data, blue before red.
    if bytes.get(12..16) == Some(b"CgBI") {
        return Err(not_supported(ImageFormat::Png, "Apple's CgBI"));
    }
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_METADATA_BYTES });
    // Neither is used, and a small one may expand to any size.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Expands palettes, fewer than eight bits, and transparent colors.
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info().map_err(damaged)
}

fn size<R: std::io::BufRead + std::io::Seek>(reader: &Reader<R>) -> Result<PixelSize, SkipReason> {
    let size = PixelSize::new(reader.info().width, reader.info().height);
    check_size(size)?;
    Ok(size)
}

/// Converts stored samples to RGB on white.
fn spread(samples: &[u8], (color, depth): (ColorType, BitDepth), pixels: &mut [u8]) -> Result<(), SkipReason> {
    if (color, depth) == (ColorType::Rgb, BitDepth::Eight) {
        pixels.copy_from_slice(samples);
        return Ok(());
    }
    let count = color.samples();
    let is_deep = match depth {
        BitDepth::Eight => false,
        BitDepth::Sixteen => true,
        _ => return Err(damaged("samples of an unexpected size")),
    };
    let level = |pixel: &[u8], sample: usize| {
        if is_deep { level_of_16_bits(pixel[2 * sample], pixel[2 * sample + 1]) } else { pixel[sample] }
    };
    let pixel_len = if is_deep { 2 * count } else { count };
    for (stored, pixel) in samples.chunks_exact(pixel_len).zip(pixels.chunks_exact_mut(3)) {
        for (channel, shown) in pixel.iter_mut().enumerate() {
            let value = level(stored, if count < 3 { 0 } else { channel });
            // Two or four samples: the last one is transparency.
            *shown = if count % 2 == 0 { over_white(value, level(stored, count - 1)) } else { value };
        }
    }
    Ok(())
}

/// The nearest of 256 levels.
fn level_of_16_bits(high: u8, low: u8) -> u8 {
    let value = u32::from(u16::from_be_bytes([high, low]));
    u8::try_from((value + 128) / 257).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{encoded, rgb_image, scenery};
    use image::DynamicImage;

    /// Same result as the `image` crate, which is used for interlaced pictures.
    #[test]
    fn rows_show_what_the_whole_picture_shows() {
        let image = rgb_image(&scenery(61, 37));
        let mut with_alpha = image.to_rgba16();
        for (x, y, pixel) in with_alpha.enumerate_pixels_mut() {
            pixel.0[3] = u16::try_from((x * 997 + y * 389) % 65_536).unwrap();
        }
        let with_alpha = DynamicImage::from(with_alpha);
        for kind in [
            image.clone(),
            DynamicImage::from(image.to_rgb16()),
            DynamicImage::from(image.to_luma8()),
            DynamicImage::from(image.to_luma16()),
            DynamicImage::from(with_alpha.to_luma_alpha8()),
            DynamicImage::from(with_alpha.to_luma_alpha16()),
            DynamicImage::from(with_alpha.to_rgba8()),
            with_alpha,
        ] {
            let bytes = encoded(&kind, image::ImageFormat::Png);
            let (rows, whole) = (decode(&bytes).unwrap(), raster::decode(ImageFormat::Png, &bytes).unwrap());
            assert_eq!(rows.pixels, whole.pixels, "{:?}", kind.color());
        }
    }

    #[test]
    fn the_result_is_all_that_is_charged() {
        let deep = DynamicImage::from(rgb_image(&scenery(600, 400)).to_rgba16());
        let header = header(&encoded(&deep, image::ImageFormat::Png)).unwrap();
        assert!((720_000..750_000).contains(&header.decoder_bytes), "{}", header.decoder_bytes);
    }
}
