//! Reads the tables of Open Images: images, boxes, and labels of whole images.

use std::collections::HashMap;

use ::csv::ReaderBuilder;
use domain::annotation::AttributeValue;
use domain::geometry::{PixelSize, Rect};
use domain::import::is_image_name;
use domain::shape::Shape;

use super::super::rows::{Row, each_row, malformed};
use crate::attributes::OCCLUDED;
use crate::entries::ImageIndex;
use crate::error::{DatasetError, FileLocation, Result};
use crate::format::{Sink, SkippedPart};
use crate::image_size::upright_size;
use crate::input::Input;
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit, LabelTable};
use crate::paths::{file_part, has_extension, split_named, split_of_path, stem};

/// Columns that are 1 if they apply to an object, and their attributes.
const FLAGS: [(&str, &str); 4] =
    [("IsOccluded", OCCLUDED), ("IsTruncated", "truncated"), ("IsDepiction", "depiction"), ("IsInside", "inside")];

pub fn read(input: &mut Input, sink: &mut dyn Sink) -> Result<()> {
    let mut names = input.names()?;
    let mut labels = LabelTable::default();
    let mut label_names = HashMap::new();
    let is_class_list = |name: &&String| name.contains("class-descriptions") && has_extension(name, "csv");
    if let Some(name) = names.iter().find(is_class_list) {
        let mut rows = ReaderBuilder::new().has_headers(false).from_reader(input.entry(name)?);
        for row in rows.records() {
            let row = row.map_err(|error| malformed(name, error))?;
            let (Some(id), Some(label)) = (row.get(0), row.get(1)) else { continue };
            if id != "LabelName" {
                labels.add(labels.labels().len() as u64 + 1, label.to_owned());
                label_names.insert(id.to_owned(), label.to_owned());
            }
        }
    }
    sink.begin(DatasetInfo { labels, ..DatasetInfo::default() })?;
    let mut images = Images { index: ImageIndex::read(input)?, by_id: HashMap::new() };
    images.list_files(input, &names, sink)?;
    names.retain(|name| has_extension(name, "csv") && !name.contains("class-descriptions"));
    for name in &names {
        images.list_rows(input, name, sink)?;
    }
    // Photos alone say nothing about what is on them.
    let has_annotations = |name: &String| matches!(Table::named(name), Some(Table::Boxes | Table::Labels));
    if !images.by_id.is_empty() && !names.iter().any(has_annotations) {
        return Err(FileLocation::file("train-annotations-bbox.csv").malformed("this file is missing"));
    }
    for name in &names {
        let read = match Table::named(name) {
            Some(Table::Images) => continue,
            Some(Table::Boxes) => boxed,
            Some(Table::Labels) => tagged,
            None => {
                sink.skipped(SkippedPart { place: name.clone(), reason: "this table is not supported" });
                continue;
            }
        };
        let split = split_of_table(name);
        each_row(input.entry(name)?, name, |row| {
            let image = images.of_row(row, split)?;
            let id = row.cell("LabelName");
            let label = label_names.get(id).map_or(id, String::as_str);
            if let Some(annotation) = read(row, image, label)? {
                return sink.annotation(image.number, annotation);
            }
            let (place, reason) = (row.place("Confidence").to_string(), "a label that is not in the image");
            sink.skipped(SkippedPart { place, reason });
            Ok(())
        })?;
    }
    Ok(())
}

enum Table {
    Images,
    Boxes,
    /// Labels of whole images.
    Labels,
}

impl Table {
    /// `None` for segments, relations and others.
    fn named(path: &str) -> Option<Self> {
        let name = file_part(path);
        match name {
            _ if name.ends_with("bbox.csv") => Some(Self::Boxes),
            _ if name.contains("imagelabels") => Some(Self::Labels),
            _ if name.starts_with("image_ids") || name.contains("images") => Some(Self::Images),
            _ => None,
        }
    }
}

fn boxed(row: &Row<'_>, image: KnownImage, label: &str) -> Result<Option<DatasetAnnotation>> {
    let Some(size) = image.size else {
        return Err(DatasetError::UnknownSize { image: row.cell("ImageID").to_owned() });
    };
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let (x1, x2) = (row.number("XMin")? * width, row.number("XMax")? * width);
    let (y1, y2) = (row.number("YMin")? * height, row.number("YMax")? * height);
    let shape = Shape::Box { rect: Rect::new(x1, y1, x2, y2) };
    let is_drawn = matches!(row.cell("Source"), "xclick" | "") || row.cell("Confidence").is_empty();
    let confidence = if is_drawn { None } else { Some(confidence(row)?) };
    let flags = FLAGS.iter().filter(|(column, _)| row.cell(column) == "1");
    Ok(Some(DatasetAnnotation {
        confidence,
        is_crowd: row.cell("IsGroupOf") == "1",
        attributes: flags.map(|(_, name)| ((*name).to_owned(), AttributeValue::YesNo(true))).collect(),
        ..DatasetAnnotation::new(label, shape)
    }))
}

/// A label of the whole image. People also say which labels are not in it, with the confidence 0.
fn tagged(row: &Row<'_>, _: KnownImage, label: &str) -> Result<Option<DatasetAnnotation>> {
    let confidence = if row.cell("Confidence").is_empty() { 1.0 } else { confidence(row)? };
    let is_of_model = row.cell("Source") == "machine";
    let tag = DatasetAnnotation::new(label, Shape::ImageTag);
    let tag = DatasetAnnotation { confidence: is_of_model.then_some(confidence), ..tag };
    Ok((is_of_model || confidence > 0.0).then_some(tag))
}

#[expect(clippy::cast_possible_truncation, reason = "a confidence has few digits")]
fn confidence(row: &Row<'_>) -> Result<f32> {
    row.number("Confidence").map(|confidence| confidence as f32)
}

/// The split that a table is named after, such as `train-annotations-bbox.csv`.
fn split_of_table(name: &str) -> Option<DatasetSplit> {
    split_named(file_part(name).split('-').next().unwrap_or_default()).or_else(|| split_of_path(name))
}

/// The images of a dataset by id: the name without extension, which is unique within a split.
struct Images {
    index: ImageIndex,
    by_id: HashMap<String, Vec<KnownImage>>,
}

#[derive(Clone, Copy)]
struct KnownImage {
    number: u64,
    split: Option<DatasetSplit>,
    size: Option<PixelSize>,
}

impl Images {
    /// Those of the index, and those that have a file.
    fn list_files(&mut self, input: &mut Input, names: &[String], sink: &mut dyn Sink) -> Result<()> {
        for path in self.index.stems().iter().map(ToString::to_string).collect::<Vec<_>>() {
            let image = self.index.image(&path, "", None, None);
            self.add(file_part(&path), image, sink)?;
        }
        for file in names.iter().filter(|name| is_image_name(name)) {
            if self.index.position(stem(file)) == usize::MAX {
                let image = self.index.unlisted(file, upright_size(input, file)?, split_of_path(file));
                self.add(file_part(stem(file)), image, sink)?;
            }
        }
        Ok(())
    }

    /// Those of a table that are not known yet.
    fn list_rows(&mut self, input: &mut Input, name: &str, sink: &mut dyn Sink) -> Result<()> {
        let of_table = split_of_table(name);
        each_row(input.entry(name)?, name, |row| {
            let id = row.cell("ImageID");
            let split = split_named(row.cell("Subset")).or(of_table);
            if id.is_empty() || !self.find(id, split).is_empty() {
                return Ok(());
            }
            let image = self.index.image(&format!("images/{id}"), &format!("{id}.jpg"), None, split);
            self.add(id, image, sink)
        })
    }

    fn add(&mut self, id: &str, image: DatasetImage, sink: &mut dyn Sink) -> Result<()> {
        let known = KnownImage { number: image.id, split: image.split, size: image.size };
        self.by_id.entry(id.to_owned()).or_default().push(known);
        sink.image(image)
    }

    /// Images with this id in `split`; without any, those for which either split is unknown.
    fn find(&self, id: &str, split: Option<DatasetSplit>) -> Vec<KnownImage> {
        let known = self.by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        let exact: Vec<KnownImage> = known.iter().filter(|image| image.split == split).copied().collect();
        if !exact.is_empty() {
            return exact;
        }
        known.iter().filter(|image| image.split.is_none() || split.is_none()).copied().collect()
    }

    fn of_row(&self, row: &Row<'_>, split: Option<DatasetSplit>) -> Result<KnownImage> {
        match self.find(row.cell("ImageID"), split)[..] {
            [image] => Ok(image),
            [] => Err(row.place("ImageID").malformed("there is no image with this id in the dataset")),
            _ => Err(row.place("ImageID").malformed("several images have this id")),
        }
    }
}
