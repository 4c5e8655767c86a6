//! The shape of an item, in pixels of the picture that was sent.

use domain::answer::{DropReason, RepairKind};
use domain::geometry::{PixelSize, Point, Rect};
use domain::recipe::{Recipe, ShapeKind};
use domain::shape::{Shape, UnfitShape};
use serde_json::{Map, Value};

use super::items::LABEL_KEYS;
use super::scalars;
use crate::coordinates::OBJECTS;
use crate::coordinates::points::{AXES, CORNERS};
use crate::schema::{CAPTION_KEY, SHAPE_KEY, shape_name};

/// A shape with no more than this share inside the picture is dropped, because too much of it would be clipped.
const LEAST_SHARE_INSIDE: f64 = 0.5;
/// A point this far outside of the picture, as a share of the side, is moved to the edge.
const POINT_OVERHANG: f64 = 0.02;
/// Beside these, `x` and `y` are the corner of a box.
const EXTENTS: [&str; 4] = ["width", "height", "w", "h"];
/// An item with one of these is no tag, even if its place cannot be read.
const PLACE_KEYS: [&str; 10] = ["x1", "y1", "x2", "y2", "x", "y", "box_2d", "bbox_2d", "point_2d", "point"];
/// Names that models give the text of a caption.
const CAPTION_KEYS: [&str; 4] = [CAPTION_KEY, "text", "description", "alt_text"];
/// Names that models give the shape.
const SHAPE_KEYS: [&str; 3] = [SHAPE_KEY, "type", "kind"];

/// The shape that an item is meant to have: as it says, as its fields tell, or the only one that the recipe asks for.
/// `None` if the recipe asks for none like it.
pub fn kind(fields: &Map<String, Value>, recipe: &Recipe) -> Option<ShapeKind> {
    let asked = &recipe.shapes;
    if let [only] = asked.as_slice() {
        return Some(*only);
    }
    let named = SHAPE_KEYS.iter().find_map(|key| fields.get(*key)?.as_str());
    let by_name = named.and_then(|name| {
        let name = scalars::spaced(name);
        asked.iter().copied().find(|shape| scalars::spaced(shape_name(*shape)) == name)
    });
    by_name.or_else(|| {
        let has = |keys: &[&str]| keys.iter().all(|key| fields.contains_key(*key));
        let told = if has(&[CORNERS]) {
            ShapeKind::Polygon
        } else if has(&["x1", "y1", "x2", "y2"]) || OBJECTS.iter().any(|key| fields.contains_key(*key)) {
            ShapeKind::Box
        } else if has(&AXES) {
            ShapeKind::Point
        } else if caption_text(fields).is_some() {
            ShapeKind::Caption
        } else if PLACE_KEYS.iter().any(|key| fields.contains_key(*key)) {
            return asked.iter().copied().find(|shape| matches!(shape, ShapeKind::Box | ShapeKind::Point));
        } else {
            ShapeKind::ImageTag
        };
        asked.contains(&told).then_some(told)
    })
}

/// The fields of an item that is text alone: a tag's label or a caption, if the recipe asks for nothing else.
pub fn fields_of_text(text: &str, recipe: &Recipe) -> Option<Map<String, Value>> {
    let key = match recipe.shapes.as_slice() {
        [ShapeKind::ImageTag] => LABEL_KEYS[0],
        [ShapeKind::Caption] => CAPTION_KEY,
        _ => return None,
    };
    Some(Map::from_iter([(key.to_owned(), Value::String(text.to_owned()))]))
}

/// The text of a caption.
pub fn caption_text(fields: &Map<String, Value>) -> Option<&str> {
    CAPTION_KEYS.iter().find_map(|key| fields.get(*key)?.as_str())
}

/// The bounding box of an item as answered, whatever its label; `None` without a place.
pub fn answered_bounds(fields: &Map<String, Value>, recipe: &Recipe, sent: PixelSize) -> Option<Rect> {
    let repairs = &mut Vec::new();
    match kind(fields, recipe)? {
        ShapeKind::Box => corners(fields, sent, repairs),
        ShapeKind::Point => Shape::Point { at: at(fields, sent, repairs)? }.bounds(),
        ShapeKind::Polygon => Shape::Polygon { points: outline(fields, sent, repairs)? }.bounds(),
        ShapeKind::ImageTag | ShapeKind::Caption => None,
    }
}

/// The shape of this kind.
pub fn read(
    fields: &Map<String, Value>,
    kind: ShapeKind,
    sent: PixelSize,
    repairs: &mut Vec<RepairKind>,
) -> Result<Shape, DropReason> {
    match kind {
        ShapeKind::Box => rect(fields, sent, repairs).map(|rect| Shape::Box { rect }),
        ShapeKind::Point => point(fields, sent, repairs).map(|at| Shape::Point { at }),
        ShapeKind::Polygon => polygon(fields, sent, repairs),
        ShapeKind::ImageTag => Ok(Shape::ImageTag),
        ShapeKind::Caption => {
            let text = caption_text(fields).map(str::trim).filter(|text| !text.is_empty());
            let text = text.ok_or(DropReason::NoText)?;
            Ok(Shape::Caption { text: text.to_owned() })
        }
    }
}

/// A coordinate along a side of this many pixels.
fn coordinate(value: &Value, field: &str, side: u32, repairs: &mut Vec<RepairKind>) -> Option<f64> {
    let number = scalars::number(value)?;
    if number.was_text {
        repairs.push(RepairKind::NumberFromText { field: field.to_owned() });
    }
    let in_pixels = if number.is_percent { number.value / 100.0 * f64::from(side) } else { number.value };
    in_pixels.is_finite().then_some(in_pixels)
}

fn corners(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Option<Rect> {
    // Some models nest the corners in an object. A list of four is not read, because its order is ambiguous.
    let corners = OBJECTS.iter().find_map(|key| fields.get(*key)?.as_object()).unwrap_or(fields);
    let mut corner = |key: &str, side: u32| coordinate(corners.get(key)?, key, side, repairs);
    Some(Rect::new(
        corner("x1", sent.width)?,
        corner("y1", sent.height)?,
        corner("x2", sent.width)?,
        corner("y2", sent.height)?,
    ))
}

fn rect(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Result<Rect, DropReason> {
    let answered = corners(fields, sent, repairs).ok_or(DropReason::NoBox)?;
    let ordered = answered.ordered();
    if ordered != answered {
        repairs.push(RepairKind::CornersSwapped);
    }
    if ordered.width() < 1.0 || ordered.height() < 1.0 {
        return Err(DropReason::NoExtent);
    }
    let inside = ordered.clamped(sent);
    if inside.area() <= ordered.area() * LEAST_SHARE_INSIDE {
        return Err(DropReason::OutsidePicture);
    }
    let pixels = [inside.x1 - ordered.x1, inside.y1 - ordered.y1, ordered.x2 - inside.x2, ordered.y2 - inside.y2]
        .into_iter()
        .fold(0.0, f64::max);
    if pixels > 0.0 {
        repairs.push(RepairKind::ClampedToPicture { pixels });
    }
    Ok(inside)
}

fn at(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Option<Point> {
    if EXTENTS.iter().any(|key| fields.contains_key(*key)) {
        return None;
    }
    let [x, y] = AXES;
    Some(Point::new(
        coordinate(fields.get(x)?, x, sent.width, repairs)?,
        coordinate(fields.get(y)?, y, sent.height, repairs)?,
    ))
}

fn point(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Result<Point, DropReason> {
    let answered = at(fields, sent, repairs).ok_or(DropReason::NoBox)?;
    let inside = answered.clamped(sent);
    let (x, y) = ((answered.x - inside.x).abs(), (answered.y - inside.y).abs());
    if x > f64::from(sent.width) * POINT_OVERHANG || y > f64::from(sent.height) * POINT_OVERHANG {
        return Err(DropReason::OutsidePicture);
    }
    if inside != answered {
        repairs.push(RepairKind::ClampedToPicture { pixels: x.max(y) });
    }
    Ok(inside)
}

fn outline(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Option<Vec<Point>> {
    let corner = |pair: &Value| {
        let [x, y] = pair.as_array()?.as_slice() else { return None };
        let mut along = |value, side| coordinate(value, CORNERS, side, repairs);
        Some(Point::new(along(x, sent.width)?, along(y, sent.height)?))
    };
    fields.get(CORNERS)?.as_array()?.iter().map(corner).collect()
}

fn polygon(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Result<Shape, DropReason> {
    let points = outline(fields, sent, repairs).ok_or(DropReason::NoBox)?;
    let answered = Shape::Polygon { points: points.clone() };
    let (Some(bounds), Some(area)) = (answered.bounds(), answered.area()) else { return Err(DropReason::NoBox) };
    if points.len() < 3 || area < 1.0 {
        return Err(DropReason::NoExtent);
    }
    if bounds.clamped(sent).area() <= bounds.area() * LEAST_SHARE_INSIDE {
        return Err(DropReason::OutsidePicture);
    }
    let overhang = |point: &Point| {
        let inside = point.clamped(sent);
        (point.x - inside.x).abs().max((point.y - inside.y).abs())
    };
    let pixels = points.iter().map(overhang).fold(0.0, f64::max);
    if pixels > 0.0 {
        repairs.push(RepairKind::ClampedToPicture { pixels });
    }
    answered.fitted(sent).map_err(|unfit| match unfit {
        UnfitShape::NotANumber => DropReason::NoBox,
        UnfitShape::NoExtent | UnfitShape::NoWords => DropReason::NoExtent,
    })
}
