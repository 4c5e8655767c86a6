//! Sides in files: datasets of this or another program, in any format that is read.

use std::collections::HashMap;
use std::path::Path;

use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use datasets::{DatasetError, Format, FormatOptions, Input, Sink, SkippedPart, StatedExtent};
use domain::annotation::Status;
use domain::dataset::FormatId;
use domain::evaluation::CocoBox;
use domain::evaluation::report::{EvaluatedSource, NotEvaluatedReason};

use super::side::{ImageNames, LoadedSide, SideImage, SideLabels, SideObject, is_prediction};
use crate::dataset::detection::detect;
use crate::{EngineError, Result};

/// A dataset in a file, with the ids that lists of detections refer to.
pub struct FileSide {
    pub side: LoadedSide,
    images: HashMap<u64, usize>,
    labels: HashMap<u64, u32>,
}

/// The format of lists of detections, which are read with the dataset that they belong to.
pub const DETECTIONS: &str = "coco-detections";

impl FileSide {
    /// A side that has no ids of a file.
    pub fn of_library(side: LoadedSide) -> Self {
        Self { side, images: HashMap::new(), labels: HashMap::new() }
    }

    pub fn is_coco(&self) -> bool {
        matches!(&self.side.source, EvaluatedSource::File { format, .. } if format == "coco")
    }
}

/// The format of the dataset at `path`: the one that is named, or the one that it looks like.
pub fn format_of(path: &Path, named: Option<&FormatId>) -> Result<&'static dyn Format> {
    if !path.exists() {
        let missing = std::io::ErrorKind::NotFound.into();
        return Err(EngineError::File { path: path.to_owned(), source: missing });
    }
    match named {
        Some(id) => datasets::find(&id.0).ok_or_else(|| EngineError::UnknownFormat(id.clone())),
        None if path.is_file() && datasets::is_list_of_detections(path) => {
            datasets::find(DETECTIONS).ok_or_else(|| EngineError::UnknownFormat(FormatId(DETECTIONS.into())))
        }
        None => detect(path),
    }
}

fn source(path: &Path, format: &dyn Format) -> EvaluatedSource {
    EvaluatedSource::File { path: path.to_string_lossy().into_owned(), format: format.descriptor().id.to_owned() }
}

fn failed(path: &Path, error: DatasetError) -> EngineError {
    match error {
        DatasetError::Io(source) => EngineError::File { path: path.to_owned(), source },
        source => EngineError::UnreadDataset { path: path.to_owned(), source },
    }
}

/// Reads a dataset.
pub fn read(path: &Path, format: &dyn Format, labels: &mut SideLabels) -> Result<FileSide> {
    let mut read = || {
        let options = FormatOptions::new(format.descriptor(), [])?;
        let mut input = Input::open(format.descriptor().package, path)?;
        let mut reading = DatasetReading {
            labels,
            side: FileSide {
                side: LoadedSide::new(source(path, format)),
                images: HashMap::new(),
                labels: HashMap::new(),
            },
            failed_images: 0,
            parts: HashMap::new(),
            order: Vec::new(),
        };
        format.read(&mut input, &options, &mut reading)?;
        if format.descriptor().id == "coco" {
            reading.use_extents(&datasets::read_coco_extents(path)?);
        }
        reading.side.side.skip(NotEvaluatedReason::Failed, reading.failed_images);
        Ok(reading.side)
    };
    read().map_err(|error| failed(path, error))
}

/// Reads a list of detections, which uses the ids of `truth`. An image without detections is one on which nothing was found.
pub fn read_detections(path: &Path, format: &dyn Format, truth: &FileSide) -> Result<LoadedSide> {
    let mut side = LoadedSide::new(source(path, format));
    side.is_ground_truth = false;
    side.is_of_truth = true;
    side.images = truth.side.images.iter().map(|image| SideImage { id: image.id, ..SideImage::default() }).collect();
    datasets::read_detections(path, |found| {
        let unknown = |what: &str, id: u64| {
            DatasetError::Owner(format!("the dataset that it is compared with has no {what} {id}").into())
        };
        let image = truth.images.get(&found.image).ok_or_else(|| unknown("image", found.image))?;
        let label = truth.labels.get(&found.category).ok_or_else(|| unknown("category", found.category))?;
        let bounds = CocoBox::from(found.rect);
        side.images[*image].objects.push(SideObject {
            label: *label,
            bounds,
            area: bounds.area(),
            score: Some(found.score),
            is_crowd: false,
        });
        Ok(())
    })
    .map_err(|error| failed(path, error))?;
    Ok(side)
}

struct DatasetReading<'a> {
    labels: &'a mut SideLabels,
    side: FileSide,
    failed_images: u32,
    /// The object of each group, by image and group.
    parts: HashMap<(usize, u64), usize>,
    /// The image of each object, and its place there, in the order of the file.
    order: Vec<(usize, usize)>,
}

impl DatasetReading<'_> {
    fn add(&mut self, place: usize, annotation: &DatasetAnnotation) {
        if annotation.status == Some(Status::Rejected) {
            return;
        }
        let side = &mut self.side.side;
        let label = self.labels.number(&annotation.label);
        let shape = &annotation.shape;
        side.is_ground_truth &= !is_prediction(annotation.confidence, annotation.status);
        let image = &mut side.images[place];
        if let Some(&part) = annotation.group.and_then(|group| self.parts.get(&(place, group)))
            && image.objects[part].label == label
        {
            image.objects[part].extend(shape);
            return;
        }
        let next = image.objects.len();
        image.add(label, &annotation.label, shape, annotation.confidence, annotation.is_crowd);
        if image.objects.len() > next {
            self.order.push((place, next));
            self.parts.extend(annotation.group.map(|group| ((place, group), next)));
        }
    }

    /// The boxes and areas that the file states.
    fn use_extents(&mut self, extents: &[StatedExtent]) {
        // Otherwise it is unknown which one is whose.
        if extents.len() != self.order.len() {
            return;
        }
        for (stated, &(image, object)) in extents.iter().zip(&self.order) {
            let object = &mut self.side.side.images[image].objects[object];
            object.bounds = stated.bounds.map_or(object.bounds, CocoBox::from);
            object.area = stated.area.unwrap_or(object.area);
        }
    }
}

impl Sink for DatasetReading<'_> {
    fn begin(&mut self, info: DatasetInfo) -> datasets::Result<()> {
        for label in info.labels.labels() {
            let number = self.labels.number(&label.name);
            self.side.labels.insert(label.id, number);
            self.side.side.labels.push(number);
        }
        Ok(())
    }

    fn image(&mut self, image: DatasetImage) -> datasets::Result<()> {
        let DatasetImage { id, file_name, size, hash, failure, annotations, other_files, .. } = image;
        let is_unusable = failure.as_ref().is_some_and(|failure| failure.kind.has_kept_answer());
        if failure.is_some() && !is_unusable {
            self.failed_images += 1;
            return Ok(());
        }
        let side = &mut self.side.side;
        self.side.images.insert(id, side.images.len());
        side.images.push(SideImage { is_unusable, ..SideImage::default() });
        let paths = std::iter::once(file_name).chain(other_files).collect();
        side.names.push(ImageNames { paths, hash, size });
        let place = side.images.len() - 1;
        for annotation in &annotations {
            self.add(place, annotation);
        }
        Ok(())
    }

    fn annotation(&mut self, image: u64, annotation: DatasetAnnotation) -> datasets::Result<()> {
        // Those of failed images were skipped.
        if let Some(&place) = self.side.images.get(&image) {
            self.add(place, &annotation);
        }
        Ok(())
    }

    fn skipped(&mut self, _: SkippedPart) {}
}
