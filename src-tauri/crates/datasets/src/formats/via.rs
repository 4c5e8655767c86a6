//! VGG Image Annotator: one JSON file of regions by image.
//!
//! Source: VIA 2, "annotations as JSON"; a project file of VIA has the same under `_via_img_metadata`. Image size and
//! number are file attributes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::items::Items;
use super::json::each_item;
use crate::attributes::{SEVERAL_SEPARATOR, attribute_text, untyped};
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, IMAGE_ATTRIBUTE, Sink, SkippedPart};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetInfo};
use crate::output::Output;
use crate::paths::{beside, has_extension, split_of_path, stem};

/// The format `via`.
pub struct Via;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "via",
    title: Translated { en: "VGG Image Annotator", es: "VGG Image Annotator" },
    summary: Translated {
        en: "Regions of all images in one JSON file",
        es: "Regiones de todas las imágenes en un JSON",
    },
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
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://www.robots.ox.ac.uk/~vgg/software/via/",
};

const FILE: &str = "via_region_data.json";
/// The region attribute that is the label.
const LABEL: &str = "label";
/// Other names for it, of which VIA prescribes none.
const LABELS: [&str; 6] = [LABEL, "class", "category", "name", "type", "object_name"];
/// Before an attribute called like the label.
const PREFIX: &str = "recipe_";

impl Format for Via {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let (mut names, mut images) = (EntryNames::without_stem("via_region_data"), Items::default());
        let file = out.entry(FILE)?;
        file.write_all(b"{")?;
        for image in source.images() {
            let image = image?;
            let name = names.name(&image).name;
            let regions = image.annotations.iter().filter_map(ViaRegion::new).collect();
            let mut file_attributes = BTreeMap::new();
            if let Some(size) = image.size {
                file_attributes.insert("width".into(), Value::from(size.width.to_string()));
                file_attributes.insert("height".into(), Value::from(size.height.to_string()));
            }
            // The length of the file, in bytes, is a part of the key. It is unknown.
            let key = format!("{name}-1");
            let entry =
                ViaImage { filename: Cow::Owned(name), size: -1, regions: ViaRegions::List(regions), file_attributes };
            images.write_entry(file, &key, &entry)?;
        }
        file.write_all(b"\n}\n")?;
        write_images(source, out, EntryNames::without_stem("via_region_data"), |_| String::new())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let mut index = ImageIndex::read(input)?;
        let names = input.names()?;
        for name in names.iter().filter(|name| has_extension(name, "json")) {
            // Other errors are those of the whole file.
            let header: Header = serde_json::from_reader(input.entry(name)?).unwrap_or_default();
            let label_of_project = header.label();
            let mut take = |key: &str, found: ViaImage<'static>| {
                let path = beside(name, &found.filename);
                let pixels = |name: &str| found.file_attributes.get(name)?.as_str()?.parse().ok();
                let size = pixels("width").zip(pixels("height")).map(|(width, height)| PixelSize::new(width, height));
                let mut image = index.image(stem(&path), &path, size, split_of_path(&path));
                for (attribute, value) in &found.file_attributes {
                    if !["width", "height"].contains(&&**attribute) && !text(value).is_empty() {
                        let place = format!("{key:?}.file_attributes.{attribute}");
                        sink.skipped(SkippedPart { place, reason: IMAGE_ATTRIBUTE });
                    }
                }
                for (place, region) in found.regions.into_list().into_iter().enumerate() {
                    let place = format!("{key:?}.regions[{place}]");
                    let read = region.shape_attributes.shape().and_then(|shape| {
                        annotations(&shape, region.region_attributes, label_of_project.as_deref())
                            .map_err(ViaProblem::Unsupported)
                    });
                    match read {
                        Ok(annotations) => image.annotations.extend(annotations),
                        Err(ViaProblem::Unsupported(reason)) => sink.skipped(SkippedPart { place, reason }),
                        Err(ViaProblem::Malformed(problem)) => {
                            return Err(FileLocation::file(name).with_field(place).malformed(problem));
                        }
                    }
                }
                sink.image(image)
            };
            // A project has settings beside the images.
            if !each_item(input.entry(name)?, name, Some("_via_img_metadata"), &mut take)? {
                each_item(input.entry(name)?, name, None, &mut take)?;
            }
        }
        Ok(())
    }
}

/// The region attributes of a project.
#[derive(Deserialize, Default)]
struct Header {
    #[serde(default, rename = "_via_attributes")]
    attributes: ProjectAttributes,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ProjectAttributes {
    region: BTreeMap<String, ProjectAttribute>,
}

#[derive(Deserialize)]
struct ProjectAttribute {
    #[serde(rename = "type")]
    kind: String,
}

impl Header {
    /// The only attribute whose values are chosen from a list.
    fn label(self) -> Option<String> {
        let mut chosen = self.attributes.region.into_iter().filter(|(_, attribute)| attribute.kind != "text");
        chosen.next().filter(|_| chosen.next().is_none()).map(|(name, _)| name)
    }
}

#[derive(Serialize, Deserialize)]
struct ViaImage<'a> {
    filename: Cow<'a, str>,
    #[serde(default)]
    size: i64,
    #[serde(default)]
    regions: ViaRegions<'a>,
    #[serde(default)]
    file_attributes: BTreeMap<Cow<'a, str>, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ViaRegions<'a> {
    List(Vec<ViaRegion<'a>>),
    /// VIA 1 numbers them, in text.
    Numbered(BTreeMap<String, ViaRegion<'a>>),
}

impl Default for ViaRegions<'_> {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl<'a> ViaRegions<'a> {
    fn into_list(self) -> Vec<ViaRegion<'a>> {
        match self {
            Self::List(regions) => regions,
            Self::Numbered(regions) => {
                let mut regions: Vec<_> = regions.into_iter().collect();
                regions.sort_by_key(|(number, _)| number.parse::<u64>().ok());
                regions.into_iter().map(|(_, region)| region).collect()
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ViaRegion<'a> {
    shape_attributes: ViaShape,
    region_attributes: BTreeMap<Cow<'a, str>, Value>,
}

/// The fields of all shapes. `name` says which shape it is.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct ViaShape {
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cx: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cy: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    all_points_x: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    all_points_y: Vec<f64>,
}

enum ViaProblem {
    Unsupported(&'static str),
    Malformed(&'static str),
}

impl ViaShape {
    fn shape(&self) -> std::result::Result<Shape, ViaProblem> {
        match &*self.name {
            "rect" => match (self.x, self.y, self.width, self.height) {
                (Some(x), Some(y), Some(width), Some(height)) => {
                    Ok(Shape::Box { rect: Rect::new(x, y, x + width, y + height) })
                }
                _ => Err(ViaProblem::Malformed("a rect has x, y, width and height")),
            },
            "point" => match self.cx.zip(self.cy) {
                Some((x, y)) => Ok(Shape::Point { at: Point::new(x, y) }),
                None => Err(ViaProblem::Malformed("a point has cx and cy")),
            },
            "polygon" if self.all_points_x.len() < 3 || self.all_points_x.len() != self.all_points_y.len() => {
                Err(ViaProblem::Malformed("a polygon has at least three points"))
            }
            "polygon" => {
                let points = self.all_points_x.iter().zip(&self.all_points_y).map(|(x, y)| Point::new(*x, *y));
                Ok(Shape::Polygon { points: points.collect() })
            }
            "circle" | "ellipse" => Err(ViaProblem::Unsupported("circles and ellipses are not supported")),
            _ => Err(ViaProblem::Unsupported("this shape is not supported")),
        }
    }
}

impl<'a> ViaRegion<'a> {
    fn new(annotation: &'a DatasetAnnotation) -> Option<Self> {
        let shape_attributes = match &annotation.shape {
            Shape::Box { rect } => ViaShape {
                name: Cow::Borrowed("rect"),
                x: Some(rect.x1),
                y: Some(rect.y1),
                width: Some(rect.width()),
                height: Some(rect.height()),
                ..ViaShape::default()
            },
            Shape::Point { at } => {
                ViaShape { name: Cow::Borrowed("point"), cx: Some(at.x), cy: Some(at.y), ..ViaShape::default() }
            }
            Shape::Polygon { points } => ViaShape {
                name: Cow::Borrowed("polygon"),
                all_points_x: points.iter().map(|point| point.x).collect(),
                all_points_y: points.iter().map(|point| point.y).collect(),
                ..ViaShape::default()
            },
            Shape::ImageTag | Shape::Caption { .. } => return None,
        };
        let attributes = annotation.attributes.iter().map(|(name, value)| {
            let name = if name == LABEL { Cow::Owned(format!("{PREFIX}{name}")) } else { Cow::Borrowed(name.as_str()) };
            (name, Value::from(attribute_text(value)))
        });
        let label = (Cow::Borrowed(LABEL), Value::from(annotation.label.as_str()));
        Some(Self { shape_attributes, region_attributes: attributes.chain([label]).collect() })
    }
}

/// An annotation for each label of a region. The error says why it has none.
fn annotations(
    shape: &Shape,
    mut attributes: BTreeMap<Cow<'_, str>, Value>,
    label_of_project: Option<&str>,
) -> std::result::Result<Vec<DatasetAnnotation>, &'static str> {
    let usual = LABELS.iter().find_map(|name| attributes.keys().find(|key| key.eq_ignore_ascii_case(name)));
    let key = usual.or_else(|| attributes.keys().find(|key| Some(&***key) == label_of_project));
    let only = attributes.keys().next().filter(|_| attributes.len() == 1);
    let Some(key) = key.or(only).cloned() else {
        let is_empty = attributes.values().all(|value| text(value).is_empty());
        return Err(if is_empty {
            "a region without a label is not supported"
        } else {
            "it is unclear which attribute of the region is its label"
        });
    };
    let labels = match attributes.remove(&key) {
        Some(Value::Object(checked)) => checked_names(&checked),
        other => vec![other.as_ref().map(text).unwrap_or_default()],
    };
    if labels.is_empty() {
        return Err("a region without a label is not supported");
    }
    let attributes = attributes.into_iter().map(|(name, value)| {
        let name = name.strip_prefix(PREFIX).filter(|name| *name == LABEL).unwrap_or(&name).to_owned();
        (name, untyped(&text(&value)))
    });
    let attributes: BTreeMap<_, _> = attributes.collect();
    let annotation =
        |label| DatasetAnnotation { attributes: attributes.clone(), ..DatasetAnnotation::new(label, shape.clone()) };
    Ok(labels.into_iter().map(annotation).collect())
}

/// What is checked of check boxes.
fn checked_names(boxes: &Map<String, Value>) -> Vec<String> {
    boxes.iter().filter(|(_, value)| value.as_bool() == Some(true)).map(|(name, _)| name.clone()).collect()
}

/// The text of an attribute. Check boxes are objects of what is checked.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(boxes) => checked_names(boxes).join(SEVERAL_SEPARATOR),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
