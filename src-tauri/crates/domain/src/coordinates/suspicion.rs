//! Boxes that fit the picture, and yet look as if they were in other coordinates than those asked for. A single answer
//! cannot show it: thousandths of a picture of 1568 pixels are all within it. Many answers can: none of them ever
//! reaches the far part of a picture.

use serde::{Deserialize, Serialize};

use super::BoxCoordinates;
use crate::geometry::{PixelSize, Rect};

/// With fewer images or boxes, where things happen to be in the photos explains it.
const FEWEST_IMAGES: u32 = 10;
const FEWEST_BOXES: u32 = 20;
/// An image counts if the suspected coordinates leave at least the rest of a side unused.
const MOST_OF_SIDE: f64 = 0.85;
/// Rounding, as a share of the extent.
const TOLERANCE: f64 = 0.005;
/// A box that ends beyond this share of the suspected extent reaches its edge.
const NEAR_EDGE: f64 = 0.9;
/// Images with such a box. One may be chance.
const FEWEST_REACHING: u32 = 3;
/// The mean center, as a share of a side, below which boxes crowd into the first part of it. Things are about the middle
/// of photos on average.
const CROWDED: f64 = 0.42;

/// Boxes of a run that look as if they were in other coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SuspectedCoordinates {
    pub asked_for: BoxCoordinates,
    /// [`BoxCoordinates::Norm1000Xyxy`] stands for thousandths in any order.
    pub suspected: BoxCoordinates,
    /// The images and boxes that show it.
    pub images: u32,
    pub boxes: u32,
}

/// The boxes of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnsweredBoxes {
    pub asked_for: BoxCoordinates,
    /// Size of the picture that was sent.
    pub sent: PixelSize,
    /// In its pixels, as they were understood.
    pub boxes: Vec<Rect>,
}

/// What the boxes of a run tell about their coordinates; `None` if they are where boxes of photos usually are.
#[must_use]
pub fn suspected(answers: &[AnsweredBoxes]) -> Option<SuspectedCoordinates> {
    let asked_for = answers.first()?.asked_for;
    let all = [BoxCoordinates::Norm1000Xyxy, BoxCoordinates::PixelXyxy];
    all.into_iter().find_map(|other| suspect(answers, asked_for, other))
}

fn suspect(
    answers: &[AnsweredBoxes],
    asked_for: BoxCoordinates,
    suspected: BoxCoordinates,
) -> Option<SuspectedCoordinates> {
    let (mut images, mut boxes, mut reaching) = (0, 0, 0);
    let (mut centers, mut sides) = (0.0, 0.0);
    for answer in answers.iter().filter(|answer| answer.asked_for == asked_for && !answer.boxes.is_empty()) {
        let sent = answer.sent;
        let (width, height) = asked_for.extent(sent);
        let other = suspected.extent(sent);
        // In pixels of the picture, how far the suspected coordinates would reach.
        let reach = (other.0 / width * f64::from(sent.width), other.1 / height * f64::from(sent.height));
        let is_beyond = |end: f64, reach: f64| end > reach * (1.0 + TOLERANCE);
        if answer.boxes.iter().any(|own| is_beyond(own.x2, reach.0) || is_beyond(own.y2, reach.1)) {
            return None;
        }
        let across = (reach.0 <= f64::from(sent.width) * MOST_OF_SIDE).then_some((reach.0, sent.width));
        let down = (reach.1 <= f64::from(sent.height) * MOST_OF_SIDE).then_some((reach.1, sent.height));
        if across.is_none() && down.is_none() {
            continue;
        }
        images += 1;
        let mut is_reached = false;
        for own in &answer.boxes {
            boxes += 1;
            for (side, start, end) in [(across, own.x1, own.x2), (down, own.y1, own.y2)] {
                let Some((reach, whole)) = side else { continue };
                is_reached |= end > reach * NEAR_EDGE;
                centers += f64::midpoint(start, end) / f64::from(whole);
                sides += 1.0;
            }
        }
        reaching += u32::from(is_reached);
    }
    let is_clear = images >= FEWEST_IMAGES && boxes >= FEWEST_BOXES && reaching >= FEWEST_REACHING;
    (is_clear && centers < CROWDED * sides).then_some(SuspectedCoordinates { asked_for, suspected, images, boxes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use BoxCoordinates::{Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy};

    /// Answers about photos of this size with things anywhere, written as `written` and understood as `asked_for`.
    fn answers(count: u32, sent: PixelSize, asked_for: BoxCoordinates, written: BoxCoordinates) -> Vec<AnsweredBoxes> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut within = |least: f64, most: f64| least + random.f64() * (most - least);
        let mut answer = || {
            let boxes = (0..3).map(|_| {
                let (width, height) = (within(0.05, 0.5), within(0.05, 0.5));
                let (x, y) = (within(0.0, 1.0 - width), within(0.0, 1.0 - height));
                let (of_width, of_height) = written.extent(sent);
                let [left, top] = [x * of_width, y * of_height];
                let [right, bottom] = [(x + width) * of_width, (y + height) * of_height];
                let numbers = match asked_for {
                    Norm1000Yxyx => [top, left, bottom, right],
                    _ => [left, top, right, bottom],
                };
                asked_for.box_of(numbers, sent)
            });
            AnsweredBoxes { asked_for, sent, boxes: boxes.collect() }
        };
        (0..count).map(|_| answer()).collect()
    }

    #[test]
    fn thousandths_of_a_large_picture_are_not_taken_for_its_pixels() {
        let large = PixelSize::new(1568, 1045);
        let expected = SuspectedCoordinates { asked_for: PixelXyxy, suspected: Norm1000Xyxy, images: 20, boxes: 60 };
        assert_eq!(suspected(&answers(20, large, PixelXyxy, Norm1000Xyxy)), Some(expected));
        assert_eq!(suspected(&answers(20, large, PixelXyxy, PixelXyxy)), None);
        // Too few to say so.
        assert_eq!(suspected(&answers(9, large, PixelXyxy, Norm1000Xyxy)), None);
        // Within a thousand pixels, both are alike.
        assert_eq!(suspected(&answers(20, PixelSize::new(1000, 1000), PixelXyxy, Norm1000Xyxy)), None);
    }

    #[test]
    fn pixels_of_a_small_picture_are_not_taken_for_thousandths() {
        let small = PixelSize::new(640, 480);
        for asked_for in [Norm1000Xyxy, Norm1000Yxyx] {
            let expected = SuspectedCoordinates { asked_for, suspected: PixelXyxy, images: 20, boxes: 60 };
            assert_eq!(suspected(&answers(20, small, asked_for, PixelXyxy)), Some(expected));
            assert_eq!(suspected(&answers(20, small, asked_for, asked_for)), None);
        }
        assert_eq!(suspected(&answers(20, small, Norm1Xyxy, Norm1Xyxy)), None);
    }

    #[test]
    fn where_things_are_in_the_photos_is_not_a_suspicion() {
        let sent = PixelSize::new(1568, 1045);
        let photos = |rect: Rect| vec![AnsweredBoxes { asked_for: PixelXyxy, sent, boxes: vec![rect; 3] }; 20];
        // In the middle of every photo, and by chance never beyond 1000 pixels.
        assert_eq!(suspected(&photos(Rect::new(570.0, 300.0, 990.0, 800.0))), None);
        // All on the left.
        assert_eq!(suspected(&photos(Rect::new(20.0, 20.0, 300.0, 400.0))), None);
        assert_eq!(suspected(&[]), None);
    }
}
