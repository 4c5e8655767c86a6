//! Points and outlines: how a model is asked for them, and how they become pixels of the sent picture. Both are in the
//! coordinates of the model's boxes; an extent has no meaning for them.

use domain::coordinates::BoxCoordinates;
use domain::geometry::{PixelSize, Point};
use serde_json::{Map, Value, json};

use super::{as_answer, in_pixels, written};
use crate::parse::scalars::{Number, number};

/// The field of a point that is a list.
pub const POINT: &str = "point_2d";
/// Names that models give that field.
const POINTS: [&str; 3] = [POINT, "point", "at"];
/// The fields of an item that is not a point.
pub const AXES: [&str; 2] = ["x", "y"];
/// The field of an outline.
pub const CORNERS: &str = "corners";
/// Names that models give that field.
const OUTLINES: [&str; 5] = [CORNERS, "polygon", "points", "outline", "segmentation"];

/// The line of a prompt that says how to write a point.
pub fn point_instruction(coordinates: BoxCoordinates) -> String {
    let unit = unit(coordinates);
    match coordinates {
        BoxCoordinates::PixelXyxy => {
            format!(
                "- x, y: the center of the visible part of the thing, or the spot that the instructions name, {unit}.\n"
            )
        }
        _ => format!(
            "- {POINT}: the center of the visible part of the thing, or the spot that the instructions name, as {} {unit}.\n",
            pair(coordinates)
        ),
    }
}

/// The line of a prompt that says how to write an outline.
pub fn outline_instruction(coordinates: BoxCoordinates) -> String {
    format!(
        "- {CORNERS}: the outline of the visible part of the thing as a polygon: a list of corners in order, each as {} {}. \
         Use as many corners as the form needs, at least 3, and do not repeat the first one.\n",
        pair(coordinates),
        unit(coordinates)
    )
}

const fn unit(coordinates: BoxCoordinates) -> &'static str {
    match coordinates {
        BoxCoordinates::PixelXyxy => {
            "in whole pixels of the image; the origin is the top left corner of the image, x grows to the right, y grows \
             downwards, and the image's width and height stand beside it"
        }
        BoxCoordinates::ServerPixelXyxy => "in whole pixels of the image as you see it",
        BoxCoordinates::Norm1000Xyxy | BoxCoordinates::Norm1000Yxyx => {
            "in whole numbers from 0 to 1000, where 1000 is the full width or height"
        }
        BoxCoordinates::Norm1Xyxy | BoxCoordinates::Norm1Xywh => "in fractions from 0 to 1 of the width and the height",
    }
}

const fn pair(coordinates: BoxCoordinates) -> &'static str {
    match coordinates {
        BoxCoordinates::Norm1000Yxyx => "[y, x]",
        _ => "[x, y]",
    }
}

/// Rewrites the point and the outline of an item as `x`, `y` and `corners` in pixels of a picture of `sent` size. What
/// has another form stays as it is.
pub fn to_pixels(fields: &mut Map<String, Value>, coordinates: BoxCoordinates, sent: PixelSize) {
    let (width, height) = coordinates.extent(sent);
    let pixels = |[x, y]: [Number; 2]| {
        [as_answer(in_pixels(x, sent.width, width), x), as_answer(in_pixels(y, sent.height, height), y)]
    };
    if let Some(corners) = OUTLINES.iter().find_map(|key| outline(fields.get(*key)?, coordinates)) {
        for key in OUTLINES {
            fields.remove(key);
        }
        fields.insert(CORNERS.to_owned(), corners.into_iter().map(pixels).map(Vec::from).collect());
    }
    let listed = POINTS.iter().find_map(|key| point(fields.get(*key)?, coordinates));
    // Named axes have no order. In pixels they may be text, which is read later.
    let named = || match coordinates {
        BoxCoordinates::PixelXyxy => None,
        _ => Some([number(fields.get("x")?)?, number(fields.get("y")?)?]),
    };
    if let Some(at) = listed.or_else(named) {
        for key in POINTS {
            fields.remove(key);
        }
        for (key, value) in AXES.iter().zip(pixels(at)) {
            fields.insert((*key).to_owned(), value);
        }
    }
}

/// The fields of a point in these coordinates, for a point in pixels of a picture of `sent` size.
pub fn from_pixels(at: Point, coordinates: BoxCoordinates, sent: PixelSize) -> Vec<(&'static str, Value)> {
    let [x, y] = axes(at, coordinates, sent);
    match coordinates {
        BoxCoordinates::PixelXyxy => AXES.into_iter().zip([x, y]).collect(),
        _ => vec![(POINT, in_order([x, y], coordinates))],
    }
}

/// The field of an outline in these coordinates, for corners in pixels of a picture of `sent` size.
pub fn outline_from_pixels(corners: &[Point], coordinates: BoxCoordinates, sent: PixelSize) -> (&'static str, Value) {
    (CORNERS, corners.iter().map(|at| in_order(axes(*at, coordinates, sent), coordinates)).collect())
}

fn axes(at: Point, coordinates: BoxCoordinates, sent: PixelSize) -> [Value; 2] {
    let (width, height) = coordinates.extent(sent);
    [
        written(at.x * width / f64::from(sent.width), coordinates),
        written(at.y * height / f64::from(sent.height), coordinates),
    ]
}

fn in_order([x, y]: [Value; 2], coordinates: BoxCoordinates) -> Value {
    match coordinates {
        BoxCoordinates::Norm1000Yxyx => json!([y, x]),
        _ => json!([x, y]),
    }
}

/// `[x, y]` of a list of two numbers or of an object with `x` and `y`.
fn point(value: &Value, coordinates: BoxCoordinates) -> Option<[Number; 2]> {
    match value {
        Value::Object(fields) => Some([number(fields.get("x")?)?, number(fields.get("y")?)?]),
        Value::Array(list) => {
            let [first, second] = list.as_slice() else { return None };
            let (first, second) = (number(first)?, number(second)?);
            Some(match coordinates {
                BoxCoordinates::Norm1000Yxyx => [second, first],
                _ => [first, second],
            })
        }
        _ => None,
    }
}

/// The corners of a list of points, or of a flat list of numbers as in COCO.
fn outline(value: &Value, coordinates: BoxCoordinates) -> Option<Vec<[Number; 2]>> {
    let list = value.as_array()?;
    if list.iter().all(|value| number(value).is_some()) {
        let is_even = list.len().is_multiple_of(2) && !list.is_empty();
        return is_even.then(|| list.chunks(2).filter_map(|pair| point(&json!(pair), coordinates)).collect());
    }
    // COCO wraps the flat list in another one.
    if let [Value::Array(inner)] = list.as_slice() {
        return outline(&Value::Array(inner.clone()), coordinates);
    }
    list.iter().map(|corner| point(corner, coordinates)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use BoxCoordinates::{Norm1Xywh, Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy, ServerPixelXyxy};

    fn in_pixels(item: &str, coordinates: BoxCoordinates) -> String {
        let mut fields: Map<String, Value> = serde_json::from_str(item).unwrap();
        to_pixels(&mut fields, coordinates, PixelSize::new(1000, 500));
        Value::Object(fields).to_string()
    }

    #[test]
    fn every_coordinate_system_becomes_pixels() {
        let table = [
            (PixelXyxy, r#"{"x":100,"y":50}"#, r#"{"corners":[[100,50],[300,50],[300,200]]}"#),
            (
                PixelXyxy,
                r#"{"point":[100,50]}"#,
                r#"{"polygon":[{"x":100,"y":50},{"x":300,"y":50},{"x":300,"y":200}]}"#,
            ),
            (PixelXyxy, r#"{"at":{"x":100,"y":50}}"#, r#"{"segmentation":[[100,50,300,50,300,200]]}"#),
            // The server sees 1008 x 504 pixels.
            (ServerPixelXyxy, r#"{"point_2d":[100.8,50.4]}"#, r#"{"points":[100.8,50.4,302.4,50.4,302.4,201.6]}"#),
            (Norm1000Xyxy, r#"{"point_2d":[100,100]}"#, r#"{"corners":[[100,100],[300,100],[300,400]]}"#),
            (Norm1000Yxyx, r#"{"point":[100,100]}"#, r#"{"outline":[[100,100],[100,300],[400,300]]}"#),
            (
                Norm1000Yxyx,
                r#"{"x":100,"y":100}"#,
                r#"{"corners":[{"x":100,"y":100},{"x":300,"y":100},{"x":300,"y":400}]}"#,
            ),
            (Norm1000Xyxy, r#"{"x":"100","y":"100"}"#, r#"{"corners":[["100","100"],["300",100],["30%","400"]]}"#),
            (Norm1000Yxyx, r#"{"at":["100","10%"]}"#, r#"{"polygon":["100","100","100","300","400","300"]}"#),
            (Norm1Xyxy, r#"{"point_2d":[0.1,0.1]}"#, r#"{"corners":[[0.1,0.1],[0.3,0.1],[0.3,0.4]]}"#),
            (Norm1Xywh, r#"{"point_2d":[0.1,0.1]}"#, r#"{"corners":[[0.1,0.1],[0.3,0.1],[0.3,0.4]]}"#),
        ];
        for (coordinates, at, corners) in table {
            let number = |value: &Value| format!("{:.3}", number(value).unwrap().value);
            let fields: Value = serde_json::from_str(&in_pixels(at, coordinates)).unwrap();
            assert_eq!((number(&fields["x"]), number(&fields["y"])), ("100.000".into(), "50.000".into()), "{at}");
            assert_eq!(fields.as_object().unwrap().len(), 2, "{at}");
            let fields: Value = serde_json::from_str(&in_pixels(corners, coordinates)).unwrap();
            let read: Vec<String> = fields["corners"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|pair| pair.as_array().unwrap().iter().map(number).collect::<Vec<_>>())
                .collect();
            assert_eq!(read, ["100.000", "50.000", "300.000", "50.000", "300.000", "200.000"], "{corners}");
            assert_eq!(fields.as_object().unwrap().len(), 1, "{corners}");
        }
    }

    #[test]
    fn what_has_another_form_stays() {
        for item in [
            r#"{"corners":[[1,2],[3]]}"#,
            r#"{"corners":[1,2,3]}"#,
            r#"{"corners":"1,2"}"#,
            r#"{"point_2d":[1,2,3]}"#,
            r#"{"label":"cat"}"#,
        ] {
            assert_eq!(in_pixels(item, Norm1000Yxyx), item);
        }
    }
}
