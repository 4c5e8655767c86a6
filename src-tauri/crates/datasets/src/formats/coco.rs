//! COCO: a dataset of `images`, `annotations` and `categories`. Ids begin at 1, because evaluators ignore an annotation
//! 0.

mod extents;
mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use domain::annotation::{AttributeValue, RejectReason, ReviewState, Status};
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::export::AnnotationSelection;
use domain::geometry::Orientation;
use domain::ids::RunId;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::key_points::{KeyPointNames, PosedObject};
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::output::Output;

pub use extents::{StatedExtent, read_coco_extents};

use super::fields::{OriginName, bbox_of, points_of};
use super::items::Items;

/// The format `coco`.
pub struct Coco;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "coco",
    title: Translated { en: "COCO dataset", es: "Conjunto de datos COCO" },
    summary: Translated {
        en: "Images, annotations, categories: for training and most tools",
        es: "Imágenes, anotaciones, categorías: para entrenar y casi todo",
    },
    group: FormatGroup::Training,
    package: Package::File { extension: "json" },
    media_type: "application/json",
    holds: DETECT,
    can_be_empty: true,
    is_readable: true,
    options: &[FormatOption {
        name: "task",
        title: Translated { en: "Task", es: "Tarea" },
        values: &["detect", "keypoints"],
    }],
    documentation: "https://cocodataset.org/#format-data",
};

/// Key points are data of their object.
const KEY_POINTS: &[Feature] = &[
    Feature::KeyPoints,
    Feature::Boxes,
    Feature::Polygons,
    Feature::UnscoredAnnotations,
    Feature::EmptyImages,
    Feature::Attributes,
    Feature::AttributeTypes,
    Feature::Confidences,
    Feature::Decisions,
    Feature::Origins,
    Feature::AnnotationIds,
    Feature::Crowds,
    Feature::StoredSizes,
    Feature::Hashes,
    Feature::ReviewStates,
    Feature::ImageOrigins,
    Feature::MissingFiles,
    Feature::OtherFiles,
    Feature::LabelTable,
    Feature::Description,
];

const DETECT: &[Feature] = KEY_POINTS.split_at(1).1;

const GEOMETRY: &str = "pixels of the upright image: EXIF orientation applied, origin at the top left";

impl Format for Coco {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn holds(&self, options: &FormatOptions) -> &'static [Feature] {
        if options.get("task") == "keypoints" { KEY_POINTS } else { DETECT }
    }

    /// First images, then annotations: two passes over the source, so that neither is kept in memory.
    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        let (out, labels) = (out.file()?, &source.info().labels);
        let has_key_points = options.get("task") == "keypoints";
        let names = if has_key_points { names_by_label(source)? } else { BTreeMap::new() };
        let no_names = KeyPointNames::default();
        out.write_all(b"{\n\"info\": ")?;
        serde_json::to_writer(&mut *out, &CocoInfo::from(source.info())).map_err(io::Error::from)?;
        out.write_all(b",\n\"licenses\": [],\n\"categories\": [")?;
        let mut categories = Items::default();
        for label in labels.labels() {
            let name = Cow::Borrowed(label.name.as_str());
            let keypoints = names.get(&label.id).unwrap_or(&no_names).names().to_vec();
            categories.write(out, &CocoCategory { id: label.id, name, supercategory: "", keypoints })?;
        }
        out.write_all(b"\n],\n\"images\": [")?;
        let mut images = Items::default();
        for image in source.images() {
            images.write(out, &CocoImage::new(&image?)?)?;
        }
        out.write_all(b"\n],\n\"annotations\": [")?;
        let mut annotations = Items::default();
        for image in source.images() {
            let image = image?;
            for PosedObject { object, points } in PosedObject::of(&image) {
                let Some(bbox) = bbox_of(&object.shape) else { continue };
                let outline: Vec<f64> = points_of(&object.shape).into_iter().flatten().collect();
                let category_id = labels.find(&object.label)?.id;
                let in_order = names.get(&category_id).unwrap_or(&no_names).in_order(&points);
                let keypoints = in_order.flat_map(|point| {
                    point.map_or([0.0; 3], |point| [point.at.x, point.at.y, point.visibility().into()])
                });
                let written = CocoAnnotation {
                    id: annotations.count + 1,
                    image_id: image.id,
                    category_id,
                    bbox,
                    area: object.shape.area().unwrap_or_default(),
                    iscrowd: u8::from(object.is_crowd),
                    segmentation: if outline.is_empty() { Vec::new() } else { vec![outline] },
                    keypoints: keypoints.collect(),
                    num_keypoints: has_key_points.then_some(points.len()),
                    attributes: (&object).into(),
                };
                annotations.write(out, &written)?;
            }
        }
        out.write_all(b"\n]\n}\n")?;
        Ok(())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        read::read(input, sink)
    }
}

/// The names of the key points of each label, by its number.
fn names_by_label(source: &dyn DatasetSource) -> Result<BTreeMap<u64, KeyPointNames>> {
    let mut names: BTreeMap<u64, KeyPointNames> = BTreeMap::new();
    for image in source.images() {
        for posed in PosedObject::of(&image?) {
            names.entry(source.info().labels.find(&posed.object.label)?.id).or_default().add(&posed.points);
        }
    }
    Ok(names)
}

/// Info of a dataset.
#[derive(Serialize, Deserialize)]
struct CocoInfo<'a> {
    #[serde(default)]
    description: Cow<'a, str>,
    #[serde(skip_deserializing)]
    version: &'static str,
    #[serde(default)]
    date_created: Cow<'a, str>,
    fieldmark: Option<CocoInfoExtra<'a>>,
}

#[derive(Serialize, Deserialize)]
struct CocoInfoExtra<'a> {
    #[serde(skip_deserializing)]
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipe: Option<Cow<'a, str>>,
    #[serde(default)]
    exported_at: Cow<'a, str>,
    #[serde(skip_deserializing)]
    geometry: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<AnnotationSelection>,
}

impl<'a> From<&'a DatasetInfo> for CocoInfo<'a> {
    fn from(info: &'a DatasetInfo) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self {
            description: Cow::Borrowed(&info.description),
            version,
            date_created: Cow::Borrowed(&info.created_at),
            fieldmark: Some(CocoInfoExtra {
                version,
                run: info.run.as_ref().map(|run| run.id),
                model: info.run.as_ref().map(|run| Cow::Borrowed(run.model.as_str())),
                recipe: info.run.as_ref().map(|run| Cow::Borrowed(run.recipe.as_str())),
                exported_at: Cow::Borrowed(&info.created_at),
                geometry: GEOMETRY,
                annotations: info.selection,
            }),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct CocoCategory<'a> {
    id: u64,
    name: Cow<'a, str>,
    #[serde(skip_deserializing)]
    supercategory: &'static str,
    /// Names of key points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keypoints: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct CocoImage<'a> {
    id: u64,
    file_name: Cow<'a, str>,
    width: u32,
    height: u32,
    fieldmark: Option<CocoImageExtra<'a>>,
}

#[derive(Serialize, Deserialize)]
struct CocoImageExtra<'a> {
    stored_width: Option<u32>,
    stored_height: Option<u32>,
    orientation: Option<Orientation>,
    hash: Option<Cow<'a, str>>,
    review: Option<ReviewState>,
    propagated_from: Option<u64>,
    #[serde(default)]
    missing: bool,
    #[serde(default)]
    other_paths: Cow<'a, [String]>,
}

impl<'a> CocoImage<'a> {
    fn new(image: &'a DatasetImage) -> Result<Self> {
        let size = image.known_size()?;
        Ok(Self {
            id: image.id,
            file_name: Cow::Borrowed(&image.file_name),
            width: size.width,
            height: size.height,
            fieldmark: Some(CocoImageExtra {
                stored_width: image.stored.map(|stored| stored.size.width),
                stored_height: image.stored.map(|stored| stored.size.height),
                orientation: image.stored.map(|stored| stored.orientation),
                hash: image.hash.as_deref().map(Cow::Borrowed),
                review: image.review,
                propagated_from: image.propagated_from,
                missing: image.is_missing,
                other_paths: Cow::Borrowed(&image.other_files),
            }),
        })
    }
}

#[derive(Serialize)]
struct CocoAnnotation<'a> {
    id: u64,
    image_id: u64,
    category_id: u64,
    bbox: [f64; 4],
    /// Square pixels.
    area: f64,
    iscrowd: u8,
    /// The corners of a polygon, alternating x and y; empty for a box.
    segmentation: Vec<Vec<f64>>,
    /// For each name of its category x, y and visibility: 0 for absent, 1 for hidden, 2 for visible.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keypoints: Vec<f64>,
    /// Of every object: pycocotools reads it without asking whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    num_keypoints: Option<usize>,
    attributes: CocoAttributes<'a>,
}

#[derive(Serialize)]
struct CocoAttributes<'a> {
    annotation: Option<u64>,
    confidence: Option<f32>,
    status: Option<Status>,
    reject_reason: Option<RejectReason>,
    origin: Option<OriginName>,
    run: Option<RunId>,
    propagated_from: Option<u64>,
    #[serde(flatten)]
    of_recipe: BTreeMap<Cow<'a, str>, &'a AttributeValue>,
}

/// Names of other fields in [`CocoAttributes`]: a recipe's attribute with one of these names gets [`PREFIX`].
const RESERVED: [&str; 7] = ["annotation", "confidence", "status", "reject_reason", "origin", "run", "propagated_from"];
const PREFIX: &str = "recipe_";

impl<'a> From<&'a DatasetAnnotation> for CocoAttributes<'a> {
    fn from(annotation: &'a DatasetAnnotation) -> Self {
        let of_recipe = annotation.attributes.iter().map(|(name, value)| {
            let is_reserved = RESERVED.contains(&name.as_str());
            (if is_reserved { format!("{PREFIX}{name}").into() } else { name.as_str().into() }, value)
        });
        let (origin, run) = OriginName::of(annotation.origin);
        Self {
            annotation: annotation.id,
            confidence: annotation.confidence,
            status: annotation.status,
            reject_reason: annotation.reject_reason,
            origin,
            run,
            propagated_from: annotation.propagated_from,
            of_recipe: of_recipe.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::geometry::Rect;
    use domain::shape::Shape;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_attribute_of_the_recipe_never_hides_where_an_annotation_comes_from() {
        let shape = Shape::Box { rect: Rect::new(0.0, 0.0, 1.0, 1.0) };
        let mut cat = DatasetAnnotation { status: Some(Status::Proposed), ..DatasetAnnotation::new("cat", shape) };
        let provenance = serde_json::to_value(CocoAttributes::from(&cat)).unwrap();
        let names: Vec<&str> = provenance.as_object().unwrap().keys().map(String::as_str).collect();
        let mut reserved = RESERVED;
        reserved.sort_unstable();
        assert_eq!(names, reserved);

        let text = |text: &str| AttributeValue::Text(text.into());
        cat.attributes = [("status".to_owned(), text("asleep")), ("colour".to_owned(), text("grey"))].into();
        let attributes = serde_json::to_value(CocoAttributes::from(&cat)).unwrap();
        assert_eq!(attributes["status"], "proposed");
        assert_eq!((&attributes["recipe_status"], &attributes["colour"]), (&json!("asleep"), &json!("grey")));
    }
}
