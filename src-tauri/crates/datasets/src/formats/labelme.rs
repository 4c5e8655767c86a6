//! `LabelMe`: a JSON file beside each image.
//!
//! Source: `label_file.py` of labelme 6. It keeps the fields that it does not know; `score` and `attributes` of a shape
//! are those of X-AnyLabeling, which uses the same files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use domain::annotation::AttributeValue;
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{attribute_from_json, is_blank, or_default, path_of, points_of, without_position};
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink, SkippedPart, UNKNOWN_FIELD};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::outline::corners;
use crate::output::Output;
use crate::paths::{beside, file_part, has_extension, stem};

/// The format `labelme`.
pub struct LabelMe;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "labelme",
    title: Translated { en: "LabelMe", es: "LabelMe" },
    summary: Translated { en: "A JSON file beside each image", es: "Un archivo JSON junto a cada imagen" },
    group: FormatGroup::Tools,
    package: Package::Folder,
    media_type: "application/json",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::Points,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Attributes,
        Feature::AttributeTypes,
        Feature::Confidences,
        Feature::Groups,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://github.com/wkentaro/labelme",
};

impl Format for LabelMe {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let mut names = EntryNames::default();
        for image in source.images() {
            let image = image?;
            let (name, size) = (names.name(&image), image.known_size()?);
            let file = LabelFile {
                version: Cow::Borrowed("5.5.0"),
                flags: Map::new(),
                shapes: image.annotations.iter().filter_map(LabelShape::new).collect(),
                image_path: Some(Cow::Borrowed(name.file())),
                image_data: (),
                image_height: Some(size.height),
                image_width: Some(size.width),
                unread: BTreeMap::new(),
            };
            let out = out.entry(&format!("{}.json", name.stem()))?;
            serde_json::to_writer_pretty(&mut *out, &file).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        write_images(source, out, EntryNames::default(), |_| String::new())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let mut index = ImageIndex::read(input)?;
        let mut names = input.names()?;
        names.retain(|name| has_extension(name, "json"));
        names.sort_by_key(|name| index.position(stem(name)));
        for name in names {
            let image = read_file(&name, &input.text(&name)?, &mut index, sink)?;
            sink.image(image)?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LabelFile<'a> {
    #[serde(default)]
    version: Cow<'a, str>,
    /// Tags of the whole image.
    #[serde(default, deserialize_with = "or_default")]
    flags: Map<String, Value>,
    shapes: Vec<LabelShape<'a>>,
    image_path: Option<Cow<'a, str>>,
    /// The image itself, which is not written and not read.
    #[serde(default, deserialize_with = "unread")]
    image_data: (),
    image_height: Option<u32>,
    image_width: Option<u32>,
    #[serde(flatten, skip_serializing)]
    unread: BTreeMap<Cow<'a, str>, Value>,
}

#[derive(Serialize, Deserialize)]
struct LabelShape<'a> {
    label: Cow<'a, str>,
    points: Vec<[f64; 2]>,
    group_id: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
    #[serde(default)]
    shape_type: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "or_default")]
    flags: Map<String, Value>,
    #[serde(default)]
    score: Option<f32>,
    #[serde(default)]
    attributes: Option<BTreeMap<Cow<'a, str>, Value>>,
    #[serde(flatten, skip_serializing)]
    unread: BTreeMap<Cow<'a, str>, Value>,
}

/// Fields that say nothing about the objects: colours, and what the points and the shape say already.
const IGNORED: [&str; 6] = ["line_color", "fill_color", "lineColor", "fillColor", "direction", "mask"];
const DIFFICULT: &str = "difficult";

fn unread<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<(), D::Error> {
    IgnoredAny::deserialize(deserializer).map(drop)
}

impl<'a> LabelShape<'a> {
    fn new(annotation: &'a DatasetAnnotation) -> Option<Self> {
        let (shape_type, points) = match &annotation.shape {
            Shape::Box { rect } => ("rectangle", vec![[rect.x1, rect.y1], [rect.x2, rect.y2]]),
            Shape::Polygon { .. } => ("polygon", points_of(&annotation.shape)),
            Shape::Point { .. } => ("point", points_of(&annotation.shape)),
            Shape::ImageTag | Shape::Caption { .. } => return None,
        };
        let attributes = annotation.attributes.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), json(value)));
        Some(Self {
            label: Cow::Borrowed(&annotation.label),
            points,
            group_id: annotation.group,
            description: String::new(),
            shape_type: Some(Cow::Borrowed(shape_type)),
            flags: Map::new(),
            score: annotation.confidence,
            attributes: Some(attributes.collect()),
            unread: BTreeMap::new(),
        })
    }

    /// The error says what is not supported, or malformed.
    fn shape(&self) -> std::result::Result<Shape, &'static str> {
        let points: Vec<Point> = self.points.iter().map(|[x, y]| Point::new(*x, *y)).collect();
        match (self.shape_type.as_deref().unwrap_or("polygon"), &points[..]) {
            // X-AnyLabeling writes all four corners.
            ("rectangle" | "mask", [one, other]) | ("rectangle", [one, _, other, _]) => {
                Ok(Shape::Box { rect: Rect::new(one.x, one.y, other.x, other.y).ordered() })
            }
            ("polygon" | "rotation", [_, _, _, ..]) => Ok(Shape::Polygon { points }),
            ("point", [at]) => Ok(Shape::Point { at: *at }),
            // The center, and a point on the circle.
            ("circle", [center, other]) => {
                let radius = center.distance(*other);
                let rect = Rect::new(center.x - radius, center.y - radius, center.x + radius, center.y + radius);
                Ok(Shape::Polygon { points: circle(*center, radius).unwrap_or_else(|| corners(rect).to_vec()) })
            }
            ("polygon", _) => Err("a polygon has fewer than three corners"),
            ("line" | "linestrip" | "points", _) => Err("lines and lists of points are not supported"),
            _ => Err("this shape is not supported"),
        }
    }
}

/// A polygon of 32 corners; `None` without an extent.
fn circle(center: Point, radius: f64) -> Option<Vec<Point>> {
    let corner = |index: u32| {
        let angle = f64::from(index) * std::f64::consts::TAU / 32.0;
        Point::new(center.x + radius * angle.cos(), center.y + radius * angle.sin())
    };
    (radius > 0.0).then(|| (0..32).map(corner).collect())
}

fn json(value: &AttributeValue) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn read_file(name: &str, text: &str, index: &mut ImageIndex, sink: &mut dyn Sink) -> Result<DatasetImage> {
    let mut json = serde_json::Deserializer::from_str(text);
    let file: LabelFile<'_> = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let line = error.inner().line() as u64;
        let place = FileLocation { field: path_of(&error), ..FileLocation::file(name).at(line) };
        place.malformed(without_position(error.inner()))
    })?;
    let path = file.image_path.map_or_else(|| file_part(stem(name)).to_owned(), |path| path.replace('\\', "/"));
    // Relative to the file, and below the dataset's folder unless it leads out of it.
    let file_name = if path.starts_with(['/', '.']) { path } else { beside(name, &path) };
    let size = file.image_width.zip(file.image_height).map(|(width, height)| PixelSize::new(width, height));
    let mut image = index.image(stem(name), &file_name, size, None);
    for (place, shape) in file.shapes.into_iter().enumerate() {
        let location = || format!("{name}, shapes[{place}]");
        match shape.shape() {
            Err(reason) => sink.skipped(SkippedPart { place: location(), reason }),
            Ok(found) => {
                if shape.shape_type.as_deref() == Some("mask") {
                    sink.skipped(SkippedPart { place: location(), reason: "masks are not supported; the box is read" });
                }
                if shape.shape_type.as_deref() == Some("circle") {
                    sink.skipped(SkippedPart {
                        place: location(),
                        reason: "circles are not supported; a polygon is read",
                    });
                }
                let (difficult, unread): (Vec<_>, _) =
                    shape.unread.into_iter().partition(|(name, value)| name == DIFFICULT && value.is_boolean());
                count_unread(&location(), unread, sink);
                // Flags are those of a list in the configuration of LabelMe.
                let flags = shape.flags.into_iter().map(|(name, value)| (Cow::Owned(name), value));
                let difficult = difficult.into_iter().filter(|(_, value)| !is_blank(value));
                let attributes = flags.chain(difficult).chain(shape.attributes.into_iter().flatten());
                let attributes =
                    attributes.filter_map(|(name, value)| Some((name.into_owned(), attribute_from_json(value)?)));
                let mut attributes: BTreeMap<String, AttributeValue> = attributes.collect();
                if !shape.description.is_empty() {
                    attributes
                        .entry("description".to_owned())
                        .or_insert_with(|| AttributeValue::Text(shape.description));
                }
                image.annotations.push(DatasetAnnotation {
                    attributes,
                    confidence: shape.score,
                    group: shape.group_id,
                    ..DatasetAnnotation::new(shape.label, found)
                });
            }
        }
    }
    count_unread(name, file.unread, sink);
    let tags = file.flags.into_iter().filter(|(_, value)| value.as_bool() == Some(true));
    image.annotations.extend(tags.map(|(tag, _)| DatasetAnnotation::new(tag, Shape::ImageTag)));
    Ok(image)
}

fn count_unread<'a>(place: &str, unread: impl IntoIterator<Item = (Cow<'a, str>, Value)>, sink: &mut dyn Sink) {
    for (name, _) in unread.into_iter().filter(|(name, value)| !IGNORED.contains(&&**name) && !is_blank(value)) {
        sink.skipped(SkippedPart { place: format!("{place}.{name}"), reason: UNKNOWN_FIELD });
    }
}
