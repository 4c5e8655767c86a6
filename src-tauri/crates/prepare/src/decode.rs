//! Decodes a file to upright pixels of the requested size. JPEG uses libjpeg-turbo, which scales while decoding; TIFF a
//! reader of our own; PNG the `png` crate row by row; all others the `image` crate.
//!
//! Transparency is blended on white: models are trained on opaque pictures, and dark drawings on transparent ground
//! would vanish on black. A first frame on a larger canvas is treated the same. Color profiles are not applied.

use crate::file::{ImageFile, megabytes};
use crate::header::Header;
use crate::memory::{DecodingMemory, MemoryReservation, TooMuch};
use crate::pixels::{Pixels, Stored, cropped, fitted};
use crate::{jpeg, png, raster, tiff};
use domain::geometry::{ImageRegion, PixelSize};
use domain::import::{ImageFormat, SkipReason};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

/// A decoded photo.
#[derive(Debug)]
pub struct Decoded {
    pub pixels: Pixels,
    /// Upright size of the original.
    pub original: PixelSize,
    /// Keeps the pixels' memory reserved.
    _memory: MemoryReservation,
}

/// Decodes the picture at `path`, upright, its long edge at most `max_edge` pixels (`None` for full size). Never
/// enlarges. Waits until enough memory is free.
pub fn decode(path: &Path, max_edge: Option<u32>, memory: &DecodingMemory) -> Result<Decoded, SkipReason> {
    guarded(|| {
        let DecodeSource { format, bytes, mut memory } = DecodeSource::read(path, max_edge, memory)?;
        let stored = decode_stored(format, &bytes, max_edge)?;
        let original = stored.orientation.upright_size(stored.size);
        let pixels = stored.into_upright(max_edge)?;
        drop(bytes);
        memory.shrink_to(pixels.rgb.capacity() as u64);
        Ok(Decoded { pixels, original, _memory: memory })
    })
}

/// Decodes the picture at `path` in full, upright, and passes each of `regions` to `each`, resized to a long edge of at
/// most `max_edge` pixels. Never enlarges. Returns the upright size of the original; if that is not `size`, or a region is not
/// within it, none is passed. Waits until enough memory is free for the picture and one region at a time.
pub fn decode_regions(
    path: &Path,
    size: PixelSize,
    regions: &[ImageRegion],
    max_edge: impl Fn(PixelSize) -> u32,
    memory: &DecodingMemory,
    mut each: impl FnMut(ImageRegion, Pixels),
) -> Result<PixelSize, SkipReason> {
    let needed = |region: &ImageRegion| {
        let target = fitted(region.size, Some(max_edge(region.size)));
        3 * (target.area() + u64::from(target.width) * u64::from(region.size.height))
    };
    let of_region = regions.iter().map(needed).max().unwrap_or_default();
    guarded(|| {
        let DecodeSource { format, bytes, memory: _memory } = DecodeSource::read_with(path, None, of_region, memory)?;
        let stored = decode_stored(format, &bytes, None)?;
        drop(bytes);
        let pixels = stored.into_upright(None)?;
        let is_within = |region: &ImageRegion| {
            let (right, bottom) =
                (region.left.checked_add(region.size.width), region.top.checked_add(region.size.height));
            right.is_some_and(|right| right <= size.width) && bottom.is_some_and(|bottom| bottom <= size.height)
        };
        if pixels.size != size || !regions.iter().all(is_within) {
            return Ok(pixels.size);
        }
        for region in regions {
            each(*region, cropped(&pixels, *region, fitted(region.size, Some(max_edge(region.size))))?);
        }
        Ok(pixels.size)
    })
}

/// [`decode`] for a file in memory.
pub(crate) fn decode_bytes(
    format: ImageFormat,
    bytes: &[u8],
    max_edge: Option<u32>,
    memory: &DecodingMemory,
) -> Result<Pixels, SkipReason> {
    guarded(|| {
        let header = read_header(format, bytes, max_edge)?;
        let _memory = reserve(memory, header.memory_needed(max_edge), Some(header.size))?;
        decode_stored(format, bytes, max_edge)?.into_upright(max_edge)
    })
}

/// Decoders may panic on untested files: a panic only fails that file.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, SkipReason>) -> Result<T, SkipReason> {
    panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(SkipReason::Unreadable { detail: "the decoder failed".into() }))
}

/// The picture as stored, at any size from that of `max_edge` to the full one. Its memory must be reserved.
pub(crate) fn decode_stored(format: ImageFormat, bytes: &[u8], max_edge: Option<u32>) -> Result<Stored, SkipReason> {
    match format {
        ImageFormat::Jpeg => jpeg::decode(bytes, max_edge),
        ImageFormat::Tiff => tiff::decode(bytes),
        ImageFormat::Png => png::decode(bytes),
        ImageFormat::WebP | ImageFormat::Gif | ImageFormat::Bmp => raster::decode(format, bytes),
    }
}

/// A file in memory, with reserved memory for it and its decoding.
pub(crate) struct DecodeSource {
    pub(crate) format: ImageFormat,
    pub(crate) bytes: Vec<u8>,
    pub(crate) memory: MemoryReservation,
}

impl DecodeSource {
    /// Reads the file at `path`. Waits until enough memory is free.
    pub(crate) fn read(path: &Path, max_edge: Option<u32>, memory: &DecodingMemory) -> Result<Self, SkipReason> {
        Self::read_with(path, max_edge, 0, memory)
    }

    /// [`DecodeSource::read`] with `further` bytes for what is done with the picture.
    fn read_with(
        path: &Path,
        max_edge: Option<u32>,
        further: u64,
        memory: &DecodingMemory,
    ) -> Result<Self, SkipReason> {
        let (format, bytes, mut reservation) = read_file(path, memory)?;
        let header = read_header(format, &bytes, max_edge)?;
        let needed = |header: &Header| header.memory_needed(max_edge).saturating_add(further);
        if reservation.try_grow(needed(&header)) {
            return Ok(Self { format, bytes, memory: reservation });
        }
        // Never wait while holding memory: release all of it, then wait for the total.
        let total = reservation.bytes().saturating_add(needed(&header));
        drop((bytes, reservation));
        let reservation = reserve(memory, total, Some(header.size))?;
        let file = ImageFile::open(path)?;
        let (format, len) = (file.format, file.len);
        let has_grown = || SkipReason::Unreadable { detail: "the file changed while it was read".into() };
        if len > reservation.bytes() {
            return Err(has_grown());
        }
        let bytes = file.read()?;
        let needed = needed(&read_header(format, &bytes, max_edge)?);
        if len.saturating_add(needed) > reservation.bytes() {
            return Err(has_grown());
        }
        Ok(Self { format, bytes, memory: reservation })
    }
}

/// The file at `path`, with reserved memory for its bytes only.
pub(crate) fn read_file(
    path: &Path,
    memory: &DecodingMemory,
) -> Result<(ImageFormat, Vec<u8>, MemoryReservation), SkipReason> {
    let file = ImageFile::open(path)?;
    let reservation = reserve(memory, file.len, None)?;
    Ok((file.format, file.read()?, reservation))
}

fn reserve(memory: &DecodingMemory, bytes: u64, size: Option<PixelSize>) -> Result<MemoryReservation, SkipReason> {
    memory.reserve(bytes).map_err(|too_much| match too_much {
        TooMuch::OverLimit { needed, limit } => {
            SkipReason::TooMuchMemory { size, needed_megabytes: megabytes(needed), allowed_megabytes: megabytes(limit) }
        }
        TooMuch::OverAddressSpace { needed, left } => SkipReason::Unreadable {
            detail: format!(
                "decoding needs {} MB of memory, and the address space of this process (ulimit -v) has {} MB left",
                megabytes(needed),
                left / 1_000_000
            ),
        },
    })
}

/// The header of the picture, before anything is allocated for it.
fn read_header(format: ImageFormat, bytes: &[u8], max_edge: Option<u32>) -> Result<Header, SkipReason> {
    match format {
        ImageFormat::Jpeg => jpeg::header(bytes, max_edge),
        ImageFormat::Tiff => tiff::header(bytes),
        ImageFormat::Png => png::header(bytes),
        ImageFormat::WebP | ImageFormat::Gif | ImageFormat::Bmp => raster::header(format, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, BLUE, GREEN, RED, YELLOW, corners, encoded, peak_signal_to_noise, pixel, rgb_image};
    use crate::header::not_supported;
    use domain::geometry::Orientation;
    use domain::taken::Taken;
    use image::{DynamicImage, Rgba, RgbaImage};

    fn decoded(bytes: &[u8], max_edge: Option<u32>) -> Result<Decoded, SkipReason> {
        let (_folder, path) = fixtures::file(bytes);
        fixtures::decode(&path, max_edge)
    }

    #[test]
    fn every_format_is_told_by_its_content() {
        let image = rgb_image(&fixtures::quarters(240, 160));
        for (format, theirs) in [
            (ImageFormat::Jpeg, image::ImageFormat::Jpeg),
            (ImageFormat::Png, image::ImageFormat::Png),
            (ImageFormat::WebP, image::ImageFormat::WebP),
            (ImageFormat::Gif, image::ImageFormat::Gif),
            (ImageFormat::Bmp, image::ImageFormat::Bmp),
            (ImageFormat::Tiff, image::ImageFormat::Tiff),
        ] {
            let bytes = encoded(&image, theirs);
            let (_folder, path) = fixtures::file(&bytes);
            assert_eq!(ImageFile::open(&path).unwrap().format, format);
            let full = fixtures::decode(&path, None).unwrap();
            assert_eq!((full.original, full.pixels.size), (PixelSize::new(240, 160), PixelSize::new(240, 160)));
            assert_eq!(corners(&full.pixels), [RED, GREEN, BLUE, YELLOW], "{format:?}");
            let small = fixtures::decode(&path, Some(60)).unwrap();
            assert_eq!((small.original, small.pixels.size), (PixelSize::new(240, 160), PixelSize::new(60, 40)));
            assert_eq!(corners(&small.pixels), [RED, GREEN, BLUE, YELLOW], "{format:?}");
        }
    }

    /// Where the stored corners are in the upright picture, by the table of the EXIF standard: the visual top and left
    /// side of rows and columns.
    const UPRIGHT: [[[u8; 3]; 4]; 8] = [
        [RED, GREEN, BLUE, YELLOW],
        [GREEN, RED, YELLOW, BLUE],
        [YELLOW, BLUE, GREEN, RED],
        [BLUE, YELLOW, RED, GREEN],
        [RED, BLUE, GREEN, YELLOW],
        [BLUE, RED, YELLOW, GREEN],
        [YELLOW, GREEN, BLUE, RED],
        [GREEN, YELLOW, RED, BLUE],
    ];

    #[test]
    fn exif_turns_pictures_upright() {
        let stored = fixtures::quarters(90, 60);
        let jpeg = fixtures::jpeg(&stored);
        let png = encoded(&rgb_image(&stored), image::ImageFormat::Png);
        let webp = encoded(&rgb_image(&stored), image::ImageFormat::WebP);
        let tiff = encoded(&rgb_image(&stored), image::ImageFormat::Tiff);
        for orientation in Orientation::ALL {
            let exif = fixtures::exif(orientation.exif().into());
            let files = [
                fixtures::with_orientation(&jpeg, orientation.exif().into()),
                png_with_exif(&png, &exif),
                webp_with_exif(&webp, &exif),
                webp_with_exif(&webp, &[b"Exif\0\0", exif.as_slice()].concat()),
                tiff_with_orientation(&tiff, orientation),
            ];
            let upright = orientation.upright_size(stored.size);
            for (index, bytes) in files.iter().enumerate() {
                for max_edge in [None, Some(45)] {
                    let decoded = decoded(bytes, max_edge).unwrap();
                    let place = format!("file {index}, {orientation:?}, {max_edge:?}");
                    assert_eq!(decoded.original, upright, "{place}");
                    assert_eq!(decoded.pixels.size, fitted(upright, max_edge), "{place}");
                    assert_eq!(corners(&decoded.pixels), UPRIGHT[usize::from(orientation.exif()) - 1], "{place}");
                }
            }
        }
    }

    #[test]
    fn regions_of_turned_pictures_are_cut_out_upright() {
        let jpeg = fixtures::jpeg(&fixtures::quarters(90, 60));
        for orientation in Orientation::ALL {
            let (_folder, path) = fixtures::file(&fixtures::with_orientation(&jpeg, orientation.exif().into()));
            let upright = orientation.upright_size(PixelSize::new(90, 60));
            let half = PixelSize::new(upright.width / 2, upright.height / 2);
            let region = |left, top| ImageRegion { left, top, size: half };
            let regions = [(0, 0), (half.width, 0), (0, half.height), (half.width, half.height)];
            let regions = regions.map(|(left, top)| region(left, top));
            let mut middles = Vec::new();
            let size = decode_regions(
                &path,
                upright,
                &regions,
                |_| 20,
                &fixtures::memory(),
                |_, pixels| {
                    assert_eq!(pixels.size, half.fit_within(20));
                    middles.push(pixel(&pixels, pixels.size.width / 2, pixels.size.height / 2));
                },
            );
            assert_eq!(size, Ok(upright));
            let whole = fixtures::decode(&path, None).unwrap().pixels;
            for (region, found) in regions.iter().zip(middles) {
                let expected = pixel(&whole, region.left + half.width / 2, region.top + half.height / 2);
                assert!(expected.iter().zip(found).all(|(one, other)| one.abs_diff(other) < 8), "{orientation:?}");
            }
            let larger = PixelSize::new(upright.width + half.width, upright.height);
            for (size, other) in [(upright, region(upright.width, 0)), (larger, region(0, 0))] {
                let regions = [region(0, 0), other];
                let found =
                    decode_regions(&path, size, &regions, |_| 20, &fixtures::memory(), |_, _| panic!("of another"));
                assert_eq!(found, Ok(upright));
            }
        }
    }

    #[test]
    fn exif_of_any_format_says_when() {
        let image = rgb_image(&fixtures::quarters(90, 60));
        let exif = fixtures::exif_taken("2026:05:14 10:32:05", None, None);
        let expected = Some(Taken { clock_millis: 1_778_754_725_000, minutes_ahead_of_utc: None });
        let (png, webp) = (encoded(&image, image::ImageFormat::Png), encoded(&image, image::ImageFormat::WebP));
        for (format, bytes, expected) in [
            (ImageFormat::Png, png_with_exif(&png, &exif), expected),
            (ImageFormat::WebP, webp_with_exif(&webp, &exif), expected),
            (ImageFormat::Png, png, None),
            (ImageFormat::Gif, encoded(&image, image::ImageFormat::Gif), None),
            (ImageFormat::Tiff, encoded(&image, image::ImageFormat::Tiff), None),
        ] {
            assert_eq!(decode_stored(format, &bytes, None).unwrap().taken, expected, "{format:?}");
            let (_folder, path) = fixtures::file(&bytes);
            assert_eq!(crate::taken(&path, &fixtures::memory()), Ok(expected), "{format:?}");
        }
    }

    fn png_with_exif(png: &[u8], exif: &[u8]) -> Vec<u8> {
        let chunk = [b"eXIf", exif].concat();
        let checksum = (0..chunk.len()).fold(!0_u32, |sum, index| {
            (0..8).fold(sum ^ u32::from(chunk[index]), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
        });
        let len = u32::try_from(exif.len()).unwrap().to_be_bytes();
        let end_of_header = 33;
        [&png[..end_of_header], &len, &chunk, &(!checksum).to_be_bytes(), &png[end_of_header..]].concat()
    }

    /// Converts a bare lossless picture to the extended form, which can have EXIF.
    fn webp_with_exif(webp: &[u8], exif: &[u8]) -> Vec<u8> {
        let chunk = |name: &[u8], data: &[u8]| {
            let len = u32::try_from(data.len()).unwrap().to_le_bytes();
            [name, &len, data, &[0][..data.len() % 2]].concat()
        };
        let extended = chunk(b"VP8X", &[0x08, 0, 0, 0, 89, 0, 0, 59, 0, 0]);
        let body = [b"WEBP", extended.as_slice(), &webp[12..], &chunk(b"EXIF", exif)].concat();
        chunk(b"RIFF", &body)
    }

    /// Moves the directory to the end and adds an entry. Ours are little-endian.
    fn tiff_with_orientation(tiff: &[u8], orientation: Orientation) -> Vec<u8> {
        let start = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
        let count = u16::from_le_bytes(tiff[start..start + 2].try_into().unwrap());
        let entries = &tiff[start + 2..start + 2 + usize::from(count) * 12];
        let place = entries.chunks(12).take_while(|entry| u16::from_le_bytes([entry[0], entry[1]]) < 274).count() * 12;
        let entry = [18, 1, 3, 0, 1, 0, 0, 0, orientation.exif(), 0, 0, 0];
        let mut turned = tiff.to_vec();
        turned.resize(tiff.len().next_multiple_of(2), 0);
        let directory = u32::try_from(turned.len()).unwrap();
        turned[4..8].copy_from_slice(&directory.to_le_bytes());
        turned.extend((count + 1).to_le_bytes());
        turned.extend([&entries[..place], &entry, &entries[place..], &[0; 4]].concat());
        turned
    }

    #[test]
    fn depth_grey_and_transparency_become_eight_bit_rgb() {
        let image = rgb_image(&fixtures::quarters(40, 40));
        for deep in [DynamicImage::from(image.to_rgb16()), DynamicImage::from(image.to_rgba16())] {
            let pixels = decoded(&encoded(&deep, image::ImageFormat::Png), None).unwrap().pixels;
            assert_eq!(pixels, fixtures::quarters(40, 40));
        }
        let expected = Pixels { size: PixelSize::new(40, 40), rgb: image.grayscale().to_rgb8().into_raw() };
        for grey in [DynamicImage::from(image.to_luma8()), DynamicImage::from(image.to_luma16())] {
            let pixels = decoded(&encoded(&grey, image::ImageFormat::Png), None).unwrap().pixels;
            // 16-bit values may be rounded differently.
            assert!(peak_signal_to_noise(&pixels, &expected) > 45.0);
        }
        let grey_jpeg = encoded(&image.to_luma8().into(), image::ImageFormat::Jpeg);
        let [red, green, blue] = pixel(&decoded(&grey_jpeg, Some(20)).unwrap().pixels, 0, 0);
        assert!(red == green && green == blue);

        let half_red = RgbaImage::from_pixel(8, 8, Rgba([255, 0, 0, 128]));
        for format in [image::ImageFormat::Png, image::ImageFormat::WebP] {
            let pixels = decoded(&encoded(&half_red.clone().into(), format), None).unwrap().pixels;
            assert_eq!(pixel(&pixels, 4, 4), [255, 127, 127], "{format:?}");
        }
        // A TIFF that does not declare its fourth sample, as this encoder writes it.
        let undeclared = decoded(&encoded(&half_red.clone().into(), image::ImageFormat::Tiff), None);
        let expected = not_supported(ImageFormat::Tiff, "a sample that may or may not be transparency");
        assert_eq!(undeclared.unwrap_err(), expected);
        let clear = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0]));
        let pixels = decoded(&encoded(&clear.into(), image::ImageFormat::Gif), None).unwrap().pixels;
        assert_eq!(pixel(&pixels, 4, 4), [255; 3]);
    }

    #[test]
    fn extreme_shapes_keep_a_pixel() {
        for (width, height, expected) in
            [(1600, 200, (128, 16)), (1, 900, (1, 128)), (900, 1, (128, 1)), (1, 1, (1, 1)), (3000, 7, (128, 1))]
        {
            let scenery = fixtures::scenery(width, height);
            let files = [fixtures::jpeg(&scenery), encoded(&rgb_image(&scenery), image::ImageFormat::Png)];
            for bytes in files {
                let size = decoded(&bytes, Some(128)).unwrap().pixels.size;
                assert_eq!((size.width, size.height), expected);
            }
        }
    }

    #[test]
    fn claims_of_too_many_pixels_are_refused_before_decoding() {
        let too_many = SkipReason::TooManyPixels { megapixels: 3600 };
        let image = rgb_image(&fixtures::quarters(16, 16));
        let mut bmp = encoded(&image, image::ImageFormat::Bmp);
        bmp[18..26].copy_from_slice(&[60_000_u32.to_le_bytes(), 60_000_u32.to_le_bytes()].concat());
        assert_eq!(decoded(&bmp, Some(100)).unwrap_err(), too_many);

        let mut jpeg = fixtures::jpeg(&fixtures::quarters(16, 16));
        let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[60_000_u16.to_be_bytes(), 60_000_u16.to_be_bytes()].concat());
        assert_eq!(decoded(&jpeg, Some(100)).unwrap_err(), too_many);

        let mut gif = encoded(&image, image::ImageFormat::Gif);
        gif[6..10].copy_from_slice(&[60_000_u16.to_le_bytes(), 60_000_u16.to_le_bytes()].concat());
        assert_eq!(decoded(&gif, Some(100)).unwrap_err(), too_many);
    }

    #[test]
    fn a_reduced_copy_alone_is_not_a_photo() {
        let tiff = encoded(&rgb_image(&fixtures::quarters(16, 16)), image::ImageFormat::Tiff);
        let start = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
        let mut raw = tiff.clone();
        // The first entry becomes NewSubfileType: a reduced version of another picture.
        raw[start + 2..start + 14].copy_from_slice(&[254, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        assert!(decoded(&tiff, None).is_ok());
        let expected = not_supported(ImageFormat::Tiff, "only a reduced copy of another image");
        assert_eq!(decoded(&raw, None).unwrap_err(), expected);
    }

    #[test]
    fn truncated_files_are_damaged() {
        let image = rgb_image(&fixtures::scenery(200, 150));
        for format in [
            image::ImageFormat::Png,
            image::ImageFormat::WebP,
            image::ImageFormat::Gif,
            image::ImageFormat::Bmp,
            image::ImageFormat::Tiff,
        ] {
            let bytes = encoded(&image, format);
            for percent in [5, 30, 60, 90] {
                let result = decoded(&bytes[..bytes.len() * percent / 100], Some(100));
                assert!(matches!(result, Err(SkipReason::Damaged { .. })), "{format:?} at {percent} %: {result:?}");
            }
        }
    }

    #[test]
    fn real_photos_decode() {
        for name in ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"] {
            let small = fixtures::decode(&fixtures::sample(name), Some(200)).unwrap();
            assert_eq!(small.pixels.size, small.original.fit_within(200), "{name}");
            assert_eq!(small.pixels.rgb.len() as u64, 3 * small.pixels.size.area());
        }
    }
}
