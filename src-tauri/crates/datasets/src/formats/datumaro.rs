//! Datumaro: a JSON file per split, with a table of labels that annotations refer to by index.
//!
//! Source: Datumaro's documentation of its own format. Attributes of annotations keep their types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::annotation::AttributeValue;
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::{PixelSize, Point, Rect};
use domain::numbers::decimal;
use domain::shape::Shape;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::{CAPTION, FreeGroups, attribute_from_json, bbox_of, points_of, without_noise};
use super::items::Items;
use super::json::each_item;
use crate::attributes::OCCLUDED;
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, IMAGE_ATTRIBUTE, Sink, SkippedPart};
use crate::input::Input;
use crate::mask::{HOLES, Mask};
use crate::model::{DatasetAnnotation, DatasetInfo, DatasetSplit, LabelTable};
use crate::outline::{from_corners, turned};
use crate::output::Output;
use crate::paths::{has_extension, split_named, stem};

/// The format `datumaro`.
pub struct Datumaro;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "datumaro",
    title: Translated { en: "Datumaro", es: "Datumaro" },
    summary: Translated {
        en: "To convert, merge and check datasets with Datumaro",
        es: "Para convertir, unir y comprobar conjuntos con Datumaro",
    },
    group: FormatGroup::Tools,
    package: Package::Folder,
    media_type: "application/json",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::Points,
        Feature::ImageTags,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Attributes,
        Feature::AttributeTypes,
        Feature::Confidences,
        Feature::AnnotationIds,
        Feature::Groups,
        Feature::Crowds,
        Feature::Splits,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://openvinotoolkit.github.io/datumaro/stable/docs/data-formats/formats/datumaro.html",
};

const SPLITS: [Option<DatasetSplit>; 4] =
    [None, Some(DatasetSplit::Train), Some(DatasetSplit::Validation), Some(DatasetSplit::Test)];

/// Attributes with a meaning in Datumaro.
const SCORE: &str = "score";
const CROWD: &str = "is_crowd";
/// Degrees by which CVAT turns a box about its center.
const ROTATION: &str = "rotation";
const RESERVED: [&str; 3] = [SCORE, CROWD, ROTATION];
/// Before an attribute of the recipe with one of these names.
const PREFIX: &str = "recipe_";

impl Format for Datumaro {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    /// A pass for each split.
    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let mut is_used = [false; SPLITS.len()];
        for image in source.images() {
            let split = image?.split;
            for (used, known) in is_used.iter_mut().zip(SPLITS) {
                *used |= known == split;
            }
        }
        // An empty dataset has its labels.
        is_used[0] |= !is_used.contains(&true);
        for (split, _) in SPLITS.into_iter().zip(is_used).filter(|(_, used)| *used) {
            let name = split_name(split);
            let file = out.entry(&format!("annotations/{name}.json"))?;
            write_split(source, file, name, split)?;
        }
        write_images(source, out, EntryNames::default(), |image| format!("images/{}/", split_name(image.split)))
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        let mut names = input.names()?;
        names.retain(|name| has_extension(name, "json"));
        let (mut labels, mut lists) = (LabelTable::default(), Vec::new());
        for name in &names {
            let header: Header = serde_json::from_reader(input.entry(name)?).map_err(|error| {
                FileLocation::file(name.as_str()).at(error.line() as u64).malformed(error.to_string())
            })?;
            let list: Vec<String> = header.categories.label.labels.into_iter().map(|label| label.name).collect();
            labels.extend(&list);
            lists.push(list);
        }
        sink.begin(DatasetInfo { labels, ..DatasetInfo::default() })?;
        let mut index = ImageIndex::read(input)?;
        for (name, labels) in names.iter().zip(&lists) {
            let subset = stem(name).rsplit('/').next().unwrap_or_default().to_owned();
            each_item(input.entry(name)?, name, Some("items"), |key, item: Item<'static>| {
                let place = format!("items[{key}]");
                let file = item.image.as_ref().and_then(|image| image.path.as_deref()).unwrap_or(&item.id).to_owned();
                let path = format!("images/{subset}/{}", item.id);
                let size = item.image.as_ref().and_then(|image| image.size);
                let size = size.map(|[height, width]| PixelSize::new(width, height));
                let mut image = index.image(&path, &file, size, split_named(&subset));
                let mut groups = FreeGroups::new(item.annotations.iter().map(|found| found.group));
                // CVAT numbers the images.
                for (name, value) in item.attr.as_object().into_iter().flatten() {
                    if name != "frame" && !value.is_null() {
                        sink.skipped(SkippedPart { place: format!("{place}.attr.{name}"), reason: IMAGE_ATTRIBUTE });
                    }
                }
                for (number, found) in item.annotations.into_iter().enumerate() {
                    let place = format!("{place}.annotations[{number}]");
                    match found.read(labels) {
                        Ok((mut annotations, simplified)) => {
                            groups.join(&mut annotations);
                            image.annotations.extend(annotations);
                            if let Some(reason) = simplified {
                                sink.skipped(SkippedPart { place: place.clone(), reason });
                            }
                        }
                        Err(DatumaroProblem::Unsupported(reason)) => sink.skipped(SkippedPart { place, reason }),
                        Err(DatumaroProblem::Malformed(problem)) => {
                            return Err(FileLocation::file(name.as_str()).with_field(place).malformed(problem));
                        }
                    }
                }
                sink.image(image)
            })?;
        }
        Ok(())
    }
}

fn split_name(split: Option<DatasetSplit>) -> &'static str {
    split.map_or("default", DatasetSplit::short_name)
}

fn write_split(
    source: &dyn DatasetSource,
    file: &mut dyn Write,
    name: &str,
    split: Option<DatasetSplit>,
) -> Result<()> {
    let labels = &source.info().labels;
    let listed: Vec<Value> =
        labels.labels().iter().map(|label| json!({"name": label.name, "parent": "", "attributes": []})).collect();
    file.write_all(b"{\n\"info\": {},\n\"categories\": ")?;
    let categories = json!({"label": {"labels": listed, "attributes": []}});
    serde_json::to_writer(&mut *file, &categories).map_err(io::Error::from)?;
    file.write_all(b",\n\"items\": [")?;
    let (mut items, mut names) = (Items::default(), EntryNames::default());
    for image in source.images() {
        let image = image?;
        // Every image takes its name, so that names are the same in every pass.
        let entry = names.name(&image);
        if image.split != split {
            continue;
        }
        let mut annotations = Vec::new();
        for annotation in &image.annotations {
            annotations.extend(ItemAnnotation::new(labels.index_of(&annotation.label)?, annotation));
        }
        let size = image.size.map(|size| [size.height, size.width]);
        let item = Item {
            id: Cow::Borrowed(entry.stem()),
            annotations,
            attr: json!({}),
            image: Some(ItemImage { path: Some(format!("images/{name}/{}", entry.name)), size }),
        };
        items.write(file, &item)?;
    }
    file.write_all(b"\n]\n}\n")?;
    Ok(())
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    categories: Categories,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Categories {
    label: LabelCategories,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LabelCategories {
    labels: Vec<LabelCategory>,
}

#[derive(Deserialize)]
struct LabelCategory {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Item<'a> {
    id: Cow<'a, str>,
    #[serde(default)]
    annotations: Vec<ItemAnnotation<'a>>,
    #[serde(default)]
    attr: Value,
    image: Option<ItemImage>,
}

#[derive(Serialize, Deserialize)]
struct ItemImage {
    path: Option<String>,
    /// Height and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<[u32; 2]>,
}

#[derive(Serialize, Deserialize)]
struct ItemAnnotation<'a> {
    /// 0 for none.
    #[serde(default)]
    id: u64,
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    attributes: BTreeMap<Cow<'a, str>, Value>,
    /// 0 for none.
    #[serde(default)]
    group: u64,
    label_id: Option<usize>,
    #[serde(default)]
    z_order: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    /// Alternating x and y.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visibility: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    #[serde(default, skip_serializing)]
    rle: Option<Mask>,
}

enum DatumaroProblem {
    Unsupported(&'static str),
    Malformed(&'static str),
}

impl<'a> ItemAnnotation<'a> {
    fn new(label_id: usize, annotation: &'a DatasetAnnotation) -> Option<Self> {
        let kind = match &annotation.shape {
            Shape::Box { .. } => "bbox",
            Shape::Polygon { .. } => "polygon",
            Shape::Point { .. } => "points",
            Shape::ImageTag => "label",
            Shape::Caption { .. } => return None,
        };
        let points: Vec<f64> = points_of(&annotation.shape).into_iter().flatten().map(without_noise).collect();
        let mut attributes: BTreeMap<Cow<'a, str>, Value> = BTreeMap::new();
        for (name, value) in &annotation.attributes {
            let is_reserved = RESERVED.contains(&name.as_str());
            let name = if is_reserved { format!("{PREFIX}{name}").into() } else { Cow::Borrowed(name.as_str()) };
            attributes.insert(name, serde_json::to_value(value).unwrap_or_default());
        }
        if let Some(confidence) = annotation.confidence {
            attributes.insert(SCORE.into(), decimal(confidence).into());
        }
        if annotation.is_crowd {
            attributes.insert(CROWD.into(), Value::Bool(true));
        }
        Some(Self {
            id: annotation.id.unwrap_or(0),
            kind: kind.into(),
            attributes,
            group: annotation.group.unwrap_or(0),
            label_id: Some(label_id),
            z_order: 0,
            bbox: bbox_of(&annotation.shape).filter(|_| kind == "bbox").map(|bbox| bbox.map(without_noise)),
            visibility: (kind == "points").then(|| vec![2]),
            points: (!points.is_empty()).then_some(points),
            caption: None,
            rle: None,
        })
    }

    /// The annotations, and what they are without.
    fn read(
        self,
        labels: &[String],
    ) -> std::result::Result<(Vec<DatasetAnnotation>, Option<&'static str>), DatumaroProblem> {
        let points = self.points.unwrap_or_default();
        if points.len() % 2 == 1 {
            return Err(DatumaroProblem::Malformed("the number of coordinates is odd"));
        }
        let points = points.chunks_exact(2).map(|point| Point::new(point[0], point[1]));
        let (mut hidden, mut simplified) = (Vec::new(), None);
        let shapes = match (&*self.kind, self.bbox) {
            ("bbox", Some([x, y, width, height])) => {
                let degrees = self.attributes.get(ROTATION).and_then(Value::as_f64).unwrap_or_default();
                let center = Point::new(x + width / 2.0, y + height / 2.0);
                vec![from_corners(turned(Rect::new(x, y, x + width, y + height), center, degrees))]
            }
            ("bbox", None) => return Err(DatumaroProblem::Malformed("a bbox has four numbers")),
            ("polygon", _) if points.len() < 3 => {
                return Err(DatumaroProblem::Malformed("a polygon has fewer than three corners"));
            }
            ("polygon", _) => vec![Shape::Polygon { points: points.collect() }],
            ("points", _) => {
                // Absent, hidden or visible.
                let visibility = self.visibility.unwrap_or_default();
                let visibility = visibility.into_iter().chain(std::iter::repeat(2));
                let there: Vec<_> = points.zip(visibility).filter(|(_, visibility)| *visibility > 0).collect();
                hidden = there.iter().map(|(_, visibility)| *visibility == 1).collect();
                there.into_iter().map(|(at, _)| Shape::Point { at }).collect()
            }
            ("label", _) => vec![Shape::ImageTag],
            ("caption", _) => vec![Shape::Caption { text: self.caption.unwrap_or_default() }],
            ("mask", _) => match self.rle.and_then(|mask| mask.outlines()) {
                Some(outlines) => {
                    simplified = (outlines.holes > 0).then_some(HOLES);
                    outlines.rings.into_iter().map(|points| Shape::Polygon { points }).collect()
                }
                None => return Err(DatumaroProblem::Unsupported("the mask is malformed")),
            },
            _ => return Err(DatumaroProblem::Unsupported("this kind of annotation is not supported")),
        };
        let label = match self.label_id {
            Some(id) => {
                labels.get(id).ok_or(DatumaroProblem::Malformed("there is no label with this label_id"))?.clone()
            }
            None if self.kind == "caption" => CAPTION.to_owned(),
            None => return Err(DatumaroProblem::Unsupported("an annotation without a label is not supported")),
        };
        let mut annotation = DatasetAnnotation {
            id: Some(self.id).filter(|id| *id != 0),
            group: Some(self.group).filter(|group| *group != 0),
            ..DatasetAnnotation::new(label, Shape::ImageTag)
        };
        for (name, value) in self.attributes {
            match (&*name, &value) {
                #[expect(clippy::cast_possible_truncation, reason = "a confidence has few digits")]
                (SCORE, Value::Number(score)) => annotation.confidence = score.as_f64().map(|score| score as f32),
                (CROWD, Value::Bool(is_crowd)) => annotation.is_crowd = *is_crowd,
                (ROTATION, Value::Number(_)) if self.kind == "bbox" => {}
                _ => {
                    let of_recipe = name.strip_prefix(PREFIX).filter(|name| RESERVED.contains(name));
                    let name = of_recipe.unwrap_or(&name).to_owned();
                    annotation.attributes.extend(attribute_from_json(value).map(|value| (name, value)));
                }
            }
        }
        let mut read: Vec<DatasetAnnotation> =
            shapes.into_iter().map(|shape| DatasetAnnotation { shape, ..annotation.clone() }).collect();
        for (point, _) in read.iter_mut().zip(hidden).filter(|(_, is_hidden)| *is_hidden) {
            point.attributes.entry(OCCLUDED.to_owned()).or_insert(AttributeValue::YesNo(true));
        }
        Ok((read, simplified))
    }
}
