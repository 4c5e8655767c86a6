//! `FiftyOne`: `labels.json` with the boxes of all images, which are in `data`. Coordinates are fractions of the upright
//! image.
//!
//! Source: the documentation of `FiftyOne`, `FiftyOneImageDetectionDataset`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::geometry::Rect;
use domain::import::is_image_name;
use domain::shape::Shape;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::attribute_from_json;
use super::items::Items;
use super::json::each_item;
use crate::entries::{EntryNames, ImageIndex, write_images};
use crate::error::{DatasetError, FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::image_size::upright_size;
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetInfo, LabelTable};
use crate::output::Output;
use crate::paths::{beside, has_extension, split_of_path, stem};

/// The format `fiftyone`.
pub struct FiftyOne;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "fiftyone",
    title: Translated { en: "FiftyOne", es: "FiftyOne" },
    summary: Translated { en: "Boxes to look through in FiftyOne", es: "Recuadros para recorrer en FiftyOne" },
    group: FormatGroup::Tools,
    package: Package::Folder,
    media_type: "application/json",
    holds: &[
        Feature::Boxes,
        Feature::PolygonBounds,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Attributes,
        Feature::AttributeTypes,
        Feature::Confidences,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://docs.voxel51.com/user_guide/import_datasets.html#fiftyoneimagedetectiondataset",
};

const FILE: &str = "labels.json";
const IMAGES: &str = "data/";

impl Format for FiftyOne {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let (mut names, mut images, labels) = (EntryNames::default(), Items::default(), &source.info().labels);
        let file = out.entry(FILE)?;
        file.write_all(b"{\n\"classes\": ")?;
        let classes: Vec<&str> = labels.labels().iter().map(|label| label.name.as_str()).collect();
        serde_json::to_writer(&mut *file, &classes).map_err(io::Error::from)?;
        file.write_all(b",\n\"labels\": {")?;
        for image in source.images() {
            let image = image?;
            let size = image.known_size()?;
            let (width, height) = (f64::from(size.width), f64::from(size.height));
            let mut found = Vec::new();
            for annotation in &image.annotations {
                let Shape::Box { rect } = annotation.shape else { continue };
                found.push(Detection {
                    label: Value::from(labels.find(&annotation.label)?.name.as_str()),
                    bounding_box: [rect.x1 / width, rect.y1 / height, rect.width() / width, rect.height() / height],
                    confidence: annotation.confidence,
                    attributes: annotation
                        .attributes
                        .iter()
                        .map(|(name, value)| (name.as_str().into(), json!(value)))
                        .collect(),
                    unread: BTreeMap::new(),
                });
            }
            // Images are found by their names without extension.
            images.write_entry(file, names.name(&image).stem(), &(!found.is_empty()).then_some(found))?;
        }
        file.write_all(b"\n}\n}\n")?;
        write_images(source, out, EntryNames::default(), |_| IMAGES.to_owned())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        let names = input.names()?;
        // One for each split.
        let (mut labels, mut lists) = (LabelTable::default(), Vec::new());
        for name in names.iter().filter(|name| has_extension(name, "json")) {
            let header: Header = serde_json::from_reader(input.entry(name)?).map_err(|error| {
                FileLocation::file(name.as_str()).at(error.line() as u64).malformed(error.to_string())
            })?;
            let classes = header.classes.unwrap_or_default();
            labels.extend(&classes);
            lists.push((name, classes));
        }
        sink.begin(DatasetInfo { labels, ..DatasetInfo::default() })?;
        let mut index = ImageIndex::read(input)?;

        // Boxes are fractions, so the sizes of images of other programs come first.
        let files: HashMap<&str, &String> =
            names.iter().filter(|name| is_image_name(name)).map(|name| (stem(name), name)).collect();
        let mut sizes = HashMap::new();
        for (stem, file) in &files {
            if index.position(stem) == usize::MAX {
                sizes.insert(*stem, upright_size(input, file)?);
            }
        }
        let mut is_found = false;
        for (name, classes) in &lists {
            is_found |=
                each_item(input.entry(name)?, name, Some("labels"), |key, found: Option<Vec<Detection<'static>>>| {
                    let images = beside(name, IMAGES);
                    let path = format!("{images}{key}");
                    let file = files.get(path.as_str());
                    let size = sizes.get(path.as_str()).copied().flatten();
                    let file_name = beside(name, file.and_then(|file| file.strip_prefix(&images)).unwrap_or(key));
                    let mut image = index.image(&path, &file_name, size, split_of_path(name));
                    for (number, found) in found.unwrap_or_default().into_iter().enumerate() {
                        let size = image.size.ok_or_else(|| DatasetError::UnknownSize { image: key.to_owned() })?;
                        let (width, height) = (f64::from(size.width), f64::from(size.height));
                        let [x, y, across, down] = found.bounding_box;
                        let rect = Rect::new(x * width, y * height, (x + across) * width, (y + down) * height);
                        let label = found.label(classes).ok_or_else(|| {
                            let place = FileLocation::file(name.as_str())
                                .with_field(format!("labels[{key:?}][{number}].label"));
                            place.malformed("there is no such class")
                        })?;
                        let attributes = found.attributes.into_iter().chain(found.unread);
                        let attributes = attributes
                            .filter_map(|(name, value)| Some((name.into_owned(), attribute_from_json(value)?)));
                        image.annotations.push(DatasetAnnotation {
                            attributes: attributes.collect(),
                            confidence: found.confidence,
                            ..DatasetAnnotation::new(label, Shape::Box { rect })
                        });
                    }
                    sink.image(image)
                })?;
        }
        if is_found { Ok(()) } else { Err(FileLocation::file(FILE).malformed("this file is missing")) }
    }
}

#[derive(Deserialize)]
struct Header {
    classes: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
struct Detection<'a> {
    /// A name, or the index of a class.
    label: Value,
    bounding_box: [f64; 4],
    confidence: Option<f32>,
    #[serde(default)]
    attributes: BTreeMap<Cow<'a, str>, Value>,
    /// Further fields, which are attributes.
    #[serde(flatten, skip_serializing)]
    unread: BTreeMap<Cow<'a, str>, Value>,
}

impl Detection<'_> {
    fn label(&self, classes: &[String]) -> Option<String> {
        match &self.label {
            Value::String(label) => Some(label.clone()),
            label => classes.get(usize::try_from(label.as_u64()?).ok()?).cloned(),
        }
    }
}
