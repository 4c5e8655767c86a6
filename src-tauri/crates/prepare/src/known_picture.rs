//! Draws the pictures of a calibration: shapes in one colour on a plain ground.

use domain::calibration::{KnownPicture, KnownShape};
use domain::geometry::Rect;

use crate::pixels::Pixels;

/// Light grey, so that every shape stands out.
const GROUND: [u8; 3] = [226, 226, 226];

/// The picture, in its own size.
#[must_use]
pub fn draw_known_picture(picture: &KnownPicture) -> Pixels {
    let size = picture.size;
    let color_at = |x: u32, y: u32| {
        let center = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        picture.shapes.iter().find(|shape| covers(shape, center)).map_or(GROUND, |shape| shape.color)
    };
    let rgb = (0..size.height).flat_map(|y| (0..size.width).flat_map(move |x| color_at(x, y))).collect();
    Pixels { size, rgb }
}

fn covers(shape: &KnownShape, (x, y): (f64, f64)) -> bool {
    let Rect { x1, y1, x2, y2 } = shape.place;
    if !shape.is_ellipse {
        return (x1..x2).contains(&x) && (y1..y2).contains(&y);
    }
    let across = (x - f64::midpoint(x1, x2)) / (x2 - x1);
    let down = (y - f64::midpoint(y1, y2)) / (y2 - y1);
    across * across + down * down <= 0.25
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_fill_their_boxes() {
        for picture in domain::calibration::pictures(|size| size.fit_within(200)) {
            let pixels = draw_known_picture(&picture);
            assert_eq!(pixels.rgb.len() as u64, 3 * picture.size.area());
            for shape in &picture.shapes {
                let here = pixels.rgb.chunks_exact(3).enumerate().filter(|(_, color)| *color == shape.color);
                let places = here.map(|(at, _)| {
                    let at = u32::try_from(at).unwrap();
                    (at % picture.size.width, at / picture.size.width)
                });
                let (xs, ys): (Vec<u32>, Vec<u32>) = places.unzip();
                let reach =
                    |all: &[u32]| [f64::from(*all.iter().min().unwrap()), f64::from(all.iter().max().unwrap() + 1)];
                let Rect { x1, y1, x2, y2 } = shape.place;
                let is_near =
                    |found: [f64; 2], wanted: [f64; 2]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= 1.0);
                assert!(is_near(reach(&xs), [x1, x2]) && is_near(reach(&ys), [y1, y2]), "{}", shape.label);
            }
        }
    }
}
