//! Open Images: CSV files of boxes and of images, for each split. Coordinates are fractions of the upright image.
//!
//! Source: the documentation of Open Images V7. Labels have ids of their own. A box that a person drew has the source
//! `xclick` and the confidence 1; one of a model has the source `activemil`.

mod read;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;

use ::csv::WriterBuilder;
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, Package, Translated};
use domain::shape::Shape;

use super::rows::failed;
use crate::entries::{EntryNames, write_images};
use crate::error::{DatasetError, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::{DatasetImage, DatasetSplit};
use crate::output::Output;

/// The format `open-images`.
pub struct OpenImages;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "open-images",
    title: Translated { en: "Open Images", es: "Open Images" },
    summary: Translated { en: "Tables of boxes, by split", es: "Tablas de recuadros, por partición" },
    group: FormatGroup::Training,
    package: Package::Folder,
    media_type: "text/csv",
    holds: &[
        Feature::Boxes,
        Feature::PolygonBounds,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Confidences,
        Feature::Crowds,
        Feature::Splits,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://storage.googleapis.com/openimages/web/download_v7.html",
};

const CLASSES: &str = "annotations/class-descriptions.csv";
const BOXES: &str = "-annotations-bbox.csv";
const IMAGE_LIST: &str = "annotations/image_ids_and_rotation.csv";
const IMAGE_COLUMNS: &str = "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,\
    OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation\n";
const COLUMNS: [&str; 13] = [
    "ImageID",
    "Source",
    "LabelName",
    "Confidence",
    "XMin",
    "XMax",
    "YMin",
    "YMax",
    "IsOccluded",
    "IsTruncated",
    "IsGroupOf",
    "IsDepiction",
    "IsInside",
];
const SPLITS: [&str; 3] = ["train", "validation", "test"];

impl Format for OpenImages {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    /// A pass for each split.
    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let labels = &source.info().labels;
        let mut rows = WriterBuilder::new().from_writer(Vec::new());
        for label in labels.labels() {
            rows.write_record([&label_id(label.id), &label.name]).map_err(failed)?;
        }
        let classes = rows.into_inner().map_err(|error| DatasetError::Io(error.into_error()))?;
        out.entry(CLASSES)?.write_all(&classes)?;

        let (mut list, mut names, mut used) = (IMAGE_COLUMNS.to_owned(), EntryNames::flat(), HashSet::new());
        for image in source.images() {
            let image = image?;
            let subset = split_name(&image);
            used.insert(subset);
            let name = names.name(&image);
            // No quoting is needed, except for quotes and commas.
            let _ = writeln!(list, "{},{subset},,,,,,,,,,", quoted(name.stem()));
        }
        out.entry(IMAGE_LIST)?.write_all(list.as_bytes())?;
        for subset in SPLITS.into_iter().filter(|subset| used.contains(subset)) {
            write_boxes(source, subset, out.entry(&format!("annotations/{subset}{BOXES}"))?)?;
        }
        write_images(source, out, EntryNames::flat(), |image| format!("images/{}/", split_name(image)))
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        read::read(input, sink)
    }
}

fn label_id(number: u64) -> String {
    format!("/m/{number:06}")
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Images without a split are for training.
fn split_name(image: &DatasetImage) -> &'static str {
    image.split.unwrap_or(DatasetSplit::Train).name()
}

fn write_boxes(source: &dyn DatasetSource, subset: &str, file: &mut dyn Write) -> Result<()> {
    let labels = &source.info().labels;
    let mut names = EntryNames::flat();
    let mut rows = WriterBuilder::new().from_writer(file);
    rows.write_record(COLUMNS).map_err(failed)?;
    for image in source.images() {
        let image = image?;
        // Every image takes its name, so that names are the same in every pass.
        let name = names.name(&image);
        if split_name(&image) != subset {
            continue;
        }
        let size = image.known_size()?;
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        for annotation in &image.annotations {
            let Shape::Box { rect } = annotation.shape else { continue };
            let [source, confidence] = match annotation.confidence {
                Some(confidence) => ["activemil".to_owned(), confidence.to_string()],
                None => ["xclick".to_owned(), "1".to_owned()],
            };
            let sides =
                [rect.x1 / width, rect.x2 / width, rect.y1 / height, rect.y2 / height].map(|side| side.to_string());
            let flags = ["-1", "-1", if annotation.is_crowd { "1" } else { "0" }, "-1", "-1"];
            let cells = [name.stem().to_owned(), source, label_id(labels.find(&annotation.label)?.id), confidence];
            let cells = cells.iter().chain(&sides).map(String::as_str).chain(flags);
            rows.write_record(cells).map_err(failed)?;
        }
    }
    rows.flush()?;
    Ok(())
}
