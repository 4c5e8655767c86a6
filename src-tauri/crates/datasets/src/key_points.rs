//! Key points of an object, which become points with its label.

use domain::annotation::AttributeValue;
use domain::geometry::Point;
use domain::shape::Shape;

use crate::formats::fields::OCCLUDED;
use crate::model::DatasetAnnotation;

/// The attribute for the name of a key point.
const KEY_POINT: &str = "keypoint";

/// A key point that is in the image.
pub struct KeyPoint {
    at: Point,
    /// Its number from 1 without a name.
    name: AttributeValue,
    is_hidden: bool,
}

/// Reads x, y and visibility in turn: 0 for absent, 1 for hidden, 2 for visible. `None` if these are incomplete.
pub fn read(numbers: &[f64], names: &[String]) -> Option<Vec<KeyPoint>> {
    let mut names = names.iter();
    let points = numbers.chunks(3).zip(1..).map(|(point, number)| {
        let &[x, y, visibility] = point else { return None };
        let name = names.next().cloned().map_or(AttributeValue::Number(number), AttributeValue::Text);
        Some((visibility > 0.0).then(|| KeyPoint { at: Point::new(x, y), name, is_hidden: visibility < 2.0 }))
    });
    points.collect::<Option<Vec<_>>>().map(|points| points.into_iter().flatten().collect())
}

impl KeyPoint {
    /// The point of `object`, whose data it has.
    pub fn annotation(self, object: &DatasetAnnotation) -> DatasetAnnotation {
        let mut point = DatasetAnnotation { shape: Shape::Point { at: self.at }, ..object.clone() };
        point.attributes.insert(KEY_POINT.to_owned(), self.name);
        if self.is_hidden {
            point.attributes.insert(OCCLUDED.to_owned(), AttributeValue::YesNo(true));
        }
        point
    }
}
