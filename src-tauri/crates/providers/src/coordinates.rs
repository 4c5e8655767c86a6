//! Detects answers that are not in pixels of the sent picture. Another coordinate system is reported only on clear
//! evidence: a box inside the picture may be in pixels, and so may one that overhangs the edge.

use domain::answer::CoordinateSystem;
use domain::geometry::{PixelSize, Rect};

/// Boxes that all lie within this many pixels of the origin are fractions.
const FRACTION_REACH: f64 = 1.5;
/// In pixels. On smaller pictures a one-pixel box is plausible.
const LEAST_SIDE: u32 = 16;
/// A box that overhangs by more than this share of a side is evidence against pixels.
const FAR: f64 = 0.25;
/// This many such boxes are evidence, however many others are fine.
const ENOUGH: usize = 3;
const THOUSAND: f64 = 1000.0;

/// The coordinate system of `boxes` on a picture of `sent` size if it is certainly not pixels. An overhanging box can
/// be clipped, so a single one counts only if its center is outside.
pub fn other_system(boxes: &[Rect], sent: PixelSize) -> Option<CoordinateSystem> {
    if are_fractions(boxes, sent) {
        return Some(CoordinateSystem::Fractions);
    }
    let far: Vec<&Rect> = boxes.iter().filter(|own| overhang(own, sent) > FAR).collect();
    let outside = far.iter().filter(|own| is_centre_outside(own, sent)).count();
    let are_mostly_outside = outside * 2 > boxes.len();
    let are_far = far.len() >= ENOUGH || (far.len() > 1 && far.len() == boxes.len());
    let are_within_thousand = boxes.iter().flat_map(corners).all(|corner| (0.0..=THOUSAND).contains(&corner));
    if are_within_thousand && (are_far || are_mostly_outside) {
        Some(CoordinateSystem::Thousandths)
    } else {
        are_mostly_outside.then_some(CoordinateSystem::Unknown)
    }
}

/// Whether `boxes` are fractions of the sides of a picture of `sent` size.
pub fn are_fractions(boxes: &[Rect], sent: PixelSize) -> bool {
    let is_fraction = |own: &Rect| {
        corners(own).into_iter().all(|corner| corner.abs() <= FRACTION_REACH) && own.ordered().area() > 0.0
    };
    sent.width.min(sent.height) >= LEAST_SIDE && !boxes.is_empty() && boxes.iter().all(is_fraction)
}

fn corners(own: &Rect) -> [f64; 4] {
    [own.x1, own.y1, own.x2, own.y2]
}

/// How far a box overhangs, as a share of the side.
fn overhang(own: &Rect, sent: PixelSize) -> f64 {
    let (own, width, height) = (own.ordered(), f64::from(sent.width), f64::from(sent.height));
    [-own.x1 / width, own.x2 / width - 1.0, -own.y1 / height, own.y2 / height - 1.0].into_iter().fold(0.0, f64::max)
}

fn is_centre_outside(own: &Rect, sent: PixelSize) -> bool {
    let is_outside = |low: f64, high: f64, side: u32| !(0.0..=f64::from(side)).contains(&f64::midpoint(low, high));
    is_outside(own.x1, own.x2, sent.width) || is_outside(own.y1, own.y2, sent.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use CoordinateSystem::{Fractions, Thousandths, Unknown};

    /// Boxes, size of the sent picture, expected system.
    type Case<'a> = (&'a [[f64; 4]], PixelSize, Option<CoordinateSystem>);

    #[test]
    fn only_what_is_certain_is_said() {
        let (small, large) = (PixelSize::new(640, 480), PixelSize::new(1568, 1176));
        let table: [Case<'_>; 27] = [
            (&[], small, None),
            (&[[0.1, 0.2, 0.5, 0.6]], small, Some(Fractions)),
            (&[[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0]], large, Some(Fractions)),
            (&[[0.0, 0.0, 1.0, 1.0]], small, Some(Fractions)),
            // A small box, and one on a small picture.
            (&[[0.0, 0.0, 2.0, 2.0]], small, None),
            (&[[0.0, 0.0, 1.0, 1.0]], PixelSize::new(8, 8), None),
            (&[[0.1, 0.2, 0.5, 0.6], [10.0, 20.0, 30.0, 40.0]], small, None),
            (&[[120.0, 500.0, 340.0, 960.0]], small, Some(Thousandths)),
            (&[[700.0, 100.0, 900.0, 200.0], [600.0, 100.0, 810.0, 300.0]], small, Some(Thousandths)),
            (&[[700.0, 0.0, 900.0, 9.0], [0.0, 600.0, 9.0, 700.0], [9.0, 9.0, 99.0, 99.0]], small, Some(Thousandths)),
            // Three that overhang far, among others.
            (
                &[
                    [600.0, 0.0, 810.0, 9.0],
                    [500.0, 0.0, 850.0, 9.0],
                    [0.0, 300.0, 9.0, 620.0],
                    [0.0, 0.0, 9.0, 9.0],
                    [9.0, 9.0, 99.0, 99.0],
                    [9.0, 9.0, 99.0, 99.0],
                    [9.0, 9.0, 99.0, 99.0],
                ],
                small,
                Some(Thousandths),
            ),
            // In a large picture they could be pixels.
            (&[[120.0, 500.0, 340.0, 960.0]], large, None),
            (&[[100.0, 100.0, 300.0, 300.0]], small, None),
            // One stray box among others.
            (&[[700.0, 0.0, 900.0, 9.0], [0.0, 0.0, 9.0, 9.0], [9.0, 9.0, 99.0, 99.0]], small, None),
            (&[[700.0, 100.0, 900.0, 200.0], [100.0, 100.0, 300.0, 300.0]], small, None),
            // Overhanging: clipped, or dropped if mostly outside.
            (&[[300.0, 200.0, 660.0, 500.0]], small, None),
            (&[[400.0, 200.0, 720.0, 400.0]], small, None),
            (&[[400.0, 200.0, 860.0, 400.0]], small, None),
            (&[[620.0, 10.0, 700.0, 40.0]], small, None),
            (&[[-80.0, -80.0, 160.0, 160.0]], small, None),
            (&[[-200.0, 10.0, 300.0, 90.0], [-200.0, 100.0, 300.0, 190.0]], small, None),
            (&[[900.0, 20.0, 100.0, 10.0]], small, None),
            (&[[0.0, 0.0, 0.0, 0.0]], small, None),
            (&[[1200.0, 900.0, 2400.0, 1800.0]], small, Some(Unknown)),
            (&[[1200.0, 900.0, 2400.0, 1800.0]], large, Some(Unknown)),
            (&[[-300.0, -200.0, 10.0, 20.0]], small, Some(Unknown)),
            (&[[900.0, 20.0, 500.0, 10.0]], small, Some(Thousandths)),
        ];
        for (boxes, sent, expected) in table {
            let boxes: Vec<Rect> = boxes.iter().map(|[x1, y1, x2, y2]| Rect::new(*x1, *y1, *x2, *y2)).collect();
            assert_eq!(other_system(&boxes, sent), expected, "{boxes:?} on {sent:?}");
        }
    }
}
