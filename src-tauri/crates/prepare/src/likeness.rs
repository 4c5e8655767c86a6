//! Whether two pictures show the same objects in the same places, so that annotations can be propagated. A perceptual
//! hash compares pictures as a whole; an object that is absent, recolored or moved changes hardly a bit of it. This
//! module looks for such objects, block by block.

use domain::import::{ImageFormat, SkipReason};

use crate::decode::decode_bytes;
use crate::{DecodingMemory, Pixels};

/// Long edge of compared pictures.
const EDGE: u32 = 96;
/// Maximum camera movement, in these pixels, and as a part of the side: of narrow pictures, almost nothing would be left to
/// compare.
const MOST_SHIFT: i32 = 4;
const MOST_SHIFT_PARTS: usize = 12;
/// Side of a block: an object of a twentieth of the picture fills one.
const BLOCK: usize = 5;
/// Maximum mean difference of a block, of 255. Measured on the sample photos: two shots of a burst, another exposure,
/// size or compression differ by up to 17.6; an object of 6 % of the picture or more that is absent, recolored or
/// moved differs by 20 or more.
const MOST_DIFFERENCE: i32 = 18;
/// Maximum exposure difference, as a factor or in levels.
const MOST_GAIN: f32 = 1.33;
const MOST_OFFSET: i32 = 40;
/// Levels outside of these may be clipped, and say nothing about exposure.
const CLIPPED: std::ops::Range<u8> = 16..250;

/// A picture prepared for comparison.
#[derive(Debug, Clone)]
pub struct Glance {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// The common part of two pictures, aligned pixel by pixel.
struct Overlap {
    width: usize,
    height: usize,
    one: Vec<[u8; 3]>,
    other: Vec<[u8; 3]>,
}

impl Glance {
    /// From a thumbnail: a JPEG of [`crate::ingest`].
    pub fn of_thumbnail(jpeg: &[u8], memory: &DecodingMemory) -> Result<Self, SkipReason> {
        Ok(Self::of(decode_bytes(ImageFormat::Jpeg, jpeg, Some(EDGE), memory)?))
    }

    fn of(pixels: Pixels) -> Self {
        Self { width: pixels.size.width as usize, height: pixels.size.height as usize, rgb: pixels.rgb }
    }

    /// Whether annotations of one picture also fit the other one. The camera may have moved slightly, and exposure,
    /// size and compression may differ.
    #[must_use]
    pub fn shows_the_same_as(&self, other: &Self) -> bool {
        self.worst_difference(other) <= MOST_DIFFERENCE
    }

    /// The mean difference of the worst block, of 255.
    fn worst_difference(&self, other: &Self) -> i32 {
        let (right, down) = self.shift_to(other);
        let overlap = self.overlap(other, right, down).equally_exposed();
        let (width, height) = (overlap.width, overlap.height);
        let worst =
            |of: &[[u8; 3]], among: &[[u8; 3]]| worst_block(&differences(of, among, width, height), width, height);
        worst(&overlap.one, &overlap.other).max(worst(&overlap.other, &overlap.one))
    }

    /// The shift in pixels that aligns `other` best, by brightness.
    fn shift_to(&self, other: &Self) -> (i32, i32) {
        let mut best = (f32::INFINITY, 0, (0, 0));
        let most = |side: usize| i32::try_from(side / MOST_SHIFT_PARTS).unwrap_or(MOST_SHIFT).min(MOST_SHIFT);
        let (most_down, most_right) = (most(self.height.min(other.height)), most(self.width.min(other.width)));
        for down in -most_down..=most_down {
            for right in -most_right..=most_right {
                let overlap = self.overlap(other, right, down);
                let distance = right.abs() + down.abs();
                let misfit = overlap.misfit();
                if (misfit, distance) < (best.0, best.1) {
                    best = (misfit, distance, (right, down));
                }
            }
        }
        best.2
    }

    fn overlap(&self, other: &Self, right: i32, down: i32) -> Overlap {
        let common = |side: usize, other_side: usize, shift: i32| {
            let (start, other_start) = (shift.max(0).unsigned_abs() as usize, (-shift).max(0).unsigned_abs() as usize);
            let length = side.min(other_side).saturating_sub(shift.unsigned_abs() as usize);
            (start, other_start, length)
        };
        let (left, other_left, width) = common(self.width, other.width, right);
        let (top, other_top, height) = common(self.height, other.height, down);
        let part = |picture: &Self, left: usize, top: usize| -> Vec<[u8; 3]> {
            let rows = (top..top + height).flat_map(|y| {
                let start = 3 * (y * picture.width + left);
                picture.rgb[start..start + 3 * width].chunks_exact(3)
            });
            rows.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
        };
        Overlap { width, height, one: part(self, left, top), other: part(other, other_left, other_top) }
    }
}

impl Overlap {
    /// The mean difference of brightness, with equal overall brightness.
    #[expect(clippy::cast_precision_loss, reason = "sums of some thousand pixels")]
    fn misfit(&self) -> f32 {
        let brightness = |pixel: &[u8; 3]| pixel.iter().map(|&level| i32::from(level)).sum::<i32>();
        let differences: Vec<i32> =
            self.one.iter().zip(&self.other).map(|(one, other)| brightness(one) - brightness(other)).collect();
        let count = differences.len() as f32;
        let mean = differences.iter().sum::<i32>() as f32 / count;
        differences.iter().map(|&difference| (difference as f32 - mean).abs()).sum::<f32>() / count
    }

    /// Brightens the darker picture to match, by a factor or an offset, whichever fits better. What is clipped in the
    /// brighter one is then clipped in both.
    fn equally_exposed(self) -> Self {
        let levels = || self.one.as_flattened().iter().zip(self.other.as_flattened());
        let unclipped: Vec<(f32, f32)> = levels()
            .filter(|(one, other)| CLIPPED.contains(*one) && CLIPPED.contains(*other))
            .map(|(&one, &other)| (f32::from(one), f32::from(other)))
            .collect();
        let gain = median(unclipped.iter().map(|(one, other)| one / other)).unwrap_or(1.0);
        let offset = median(unclipped.iter().map(|(one, other)| one - other)).unwrap_or(0.0);
        let gain = gain.clamp(1.0 / MOST_GAIN, MOST_GAIN);
        #[expect(clippy::cast_possible_truncation, reason = "levels differ by less than 256")]
        let offset = (offset.round() as i32).clamp(-MOST_OFFSET, MOST_OFFSET);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held between 0 and 255")]
        let scaled = |level: u8, gain: f32| (f32::from(level) * gain).round().clamp(0.0, 255.0) as u8;
        let raised = |level: u8, offset: i32| level.saturating_add(u8::try_from(offset).unwrap_or_default());
        let by_gain = Self {
            one: changed(&self.one, |level| scaled(level, (1.0 / gain).max(1.0))),
            other: changed(&self.other, |level| scaled(level, gain.max(1.0))),
            ..self
        };
        let by_offset = Self {
            one: changed(&self.one, |level| raised(level, -offset)),
            other: changed(&self.other, |level| raised(level, offset)),
            ..self
        };
        let difference = |overlap: &Self| -> u64 {
            let levels = overlap.one.as_flattened().iter().zip(overlap.other.as_flattened());
            levels.map(|(&one, &other)| u64::from(one.abs_diff(other))).sum()
        };
        let as_they_are = difference(&self);
        let candidates = [(as_they_are, self), (difference(&by_gain), by_gain), (difference(&by_offset), by_offset)];
        let [first, second, third] = candidates;
        let better = if second.0 < first.0 { second } else { first };
        if third.0 < better.0 { third.1 } else { better.1 }
    }
}

fn changed(pixels: &[[u8; 3]], change: impl Fn(u8) -> u8) -> Vec<[u8; 3]> {
    pixels.iter().map(|pixel| pixel.map(&change)).collect()
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// The difference of each pixel from the neighbourhood of its place in the other picture: edges shifted by a fraction
/// of a pixel do not count.
fn differences(pixels: &[[u8; 3]], among: &[[u8; 3]], width: usize, height: usize) -> Vec<i32> {
    let mut differences = Vec::with_capacity(pixels.len());
    for y in 0..height {
        for x in 0..width {
            let (mut least, mut most) = ([u8::MAX; 3], [u8::MIN; 3]);
            for near_y in y.saturating_sub(1)..(y + 2).min(height) {
                for near in &among[near_y * width + x.saturating_sub(1)..near_y * width + (x + 2).min(width)] {
                    for channel in 0..3 {
                        least[channel] = least[channel].min(near[channel]);
                        most[channel] = most[channel].max(near[channel]);
                    }
                }
            }
            let pixel = pixels[y * width + x];
            let beyond = |channel: usize| {
                least[channel].saturating_sub(pixel[channel]).max(pixel[channel].saturating_sub(most[channel]))
            };
            differences.push((0..3).map(|channel| i32::from(beyond(channel))).max().unwrap_or_default());
        }
    }
    differences
}

/// The mean of the worst block.
fn worst_block(differences: &[i32], width: usize, height: usize) -> i32 {
    let (block_width, block_height) = (BLOCK.min(width), BLOCK.min(height));
    let mut worst = 0;
    for top in 0..=height - block_height {
        for left in 0..=width - block_width {
            let rows =
                (top..top + block_height).map(|y| &differences[y * width + left..y * width + left + block_width]);
            worst = worst.max(rows.flatten().sum::<i32>());
        }
    }
    worst / i32::try_from((block_width * block_height).max(1)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use domain::geometry::PixelSize;
    use image::imageops::FilterType;
    use image::{DynamicImage, Rgb, RgbImage};

    use super::*;
    use crate::encode_jpeg;
    use crate::fixtures::{self, rgb_image};

    const NAMES: [&str; 6] = ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"];
    const RED: [u8; 3] = [200, 40, 40];
    const BLUE: [u8; 3] = [40, 60, 200];

    fn photo(name: &str) -> RgbImage {
        rgb_image(&fixtures::decode(&fixtures::sample(name), None).unwrap().pixels).into_rgb8()
    }

    fn jpeg(photo: &RgbImage, quality: u8) -> Vec<u8> {
        let pixels = Pixels { size: PixelSize::new(photo.width(), photo.height()), rgb: photo.as_raw().clone() };
        encode_jpeg(&pixels, quality).unwrap()
    }

    fn glance(photo: &RgbImage) -> Glance {
        let small = DynamicImage::from(photo.clone()).resize(384, 384, FilterType::Triangle).into_rgb8();
        Glance::of_thumbnail(&jpeg(&small, 82), &fixtures::memory()).unwrap()
    }

    /// The central nine tenths of a photo, from a camera that moved by these per cents.
    fn seen(photo: &RgbImage, (right, down): (i32, i32)) -> RgbImage {
        let (width, height) = (photo.width() * 9 / 10, photo.height() * 9 / 10);
        let start = |side: u32, part: u32, moved: i32| {
            ((side - part) / 2).checked_add_signed(i32::try_from(side).unwrap() * moved / 100).unwrap()
        };
        let (left, top) = (start(photo.width(), width, right), start(photo.height(), height, down));
        image::imageops::crop_imm(photo, left, top, width, height).to_image()
    }

    /// With a colored disc; center and width in per cent of the long edge.
    fn with_disc(photo: &RgbImage, (x, y): (u32, u32), width: u32, color: [u8; 3]) -> RgbImage {
        let edge = photo.width().max(photo.height());
        let (middle_x, middle_y) = (i64::from(photo.width() * x / 100), i64::from(photo.height() * y / 100));
        let radius = i64::from(edge * width / 200);
        let mut changed = photo.clone();
        for (x, y, pixel) in changed.enumerate_pixels_mut() {
            let (right, down) = (i64::from(x) - middle_x, i64::from(y) - middle_y);
            if right * right + down * down <= radius * radius {
                *pixel = Rgb(color);
            }
        }
        changed
    }

    /// With a patch of another photo, which has edges and texture.
    fn with_patch(photo: &RgbImage, (x, y): (u32, u32), width: u32, other: &RgbImage) -> RgbImage {
        let side = photo.width().max(photo.height()) * width / 100;
        let thing = image::imageops::crop_imm(
            other,
            other.width() / 4,
            other.height() / 4,
            other.width() / 2,
            other.height() / 2,
        );
        let thing = image::imageops::resize(&thing.to_image(), side, side, FilterType::Triangle);
        let mut changed = photo.clone();
        let (left, top) = (photo.width() * x / 100, photo.height() * y / 100);
        image::imageops::overlay(&mut changed, &thing, left.into(), top.into());
        changed
    }

    #[test]
    fn shots_of_a_burst_and_copies_show_the_same() {
        for name in NAMES {
            let photo = photo(name);
            let of = |change: fn(u8) -> u8| {
                let mut changed = photo.clone();
                changed.as_mut().iter_mut().for_each(|level| *level = change(*level));
                changed
            };
            let scaled =
                |edge: u32| DynamicImage::from(photo.clone()).resize(edge, edge, FilterType::Triangle).into_rgb8();
            let pixels = |jpeg: &[u8]| image::load_from_memory(jpeg).unwrap().into_rgb8();
            for (copy, how) in [
                (pixels(&jpeg(&photo, 30)), "saved anew"),
                (scaled(150), "small"),
                (scaled(500), "large"),
                (of(|level| level.saturating_add(15)), "brighter"),
                (of(|level| level.saturating_sub(15)), "darker"),
                (of(|level| u8::try_from(u32::from(level) * 115 / 100).unwrap_or(255)), "exposed longer"),
                (of(|level| u8::try_from(u32::from(level) * 87 / 100).unwrap()), "exposed shorter"),
            ] {
                let difference = glance(&photo).worst_difference(&glance(&copy));
                assert!(glance(&photo).shows_the_same_as(&glance(&copy)), "{name} {how}: {difference}");
            }
            let first = glance(&seen(&photo, (0, 0)));
            for moved in [(1, 0), (0, 1), (2, 0), (-2, 0), (0, 2), (0, -2), (1, 1), (-1, 1)] {
                let difference = first.worst_difference(&glance(&seen(&photo, moved)));
                assert!(difference <= MOST_DIFFERENCE, "{name} moved by {moved:?}: {difference}");
            }
        }
    }

    #[test]
    fn narrow_pictures_are_compared_in_their_whole_width() {
        let striped = |width: u32, height: u32, stripe: Option<u32>| {
            let level = |x: u32, y: u32| {
                if stripe == Some(y * 8 / height) { RED } else { [90, 90, u8::try_from(x * 2 % 256).unwrap()] }
            };
            let photo = RgbImage::from_fn(width, height, |x, y| Rgb(level(x, y)));
            Glance::of_thumbnail(&jpeg(&photo, 95), &fixtures::memory()).unwrap()
        };
        for (width, height) in [(1, 1), (300, 1), (1, 300), (384, 8), (8, 384), (384, 16), (384, 32), (3, 3)] {
            let plain = striped(width, height, None);
            assert!(plain.shows_the_same_as(&plain), "{width}x{height}");
            if height < 8 {
                continue;
            }
            for stripe in [0, 3, 7] {
                let other = striped(width, height, Some(stripe));
                assert!(!plain.shows_the_same_as(&other), "{width}x{height}, {stripe}");
                assert!(other.shows_the_same_as(&other), "{width}x{height}, {stripe}");
            }
        }
    }

    #[test]
    fn a_thing_that_is_absent_recoloured_or_moved_is_seen() {
        for (place, name) in NAMES.into_iter().enumerate() {
            let (photo, other) = (photo(name), photo(NAMES[(place + 1) % NAMES.len()]));
            for at in [(30, 40), (60, 70), (75, 25)] {
                for width in [7, 10, 15, 20] {
                    let with = with_disc(&photo, at, width, RED);
                    let patched = with_patch(&photo, at, width, &other);
                    let beside = (if at.0 > 50 { at.0 - width } else { at.0 + width }, at.1);
                    for (one, two, how) in [
                        (&with, &photo, "absent"),
                        (&patched, &photo, "absent thing with texture"),
                        (&with, &with_disc(&photo, at, width, BLUE), "recoloured"),
                        (&with, &with_disc(&photo, beside, width, RED), "moved"),
                        (&patched, &with_patch(&photo, beside, width, &other), "moved thing with texture"),
                        (&seen(&with, (0, 0)), &seen(&photo, (1, 0)), "absent in the next shot"),
                    ] {
                        let difference = glance(one).worst_difference(&glance(two));
                        let is_same = glance(one).shows_the_same_as(&glance(two));
                        assert!(!is_same, "{name}, {width} % at {at:?} {how}: {difference}");
                    }
                }
            }
        }
    }

    #[test]
    fn pictures_of_any_size_are_compared() {
        let flat = |width: u32, height: u32| glance(&RgbImage::from_pixel(width, height, Rgb([90, 90, 90])));
        assert!(flat(2, 2).shows_the_same_as(&flat(2, 2)));
        assert!(flat(900, 3).shows_the_same_as(&flat(900, 3)));
        assert!(flat(96, 72).shows_the_same_as(&flat(97, 72)));
    }
}
