//! What every format tells, put in order once: images with their marks as they stand, one after the other, so that no
//! export holds more than a page of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::vec;

use domain::annotation::{Annotation, AttributeValue, Origin, RejectReason, Shape, Status};
use domain::export::MarkSelection;
use domain::geometry::Orientation;
use domain::ids::{AnnotationId, ImageId, RunId};
use domain::layers::LayerScope;
use domain::library::ReviewState;
use domain::recipe::ShapeKind;
use domain::run::FailureKind;
use prepare::ContentHash;
use serde::Serialize;
use store::{AnsweredImage, View};

use super::files::{ImageFiles, RunFiles};
use crate::Result;

/// Images read at a time.
pub const PAGE: u32 = 500;

/// An image with its marks. Sizes are those of the upright image, except where they say that they are as stored.
#[derive(Debug, Clone, Serialize)]
pub struct ImageRecord {
    pub image: ImageId,
    pub file_name: String,
    pub width: u32,
    pub height: u32,
    /// As the file stores it, before its orientation is applied.
    pub stored_width: u32,
    pub stored_height: u32,
    /// The EXIF value, 1 to 8.
    pub orientation: Orientation,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub hash: String,
    pub review: ReviewState,
    /// Why it was not answered; `None` where it was. Without this, an image without marks is a negative.
    pub failure: Option<FailureRecord>,
    /// The image whose marks this one was given instead of being asked about.
    pub carried_from: Option<ImageId>,
    /// Whether no file has the image any more; `file_name` is then where one was.
    pub missing: bool,
    /// Other files that have it, named as `file_name` is.
    pub other_paths: Vec<String>,
    pub marks: Vec<MarkRecord>,
}

/// Why an image has no answer.
#[derive(Debug, Clone, Serialize)]
pub struct FailureRecord {
    pub kind: FailureKind,
    pub message: String,
    /// Requests that were sent about it, and what they cost.
    pub requests: u32,
    pub cost_dollars: f64,
}

/// A mark, in pixels of the upright image.
#[derive(Debug, Clone, Serialize)]
pub struct MarkRecord {
    pub mark: AnnotationId,
    pub label: String,
    pub shape: ShapeKind,
    /// Left, top, width, height of what it takes up; `None` where that is the whole image.
    pub bbox: Option<[f64; 4]>,
    /// Its place, if it is a point, or the corners of its outline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<[f64; 2]>,
    /// What a caption says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Square pixels.
    #[serde(skip)]
    pub area: f64,
    #[serde(flatten)]
    pub provenance: Provenance,
    /// What the recipe asks about every mark.
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// Where a mark comes from, and what has become of it.
#[derive(Debug, Clone, Serialize)]
pub struct Provenance {
    pub confidence: Option<f32>,
    pub status: Status,
    pub reject_reason: Option<RejectReason>,
    pub origin: &'static str,
    pub run: Option<RunId>,
    pub carried_from: Option<ImageId>,
}

impl ImageRecord {
    fn new(image: &AnsweredImage, files: &RunFiles, marks: Vec<MarkRecord>) -> Self {
        let stored = image.orientation.upright_size(image.size);
        let ImageFiles { named, is_missing, others } = files.of_image(image.id);
        Self {
            image: image.id,
            file_name: named.map_or_else(|| image.name.clone(), |path| files.name_of(&path)),
            width: image.size.width,
            height: image.size.height,
            stored_width: stored.width,
            stored_height: stored.height,
            orientation: image.orientation,
            hash: ContentHash::from_bytes(image.hash).to_string(),
            review: image.review,
            failure: None,
            carried_from: image.carried_from,
            missing: is_missing,
            other_paths: others.iter().map(|path| files.name_of(path)).collect(),
            marks,
        }
    }
}

impl MarkRecord {
    /// How certain `run` is of it; `None` where it says nothing, or where the annotation is not its own.
    pub fn score_of(&self, run: RunId) -> Option<f32> {
        self.provenance.confidence.filter(|_| self.provenance.run == Some(run))
    }

    /// Whether it takes up a part of the image.
    pub fn has_outline(&self) -> bool {
        matches!(self.shape, ShapeKind::Box | ShapeKind::Polygon)
    }
}

impl From<Annotation> for MarkRecord {
    fn from(mark: Annotation) -> Self {
        let bbox = mark.shape.bounds().map(|rect| [rect.x1, rect.y1, rect.width(), rect.height()]);
        let points = match &mark.shape {
            Shape::Point { at } => vec![[at.x, at.y]],
            Shape::Polygon { points } => points.iter().map(|point| [point.x, point.y]).collect(),
            Shape::Box { .. } | Shape::ImageTag | Shape::Caption { .. } => Vec::new(),
        };
        let (origin, run) = match mark.origin {
            Origin::Run { run } => ("run", Some(run)),
            Origin::Person => ("person", None),
        };
        Self {
            mark: mark.id,
            label: mark.label,
            shape: mark.shape.kind(),
            bbox,
            points,
            area: mark.shape.area().unwrap_or_default(),
            text: match mark.shape {
                Shape::Caption { text } => Some(text),
                _ => None,
            },
            provenance: Provenance {
                confidence: mark.confidence,
                status: mark.status,
                reject_reason: mark.reject_reason,
                origin,
                run,
                carried_from: mark.propagated_from,
            },
            attributes: mark.attributes,
        }
    }
}

/// The answers of a run, as one look at the library sees them.
pub struct Answers<'a> {
    pub view: &'a View<'a>,
    pub run: RunId,
    /// Those of the run and of people.
    layers: LayerScope,
    pub marks: MarkSelection,
    files: RunFiles,
}

impl<'a> Answers<'a> {
    pub fn of(view: &'a View<'a>, run: RunId, marks: MarkSelection) -> Result<Self> {
        Ok(Self { view, run, layers: LayerScope::of_run(run), marks, files: RunFiles::of(view, run)? })
    }

    /// The folder that the names of files start from; `None`: they are whole paths, or bare names.
    pub fn folder(&self) -> Option<&PathBuf> {
        self.files.folder.as_ref()
    }

    /// The images in the order in which they came into the library, with their marks in the order in which they were made.
    pub fn images(&self) -> Images<'_> {
        Images { answers: self, page: Vec::new().into_iter(), last: None }
    }

    /// The images that failed, in the order of the run, with what people have drawn on them. None where only what people
    /// have reviewed is asked for.
    pub fn failed_images(&self) -> Result<Vec<ImageRecord>> {
        if self.marks.is_reviewed_only {
            return Ok(Vec::new());
        }
        let failed = self.view.failed_jobs(self.run)?.into_iter().filter_map(|job| {
            let failure = FailureRecord {
                kind: job.kind,
                message: job.message,
                requests: job.requests,
                cost_dollars: job.paid.dollars(),
            };
            let record = self.record(job.image).transpose()?;
            Some(record.map(|record| ImageRecord { failure: Some(failure), ..record }))
        });
        failed.collect()
    }

    /// `None` where the image is not exported.
    fn record(&self, mut image: AnsweredImage) -> Result<Option<ImageRecord>> {
        let marks = self.view.annotations_of(image.id)?;
        image.review = self.layers.review_state(image.review, &marks);
        if !self.marks.takes_image(image.review) {
            return Ok(None);
        }
        let marks = marks.into_iter().filter(|mark| self.marks.takes(mark, &self.layers)).map(MarkRecord::from);
        Ok(Some(ImageRecord::new(&image, &self.files, marks.collect())))
    }
}

/// [`Answers::images`], a page at a time.
pub struct Images<'a> {
    answers: &'a Answers<'a>,
    page: vec::IntoIter<AnsweredImage>,
    last: Option<ImageId>,
}

impl Images<'_> {
    /// The next image that was answered, taken or not.
    fn step(&mut self) -> Result<Option<AnsweredImage>> {
        if self.page.as_slice().is_empty() {
            self.page = self.answers.view.answered_images(self.answers.run, self.last, PAGE)?.into_iter();
        }
        let image = self.page.next();
        self.last = image.as_ref().map(|image| image.id).or(self.last);
        Ok(image)
    }
}

impl Iterator for Images<'_> {
    type Item = Result<ImageRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step() {
                Ok(Some(image)) => {
                    if let Some(record) = self.answers.record(image).transpose() {
                        return Some(record);
                    }
                }
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[cfg(test)]
pub mod fixtures {
    use super::*;

    /// Image 1, stored on its side.
    pub fn image(file_name: &str, marks: Vec<MarkRecord>) -> ImageRecord {
        ImageRecord {
            image: ImageId(1),
            file_name: file_name.into(),
            width: 300,
            height: 451,
            stored_width: 451,
            stored_height: 300,
            orientation: Orientation::NeedsClockwise90,
            hash: "00ff".into(),
            review: ReviewState::Unreviewed,
            failure: None,
            carried_from: None,
            missing: false,
            other_paths: Vec::new(),
            marks,
        }
    }

    /// Mark 7, proposed by run 2.
    pub fn mark(label: &str, bbox: [f64; 4]) -> MarkRecord {
        MarkRecord {
            mark: AnnotationId(7),
            label: label.into(),
            shape: ShapeKind::Box,
            bbox: Some(bbox),
            points: Vec::new(),
            text: None,
            area: bbox[2] * bbox[3],
            provenance: Provenance {
                confidence: Some(0.83),
                status: Status::Proposed,
                reject_reason: None,
                origin: "run",
                run: Some(RunId(2)),
                carried_from: None,
            },
            attributes: BTreeMap::new(),
        }
    }
}
