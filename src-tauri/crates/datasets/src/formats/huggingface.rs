//! Hugging Face `datasets`: an `ImageFolder`, with images in a folder for each split and a `metadata.jsonl` in it; or a
//! Parquet file for each split, with the images in it.
//!
//! Source: the documentation of `datasets`, "Create an image dataset". The objects of an image are lists of equal length,
//! named as in `cppe-5` and other datasets of the Hub.

mod parquet;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufRead};

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::geometry::{PixelSize, Point, Rect};
use domain::import::is_image_name;
use domain::shape::Shape;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::parquet::ParquetWriter;
use super::fields::{CAPTION, bbox_of, is_blank, path_of, without_position};
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink, SkippedPart, UNKNOWN_FIELD};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit};
use crate::outline::corners;
use crate::output::Output;
use crate::paths::{beside, file_part, has_extension, split_named, split_of_path, stem};

/// The format `huggingface`.
pub struct HuggingFace;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "huggingface",
    title: Translated { en: "Hugging Face", es: "Hugging Face" },
    summary: Translated {
        en: "Images with metadata.jsonl, or Parquet: to load with datasets and share on the Hub",
        es: "Imágenes con metadata.jsonl, o Parquet: para cargar con datasets y compartir en el Hub",
    },
    group: FormatGroup::Training,
    package: Package::Folder,
    media_type: "application/jsonl",
    holds: &[
        Feature::Boxes,
        Feature::Polygons,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Crowds,
        Feature::Splits,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[FormatOption {
        name: "layout",
        title: Translated { en: "Layout", es: "Disposición" },
        values: &["imagefolder", "parquet"],
    }],
    documentation: "https://huggingface.co/docs/datasets/image_dataset",
};

const FILE: &str = "metadata.jsonl";
const BOX: &str = "box";
const POLYGON: &str = "polygon";
const SPLITS: [&str; 3] = ["train", "validation", "test"];

impl Format for HuggingFace {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    /// A pass for each split.
    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        if options.get("layout") == "parquet" {
            return write_parquet(source, out);
        }
        for split in SPLITS {
            let mut names = EntryNames::without_stem("metadata");
            let mut lines = Vec::new();
            for image in source.images() {
                let image = image?;
                // Every image takes its name, so that names are the same in every pass.
                let name = names.name(&image);
                if split_name(&image) == split {
                    serde_json::to_writer(&mut lines, &Line::new(&image, &name.name)?).map_err(io::Error::from)?;
                    lines.push(b'\n');
                }
            }
            if !lines.is_empty() {
                out.entry(&format!("{split}/{FILE}"))?.write_all(&lines)?;
            }
        }
        write_images(source, out, EntryNames::without_stem("metadata"), |image| format!("{}/", split_name(image)))
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let mut index = ImageIndex::read(input)?;
        let names = input.names()?;
        let mut listed = HashSet::new();
        for name in names.iter().filter(|name| file_part(name) == FILE) {
            for (number, text) in input.entry(name)?.lines().enumerate() {
                let text = text?;
                if !text.trim().is_empty() {
                    let place = FileLocation::file(name.as_str()).at(number as u64 + 1);
                    let line = Line::parse(&text, &place)?;
                    let path = beside(name, &line.file_name);
                    let image = line.into_image(&path, &place, &mut index, sink)?;
                    sink.image(image)?;
                    listed.insert(stem(&path).to_owned());
                }
            }
        }
        for name in names.iter().filter(|name| has_extension(name, "parquet")) {
            let split = file_part(name).split(['-', '.']).next().and_then(split_named).map_or("", DatasetSplit::name);
            parquet::read(input, name, |number, row| {
                let place = FileLocation::file(name.as_str()).at(number);
                let line: Line<'_> = serde_path_to_error::deserialize(row).map_err(|error| {
                    FileLocation { field: path_of(&error), ..place.clone() }.malformed(error.inner().to_string())
                })?;
                let path =
                    if split.is_empty() { line.file_name.to_string() } else { format!("{split}/{}", line.file_name) };
                let image = line.into_image(&path, &place, &mut index, sink)?;
                sink.image(image)
            })?;
        }
        for name in &names {
            let reason = match file_part(name) {
                _ if is_image_name(name) && !listed.contains(stem(name)) => "there is no line for this image",
                "metadata.csv" => "only metadata.jsonl and Parquet are read",
                _ => continue,
            };
            sink.skipped(SkippedPart { place: name.clone(), reason });
        }
        Ok(())
    }
}

/// A file of each split that has images.
fn write_parquet(source: &dyn DatasetSource, out: &mut Output) -> Result<()> {
    for split in SPLITS {
        let (mut names, mut file) = (EntryNames::default(), None);
        for image in source.images() {
            let image = image?;
            let name = names.name(&image);
            if split_name(&image) != split {
                continue;
            }
            let writer = match &mut file {
                Some(writer) => writer,
                None => file.insert(ParquetWriter::begin(out, &format!("data/{split}-00000-of-00001.parquet"))?),
            };
            let content = image.path.as_deref().and_then(|path| out.image_content(path));
            writer.add(Line::new(&image, &name.name)?, content, out)?;
        }
        if let Some(file) = file {
            file.finish(out)?;
        }
    }
    // The images are in the files.
    let placement = std::mem::take(&mut out.image_placement);
    let written = write_images(source, out, EntryNames::default(), |image| format!("{}/", split_name(image)));
    out.image_placement = placement;
    written
}

/// Images without a split are for training.
fn split_name(image: &DatasetImage) -> &'static str {
    image.split.unwrap_or(DatasetSplit::Train).name()
}

/// A row of the dataset. Types are inferred for each split, so every list of an annotated image has values, and none is
/// null.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    file_name: Cow<'a, str>,
    #[serde(default)]
    image_id: Option<u64>,
    #[serde(default)]
    width: Option<u32>,
    #[serde(default)]
    height: Option<u32>,
    #[serde(default)]
    objects: Option<Objects>,
    #[serde(default, alias = "text", skip_serializing)]
    caption: Option<String>,
    #[serde(flatten, skip_serializing)]
    unread: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Objects {
    area: Vec<f64>,
    /// Left, top, width and height, in pixels.
    bbox: Vec<[f64; 4]>,
    /// `box` or `polygon`.
    shape: Vec<String>,
    /// Alternating x and y of the corners, also of a box.
    segmentation: Vec<Vec<f64>>,
    /// Names; other datasets also have class numbers.
    #[serde(alias = "categories", alias = "label", alias = "labels")]
    category: Vec<Value>,
    iscrowd: Vec<bool>,
    /// Numbers of the objects, which say nothing about them.
    #[serde(skip_serializing)]
    id: IgnoredAny,
    #[serde(flatten, skip_serializing)]
    unread: BTreeMap<String, Value>,
}

impl<'a> Line<'a> {
    fn new(image: &'a DatasetImage, name: &str) -> Result<Self> {
        let (mut objects, size) = (Objects::default(), image.known_size()?);
        for annotation in &image.annotations {
            let Some(bbox) = bbox_of(&annotation.shape) else { continue };
            let (name, points) = match &annotation.shape {
                Shape::Box { rect } => (BOX, corners(*rect).to_vec()),
                Shape::Polygon { points } => (POLYGON, points.clone()),
                Shape::Point { .. } | Shape::ImageTag | Shape::Caption { .. } => continue,
            };
            objects.area.push(annotation.shape.area().unwrap_or_default());
            objects.bbox.push(bbox);
            objects.shape.push(name.to_owned());
            objects.segmentation.push(points.iter().flat_map(|point| [point.x, point.y]).collect());
            objects.category.push(Value::from(annotation.label.as_str()));
            objects.iscrowd.push(annotation.is_crowd);
        }
        Ok(Self {
            file_name: Cow::Owned(name.to_owned()),
            image_id: Some(image.id),
            width: Some(size.width),
            height: Some(size.height),
            objects: Some(objects),
            caption: None,
            unread: BTreeMap::new(),
        })
    }

    fn parse(text: &'a str, place: &FileLocation) -> Result<Self> {
        let mut json = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            FileLocation { field: path_of(&error), ..place.clone() }.malformed(without_position(error.inner()))
        })
    }

    /// The image at `path` in the dataset.
    fn into_image(
        self,
        path: &str,
        place: &FileLocation,
        index: &mut ImageIndex,
        sink: &mut dyn Sink,
    ) -> Result<DatasetImage> {
        let size = self.width.zip(self.height).map(|(width, height)| PixelSize::new(width, height));
        let mut image = index.image(stem(path), path, size, split_of_path(path));
        let objects = self.objects.unwrap_or_default();
        let unread = objects.unread.into_iter().map(|(name, value)| (format!("objects.{name}"), value));
        for (name, _) in self.unread.into_iter().chain(unread).filter(|(_, value)| !is_blank(value)) {
            sink.skipped(SkippedPart { place: format!("{place}, {name}"), reason: UNKNOWN_FIELD });
        }
        if let Some(text) = self.caption {
            image.annotations.push(DatasetAnnotation::new(CAPTION, Shape::Caption { text }));
        }
        if objects.category.len() != objects.bbox.len() {
            let place = place.clone().with_field("objects.category");
            return Err(place.malformed(format!(
                "{} categories for {} boxes",
                objects.category.len(),
                objects.bbox.len()
            )));
        }
        for (number, ([x, y, width, height], category)) in objects.bbox.into_iter().zip(objects.category).enumerate() {
            let points = objects.segmentation.get(number).map(Vec::as_slice).unwrap_or_default();
            let is_box = objects.shape.get(number).is_some_and(|shape| shape == BOX);
            let shape = if points.len() >= 6 && !is_box {
                let points = points.chunks_exact(2).map(|point| Point::new(point[0], point[1]));
                Shape::Polygon { points: points.collect() }
            } else {
                Shape::Box { rect: Rect::new(x, y, x + width, y + height) }
            };
            let label = match category {
                Value::String(label) => label,
                label => label.to_string(),
            };
            image.annotations.push(DatasetAnnotation {
                is_crowd: objects.iscrowd.get(number).copied().unwrap_or_default(),
                ..DatasetAnnotation::new(label, shape)
            });
        }
        Ok(image)
    }
}
