//! Sides in files: datasets of this or another program, in any format that is read.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use datasets::{DatasetError, Format, FormatOptions, Input, Sink, SkippedPart, StatedExtent};
use domain::annotation::Status;
use domain::dataset::FormatId;
use domain::dataset_import::matching::{FoundImage, MatchIndex, MatchableFile, MatchableImage, settle_claims};
use domain::dataset_import::sizing::ImageFromFile;
use domain::evaluation::CocoBox;
use domain::evaluation::report::{EvaluatedSource, NotEvaluatedReason};
use domain::geometry::{Orientation, PixelSize};
use domain::ids::ImageId;
use prepare::DecodingMemory;

use super::side::{LoadedSide, SideImage, SideLabels, SideObject, is_prediction};
use crate::cancellation::Cancellation;
use crate::dataset::detection::detect;
use crate::dataset::finding::{ImageFinder, folder_of, hash_of, through_reader, unread};
use crate::dataset::format_of;
use crate::{EngineError, Result};

/// A side, with what only a file has: the ids that lists of detections refer to, and what its images are found by.
pub struct FileSide {
    pub side: LoadedSide,
    images: HashMap<u64, usize>,
    labels: HashMap<u64, u32>,
    stated: Vec<StatedImage>,
    /// How each image was moved into the one that it is compared on.
    maps: Vec<Option<ImageFromFile>>,
}

/// What a file states about an image.
struct StatedImage {
    paths: Vec<String>,
    hash: Option<[u8; 32]>,
    /// Of the upright image.
    size: Option<PixelSize>,
    /// Of the pixels that its coordinates count.
    coordinates: Option<PixelSize>,
}

/// The format of lists of detections, which are read with the dataset that they belong to.
pub const DETECTIONS: &str = "coco-detections";

impl FileSide {
    fn new(side: LoadedSide) -> Self {
        Self { side, images: HashMap::new(), labels: HashMap::new(), stated: Vec::new(), maps: Vec::new() }
    }

    /// A side that has no ids of a file.
    pub fn of_library(side: LoadedSide) -> Self {
        Self::new(side)
    }

    /// Its images, to find those of other files among them. They are numbered by their places.
    pub fn index(&mut self) -> MatchIndex {
        let mut index = MatchIndex::default();
        for ((image, stated), number) in self.side.images.iter_mut().zip(&self.stated).zip(0..) {
            let id = ImageId(number);
            image.id = Some(id);
            index.add_image(MatchableImage {
                id,
                size: stated.size,
                orientation: Orientation::Upright,
                hash: stated.hash,
                byte_len: None,
                perceptual_hash: None,
            });
            for path in &stated.paths {
                index.add_file(MatchableFile { image: id, path, root: None });
            }
        }
        index.sort();
        index
    }

    pub fn is_coco(&self) -> bool {
        matches!(&self.side.source, EvaluatedSource::File { format, .. } if format == "coco")
    }
}

/// The format of the dataset at `path`: the one that is named, or the one that it looks like.
pub fn format_at(path: &Path, named: Option<&FormatId>) -> Result<&'static dyn Format> {
    if !path.exists() {
        let missing = std::io::ErrorKind::NotFound.into();
        return Err(EngineError::File { path: path.to_owned(), source: missing });
    }
    match named {
        Some(id) => format_of(id),
        None if path.is_file() && datasets::is_list_of_detections(path) => format_of(&FormatId(DETECTIONS.into())),
        None => detect(path),
    }
}

fn source(path: &Path, format: &dyn Format) -> EvaluatedSource {
    EvaluatedSource::File { path: path.to_string_lossy().into_owned(), format: format.descriptor().id.to_owned() }
}

/// Reads a dataset, whose images are found in `index` if there is one.
pub fn read(
    path: &Path,
    format: &dyn Format,
    index: Option<&Arc<MatchIndex>>,
    memory: &DecodingMemory,
    labels: &mut SideLabels,
    cancellation: &Cancellation,
) -> Result<FileSide> {
    let mut read = || {
        let options = FormatOptions::new(format.descriptor(), [])?;
        let mut input = Input::open(format.descriptor().package, path)?;
        if let Some(index) = index.cloned() {
            input = input.with_sizes(move |image| index.size_by_name(image));
        }
        let mut reading = DatasetReading {
            labels,
            cancellation,
            side: FileSide::new(LoadedSide::new(source(path, format))),
            finder: index.map(|index| ImageFinder { index, folder: folder_of(path), memory }),
            found: Vec::new(),
            failed_images: 0,
            parts: HashMap::new(),
            order: Vec::new(),
        };
        format.read(&mut input, &options, &mut reading)?;
        if format.descriptor().id == "coco" {
            reading.use_extents(&datasets::read_coco_extents(&mut input)?);
        }
        let DatasetReading { mut side, mut found, failed_images, .. } = reading;
        side.side.skip(NotEvaluatedReason::Failed, failed_images);
        if let Some(index) = index {
            settle_claims(&mut found);
            let sizes: Vec<_> = side.stated.iter().map(|stated| stated.coordinates).collect();
            side.maps = side.side.place(&found, index, &sizes);
        }
        Ok(side)
    };
    read().map_err(|error| unread(path, error))
}

/// Reads a list of detections, which uses the ids of `truth`. An image without detections is one on which nothing was found.
pub fn read_detections(
    path: &Path,
    format: &dyn Format,
    truth: &FileSide,
    cancellation: &Cancellation,
) -> Result<LoadedSide> {
    let mut side = LoadedSide::new(source(path, format));
    side.is_ground_truth = false;
    side.is_of_truth = true;
    side.images = truth.side.images.iter().map(|image| SideImage { id: image.id, ..SideImage::default() }).collect();
    datasets::read_detections(path, |found| {
        cancellation.check().map_err(through_reader)?;
        let unknown = |what: &str, id: u64| {
            DatasetError::Owner(format!("the dataset that it is compared with has no {what} {id}").into())
        };
        let image = truth.images.get(&found.image).ok_or_else(|| unknown("image", found.image))?;
        let label = truth.labels.get(&found.category).ok_or_else(|| unknown("category", found.category))?;
        let bounds = CocoBox::from(found.rect);
        let (area, score) = (bounds.area(), Some(found.score));
        let mut object = SideObject { label: *label, bounds, area, score, is_crowd: false };
        if let Some(map) = truth.maps.get(*image).copied().flatten() {
            object.moved_by(map);
        }
        side.images[*image].objects.push(object);
        Ok(())
    })
    .map_err(|error| unread(path, error))?;
    Ok(side)
}

struct DatasetReading<'a> {
    labels: &'a mut SideLabels,
    cancellation: &'a Cancellation,
    side: FileSide,
    finder: Option<ImageFinder<'a>>,
    found: Vec<FoundImage>,
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
        self.cancellation.check().map_err(through_reader)?;
        let is_unusable = image.failure.as_ref().is_some_and(|failure| failure.kind.has_kept_answer());
        if image.failure.is_some() && !is_unusable {
            self.failed_images += 1;
            return Ok(());
        }
        self.found.extend(self.finder.as_ref().map(|finder| finder.find(&image)));
        let DatasetImage { id, file_name, size, stored, hash, annotations, other_files, .. } = image;
        let side = &mut self.side.side;
        self.side.images.insert(id, side.images.len());
        side.images.push(SideImage { is_unusable, ..SideImage::default() });
        side.names.push(file_name.clone());
        self.side.stated.push(StatedImage {
            paths: std::iter::once(file_name).chain(other_files).collect(),
            hash: hash.as_deref().and_then(hash_of),
            size,
            // A file that states how the image is stored has its coordinates in the upright one.
            coordinates: size.filter(|_| stored.is_none()),
        });
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
