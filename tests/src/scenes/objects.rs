//! What the runs of the past answered about the photos of a scene.

use std::collections::BTreeMap;

use domain::annotation::{NewAnnotation, Shape};
use domain::coco;
use domain::geometry::{PixelSize, Rect};

use super::photos::{chance, photo_of};

/// An object found on a photo. Its confidence is more precise than the one that is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub label: String,
    pub rect: Rect,
    pub confidence: f64,
}

impl Found {
    #[must_use]
    pub fn annotation(&self) -> NewAnnotation {
        NewAnnotation {
            label: self.label.clone(),
            shape: Shape::Box { rect: self.rect },
            #[expect(clippy::cast_possible_truncation, reason = "confidences are stored so")]
            confidence: Some(self.confidence as f32),
            attributes: BTreeMap::new(),
        }
    }
}

/// Labels that a detector confuses.
const MISTAKEN_FOR: [(&str, &str); 8] = [
    ("boat", "surfboard"),
    ("cup", "bowl"),
    ("spoon", "knife"),
    ("traffic light", "parking meter"),
    ("airplane", "kite"),
    ("sports ball", "backpack"),
    ("potted plant", "vase"),
    ("cat", "dog"),
];

/// A kind of mistake that the checks find.
#[derive(Debug, Clone, Copy)]
enum Mistake {
    Duplicate,
    Huge,
    Tiny,
    Outside,
    OddAspect,
    Misspelled,
}

/// The mistakes by photo and turn: of its repetitions every fifth.
const MISTAKES: [(&str, u32, Mistake); 6] = [
    ("cat", 1, Mistake::Duplicate),
    ("cafe", 2, Mistake::Tiny),
    ("lake", 3, Mistake::Huge),
    ("portrait", 4, Mistake::Outside),
    ("cat", 3, Mistake::OddAspect),
    ("portrait", 2, Mistake::Misspelled),
];
const TURNS: u32 = 5;

/// What the latest run of the past found on `image`.
#[must_use]
pub fn found(image: u32) -> Vec<Found> {
    let objects = photo_of(image).objects.iter().zip(0..);
    objects.map(|(&(label, rect, confidence), place)| varied(image, place, label, rect, confidence)).collect()
}

/// What the run before it found: much the same. A few objects are missing, a few have another label, and here and there is one
/// more.
#[must_use]
pub fn found_earlier(image: u32) -> Vec<Found> {
    let photo = photo_of(image);
    let mut all = Vec::new();
    for (&(label, rect, confidence), place) in photo.objects.iter().zip(0..) {
        let luck = chance(image, 70 + place);
        let confused = MISTAKEN_FOR.iter().find(|(right, _)| *right == label).filter(|_| luck < 0.35);
        if luck >= 0.15 {
            let label = confused.map_or(label, |(_, wrong)| wrong);
            all.push(varied(image, place, label, nudged(rect, image), confidence));
        }
    }
    if chance(image, 80) < 0.3 {
        let (width, height) = sides(photo.size);
        let rect = [width * 0.06, height * 0.62, width * 0.2, height * 0.86];
        let place = u32::try_from(photo.objects.len()).unwrap_or_default();
        all.push(varied(image, place, "bottle", rect, 0.36));
    }
    all
}

/// So many small boxes all over the image that they cannot be told apart at a glance.
#[must_use]
pub fn crowd(image: u32, count: u32) -> Vec<Found> {
    let (width, height) = sides(photo_of(image).size);
    (0..count)
        .map(|place| {
            let side = 4.0 + chance(place, 3) * 28.0;
            let (left, top) = (chance(place, 1) * (width - side), chance(place, 2) * (height - side));
            let label = coco::NAMES[place as usize % coco::NAMES.len()];
            Found {
                confidence: 0.3 + chance(place, 4) * 0.7,
                ..varied(image, 0, label, [left, top, left + side, top + side], 0.5)
            }
        })
        .collect()
}

/// The mistakes on `image` beside `first`, the first of its annotations.
#[must_use]
pub fn mistakes(image: u32, first: &Found) -> Vec<Found> {
    let photo = photo_of(image);
    let turn = (image - 1) / 6 % TURNS;
    let here = MISTAKES.iter().filter(|(stem, its_turn, _)| *stem == photo.stem && *its_turn == turn);
    here.map(|&(_, _, mistake)| mistaken(first, mistake, photo.size)).collect()
}

fn mistaken(first: &Found, mistake: Mistake, size: PixelSize) -> Found {
    let (width, height) = sides(size);
    let Rect { x1, y1, x2, y2 } = first.rect;
    let (across, down) = (x2 - x1, y2 - y1);
    let [x1, y1, x2, y2] = match mistake {
        Mistake::Duplicate => [x1 + across * 0.02, y1 + down * 0.03, x2 - across * 0.03, y2],
        Mistake::Huge => [2.0, 2.0, width - 1.0, height - 1.0],
        Mistake::Tiny => [width * 0.8, height * 0.7, width * 0.8 + 12.0, height * 0.7 + 9.0],
        Mistake::Outside => [width * 0.7, height * 0.1, width + 40.0, height * 0.6],
        Mistake::OddAspect => [width * 0.2, height * 0.85, width * 0.95, height * 0.92],
        Mistake::Misspelled => [width * 0.05, height * 0.55, width * 0.35, height * 0.95],
    };
    let label = match mistake {
        Mistake::Misspelled => format!("{}m", &first.label[..first.label.len() - 1]),
        _ => first.label.clone(),
    };
    Found { label, rect: Rect { x1, y1, x2, y2 }, confidence: (first.confidence - 0.08).max(0.3) }
}

/// A detector never answers quite the same twice: boxes and confidences differ a little from image to image.
fn varied(image: u32, place: u32, label: &str, rect: [f64; 4], confidence: f64) -> Found {
    // Rounded half up.
    let shift = |salt| ((chance(image, salt) - 0.5) * 8.0 + 0.5).floor();
    let (width, height) = sides(photo_of(image).size);
    let [x1, y1, x2, y2] = rect;
    Found {
        label: label.to_owned(),
        rect: Rect {
            x1: (x1 + shift(11)).clamp(0.0, width),
            y1: (y1 + shift(12)).clamp(0.0, height),
            x2: (x2 + shift(13)).clamp(0.0, width),
            y2: (y2 + shift(14)).clamp(0.0, height),
        },
        confidence: (confidence + (chance(image, place) - 0.5) * 0.2).clamp(0.3, 0.99),
    }
}

/// Moved by a few hundredths of its size.
fn nudged([x1, y1, x2, y2]: [f64; 4], image: u32) -> [f64; 4] {
    let by = |length: f64, salt| length * 0.06 * (chance(image, salt) - 0.5);
    let (width, height) = (x2 - x1, y2 - y1);
    [x1 + by(width, 81), y1 + by(height, 82), x2 + by(width, 83), y2 + by(height, 84)]
}

fn sides(size: PixelSize) -> (f64, f64) {
    (f64::from(size.width), f64::from(size.height))
}
