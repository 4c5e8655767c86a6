//! Small files that would need gigabytes of memory: each is refused by its header, before anything is allocated.

use crate::decode::guarded;
use crate::fixtures::{self, encoded, rgb_image, scenery};
use crate::{DecodingMemory, decode, ingest};
use domain::geometry::PixelSize;
use domain::import::{ImageFormat, SkipReason};
use std::fs;
use std::io::Write;
use std::thread;

/// One entry of a TIFF directory.
fn entry(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    [tag.to_le_bytes().as_slice(), &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
}

/// Four floating-point samples per pixel. All strips are the same few bytes.
fn tiff_of_shared_strips(size: PixelSize) -> Vec<u8> {
    const ROWS: u32 = 10;
    let mut strip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    strip.write_all(&vec![0; (size.width * ROWS * 16) as usize]).unwrap();
    let strip = strip.finish().unwrap();
    let count = size.height.div_ceil(ROWS);
    let entries = [
        (256, 4, 1, size.width),
        (257, 4, 1, size.height),
        (258, 3, 1, 32),
        (259, 3, 1, 8),
        (262, 3, 1, 2),
        (273, 4, count, 0),
        (277, 3, 1, 4),
        (278, 4, 1, ROWS),
        (279, 4, count, 0),
        (338, 3, 1, 2),
        (339, 3, 1, 3),
    ];
    let lists = 8 + 2 + 12 * u32::try_from(entries.len()).unwrap() + 4;
    let data = lists + 8 * count;
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, kind, count, value) in entries {
        let value = match tag {
            273 => lists,
            279 => lists + 4 * count,
            _ => value,
        };
        tiff.extend(entry(tag, kind, count, value));
    }
    tiff.extend([0; 4]);
    for value in [data, u32::try_from(strip.len()).unwrap()] {
        tiff.extend((0..count).flat_map(|_| value.to_le_bytes()));
    }
    tiff.extend(strip);
    tiff
}

/// Sixteen bits per sample. Only the header is valid.
fn png_of_deep_pixels(size: PixelSize, is_interlaced: bool) -> Vec<u8> {
    let small = image::DynamicImage::from(rgb_image(&scenery(8, 8)).to_rgba16());
    let mut png = encoded(&small, image::ImageFormat::Png);
    png[16..24].copy_from_slice(&[size.width.to_be_bytes(), size.height.to_be_bytes()].concat());
    png[28] = is_interlaced.into();
    let mut checksum = flate2::Crc::new();
    checksum.update(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.sum().to_be_bytes());
    png
}

/// Lossless, in a single color.
fn webp_of_one_colour(size: PixelSize) -> Vec<u8> {
    let header = (size.width - 1) | (size.height - 1) << 14;
    // No transform, no cache, one set of codes; five codes of one symbol each.
    let codes = 0b1000_1000_1000_1000_1000_u32;
    let data = [&[0x2F], header.to_le_bytes().as_slice(), &codes.to_le_bytes()].concat();
    let chunk = [b"VP8L", u32::try_from(data.len()).unwrap().to_le_bytes().as_slice(), &data, &[0]].concat();
    let len = u32::try_from(chunk.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", len.as_slice(), b"WEBP", &chunk].concat()
}

/// With a frame that does not fill the canvas.
fn gif_of_two_buffers(size: PixelSize) -> Vec<u8> {
    let mut gif = encoded(&rgb_image(&scenery(8, 8)), image::ImageFormat::Gif);
    let bytes_of = |side: u32| u16::try_from(side).unwrap().to_le_bytes();
    gif[6..10].copy_from_slice(&[bytes_of(size.width), bytes_of(size.height)].concat());
    let frame = gif.windows(9).position(|part| part == [0x2C, 0, 0, 0, 0, 8, 0, 8, 0]).unwrap();
    gif[frame + 5..frame + 9].copy_from_slice(&[bytes_of(size.width - 1), bytes_of(size.height)].concat());
    gif
}

/// With the size and frame kind of another picture.
fn jpeg_of_kind(marker: u8, size: PixelSize) -> Vec<u8> {
    let mut jpeg = fixtures::jpeg(&scenery(16, 16));
    let frame = jpeg.windows(2).position(|part| part == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 1] = marker;
    let bytes_of = |side: u32| u16::try_from(side).unwrap().to_be_bytes();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[bytes_of(size.height), bytes_of(size.width)].concat());
    jpeg
}

#[test]
fn what_needs_more_than_is_allowed_is_refused_with_what_it_needs() {
    const SIDE: u32 = 16_000;
    let size = PixelSize::new(SIDE, SIDE);
    let mut bmp = encoded(&rgb_image(&scenery(8, 8)), image::ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[SIDE.to_le_bytes(), SIDE.to_le_bytes()].concat());
    let mut tiff = encoded(&rgb_image(&scenery(8, 8)), image::ImageFormat::Tiff);
    // Width, height, Deflate compression, rows per strip.
    for (tag, kind, value) in [(256_u16, 4, SIDE), (257, 4, SIDE), (259, 3, 8), (278, 4, SIDE)] {
        let tag = [tag.to_le_bytes(), [kind, 0]].concat();
        let place = tiff.windows(4).position(|part| part == tag).unwrap();
        tiff[place + 8..place + 12].copy_from_slice(&value.to_le_bytes());
    }
    tiff.resize(1 << 20, 0);
    // Bytes per pixel.
    for (name, bytes, at_least) in [
        ("PNG", png_of_deep_pixels(size, false), 3),
        ("interlaced PNG", png_of_deep_pixels(size, true), 12),
        ("WebP", webp_of_one_colour(size), 7),
        ("GIF", gif_of_two_buffers(size), 8),
        ("BMP", bmp, 3),
        ("TIFF", tiff, 3),
        ("progressive JPEG", jpeg_of_kind(0xC2, size), 3),
    ] {
        let (_folder, path) = fixtures::file(&bytes);
        let memory = DecodingMemory::of(200_000_000);
        for result in [
            decode(&path, Some(256), &memory).map(drop),
            ingest(&path, 256, &memory).map(drop),
            decode(&path, None, &memory).map(drop),
        ] {
            let Err(SkipReason::TooMuchMemory { size: Some(said), needed_megabytes, allowed_megabytes: 200 }) = result
            else {
                panic!("{name}: {result:?}");
            };
            assert_eq!(said, size, "{name}");
            let expected = SIDE * SIDE / 1_000_000 * at_least;
            assert!((expected..expected * 2 + 100).contains(&needed_megabytes), "{name}: {needed_megabytes} MB");
        }
        assert!(memory.reserve(200_000_000).is_ok(), "{name}: all memory was given back");
    }
    // Decoded at an eighth, it needs little memory.
    let (_folder, path) = fixtures::file(&jpeg_of_kind(0xC0, size));
    let scaled = decode(&path, Some(256), &DecodingMemory::of(200_000_000)).unwrap_err();
    assert!(matches!(scaled, SkipReason::Damaged { .. }), "{scaled:?}");
}

#[test]
fn strips_that_share_their_data_are_refused_at_once() {
    let bytes = tiff_of_shared_strips(PixelSize::new(19_990, 20_000));
    assert!(bytes.len() < 63_000, "{}", bytes.len());
    let (_folder, path) = fixtures::file(&bytes);
    let refused = decode(&path, Some(256), &DecodingMemory::of(u64::MAX)).unwrap_err();
    let SkipReason::NotSupported { format, detail: Some(detail) } = &refused else { panic!("{refused:?}") };
    assert_eq!(format, ImageFormat::Tiff.name());
    assert!(detail.starts_with("strips or tiles that share their data (6396 MB in a file of "), "{detail}");
    // Those of a small picture are read.
    let (_folder, path) = fixtures::file(&tiff_of_shared_strips(PixelSize::new(200, 300)));
    assert_eq!(fixtures::decode(&path, None).unwrap().original, PixelSize::new(200, 300));
}

#[test]
fn tiles_that_reach_far_beyond_the_picture_are_refused() {
    // A column of pixels whose tiles are 65,520 wide; a bit of fax data fills each row.
    let entries = [
        (256, 4, 1, 1),
        (257, 4, 1, 8_000_000),
        (258, 3, 1, 1),
        (259, 3, 1, 4),
        (262, 3, 1, 0),
        (322, 4, 1, 65_520),
        (323, 4, 1, 160),
        (324, 4, 50_000, 4096),
        (325, 4, 50_000, 4096),
    ];
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, kind, count, value) in entries {
        tiff.extend(entry(tag, kind, count, value));
    }
    tiff.resize(1 << 20, 1);
    let (_folder, path) = fixtures::file(&tiff);
    let refused = fixtures::decode(&path, Some(256)).unwrap_err();
    let detail = Some("tiles much larger than the image".to_owned());
    assert_eq!(refused, SkipReason::NotSupported { format: "TIFF".into(), detail });
}

#[test]
fn what_is_too_much_together_is_decoded_one_after_the_other() {
    let size = PixelSize::new(2000, 1500);
    let (_folder, path) =
        fixtures::file(&encoded(&rgb_image(&scenery(size.width, size.height)), image::ImageFormat::Png));
    // Enough for one file and its pixels, not for two.
    let memory = DecodingMemory::of(fs::metadata(&path).unwrap().len() + 11_000_000);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..6).map(|_| scope.spawn(|| ingest(&path, 64, &memory))).collect();
        for reader in readers {
            assert_eq!(reader.join().unwrap().unwrap().size, size);
        }
    });
}

#[test]
fn a_sound_webp_of_one_colour_is_read() {
    let (_folder, path) = fixtures::file(&webp_of_one_colour(PixelSize::new(300, 200)));
    assert_eq!(fixtures::decode(&path, None).unwrap().original, PixelSize::new(300, 200));
}

#[test]
fn a_panic_in_a_decoder_is_an_error_of_its_file() {
    let memory = DecodingMemory::of(100);
    let result: Result<(), SkipReason> = guarded(|| {
        let _reservation = memory.reserve(100).unwrap();
        panic!("index out of bounds");
    });
    assert_eq!(result, Err(SkipReason::Unreadable { detail: "the decoder failed".into() }));
    assert!(memory.reserve(100).is_ok());
}
