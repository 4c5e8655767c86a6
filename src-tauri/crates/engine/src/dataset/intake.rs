//! What becomes of a dataset as it is read: images are matched, and annotations mapped, placed and counted. The same for a
//! dry run and for an import, which stores the annotations.

use std::collections::{BTreeMap, HashMap};

use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use datasets::{CROWD, Sink, SkippedPart};
use domain::annotation::{Annotation, AttributeValue, ReviewState, is_same};
use domain::dataset_import::labels::{ImportedLabel, LabelMap, LabelReason};
use domain::dataset_import::matching::{FoundImage, MatchIndex, MatchMethod, MatchedImage};
use domain::dataset_import::sizing::{ImageFromFile, Placed, SizeFit};
use domain::dataset_import::{DatasetPreview, ImportRole, ImportSample, SkippedParts, StatusesOnImage};
use domain::geometry::PixelSize;
use domain::ids::ImageId;
use domain::numbers::count;
use store::{ImportedAnnotation, ImportedImage, Store};

use super::finding::through_reader;
use super::samples::Samples;
use crate::Result;

/// Kinds of skipped parts that are told apart.
const MOST_REASONS: usize = 50;

/// Colors of the labels of a library.
#[derive(Debug, Clone, Default)]
pub struct KnownColors {
    pub colors: HashMap<String, u8>,
}

impl KnownColors {
    /// The color of `label`, which is known from then on.
    fn color_of(&mut self, label: &str) -> u8 {
        let next = domain::recipe::palette_color(self.colors.len());
        *self.colors.entry(label.to_owned()).or_insert(next)
    }
}

/// What an import needs to know about a library.
pub struct IntakeTarget<'a> {
    pub store: &'a Store,
    pub index: &'a MatchIndex,
    pub labels: &'a LabelMap,
    pub colors: KnownColors,
    pub role: ImportRole,
}

/// An image of the file.
enum FileImage {
    Placed(ImageId, ImageFromFile),
    Unmatched,
    Ambiguous,
    Disagreeing,
}

/// What an import does to an image of the library.
#[derive(Debug, Clone, Copy, Default)]
struct LibraryImage {
    stated: Option<ReviewState>,
    statuses: StatusesOnImage,
}

/// A label of the file as it is imported.
struct LabelTally {
    annotations: u32,
    to: Option<String>,
    color: u8,
    reason: LabelReason,
}

/// Receives a dataset. `Store` is called with every annotation that is imported, `Watch` with the numbers of images and
/// annotations that were read.
pub struct Intake<'a, Keep, Watch> {
    target: IntakeTarget<'a>,
    /// What the images of the file are, in its order.
    found: std::vec::IntoIter<FoundImage>,
    keep: Keep,
    watch: Watch,
    report: DatasetPreview,
    samples: Samples,
    images: HashMap<u64, FileImage>,
    library_images: BTreeMap<ImageId, LibraryImage>,
    labels: BTreeMap<String, LabelTally>,
    /// Approved annotations of the images of earlier work, if any is being imported.
    approved: HashMap<ImageId, Vec<Annotation>>,
}

/// The result of an intake.
pub struct IntakeResult {
    pub report: DatasetPreview,
    pub images: Vec<ImportedImage>,
    /// The labels of the imported annotations, with their colors.
    pub labels: Vec<(String, u8)>,
    pub samples: Vec<ImportSample>,
}

impl<'a, Keep, Watch> Intake<'a, Keep, Watch>
where
    Keep: FnMut(ImportedAnnotation) -> Result<()>,
    Watch: FnMut(u32, u32) -> Result<()>,
{
    pub fn new(
        target: IntakeTarget<'a>,
        found: Vec<FoundImage>,
        report: DatasetPreview,
        keep: Keep,
        watch: Watch,
    ) -> Self {
        Self {
            target,
            found: found.into_iter(),
            keep,
            watch,
            report,
            samples: Samples::default(),
            images: HashMap::new(),
            library_images: BTreeMap::new(),
            labels: BTreeMap::new(),
            approved: HashMap::new(),
        }
    }

    pub fn finish(mut self) -> Result<IntakeResult> {
        let mut images = Vec::with_capacity(self.library_images.len());
        for (&image, taken) in &self.library_images {
            let review = if self.target.role == ImportRole::Work {
                let before = self.target.store_read(|view| view.review_of(image))?;
                self.target.role.review(before, taken.stated, taken.statuses)
            } else {
                None
            };
            images.push(ImportedImage { image, review });
        }
        self.report.library_images = count(images.len());
        let mut imported: BTreeMap<String, u8> = BTreeMap::new();
        for (name, tally) in self.labels {
            if let Some(to) = &tally.to {
                imported.insert(to.clone(), tally.color);
            }
            self.report.labels.push(ImportedLabel {
                name,
                annotations: tally.annotations,
                to: tally.to,
                reason: tally.reason,
            });
        }
        self.report
            .labels
            .sort_by(|one, other| other.annotations.cmp(&one.annotations).then(one.name.cmp(&other.name)));
        Ok(IntakeResult {
            report: self.report,
            images,
            labels: imported.into_iter().collect(),
            samples: self.samples.0,
        })
    }

    fn add_image(&mut self, image: DatasetImage) -> Result<()> {
        self.report.images += 1;
        let DatasetImage { id, file_name, size, stored, review, failure, annotations, .. } = image;
        let found = match self.found.next().unwrap_or(FoundImage::Unmatched) {
            FoundImage::Unmatched => {
                self.report.unmatched.add(&file_name, Vec::new());
                FileImage::Unmatched
            }
            FoundImage::Ambiguous(images) => {
                let paths = images.iter().filter_map(|image| self.target.index.path_of(*image));
                let paths = paths.map(ToOwned::to_owned).collect();
                self.report.ambiguous.add(&file_name, paths);
                FileImage::Ambiguous
            }
            FoundImage::Matched(MatchedImage { image, method, .. }) => {
                // A file that states how the image is stored has its coordinates in the upright one.
                let of_file = size.filter(|_| stored.is_none());
                self.fit(image, method, of_file, &file_name)
            }
        };
        if let FileImage::Placed(image, _) = &found {
            if failure.is_some() && annotations.is_empty() {
                self.report.failed_images += 1;
            } else {
                let taken = self.library_images.entry(*image).or_default();
                taken.stated = review.or(taken.stated);
            }
        }
        self.images.insert(id, found);
        annotations.into_iter().try_for_each(|annotation| self.add_annotation(id, annotation))
    }

    fn fit(&mut self, image: ImageId, method: MatchMethod, size: Option<PixelSize>, file_name: &str) -> FileImage {
        let known = self.target.index.image(image).and_then(|known| Some((known.size?, known.orientation)));
        let Some((upright, orientation)) = known else { return FileImage::Unmatched };
        let Some(map) = ImageFromFile::new(size, upright, orientation) else {
            let sizes = [size.unwrap_or(upright), upright];
            let sizes = sizes.map(|size| format!("{} x {}", size.width, size.height));
            self.report.disagreeing.add(file_name, sizes.into());
            return FileImage::Disagreeing;
        };
        self.report.matched.add(method);
        self.report.rotated += u32::from(matches!(map.fit, SizeFit::Stored | SizeFit::StoredScaled));
        self.report.scaled += u32::from(matches!(map.fit, SizeFit::Scaled | SizeFit::StoredScaled));
        FileImage::Placed(image, map)
    }

    fn add_annotation(&mut self, id: u64, annotation: DatasetAnnotation) -> Result<()> {
        self.report.annotations += 1;
        if self.report.annotations.is_multiple_of(1_000) {
            (self.watch)(self.report.images, self.report.annotations)?;
        }
        let (to, color) = self.label(&annotation.label);
        let (image, map) = match self.images.get(&id) {
            Some(FileImage::Placed(image, map)) => (*image, *map),
            Some(FileImage::Unmatched) | None => return skipped(&mut self.report.unmatched.annotations),
            Some(FileImage::Ambiguous) => return skipped(&mut self.report.ambiguous.annotations),
            Some(FileImage::Disagreeing) => return skipped(&mut self.report.disagreeing.annotations),
        };
        let Some(label) = to else { return skipped(&mut self.report.unmapped) };
        let Some(status) = self.target.role.status(annotation.status) else {
            return skipped(&mut self.report.rejected);
        };
        let shape = match map.place(&annotation.shape) {
            Placed::Inside(shape) => shape,
            Placed::Clipped(shape) => {
                self.report.clipped += 1;
                shape
            }
            Placed::Outside => return skipped(&mut self.report.outside),
            Placed::Unusable => return skipped(&mut self.report.unusable),
        };
        if self.target.role == ImportRole::Work && status.is_approved() {
            let known = self.approved_on(image)?;
            if known.iter().any(|one| is_same((&one.label, &one.shape), (&label, &shape))) {
                // The image is reviewed as if it were imported.
                self.library_images.entry(image).or_default().statuses.add(status);
                return skipped(&mut self.report.already_here);
            }
        }
        let mut attributes = annotation.attributes;
        if annotation.is_crowd {
            attributes.insert(CROWD.to_owned(), AttributeValue::YesNo(true));
        }
        if annotation.group.is_some() {
            self.skip("", "which annotations are parts of one object is not kept");
        }
        self.library_images.entry(image).or_default().statuses.add(status);
        self.report.imported += 1;
        if let Some(size) = self.target.index.image(image).and_then(|known| known.size) {
            self.samples.add(image, size, &label, &shape);
        }
        (self.keep)(ImportedAnnotation {
            image,
            label,
            color,
            shape,
            confidence: annotation.confidence.filter(|_| self.target.role != ImportRole::GroundTruth),
            attributes,
            status,
            reject_reason: annotation.reject_reason.filter(|_| status == domain::annotation::Status::Rejected),
        })
    }

    /// What a label of the file becomes, with its color.
    fn label(&mut self, label: &str) -> (Option<String>, u8) {
        if let Some(tally) = self.labels.get_mut(label) {
            tally.annotations += 1;
            return (tally.to.clone(), tally.color);
        }
        let (to, reason) = self.target.labels.find(label);
        let color = to.as_deref().map_or(1, |to| self.target.colors.color_of(to));
        self.labels.insert(label.to_owned(), LabelTally { annotations: 1, to: to.clone(), color, reason });
        (to, color)
    }

    fn approved_on(&mut self, image: ImageId) -> Result<&[Annotation]> {
        if !self.approved.contains_key(&image) {
            let mut approved = self.target.store_read(|view| view.annotations_of(image))?;
            approved.retain(|annotation| annotation.status.is_approved());
            self.approved.insert(image, approved);
        }
        Ok(&self.approved[&image])
    }

    fn skip(&mut self, place: &str, reason: &str) {
        let skipped = &mut self.report.skipped;
        if let Some(known) = skipped.iter_mut().find(|known| known.reason == reason) {
            known.count += 1;
        } else if skipped.len() < MOST_REASONS {
            skipped.push(SkippedParts { reason: reason.to_owned(), count: 1, example: place.to_owned() });
        }
    }
}

impl IntakeTarget<'_> {
    #[expect(clippy::disallowed_methods, reason = "datasets are read on threads that may block")]
    fn store_read<T>(&self, question: impl FnOnce(&store::View<'_>) -> store::Result<T>) -> Result<T> {
        Ok(self.store.read_blocking(question)?)
    }
}

/// Counts an annotation that is skipped.
#[expect(clippy::unnecessary_wraps, reason = "ends a function that may fail")]
fn skipped(counter: &mut u32) -> Result<()> {
    *counter += 1;
    Ok(())
}

impl<Keep, Watch> Sink for Intake<'_, Keep, Watch>
where
    Keep: FnMut(ImportedAnnotation) -> Result<()>,
    Watch: FnMut(u32, u32) -> Result<()>,
{
    fn begin(&mut self, info: DatasetInfo) -> datasets::Result<()> {
        // Labels without annotations are shown as well.
        for label in info.labels.labels() {
            self.label(&label.name);
        }
        self.labels.values_mut().for_each(|tally| tally.annotations = 0);
        Ok(())
    }

    fn image(&mut self, image: DatasetImage) -> datasets::Result<()> {
        let watched = (self.watch)(self.report.images, self.report.annotations);
        let done = watched.and_then(|()| self.add_image(image));
        done.map_err(through_reader)
    }

    fn annotation(&mut self, image: u64, annotation: DatasetAnnotation) -> datasets::Result<()> {
        let done = self.add_annotation(image, annotation);
        done.map_err(through_reader)
    }

    fn skipped(&mut self, skipped: SkippedPart) {
        self.skip(&skipped.place, skipped.reason);
    }
}
