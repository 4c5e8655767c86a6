//! Whether boxes are in pixels of the picture that was sent. Only what is certain is said: a box that lies within the
//! picture may be a box in pixels, whatever the model meant.

use domain::answer::CoordinateSystem;
use domain::geometry::{PixelSize, Rect};

/// Boxes that all lie within so many pixels of the origin are no boxes in pixels.
const FRACTION_REACH: f64 = 1.5;
/// In pixels. On smaller pictures a box of a pixel may be one.
const LEAST_SIDE: u32 = 16;
/// How far boxes in pixels reach over the picture's edge at most, as a part of its side. Models that mean pixels are off by
/// a few.
const MOST_OVERREACH: f64 = 0.1;
const THOUSAND: f64 = 1000.0;

/// The coordinate system of `boxes` about a picture of `sent` size, where it is certainly not its pixels. One stray box does
/// not decide about the others: that takes at least half of them.
pub fn other_system(boxes: &[Rect], sent: PixelSize) -> Option<CoordinateSystem> {
    if boxes.is_empty() {
        return None;
    }
    let all = |test: &dyn Fn(f64) -> bool| boxes.iter().all(|own| corners(own).into_iter().all(test));
    let is_large = sent.width.min(sent.height) >= LEAST_SIDE;
    if is_large && all(&|coordinate| coordinate.abs() <= FRACTION_REACH) {
        return Some(CoordinateSystem::Fractions);
    }
    if boxes.iter().filter(|own| reaches_beyond(own, sent)).count() * 2 < boxes.len() {
        return None;
    }
    Some(if all(&|coordinate| (0.0..=THOUSAND).contains(&coordinate)) {
        CoordinateSystem::Thousandths
    } else {
        CoordinateSystem::Unknown
    })
}

fn corners(own: &Rect) -> [f64; 4] {
    [own.x1, own.y1, own.x2, own.y2]
}

fn reaches_beyond(own: &Rect, sent: PixelSize) -> bool {
    let is_beyond = |low: f64, high: f64, side: u32| {
        let side = f64::from(side);
        low.min(high) < -side * MOST_OVERREACH || low.max(high) > side * (1.0 + MOST_OVERREACH)
    };
    is_beyond(own.x1, own.x2, sent.width) || is_beyond(own.y1, own.y2, sent.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use CoordinateSystem::{Fractions, Thousandths, Unknown};

    #[test]
    fn only_what_is_certain_is_said() {
        let (small, large) = (PixelSize::new(640, 480), PixelSize::new(1568, 1176));
        let table: [(&[[f64; 4]], PixelSize, Option<CoordinateSystem>); 17] = [
            (&[], small, None),
            (&[[0.1, 0.2, 0.5, 0.6]], small, Some(Fractions)),
            (&[[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0]], large, Some(Fractions)),
            (&[[0.0, 0.0, 1.0, 1.0]], small, Some(Fractions)),
            // A small box, and one on a small picture.
            (&[[0.0, 0.0, 2.0, 2.0]], small, None),
            (&[[0.0, 0.0, 1.0, 1.0]], PixelSize::new(8, 8), None),
            (&[[0.1, 0.2, 0.5, 0.6], [10.0, 20.0, 30.0, 40.0]], small, None),
            (&[[120.0, 500.0, 340.0, 960.0]], small, Some(Thousandths)),
            (&[[700.0, 100.0, 900.0, 200.0], [100.0, 100.0, 300.0, 300.0]], small, Some(Thousandths)),
            // In a large picture they could be pixels.
            (&[[120.0, 500.0, 340.0, 960.0]], large, None),
            (&[[100.0, 100.0, 300.0, 300.0]], small, None),
            // One stray box among others.
            (&[[700.0, 0.0, 900.0, 9.0], [0.0, 0.0, 9.0, 9.0], [9.0, 9.0, 99.0, 99.0]], small, None),
            // A little over the edge.
            (&[[300.0, 200.0, 660.0, 500.0]], small, None),
            (&[[1200.0, 900.0, 2400.0, 1800.0]], small, Some(Unknown)),
            (&[[1200.0, 900.0, 2400.0, 1800.0]], large, Some(Unknown)),
            (&[[-300.0, -200.0, 10.0, 20.0]], small, Some(Unknown)),
            (&[[900.0, 20.0, 100.0, 10.0]], small, Some(Thousandths)),
        ];
        for (boxes, sent, expected) in table {
            let boxes: Vec<Rect> = boxes.iter().map(|[x1, y1, x2, y2]| Rect::new(*x1, *y1, *x2, *y2)).collect();
            assert_eq!(other_system(&boxes, sent), expected, "{boxes:?} on {sent:?}");
        }
    }
}
