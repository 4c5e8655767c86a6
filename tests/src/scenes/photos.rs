//! The photos of a scene: the six samples in turn, each file made distinct by its number and by the date that its camera wrote.

use std::fs;

use domain::geometry::PixelSize;
use domain::similar::PerceptualHash;
use domain::taken::Taken;

use crate::{sample, with_segment};

use super::Done;

/// A sample photo, with what a detector of everyday objects finds on it.
pub struct Photo {
    /// In the folder of samples.
    pub file: &'static str,
    /// The beginning of the names of images that show it.
    pub stem: &'static str,
    pub size: PixelSize,
    /// Label, box in pixels (left, top, right, bottom), confidence.
    pub objects: &'static [(&'static str, [f64; 4], f64)],
}

/// In the order of the images.
pub static PHOTOS: [Photo; 6] = [
    Photo {
        file: "china.jpg",
        stem: "lake",
        size: PixelSize { width: 640, height: 427 },
        objects: &[("boat", [452.0, 262.0, 524.0, 290.0], 0.41)],
    },
    Photo {
        file: "coffee.jpg",
        stem: "cafe",
        size: PixelSize { width: 600, height: 400 },
        objects: &[
            ("cup", [173.0, 18.0, 450.0, 310.0], 0.94),
            ("spoon", [317.0, 67.0, 425.0, 327.0], 0.62),
            ("dining table", [4.0, 4.0, 596.0, 396.0], 0.53),
        ],
    },
    Photo {
        file: "rocket.jpg",
        stem: "pad",
        size: PixelSize { width: 640, height: 427 },
        objects: &[
            ("traffic light", [136.0, 362.0, 166.0, 391.0], 0.47),
            ("traffic light", [346.0, 380.0, 383.0, 412.0], 0.38),
            ("airplane", [310.0, 126.0, 335.0, 408.0], 0.36),
        ],
    },
    Photo {
        file: "astronaut.jpg",
        stem: "portrait",
        size: PixelSize { width: 512, height: 512 },
        objects: &[("person", [18.0, 15.0, 366.0, 511.0], 0.96), ("sports ball", [277.0, 343.0, 511.0, 511.0], 0.39)],
    },
    Photo {
        file: "flower.jpg",
        stem: "dahlia",
        size: PixelSize { width: 640, height: 427 },
        objects: &[
            ("potted plant", [169.0, 84.0, 446.0, 360.0], 0.71),
            ("potted plant", [287.0, 374.0, 470.0, 426.0], 0.44),
        ],
    },
    Photo {
        file: "chelsea.jpg",
        stem: "cat",
        size: PixelSize { width: 451, height: 300 },
        objects: &[("cat", [1.0, 1.0, 400.0, 299.0], 0.97)],
    },
];

/// 2025-12-03 09:00 on the cameras' clocks.
const FIRST_MILLIS: i64 = 1_764_752_400_000;
const A_DAY_MILLIS: i64 = 86_400_000;
const DAYS: f64 = 240.0;
/// Photos of one outing.
const A_BURST: u32 = 7;

const APP1: u8 = 0xe1;
const COMMENT: u8 = 0xfe;

/// Of every twelve photos, some of the second six show the same as the photo six places before.
const SIMILAR_SPAN: u32 = 12;
const SIMILAR_SHARE: f64 = 0.6;

/// The photo that `image` shows; images are numbered from 1.
#[must_use]
pub fn photo_of(image: u32) -> &'static Photo {
    &PHOTOS[(image.saturating_sub(1) % 6) as usize]
}

/// The name of its file, such as `lake_0001.jpg`.
#[must_use]
pub fn name_of(image: u32) -> String {
    format!("{}_{image:04}.jpg", photo_of(image).stem)
}

/// A number from 0 to 1 that depends on its arguments alone.
#[must_use]
pub fn chance(image: u32, salt: u32) -> f64 {
    f64::from(scattered(image, salt)) / 4_294_967_296.0
}

/// A number that depends on its arguments alone.
#[must_use]
pub fn scattered(image: u32, salt: u32) -> u32 {
    let mut hash = image.wrapping_mul(0x9e37_79b1).wrapping_add(salt.wrapping_mul(0x85eb_ca77));
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// When it was taken: in bursts over some months. One in ten does not say.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "days of a year and milliseconds of a day")]
pub fn taken(image: u32) -> Option<Taken> {
    if chance(image, 92) < 0.1 {
        return None;
    }
    let day = (chance(image / A_BURST, 93) * DAYS) as i64;
    let millis = (chance(image, 94) * 8.0 * 3_600_000.0) as i64;
    Some(Taken {
        clock_millis: FIRST_MILLIS + day * A_DAY_MILLIS + millis,
        minutes_ahead_of_utc: (chance(image, 95) < 0.5).then_some(120),
    })
}

/// The image that `image` looks like, in a library with similar images.
#[must_use]
pub fn leader(image: u32) -> Option<u32> {
    let is_second = (image - 1) % SIMILAR_SPAN >= SIMILAR_SPAN / 2;
    (is_second && chance(image, 70) < SIMILAR_SHARE).then(|| image - SIMILAR_SPAN / 2)
}

/// A perceptual hash that no other image is near to, but for those that look like it. All images of a sample have the same
/// pixels, so that their real hashes would make six groups of the whole library.
#[must_use]
pub fn perceptual_hash(image: u32, has_similar: bool) -> PerceptualHash {
    let shown = leader(image).filter(|_| has_similar).unwrap_or(image);
    PerceptualHash(u64::from(scattered(shown, 101)) << 32 | u64::from(scattered(shown, 102)))
}

/// The file of `image`: its sample with the date, and a comment that makes its content distinct.
pub fn file_of(image: u32) -> Done<Vec<u8>> {
    let bytes = fs::read(sample(photo_of(image).file))?;
    let bytes = with_segment(&bytes, COMMENT, format!("image {image}").as_bytes());
    Ok(match taken(image) {
        Some(taken) => with_segment(&bytes, APP1, &exif(taken)),
        None => bytes,
    })
}

/// A little-endian EXIF block with the time of the photo, its milliseconds, and its offset from UTC.
fn exif(Taken { clock_millis, minutes_ahead_of_utc }: Taken) -> Vec<u8> {
    let day = Taken::day_of(clock_millis).to_string().replace('-', ":");
    let millis = clock_millis.rem_euclid(A_DAY_MILLIS);
    let [hour, minute, second] = [millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60];
    let clock = format!("{day} {hour:02}:{minute:02}:{second:02}\0");
    let offset = minutes_ahead_of_utc.map(|minutes| format!("+{:02}:{:02}\0", minutes / 60, minutes % 60));
    // The only entry of the first directory points to the directory of the photo, whose texts follow it.
    let mut block = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0".to_vec();
    block.extend([0x69, 0x87, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]);
    let entries: u8 = if offset.is_some() { 3 } else { 2 };
    let text = 26 + 2 + 12 * entries + 4;
    block.extend([entries, 0, 0x03, 0x90, 2, 0, 20, 0, 0, 0, text, 0, 0, 0]);
    if offset.is_some() {
        block.extend([0x11, 0x90, 2, 0, 7, 0, 0, 0, text + 20, 0, 0, 0]);
    }
    block.extend([0x91, 0x92, 2, 0, 4, 0, 0, 0]);
    block.extend(format!("{:03}\0", millis % 1000).bytes());
    block.extend([0, 0, 0, 0]);
    block.extend(clock.bytes());
    block.extend(offset.unwrap_or_default().bytes());
    block
}
