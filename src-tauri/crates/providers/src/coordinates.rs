//! Coordinates of answers: how a model is asked for boxes, how its boxes become pixels of the sent picture, and what
//! tells that they are not what was asked for. Another coordinate system is reported only on clear evidence: a box
//! inside the picture may be in pixels, and so may one that overhangs the edge.

use domain::answer::CoordinateSystem;
use domain::coordinates::BoxCoordinates;
use domain::geometry::{PixelSize, Rect};
use serde_json::{Map, Value, json};

use crate::parse::scalars::{Number, number};

pub mod points;

/// The field of a box that is a list.
pub const LIST: &str = "box_2d";
/// Names that models give that field.
pub const LISTS: [&str; 4] = [LIST, "bbox_2d", "bbox", "box"];
/// Names of an object with the corners.
pub const OBJECTS: [&str; 2] = ["box", "bbox"];
/// The fields of an item that is not a box.
pub const CORNERS: [&str; 4] = ["x1", "y1", "x2", "y2"];

/// The line of a prompt that says how to write a box.
pub fn instruction(coordinates: BoxCoordinates) -> &'static str {
    match coordinates {
        BoxCoordinates::PixelXyxy => {
            "- x1, y1, x2, y2: the tightest box around the visible part of the thing, in whole pixels of the image. (x1, y1) \
             is its top left corner, (x2, y2) its bottom right corner. The origin is the top left corner of the image, x \
             grows to the right, y grows downwards. The image's width and height stand beside it; do not scale coordinates \
             to any other range.\n"
        }
        BoxCoordinates::ServerPixelXyxy => {
            "- box_2d: the tightest box around the visible part of the thing, as [x1, y1, x2, y2] in whole pixels of the \
             image as you see it: top left corner, bottom right corner.\n"
        }
        BoxCoordinates::Norm1000Xyxy => {
            "- box_2d: the tightest box around the visible part of the thing, as [x1, y1, x2, y2] in whole numbers from 0 to \
             1000: top left corner, bottom right corner, where 1000 is the full width or height.\n"
        }
        BoxCoordinates::Norm1000Yxyx => {
            "- box_2d: the tightest box around the visible part of the thing, as [ymin, xmin, ymax, xmax] in whole numbers \
             from 0 to 1000, where 1000 is the full height or width.\n"
        }
        BoxCoordinates::Norm1Xyxy => {
            "- box_2d: the tightest box around the visible part of the thing, as [x1, y1, x2, y2] in fractions from 0 to 1 \
             of the width and the height: top left corner, bottom right corner.\n"
        }
        BoxCoordinates::Norm1Xywh => {
            "- box_2d: the tightest box around the visible part of the thing, as [x, y, width, height] in fractions from 0 \
             to 1 of the width and the height: top left corner, extent.\n"
        }
    }
}

/// Rewrites the box of an item as corners in pixels of a picture of `sent` size. An item without a box in these
/// coordinates stays as it is.
pub fn to_pixels(fields: &mut Map<String, Value>, coordinates: BoxCoordinates, sent: PixelSize) {
    if coordinates == BoxCoordinates::PixelXyxy {
        return;
    }
    let as_list = LISTS.iter().find_map(|key| numbers(fields.get(*key)?.as_array()?));
    // Named corners have no order, whatever the model was asked for.
    let named = || {
        let corners = OBJECTS.iter().find_map(|key| fields.get(*key)?.as_object()).unwrap_or(fields);
        let corner = |key: &str| number(corners.get(key)?);
        Some([corner("x1")?, corner("y1")?, corner("x2")?, corner("y2")?])
    };
    let is_extent = as_list.is_some() && coordinates == BoxCoordinates::Norm1Xywh;
    let answered = match (as_list, coordinates) {
        (Some([top, left, bottom, right]), BoxCoordinates::Norm1000Yxyx) => [left, top, right, bottom],
        (Some(corners), _) => corners,
        (None, _) => match named() {
            Some(corners) => corners,
            None => return,
        },
    };
    let (width, height) = coordinates.extent(sent);
    let [x1, y1, x2, y2] = answered;
    let (x1, y1) = (in_pixels(x1, sent.width, width), in_pixels(y1, sent.height, height));
    let (x2, y2) = (in_pixels(x2, sent.width, width), in_pixels(y2, sent.height, height));
    let corners = if is_extent { [x1, y1, x1 + x2, y1 + y2] } else { [x1, y1, x2, y2] };
    for ((key, corner), answered) in CORNERS.iter().zip(corners).zip(answered) {
        fields.insert((*key).to_owned(), as_answer(corner, answered));
    }
    for key in LISTS {
        fields.remove(key);
    }
}

/// A coordinate in pixels along a side of this many pixels, which has `units` in the model's coordinates.
fn in_pixels(coordinate: Number, side: u32, units: f64) -> f64 {
    // Per cent are of the side, whatever the unit.
    let units = if coordinate.is_percent { 100.0 } else { units };
    coordinate.value * (f64::from(side) / units)
}

/// Text stays text, so that reading it is recorded.
fn as_answer(pixels: f64, answered: Number) -> Value {
    if answered.was_text { json!(pixels.to_string()) } else { json!(pixels) }
}

/// The fields of a box in these coordinates, for a box in pixels of a picture of `sent` size.
pub fn from_pixels(rect: Rect, coordinates: BoxCoordinates, sent: PixelSize) -> Vec<(&'static str, Value)> {
    let (width, height) = coordinates.extent(sent);
    let x = |pixels: f64| written(pixels * width / f64::from(sent.width), coordinates);
    let y = |pixels: f64| written(pixels * height / f64::from(sent.height), coordinates);
    let [left, top, right, bottom] = [x(rect.x1), y(rect.y1), x(rect.x2), y(rect.y2)];
    match coordinates {
        BoxCoordinates::PixelXyxy => CORNERS.into_iter().zip([left, top, right, bottom]).collect(),
        BoxCoordinates::Norm1000Yxyx => vec![(LIST, json!([top, left, bottom, right]))],
        BoxCoordinates::Norm1Xywh => vec![(LIST, json!([left, top, x(rect.width()), y(rect.height())]))],
        _ => vec![(LIST, json!([left, top, right, bottom]))],
    }
}

/// A coordinate as a model writes it: whole, or a fraction with four digits.
fn written(coordinate: f64, coordinates: BoxCoordinates) -> Value {
    match coordinates {
        BoxCoordinates::Norm1Xyxy | BoxCoordinates::Norm1Xywh => json!((coordinate * 10_000.0).round() / 10_000.0),
        #[expect(clippy::cast_possible_truncation, reason = "a coordinate of a picture")]
        _ => json!(coordinate.round() as i64),
    }
}

/// Boxes in pixels of a picture of `sent` size, in the units in which they were answered.
pub fn as_answered(boxes: &[Rect], coordinates: BoxCoordinates, sent: PixelSize) -> Vec<Rect> {
    let (width, height) = coordinates.extent(sent);
    // Scaling leaves traces in the last digits.
    let unscaled = |pixels: f64, units: f64, side: u32| (pixels * units / f64::from(side) * 1e6).round() / 1e6;
    let across = |x: f64| unscaled(x, width, sent.width);
    let down = |y: f64| unscaled(y, height, sent.height);
    boxes.iter().map(|own| Rect::new(across(own.x1), down(own.y1), across(own.x2), down(own.y2))).collect()
}

fn numbers(list: &[Value]) -> Option<[Number; 4]> {
    let numbers: Vec<Number> = list.iter().map(number).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Boxes that all lie within this many pixels of the origin are fractions.
const FRACTION_REACH: f64 = 1.5;
/// In pixels. On smaller pictures a one-pixel box is plausible.
const LEAST_SIDE: u32 = 16;
/// A box that overhangs by more than this share of a side is evidence against pixels.
const FAR: f64 = 0.25;
/// This many such boxes are evidence, however many others are fine.
const ENOUGH: usize = 3;
const THOUSAND: f64 = 1000.0;

/// The coordinate system of an answer if it is certainly not the one that was asked for. Its `boxes`, empty ones for points,
/// are in pixels of a picture of `sent` size. An overhanging box can be clipped, so a single one counts only if its center
/// is outside.
pub fn other_system(boxes: &[Rect], coordinates: BoxCoordinates, sent: PixelSize) -> Option<CoordinateSystem> {
    if are_fractions(boxes, coordinates, sent) {
        return Some(CoordinateSystem::Fractions);
    }
    let far: Vec<&Rect> = boxes.iter().filter(|own| overhang(own, sent) > FAR).collect();
    let outside = far.iter().filter(|own| is_centre_outside(own, sent)).count();
    let are_mostly_outside = outside * 2 > boxes.len();
    let are_far = far.len() >= ENOUGH || (far.len() > 1 && far.len() == boxes.len());
    let answered = as_answered(boxes, coordinates, sent);
    let are_within_thousand = answered.iter().flat_map(corners).all(|corner| (0.0..=THOUSAND).contains(&corner));
    let may_be_pixels = answered.iter().all(|own| overhang(own, sent) <= 0.0);
    if are_within_thousand && !may_be_pixels && (are_far || are_mostly_outside) {
        Some(CoordinateSystem::Thousandths)
    } else {
        are_mostly_outside.then_some(CoordinateSystem::Unknown)
    }
}

/// Whether `boxes`, in pixels of a picture of `sent` size, were answered as fractions of its sides, which were not asked for.
pub fn are_fractions(boxes: &[Rect], coordinates: BoxCoordinates, sent: PixelSize) -> bool {
    if matches!(coordinates, BoxCoordinates::Norm1Xyxy | BoxCoordinates::Norm1Xywh) {
        return false;
    }
    // A point has no area, and near the origin only a whole number can be a pixel.
    let is_fraction = |own: &Rect| {
        corners(own).into_iter().all(|corner| corner.abs() <= FRACTION_REACH)
            && (own.ordered().area() > 0.0 || corners(own).into_iter().any(|corner| corner.fract() != 0.0))
    };
    let answered = as_answered(boxes, coordinates, sent);
    sent.width.min(sent.height) >= LEAST_SIDE && !boxes.is_empty() && answered.iter().all(is_fraction)
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

    #[test]
    fn every_coordinate_system_becomes_pixels() {
        use BoxCoordinates::{Norm1Xywh, Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy, ServerPixelXyxy};
        let sent = PixelSize::new(1000, 500);
        let table = [
            (PixelXyxy, r#"{"x1":100,"y1":50,"x2":300,"y2":200}"#),
            // The server sees 1008 x 504 pixels.
            (ServerPixelXyxy, r#"{"bbox_2d":[100.8,50.4,302.4,201.6]}"#),
            (Norm1000Xyxy, r#"{"box_2d":[100,100,300,400]}"#),
            (Norm1000Xyxy, r#"{"x1":100,"y1":100,"x2":300,"y2":400}"#),
            (Norm1000Yxyx, r#"{"box_2d":[100,100,400,300]}"#),
            (Norm1000Yxyx, r#"{"x1":100,"y1":100,"x2":300,"y2":400}"#),
            (Norm1000Xyxy, r#"{"x1":"100","y1":"100","x2":"300","y2":400}"#),
            (Norm1000Yxyx, r#"{"bbox":{"x1":100,"y1":100,"x2":300,"y2":400}}"#),
            (Norm1000Yxyx, r#"{"box_2d":["100","100","400","300"]}"#),
            (Norm1000Xyxy, r#"{"x1":"10%","y1":"10%","x2":"30%","y2":"40%"}"#),
            (Norm1Xywh, r#"{"box_2d":["10%","0.1","20%","0.3"]}"#),
            (Norm1Xyxy, r#"{"bbox":[0.1,0.1,0.3,0.4]}"#),
            (Norm1Xywh, r#"{"box_2d":[0.1,0.1,0.2,0.3]}"#),
        ];
        for (coordinates, item) in table {
            let mut fields: Map<String, Value> = serde_json::from_str(item).unwrap();
            to_pixels(&mut fields, coordinates, sent);
            let corners = CORNERS.map(|key| format!("{:.3}", number(&fields[key]).unwrap().value));
            assert_eq!(corners, ["100.000", "50.000", "300.000", "200.000"], "{coordinates:?} {item}");
            assert_eq!(fields.len(), 4, "{coordinates:?}");
        }
        for unusable in [r#"{"box_2d":[1,2,3]}"#, r#"{"box_2d":"[1,2,3,4]"}"#, r#"{"label":"cat"}"#] {
            let mut fields: Map<String, Value> = serde_json::from_str(unusable).unwrap();
            to_pixels(&mut fields, Norm1000Yxyx, sent);
            assert_eq!(fields, serde_json::from_str::<Map<String, Value>>(unusable).unwrap());
        }
    }

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
            assert_eq!(other_system(&boxes, BoxCoordinates::PixelXyxy, sent), expected, "{boxes:?} on {sent:?}");
        }
    }

    #[test]
    fn other_coordinates_are_told_in_the_units_of_the_answer() {
        use BoxCoordinates::{Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, ServerPixelXyxy};
        let (small, large) = (PixelSize::new(320, 240), PixelSize::new(2048, 1536));
        let fractions = "[0.1, 0.1, 0.9, 0.9]";
        let table = [
            // Scaled by two, such boxes have more than a pixel.
            (Norm1000Xyxy, fractions, large, Some(Fractions)),
            (Norm1000Yxyx, fractions, small, Some(Fractions)),
            (ServerPixelXyxy, fractions, large, Some(Fractions)),
            (Norm1Xyxy, fractions, large, None),
            (Norm1Xyxy, "[0.0001, 0.0001, 0.0005, 0.0005]", large, None),
            // The server sees 308 x 252 pixels.
            (ServerPixelXyxy, "[700, 600, 1000, 995]", small, Some(Thousandths)),
            (Norm1Xyxy, "[700, 600, 1000, 995]", small, Some(Thousandths)),
            (Norm1Xyxy, "[70, 60, 100, 95]", small, Some(Unknown)),
            (Norm1000Xyxy, "[700, 600, 1000, 995]", small, None),
            (Norm1000Xyxy, "[1700, 1600, 1900, 1800]", small, Some(Unknown)),
        ];
        for (coordinates, answered, sent, expected) in table {
            let mut fields = serde_json::from_str(&format!(r#"{{"box_2d":{answered}}}"#)).unwrap();
            to_pixels(&mut fields, coordinates, sent);
            let [x1, y1, x2, y2] = CORNERS.map(|key| fields[key].as_f64().unwrap());
            let boxes = [Rect::new(x1, y1, x2, y2)];
            assert_eq!(other_system(&boxes, coordinates, sent), expected, "{coordinates:?} {answered} on {sent:?}");
            let own = as_answered(&boxes, coordinates, sent)[0];
            let range = format!("[{:.4}, {:.4}]", own.x1.min(own.y1), own.x2.max(own.y2));
            let mut numbers: Vec<f64> = serde_json::from_str(answered).unwrap();
            numbers.sort_by(f64::total_cmp);
            assert_eq!(range, format!("[{:.4}, {:.4}]", numbers[0], numbers[3]));
        }
    }
}
