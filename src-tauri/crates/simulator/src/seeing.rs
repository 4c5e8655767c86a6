//! Finds solid, saturated shapes on a plain ground: what the simulator "sees" in an image. It tells colors apart by
//! hue, takes connected pixels of one hue for one shape, and then places the shape's edges where its color outweighs
//! the ground around it, so that compression and resizing do not move them. Shapes of one hue that touch are one shape,
//! and those less than four pixels apart may widen each other; shapes under 12 pixels may be missed. It recognises
//! nothing else: in a photograph it finds patches of strong color.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{ImageReader, Limits, RgbImage};

use crate::picture::{EncodedPicture, SentPicture};

/// Saturation (largest minus smallest channel) from which a pixel belongs to a shape.
const MIN_CHROMA: u8 = 80;
/// Distance (in RGB) to the ground's color within which a pixel is ground, for grounds with a color.
const GROUND_DISTANCE: f32 = 60.0;
/// Distance to the mean color within which a pixel belongs to a solid shape.
const SOLID_DISTANCE: f32 = 64.0;
/// The share of a shape's pixels that must be within it.
const SOLID_PERCENT: u32 = 60;
/// How far around a shape's box the ground is sampled.
const SURROUNDINGS_PIXELS: u32 = 5;
/// Distance to their median color within which surroundings are plain, and their share.
const PLAIN_DISTANCE: f32 = 40.0;
const PLAIN_PERCENT: usize = 60;
/// How far the edge is searched outside the pixels first found.
const EDGE_MARGIN_PIXELS: u32 = 3;
const MAX_SHAPES: usize = 100;
/// The vendor's limit on decoding: 8000 x 8000 pixels of four bytes.
const MAX_DECODED_BYTES: u64 = 8000 * 8000 * 4;

/// A color that can be told apart by its hue. Labels without a color in their name are assigned to colors in this
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Colour {
    Red,
    Green,
    Blue,
    Yellow,
    Magenta,
    Cyan,
    Orange,
    Purple,
}

impl Colour {
    pub(crate) const ALL: [Self; 8] =
        [Self::Red, Self::Green, Self::Blue, Self::Yellow, Self::Magenta, Self::Cyan, Self::Orange, Self::Purple];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
            Self::Orange => "orange",
            Self::Purple => "purple",
        }
    }

    fn of([red, green, blue]: [u8; 3]) -> Option<Self> {
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        let chroma = most - least;
        if chroma < MIN_CHROMA {
            return None;
        }
        let ratio = |left: u8, right: u8| (f32::from(left) - f32::from(right)) / f32::from(chroma);
        let sixth = if most == red {
            ratio(green, blue).rem_euclid(6.0)
        } else if most == green {
            ratio(blue, red) + 2.0
        } else {
            ratio(red, green) + 4.0
        };
        Some(match sixth * 60.0 {
            hue if !(15.0..345.0).contains(&hue) => Self::Red,
            hue if hue < 46.0 => Self::Orange,
            hue if hue < 78.0 => Self::Yellow,
            hue if hue < 165.0 => Self::Green,
            hue if hue < 200.0 => Self::Cyan,
            hue if hue < 260.0 => Self::Blue,
            hue if hue < 285.0 => Self::Purple,
            _ => Self::Magenta,
        })
    }
}

/// A shape, in pixels of the image as the model sees it. Left and top are inclusive, right and bottom exclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sighting {
    pub(crate) colour: Colour,
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) right: u32,
    pub(crate) bottom: u32,
    /// The share of the box that the shape covers: 1 for a rectangle, 0.785 for an ellipse.
    pub(crate) coverage: f32,
    /// Its index among annotations at fixed places, whose labels go in turn and not by color.
    pub(crate) turn: Option<u32>,
}

impl Sighting {
    /// The form, guessed from the share of its box that it covers.
    pub(crate) fn form(&self) -> &'static str {
        if self.coverage > 0.9 {
            "rectangle"
        } else if self.coverage > 0.65 {
            "ellipse"
        } else {
            "shape"
        }
    }
}

/// Finds the shapes of an image, decoded and scaled to the size the model sees if it is larger, top to bottom and left
/// to right. An image that cannot be decoded has none.
pub(crate) fn look(picture: &SentPicture) -> Vec<Sighting> {
    let Some(EncodedPicture { bytes, format }) = &picture.pixels else { return Vec::new() };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), *format);
    reader.limits(limits);
    match reader.decode() {
        Ok(decoded) if picture.seen != picture.sent => {
            find(&decoded.resize_exact(picture.seen.width, picture.seen.height, FilterType::Triangle).into_rgb8())
        }
        Ok(decoded) => find(&decoded.into_rgb8()),
        Err(error) => {
            tracing::debug!(%error, "an image could be measured but not decoded");
            Vec::new()
        }
    }
}

pub(crate) fn find(image: &RgbImage) -> Vec<Sighting> {
    let ground = ground_of(image);
    let mut blobs = blobs(image, ground);
    let least_area = (image.width() * image.height() / 20_000).max(12);
    blobs.retain(|blob| {
        let box_area = (blob.right - blob.left) * (blob.bottom - blob.top);
        blob.area >= least_area && blob.solid * 100 >= blob.area * SOLID_PERCENT && blob.area * 4 >= box_area
    });
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.area));
    blobs.truncate(MAX_SHAPES);
    let prototypes: Vec<[f32; 3]> = blobs.iter().map(|blob| blob.mean).collect();
    let mut sightings: Vec<Sighting> = blobs
        .iter()
        .enumerate()
        .filter_map(|(index, blob)| Some(placed(image, surroundings_of(image, blob)?, &prototypes, index, blob)))
        .collect();
    sightings.sort_by_key(|sighting| (sighting.top, sighting.left));
    sightings
}

/// Connected pixels of one hue.
#[derive(Debug)]
struct Blob {
    colour: Colour,
    mean: [f32; 3],
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    /// In pixels.
    area: u32,
    /// The pixels near the mean color.
    solid: u32,
}

fn distance(left: [f32; 3], right: [f32; 3]) -> f32 {
    left.iter().zip(right).map(|(left, right)| (left - right) * (left - right)).sum::<f32>().sqrt()
}

fn pixel(image: &RgbImage, x: u32, y: u32) -> [f32; 3] {
    image.get_pixel(x, y).0.map(f32::from)
}

/// The median color of the outermost pixels.
fn ground_of(image: &RgbImage) -> [f32; 3] {
    median(&frame(image, 0, 0, image.width() - 1, image.height() - 1))
}

/// The median color around a shape, if the surroundings are plain: those of a patch of color in a photograph seldom
/// are. A shape cut off by the image's edge counts its own pixels there.
fn surroundings_of(image: &RgbImage, blob: &Blob) -> Option<[f32; 3]> {
    let left = blob.left.saturating_sub(SURROUNDINGS_PIXELS);
    let top = blob.top.saturating_sub(SURROUNDINGS_PIXELS);
    let right = (blob.right + SURROUNDINGS_PIXELS).min(image.width()) - 1;
    let bottom = (blob.bottom + SURROUNDINGS_PIXELS).min(image.height()) - 1;
    let around = frame(image, left, top, right, bottom);
    let middle = median(&around);
    let plain = around.iter().filter(|colour| distance(colour.map(f32::from), middle) < PLAIN_DISTANCE).count();
    (plain * 100 >= around.len() * PLAIN_PERCENT).then_some(middle)
}

/// The pixels on the border of a box; all edges are inclusive.
fn frame(image: &RgbImage, left: u32, top: u32, right: u32, bottom: u32) -> Vec<[u8; 3]> {
    let rows = (left..=right).flat_map(|x| [(x, top), (x, bottom)]);
    let columns = (top..=bottom).flat_map(|y| [(left, y), (right, y)]);
    rows.chain(columns).map(|(x, y)| image.get_pixel(x, y).0).collect()
}

/// The median, channel by channel.
fn median(colours: &[[u8; 3]]) -> [f32; 3] {
    [0, 1, 2].map(|channel| {
        let mut values: Vec<u8> = colours.iter().map(|colour| colour[channel]).collect();
        values.sort_unstable();
        f32::from(values[values.len() / 2])
    })
}

fn blobs(image: &RgbImage, ground: [f32; 3]) -> Vec<Blob> {
    let (width, height) = image.dimensions();
    let index = |x: u32, y: u32| y as usize * width as usize + x as usize;
    let mut hues: Vec<Option<Colour>> = image
        .pixels()
        .map(|pixel| Colour::of(pixel.0).filter(|_| distance(pixel.0.map(f32::from), ground) > GROUND_DISTANCE))
        .collect();
    let mut blobs = Vec::new();
    let mut waiting = Vec::new();
    let mut members = Vec::new();
    for (top, left) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let Some(colour) = hues[index(left, top)].take() else { continue };
        members.clear();
        waiting.push((left, top));
        while let Some((x, y)) = waiting.pop() {
            members.push((x, y));
            let neighbours = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
            for (x, y) in neighbours {
                if x < width && y < height && hues[index(x, y)] == Some(colour) {
                    hues[index(x, y)] = None;
                    waiting.push((x, y));
                }
            }
        }
        blobs.push(measured(image, colour, &members));
    }
    blobs
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "counts of pixels, below 2^26")]
fn measured(image: &RgbImage, colour: Colour, members: &[(u32, u32)]) -> Blob {
    let mut sums = [0_u64; 3];
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    for (x, y) in members {
        let channels = image.get_pixel(*x, *y).0;
        for (sum, channel) in sums.iter_mut().zip(channels) {
            *sum += u64::from(channel);
        }
        (left, top) = (left.min(*x), top.min(*y));
        (right, bottom) = (right.max(x + 1), bottom.max(y + 1));
    }
    let mean = sums.map(|sum| sum as f32 / members.len() as f32);
    let solid = members.iter().filter(|(x, y)| distance(pixel(image, *x, *y), mean) < SOLID_DISTANCE).count();
    Blob { colour, mean, left, top, right, bottom, area: members.len() as u32, solid: solid as u32 }
}

/// The shape's box, from the pixels that are nearer its color than the ground's and any other shape's.
#[expect(clippy::cast_precision_loss, reason = "areas in pixels, below 2^26")]
fn placed(image: &RgbImage, ground: [f32; 3], prototypes: &[[f32; 3]], own: usize, blob: &Blob) -> Sighting {
    let belongs = |x: u32, y: u32| {
        let colour = pixel(image, x, y);
        let own_distance = distance(colour, prototypes[own]);
        own_distance < distance(colour, ground)
            && prototypes.iter().all(|other| own_distance <= distance(colour, *other))
    };
    let outer_left = blob.left.saturating_sub(EDGE_MARGIN_PIXELS);
    let outer_top = blob.top.saturating_sub(EDGE_MARGIN_PIXELS);
    let outer_right = (blob.right + EDGE_MARGIN_PIXELS).min(image.width());
    let outer_bottom = (blob.bottom + EDGE_MARGIN_PIXELS).min(image.height());
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    let mut area = 0_u32;
    for (y, x) in (outer_top..outer_bottom).flat_map(|y| (outer_left..outer_right).map(move |x| (y, x))) {
        if belongs(x, y) {
            area += 1;
            (left, top) = (left.min(x), top.min(y));
            (right, bottom) = (right.max(x + 1), bottom.max(y + 1));
        }
    }
    if area == 0 {
        (left, top, right, bottom, area) = (blob.left, blob.top, blob.right, blob.bottom, blob.area);
    }
    let coverage = area as f32 / ((right - left) * (bottom - top)) as f32;
    Sighting { colour: blob.colour, left, top, right, bottom, coverage: coverage.min(1.0), turn: None }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn colours_have_their_names() {
        let named = [
            ([255, 0, 0], Colour::Red),
            ([220, 40, 40], Colour::Red),
            ([255, 165, 0], Colour::Orange),
            ([255, 255, 0], Colour::Yellow),
            ([0, 128, 0], Colour::Green),
            ([0, 255, 255], Colour::Cyan),
            ([30, 60, 220], Colour::Blue),
            ([255, 0, 255], Colour::Magenta),
        ];
        for (channels, colour) in named {
            assert_eq!(Colour::of(channels), Some(colour), "{channels:?}");
        }
        assert_eq!(Colour::of([128, 128, 128]), None);
    }

    #[test]
    fn a_colored_background_is_not_a_shape() {
        let mut image = RgbImage::from_pixel(80, 60, Rgb([40, 140, 50]));
        for (x, y) in (20..50).flat_map(|x| (10..30).map(move |y| (x, y))) {
            image.put_pixel(x, y, Rgb([255, 0, 0]));
        }
        let seen = find(&image);
        let red = Sighting { colour: Colour::Red, left: 20, top: 10, right: 50, bottom: 30, coverage: 1.0, turn: None };
        assert_eq!(seen, [red]);
    }
}
