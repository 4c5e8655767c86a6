//! YOLO, in Ultralytics' layout: `data.yaml`, and for each image a text file with a line per object. Coordinates are
//! fractions of the upright image.
//!
//! Source: Ultralytics' documentation of detection, segmentation and oriented bounding box datasets.

mod names;
mod read;

use std::fmt::Write as _;

use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::geometry::{PixelSize, Point};
use domain::shape::Shape;

use crate::entries::{EntryNames, write_images};
use crate::error::{DatasetError, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::key_points::{KeyPoint, KeyPointNames, PosedObject};
use crate::model::{DatasetImage, DatasetSplit};
use crate::outline::corners;
use crate::output::{ImagePlacement, Output};

/// The format `yolo`.
pub struct Yolo;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "yolo",
    title: Translated { en: "YOLO", es: "YOLO" },
    summary: Translated {
        en: "A text file per image and data.yaml: for training with Ultralytics",
        es: "Un archivo de texto por imagen y data.yaml: para entrenar con Ultralytics",
    },
    group: FormatGroup::Training,
    package: Package::Folder,
    media_type: "text/plain",
    holds: &[
        Feature::Boxes,
        Feature::PolygonBounds,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Splits,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[FormatOption {
        name: "task",
        title: Translated { en: "Task", es: "Tarea" },
        values: &["detect", "segment", "obb", "pose"],
    }],
    documentation: "https://docs.ultralytics.com/datasets/detect/",
};

const SEGMENT: &[Feature] = &[
    Feature::BoxOutlines,
    Feature::Polygons,
    Feature::UnscoredAnnotations,
    Feature::EmptyImages,
    Feature::Splits,
    Feature::LabelTable,
];

const OBB: &[Feature] = &[
    Feature::Boxes,
    Feature::PolygonRectangles,
    Feature::UnscoredAnnotations,
    Feature::EmptyImages,
    Feature::Splits,
    Feature::LabelTable,
];

const POSE: &[Feature] = &[
    Feature::Boxes,
    Feature::PolygonBounds,
    Feature::KeyPoints,
    Feature::UnscoredAnnotations,
    Feature::EmptyImages,
    Feature::Splits,
    Feature::LabelTable,
];

impl Format for Yolo {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn holds(&self, options: &FormatOptions) -> &'static [Feature] {
        match options.get("task") {
            "segment" => SEGMENT,
            "obb" => OBB,
            "pose" => POSE,
            _ => DESCRIPTOR.holds,
        }
    }

    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        let (task, labels) = (options.get("task"), &source.info().labels);
        let (mut names, mut has_validation, mut has_test) = (entry_names(out), false, false);
        let key_points = if task == "pose" { names_of(source)? } else { KeyPointNames::default() };
        if task == "pose" && key_points.names().is_empty() {
            // Trainers refuse a shape of no points.
            return Err(DatasetError::NoKeyPoints);
        }
        for image in source.images() {
            let image = image?;
            has_validation |= image.split == Some(DatasetSplit::Validation);
            has_test |= image.split == Some(DatasetSplit::Test);
            let name = names.name(&image);
            let file = out.entry(&format!("labels/{}/{}.txt", folder(&image), name.stem()))?;
            for PosedObject { object, points } in PosedObject::of(&image) {
                let (label, size) = (labels.index_of(&object.label)?, image.known_size()?);
                if let Some(mut line) = line(task, label, &object.shape, size) {
                    key_points.in_order(&points).for_each(|point| push_key_point(&mut line, point, size));
                    line.push('\n');
                    file.write_all(line.as_bytes())?;
                }
            }
        }
        let names = entry_names(out);
        write_images(source, out, names, |image| format!("images/{}/", folder(image)))?;

        let mut yaml = String::from(
            "# Coordinates are fractions of the upright image: EXIF orientation applied.\ntrain: images/train\n",
        );
        yaml += if has_validation { "val: images/val\n" } else { "val: images/train\n" };
        yaml += if has_test { "test: images/test\n" } else { "" };
        let _ = writeln!(yaml, "task: {task}");
        if task == "pose" {
            let _ = writeln!(yaml, "kpt_shape: [{}, 3]", key_points.names().len());
        }
        yaml += "names:\n";
        for (index, label) in labels.labels().iter().enumerate() {
            let _ = writeln!(yaml, "  {index}: {}", names::quoted(&label.name));
        }
        if labels.labels().is_empty() {
            yaml += "  {}\n";
        }
        if !key_points.names().is_empty() && !labels.labels().is_empty() {
            let names: Vec<String> = key_points.names().iter().map(|name| names::quoted(name)).collect();
            yaml += "kpt_names:\n";
            for index in 0..labels.labels().len() {
                let _ = writeln!(yaml, "  {index}: [{}]", names.join(", "));
            }
        }
        out.entry("data.yaml")?.write_all(yaml.as_bytes())?;
        Ok(())
    }

    fn read(&self, input: &mut Input, options: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        read::read(input, options.get("task"), sink)
    }
}

/// Some programs do not look into folders below those of the splits, so copied images are side by side. Text files for
/// images that are left in place have the folders of the images.
fn entry_names(out: &Output) -> EntryNames {
    if out.image_placement == ImagePlacement::Left {
        // Trainers replace the last folder `images` of an image's path to find its text file.
        EntryNames::without_folder("images")
    } else {
        EntryNames::flat()
    }
}

/// Images without a split are for training.
fn folder(image: &DatasetImage) -> &'static str {
    image.split.unwrap_or(DatasetSplit::Train).short_name()
}

/// The names of all key points: every line has a place for each.
fn names_of(source: &dyn DatasetSource) -> Result<KeyPointNames> {
    let mut names = KeyPointNames::default();
    for image in source.images() {
        for posed in PosedObject::of(&image?) {
            names.add(&posed.points);
        }
    }
    Ok(names)
}

/// x, y and visibility of a point; zeros if it is absent.
fn push_key_point(line: &mut String, point: Option<&KeyPoint>, size: PixelSize) {
    let Some(point) = point else {
        line.push_str(" 0 0 0");
        return;
    };
    let at = point.at.clamped(size);
    let (x, y) = (at.x / f64::from(size.width), at.y / f64::from(size.height));
    let _ = write!(line, " {x} {y} {}", point.visibility());
}

/// An object, without its line feed. Trainers refuse coordinates outside of the image, so these are moved to its edge.
fn line(task: &str, label: usize, shape: &Shape, size: PixelSize) -> Option<String> {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let mut line = label.to_string();
    let points: Vec<Point> = match shape {
        Shape::Box { rect } if task == "obb" => corners(*rect).to_vec(),
        Shape::Box { rect } => {
            let rect = rect.clamped(size);
            let (x, y) = (f64::midpoint(rect.x1, rect.x2) / width, f64::midpoint(rect.y1, rect.y2) / height);
            let _ = write!(line, " {x} {y} {} {}", rect.width() / width, rect.height() / height);
            return Some(line);
        }
        Shape::Polygon { points } => points.clone(),
        Shape::Point { .. } | Shape::ImageTag | Shape::Caption { .. } => return None,
    };
    for point in points {
        let point = point.clamped(size);
        let _ = write!(line, " {} {}", point.x / width, point.y / height);
    }
    Some(line)
}
