//! A 64-bit perceptual hash that hardly changes when a picture is resized, compressed or brightened, or the camera
//! moves slightly. `domain::similar` decides what is similar.

use crate::decode::{decode, decode_bytes};
use crate::pixels::turned;
use crate::{DecodingMemory, Pixels};
use domain::geometry::Orientation;
use domain::import::{ImageFormat, SkipReason};
use domain::similar::PerceptualHash;
use std::f32::consts::PI;
use std::path::Path;

/// Long edge of decoded files whose hashes are compared, in pixels.
const COMPARED_EDGE: u32 = 256;

/// Frequencies per side, from zero to seven half waves: finer ones change with compression and camera shake.
const WAVE_COUNT: usize = 8;

/// The perceptual hash of a picture; upright, so that it does not depend on how the camera was held.
///
/// It is the hash by discrete cosine transform of Zauner, "Implementation and Benchmarking of Perceptual Image Hash
/// Functions" (2010), section 3.2.1: of the transformed brightness the 8 by 8 lowest frequencies, a bit for each that is
/// above their median. Two things are otherwise. The picture is not shrunk to 32 by 32 first, since so few frequencies
/// are had from the thumbnail itself in a fraction of a millisecond. And the frequencies begin at 0 as in the widespread
/// `ImageHash`, not at 1: that told the photos below apart better.
///
/// Distances on the six sample photos, largest of all: resized to a quarter or saved with JPEG quality 30, 0; a tenth
/// brighter, 4, a fifth, 6; two per cent cropped off, 6, three, 8; the camera moved by one per cent of the picture, 8, by
/// two, 12, by three, 20; turned by one degree, 6, by two, 10. Different photos, and different parts of them, are 20
/// to 42 apart. A hash of brightness differences between neighbours (dHash) is up to 15 apart after a movement by two per
/// cent and comes as near as 8 for different parts.
///
/// In a picture of one flat color nothing but rounding is left to tell, so that two of them need not be similar.
#[must_use]
pub fn perceptual_hash(pixels: &Pixels) -> PerceptualHash {
    let (width, height) = (pixels.size.width as usize, pixels.size.height as usize);
    let across = waves(width);
    let down = waves(height);
    let mut frequencies = [[0.0; WAVE_COUNT]; WAVE_COUNT];
    for (row, down) in pixels.rgb.chunks_exact(3 * width).zip(&down) {
        let mut row_frequencies = [0.0; WAVE_COUNT];
        for (pixel, across) in row.chunks_exact(3).zip(&across) {
            let brightness = brightness(pixel);
            for (sum, wave) in row_frequencies.iter_mut().zip(across) {
                *sum += brightness * wave;
            }
        }
        for (sums, wave) in frequencies.iter_mut().zip(down) {
            for (sum, row) in sums.iter_mut().zip(row_frequencies) {
                *sum += row * wave;
            }
        }
    }

    let frequencies = frequencies.as_flattened();
    let mut sorted = frequencies.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let middle = sorted.len() / 2;
    let median = f32::midpoint(sorted[middle - 1], sorted[middle]);
    PerceptualHash(frequencies.iter().fold(0, |bits, &frequency| bits << 1 | u64::from(frequency > median)))
}

/// The perceptual hash from a thumbnail: a JPEG of [`crate::ingest`]. Compression changes at most two bits.
pub fn perceptual_hash_of_thumbnail(jpeg: &[u8], memory: &DecodingMemory) -> Result<PerceptualHash, SkipReason> {
    Ok(perceptual_hash(&decode_bytes(ImageFormat::Jpeg, jpeg, None, memory)?))
}

/// The perceptual hashes of the picture at `path`: as it is, and turned by `orientation` as well, for a copy that has lost
/// its EXIF orientation.
///
/// # Errors
/// The reason why it cannot be decoded.
pub fn perceptual_hashes_of_file(
    path: &Path,
    orientation: Orientation,
    memory: &DecodingMemory,
) -> Result<[PerceptualHash; 2], SkipReason> {
    let decoded = decode(path, Some(COMPARED_EDGE), memory)?;
    let upright = perceptual_hash(&decoded.pixels);
    Ok([upright, perceptual_hash(&turned(decoded.pixels, orientation))])
}

/// The DCT-II cosines for every position along a side.
#[expect(clippy::cast_precision_loss, reason = "sides are far below the 24 bits that a float holds exactly")]
fn waves(side: usize) -> Vec<[f32; WAVE_COUNT]> {
    let wave = |place: usize, wave: usize| (PI * wave as f32 * (place as f32 + 0.5) / side as f32).cos();
    (0..side).map(|place| std::array::from_fn(|number| wave(place, number))).collect()
}

/// Luma by ITU-R BT.601, as in JPEG.
fn brightness(pixel: &[u8]) -> f32 {
    0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode_jpeg;
    use crate::fixtures::{self, rgb_image};
    use domain::geometry::PixelSize;
    use domain::similar::{FAR_DISTANCE, NEAR_DISTANCE};
    use image::{DynamicImage, imageops::FilterType};

    const NAMES: [&str; 6] = ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"];

    fn photo(name: &str) -> DynamicImage {
        rgb_image(&fixtures::decode(&fixtures::sample(name), None).unwrap().pixels)
    }

    fn pixels(image: &DynamicImage) -> Pixels {
        Pixels { size: PixelSize::new(image.width(), image.height()), rgb: image.to_rgb8().into_raw() }
    }

    fn hash(image: &DynamicImage) -> PerceptualHash {
        perceptual_hash(&pixels(&image.resize(384, 384, FilterType::Triangle)))
    }

    /// The central `percent` of a photo, from a camera that moved by these per cents.
    fn seen(photo: &DynamicImage, percent: u32, (right, down): (i32, i32)) -> DynamicImage {
        let (width, height) = (photo.width() * percent / 100, photo.height() * percent / 100);
        let start = |side: u32, part: u32, moved: i32| {
            ((side - part) / 2).checked_add_signed(i32::try_from(side).unwrap() * moved / 100).unwrap()
        };
        photo.crop_imm(start(photo.width(), width, right), start(photo.height(), height, down), width, height)
    }

    #[test]
    fn copies_of_a_photo_are_similar_wherever_they_are() {
        for name in NAMES {
            let photo = photo(name);
            let distance = |copy: &DynamicImage| hash(&photo).distance(hash(copy));
            let saved_anew = image::load_from_memory(&encode_jpeg(&pixels(&photo), 30).unwrap()).unwrap();
            assert!(distance(&saved_anew) <= 1, "{name} saved anew: {}", distance(&saved_anew));
            let small = photo.resize(150, 150, FilterType::Triangle);
            assert!(distance(&small) <= 1, "{name} resized: {}", distance(&small));
            let brighter = photo.brighten(15);
            assert!(distance(&brighter) <= FAR_DISTANCE, "{name} brighter: {}", distance(&brighter));
        }
    }

    #[test]
    fn shots_of_a_burst_are_similar_and_different_photos_are_not() {
        let quarters = [(-25, -25), (25, -25), (-25, 25), (25, 25)];
        let mut different = Vec::new();
        for name in NAMES {
            let photo = photo(name);
            let first = hash(&seen(&photo, 90, (0, 0)));
            for moved in [(2, 0), (-2, 0), (0, 2), (0, -2), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
                let distance = first.distance(hash(&seen(&photo, 90, moved)));
                assert!(distance <= NEAR_DISTANCE, "{name} moved by {moved:?}: {distance}");
            }
            let cropped = hash(&photo).distance(hash(&seen(&photo, 97, (0, 0))));
            assert!(cropped <= NEAR_DISTANCE, "{name} cropped: {cropped}");
            different.push(hash(&photo));
            different.extend(quarters.map(|moved| hash(&seen(&photo, 50, moved))));
        }
        for (index, one) in different.iter().enumerate() {
            for other in &different[index + 1..] {
                assert!(one.distance(*other) > NEAR_DISTANCE + 5, "{one:x?} and {other:x?}");
            }
        }
    }
}
