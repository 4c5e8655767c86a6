//! Key points of objects, such as the joints of a person. In the neutral dataset they are points: with the label and the
//! group of their object, and their name as an attribute.

use std::collections::HashSet;

use domain::annotation::AttributeValue;
use domain::geometry::Point;
use domain::recipe::comparable;
use domain::shape::Shape;

use crate::attributes::{OCCLUDED, attribute_text, untyped};
use crate::model::{DatasetAnnotation, DatasetImage};

/// The attribute for the name of a key point.
const KEY_POINT: &str = "keypoint";

/// A key point that is in the image.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyPoint {
    pub at: Point,
    /// A number, from 1, if it has no name.
    pub name: AttributeValue,
    pub is_hidden: bool,
}

impl KeyPoint {
    /// `name` is what a file calls it; a number otherwise.
    pub fn new(at: Point, name: Option<&str>, number: i32, is_hidden: bool) -> Self {
        let name = name.filter(|name| !name.is_empty()).map_or(AttributeValue::Number(number), untyped);
        Self { at, name, is_hidden }
    }

    /// Reads x, y and visibility in turn: 0 for absent, 1 for hidden, 2 for visible. `None` if these are incomplete.
    pub fn read(numbers: &[f64], names: &[String]) -> Option<Vec<Self>> {
        let mut names = names.iter();
        let points = numbers.chunks(3).zip(1..).map(|(point, number)| {
            let &[x, y, visibility] = point else { return None };
            let name = names.next().map(String::as_str);
            Some((visibility > 0.0).then(|| Self::new(Point::new(x, y), name, number, visibility < 2.0)))
        });
        points.collect::<Option<Vec<_>>>().map(|points| points.into_iter().flatten().collect())
    }

    /// The point of `object`, whose data it has.
    pub fn annotation(self, object: &DatasetAnnotation) -> DatasetAnnotation {
        let mut point = DatasetAnnotation { shape: Shape::Point { at: self.at }, ..object.clone() };
        point.attributes.insert(KEY_POINT.to_owned(), self.name);
        if self.is_hidden {
            point.attributes.insert(OCCLUDED.to_owned(), AttributeValue::YesNo(true));
        }
        point
    }

    /// The visibility of COCO and YOLO.
    pub fn visibility(&self) -> u8 {
        if self.is_hidden { 1 } else { 2 }
    }
}

/// An annotation with its key points.
pub struct PosedObject {
    pub object: DatasetAnnotation,
    pub points: Vec<KeyPoint>,
}

impl PosedObject {
    /// The objects of a projected image, in which the points of an object follow it.
    pub fn of(image: &DatasetImage) -> Vec<Self> {
        let mut objects: Vec<Self> = Vec::new();
        for annotation in &image.annotations {
            match (&annotation.shape, objects.last_mut()) {
                (Shape::Point { at }, Some(of)) => of.points.push(key_point(*at, annotation, None)),
                _ => objects.push(Self { object: annotation.clone(), points: Vec::new() }),
            }
        }
        objects
    }
}

/// `label` is the name of a point without one.
fn key_point(at: Point, annotation: &DatasetAnnotation, label: Option<&str>) -> KeyPoint {
    let name = annotation.attributes.get(KEY_POINT).map(attribute_text);
    let name = name.as_deref().filter(|name| !name.is_empty()).or(label);
    let is_hidden = annotation.attributes.get(OCCLUDED) == Some(&AttributeValue::YesNo(true));
    KeyPoint::new(at, name, 0, is_hidden)
}

/// Annotations with their key points, in their order, and the points that belong to none.
#[derive(Default)]
pub struct Poses {
    pub objects: Vec<PosedObject>,
    pub left: Vec<DatasetAnnotation>,
    /// The points as they were, each with the place of its object.
    pub placed: Vec<(usize, DatasetAnnotation)>,
}

/// Finds the object of each point: the one of its group, or else the smallest one around it, of its own layer if there is one,
/// and there of its label. A point of another label is a key point that is called like its label. An object has one key point
/// of each name: another one of the same group belongs to none.
pub fn poses(annotations: Vec<DatasetAnnotation>) -> Poses {
    let (points, objects): (Vec<_>, Vec<_>) =
        annotations.into_iter().partition(|annotation| matches!(annotation.shape, Shape::Point { .. }));
    let mut poses = Poses::default();
    poses.objects.extend(objects.into_iter().map(|object| PosedObject { object, points: Vec::new() }));
    for point in points {
        let Shape::Point { at } = point.shape else { continue };
        let is_of_label = |posed: &PosedObject| comparable(&posed.object.label) == comparable(&point.label);
        let key_point_of = |posed: &PosedObject| {
            let mut found = key_point(at, &point, (!is_of_label(posed)).then_some(&*point.label));
            let taken: HashSet<String> = posed.points.iter().map(|each| attribute_text(&each.name).into()).collect();
            if found.name == AttributeValue::Number(0) {
                let free = (1..=i32::MAX).find(|number| !taken.contains(&number.to_string()));
                found.name = AttributeValue::Number(free.unwrap_or(1));
            }
            (!taken.contains(&*attribute_text(&found.name))).then_some(found)
        };
        let ranked = poses.objects.iter().enumerate().filter_map(|(place, posed)| {
            let rank = rank(posed, &point, at, is_of_label(posed))?;
            let found = key_point_of(posed);
            (rank.0 == OF_GROUP || found.is_some()).then_some((rank, place, found))
        });
        let best = ranked.min_by(|(one, ..), (other, ..)| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        match best {
            Some((_, place, Some(found))) => {
                poses.objects[place].points.push(found);
                poses.placed.push((place, point));
            }
            _ => poses.left.push(point),
        }
    }
    poses
}

const OF_GROUP: u8 = 0;

/// Lower for an object that a point more likely belongs to; `None` if it cannot.
fn rank(posed: &PosedObject, point: &DatasetAnnotation, at: Point, is_of_label: bool) -> Option<(u8, f64)> {
    let bounds = match posed.object.shape {
        Shape::Box { .. } | Shape::Polygon { .. } => posed.object.shape.bounds()?,
        _ => return None,
    };
    if point.group.is_some() && point.group == posed.object.group {
        return Some((OF_GROUP, bounds.area()));
    }
    let is_inside = (bounds.x1..=bounds.x2).contains(&at.x) && (bounds.y1..=bounds.y2).contains(&at.y);
    let is_of_layer = posed.object.origin == point.origin;
    is_inside.then(|| (1 + 2 * u8::from(!is_of_layer) + u8::from(!is_of_label), bounds.area()))
}

/// The names of all key points of `images`, in the order of their numbers.
#[derive(Default)]
pub struct KeyPointNames(Vec<String>);

impl KeyPointNames {
    pub fn add(&mut self, points: &[KeyPoint]) {
        for point in points {
            let name = attribute_text(&point.name);
            if !self.0.iter().any(|known| *known == *name) {
                self.0.push(name.into_owned());
            }
        }
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The point of each name; `None` for absent ones.
    pub fn in_order<'p>(&self, points: &'p [KeyPoint]) -> impl Iterator<Item = Option<&'p KeyPoint>> {
        self.0.iter().map(|name| points.iter().find(|point| *attribute_text(&point.name) == **name))
    }
}

/// What a point says of itself, without what makes it a key point.
pub fn own_attributes(point: &DatasetAnnotation) -> impl Iterator<Item = (&String, &AttributeValue)> {
    point.attributes.iter().filter(|(name, _)| *name != KEY_POINT && *name != OCCLUDED)
}
