//! Common parts of formats: shapes as `bbox` and points, provenance, and attributes.

use std::collections::HashSet;

use domain::annotation::{AttributeValue, Origin};
use domain::geometry::{Point, Rect};
use domain::ids::RunId;
use domain::numbers::decimal;
use domain::recipe::ShapeKind;
use domain::shape::Shape;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::model::DatasetAnnotation;

/// Whether an annotation is a run's or a person's. The run's number is a separate field.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginName {
    Run,
    Person,
}

impl OriginName {
    pub fn of(origin: Option<Origin>) -> (Option<Self>, Option<RunId>) {
        match origin {
            Some(Origin::Run { run }) => (Some(Self::Run), Some(run)),
            Some(Origin::Person) => (Some(Self::Person), None),
            None => (None, None),
        }
    }

    pub fn origin(name: Option<Self>, run: Option<RunId>) -> Option<Origin> {
        match (name, run) {
            (Some(Self::Person), _) => Some(Origin::Person),
            (Some(Self::Run) | None, Some(run)) => Some(Origin::Run { run }),
            (Some(Self::Run) | None, None) => None,
        }
    }
}

/// Groups of an image that its file does not number.
pub struct FreeGroups {
    used: HashSet<u64>,
    next: u64,
}

impl FreeGroups {
    /// `used` are the groups that the file numbers.
    pub fn new(used: impl Iterator<Item = u64>) -> Self {
        Self { used: used.collect(), next: 1 }
    }

    /// Groups several annotations that are parts of one object.
    pub fn join(&mut self, parts: &mut [DatasetAnnotation]) {
        if parts.len() > 1 {
            while self.used.contains(&self.next) {
                self.next += 1;
            }
            for part in parts {
                part.group = part.group.or(Some(self.next));
            }
            self.next += 1;
        }
    }
}

/// Without the noise of binary fractions: `12.3` for `12.300000000000001`. Other numbers keep all their digits.
pub fn without_noise(number: f64) -> f64 {
    let short = format!("{number:.9e}").parse().unwrap_or(number);
    if (short - number).abs() <= number.abs() * NOISE { short } else { number }
}

/// What calculations with coordinates add, as a share of the result.
const NOISE: f64 = 1e-13;

/// A confidence as it was written, such as `0.9` instead of `0.8999999761581421`.
#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub fn as_decimal<S: Serializer>(confidence: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    confidence.map(decimal).serialize(serializer)
}

/// Left, top, width and height of a shape; `None` for the whole image.
pub fn bbox_of(shape: &Shape) -> Option<[f64; 4]> {
    shape.bounds().map(|rect| [rect.x1, rect.y1, rect.width(), rect.height()])
}

/// The position of a point, or the corners of a polygon.
pub fn points_of(shape: &Shape) -> Vec<[f64; 2]> {
    match shape {
        Shape::Point { at } => vec![[at.x, at.y]],
        Shape::Polygon { points } => points.iter().map(|point| [point.x, point.y]).collect(),
        Shape::Box { .. } | Shape::ImageTag | Shape::Caption { .. } => Vec::new(),
    }
}

/// The inverse of [`bbox_of`] and [`points_of`]. The error names what is missing.
pub fn shape_from(
    kind: ShapeKind,
    bbox: Option<[f64; 4]>,
    points: &[[f64; 2]],
    text: Option<&str>,
) -> Result<Shape, &'static str> {
    let mut corners = points.iter().map(|&[x, y]| Point::new(x, y));
    match kind {
        ShapeKind::Box => {
            let [x, y, width, height] = bbox.ok_or("a box has no bbox")?;
            Ok(Shape::Box { rect: Rect::new(x, y, x + width, y + height) })
        }
        ShapeKind::Point => Ok(Shape::Point { at: corners.next().ok_or("a point has no coordinates")? }),
        ShapeKind::Polygon if points.len() < 3 => Err("a polygon has fewer than three corners"),
        ShapeKind::Polygon => Ok(Shape::Polygon { points: corners.collect() }),
        ShapeKind::ImageTag => Ok(Shape::ImageTag),
        ShapeKind::Caption => Ok(Shape::Caption { text: text.unwrap_or_default().to_owned() }),
    }
}

/// The message without line and column, which `serde_json` counts within one line of the file.
pub fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.to_owned())
}

/// The position of the error within a value, such as `annotations[2].bbox`; `None` for the value as a whole.
pub fn path_of(error: &serde_path_to_error::Error<impl std::error::Error>) -> Option<String> {
    let path = error.path().to_string();
    // An incomplete field name is shown as a question mark.
    let known = path.trim_end_matches('?').trim_end_matches('.');
    (!known.is_empty()).then(|| known.to_owned())
}

/// The label of captions in formats where they have none.
pub const CAPTION: &str = "caption";

/// Whether a value says nothing, so that leaving it out loses nothing.
pub fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// The default for null, which some programs write for what is not there.
pub fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An attribute in JSON. Values that no attribute can have become text; `None` for null.
pub fn attribute_from_json(value: Value) -> Option<AttributeValue> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => AttributeValue::YesNo(value),
        Value::Number(number) => match number.as_i64().and_then(|number| i32::try_from(number).ok()) {
            Some(number) => AttributeValue::Number(number),
            None => AttributeValue::Text(number.to_string()),
        },
        Value::String(text) => AttributeValue::Text(text),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            AttributeValue::Several(values.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
        }
        other => AttributeValue::Text(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_nearly_the_same(number in -1e6..1e6_f64, confidence in 0.0..=1.0_f32) {
            let written = without_noise(number);
            prop_assert!((written - number).abs() <= number.abs() * NOISE);
            #[expect(clippy::cast_possible_truncation, reason = "as readers read it")]
            let read = decimal(confidence) as f32;
            prop_assert_eq!(read.to_bits(), confidence.to_bits());
        }
    }

    #[test]
    fn noise_is_not_written() {
        let written = [12.3 + 1e-15, 0.1 + 0.2, 100.1 - 100.0, 0.0].map(|number| without_noise(number).to_string());
        assert_eq!(written, ["12.3", "0.3", "0.1", "0"]);
        assert_eq!(decimal(0.9).to_string(), "0.9");
    }
}
