//! Hugging Face `ImageFolder`: images in a folder for each split, with a `metadata.jsonl` in it.
//!
//! Source: the documentation of `datasets`, "Create an image dataset". The objects of an image are lists of equal length,
//! named as in `cppe-5` and other datasets of the Hub.

use std::borrow::Cow;
use std::io::{self, BufRead};

use domain::dataset::{Feature, FormatDescriptor, Package, Translated};
use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{bbox_of, path_of, without_position};
use crate::entries::{EntryNames, ImageIndex, split_of_path, stem, write_images};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit};
use crate::outline::corners;
use crate::output::Output;

/// The format `huggingface`.
pub struct HuggingFace;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "huggingface",
    title: Translated { en: "Hugging Face ImageFolder", es: "Hugging Face ImageFolder" },
    summary: Translated {
        en: "Images with metadata.jsonl: to load with datasets and share on the Hub",
        es: "Imágenes con metadata.jsonl: para cargar con datasets y compartir en el Hub",
    },
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
    options: &[],
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
    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
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
        for name in names.iter().filter(|name| name.ends_with(FILE)) {
            let folder = name.trim_end_matches(FILE);
            for (number, text) in input.entry(name)?.lines().enumerate() {
                let text = text?;
                if !text.trim().is_empty() {
                    let place = FileLocation::file(name.as_str()).at(number as u64 + 1);
                    sink.image(read_line(&text, folder, place, &mut index)?)?;
                }
            }
        }
        Ok(())
    }
}

/// Images without a split are for training.
fn split_name(image: &DatasetImage) -> &'static str {
    match image.split {
        Some(DatasetSplit::Train) | None => SPLITS[0],
        Some(DatasetSplit::Validation) => SPLITS[1],
        Some(DatasetSplit::Test) => SPLITS[2],
    }
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
        })
    }
}

fn read_line(text: &str, folder: &str, place: FileLocation, index: &mut ImageIndex) -> Result<DatasetImage> {
    let mut json = serde_json::Deserializer::from_str(text);
    let line: Line<'_> = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        FileLocation { field: path_of(&error), ..place.clone() }.malformed(without_position(error.inner()))
    })?;
    let path = format!("{folder}{}", line.file_name);
    let size = line.width.zip(line.height).map(|(width, height)| PixelSize::new(width, height));
    let mut image = index.image(stem(&path), &path, size, split_of_path(&path));
    let objects = line.objects.unwrap_or_default();
    for (number, [x, y, width, height]) in objects.bbox.into_iter().enumerate() {
        let points = objects.segmentation.get(number).map(Vec::as_slice).unwrap_or_default();
        let is_box = objects.shape.get(number).is_some_and(|shape| shape == BOX);
        let shape = if points.len() >= 6 && !is_box {
            let points = points.chunks_exact(2).map(|point| Point::new(point[0], point[1]));
            Shape::Polygon { points: points.collect() }
        } else {
            Shape::Box { rect: Rect::new(x, y, x + width, y + height) }
        };
        let label = match objects.category.get(number) {
            Some(Value::String(label)) => label.clone(),
            Some(label) => label.to_string(),
            None => return Err(place.with_field(format!("objects.category[{number}]")).malformed("it is missing")),
        };
        image.annotations.push(DatasetAnnotation {
            is_crowd: objects.iscrowd.get(number).copied().unwrap_or_default(),
            ..DatasetAnnotation::new(label, shape)
        });
    }
    Ok(image)
}
