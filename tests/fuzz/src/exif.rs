//! EXIF in every container that has it.

use domain::camera::{Camera, Position};
use domain::import::SkipReason;
use domain::taken::Taken;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use prepare::DecodingMemory;

use crate::scratch_file;

const MEMORY: u64 = 32_000_000;
/// A segment of a JPEG is no longer.
const LONGEST: usize = 60_000;
/// The years 1826 to 9999, in milliseconds, a day more at both ends.
const CLOCKS: std::ops::Range<i64> = -4_544_200_000_000..253_402_387_200_000;

type ReadExif = (Option<Taken>, Option<Camera>, Option<Position>);

/// Any bytes as the EXIF of a JPEG, PNG and WebP: the image is read, all say the same, and what is read can be shown.
pub fn exif(input: &[u8]) {
    // Writers put this before it in a JPEG, and some also elsewhere, where readers skip it.
    let input = input.strip_prefix(b"Exif\0\0").unwrap_or(input);
    let input = &input[..input.len().min(LONGEST)];
    let mut said: Option<(ReadExif, u8)> = None;
    for bytes in containers(input) {
        let path = scratch_file("exif", &bytes);
        let memory = DecodingMemory::of(MEMORY);
        let ingested = prepare::ingest(&path, 16, &memory).expect("the image itself is sound");
        let read = read(&path, &memory).expect("the image itself is sound");
        assert_eq!(read.0, ingested.taken);
        check(&read);
        let all = (read, ingested.orientation.exif());
        let first = said.get_or_insert_with(|| all.clone());
        assert_eq!(all, *first);
    }
}

fn read(path: &std::path::Path, memory: &DecodingMemory) -> Result<ReadExif, SkipReason> {
    Ok((prepare::taken(path, memory)?, prepare::camera(path, memory)?, prepare::position(path, memory)?))
}

fn check((taken, camera, position): &ReadExif) {
    if let Some(taken) = taken {
        assert!(CLOCKS.contains(&taken.clock_millis), "{taken:?}");
        assert!(taken.minutes_ahead_of_utc.is_none_or(|minutes| minutes.abs() < 24 * 60), "{taken:?}");
        let _ = Taken::day_of(taken.clock_millis);
    }
    if let Some(camera) = camera {
        for value in [camera.exposure_seconds, camera.f_number, camera.focal_length_mm].into_iter().flatten() {
            assert!(value.is_finite() && value > 0.0, "{camera:?}");
        }
    }
    if let Some(Position { latitude, longitude }) = position {
        assert!((-90.0..=90.0).contains(latitude) && (-180.0..=180.0).contains(longitude), "{position:?}");
    }
}

/// An image of 2 by 1 pixels with this EXIF, in each format.
fn containers(exif: &[u8]) -> [Vec<u8>; 3] {
    let (mut jpeg, mut png, mut webp) = (Vec::new(), Vec::new(), Vec::new());
    encode(JpegEncoder::new(&mut jpeg), exif);
    encode(PngEncoder::new(&mut png), exif);
    encode(WebPEncoder::new_lossless(&mut webp), exif);
    [jpeg, png, webp]
}

fn encode(mut encoder: impl ImageEncoder, exif: &[u8]) {
    encoder.set_exif_metadata(exif.to_vec()).expect("EXIF is supported");
    encoder.write_image(&[200, 10, 10, 10, 200, 10], 2, 1, ExtendedColorType::Rgb8).expect("it is encoded");
}
