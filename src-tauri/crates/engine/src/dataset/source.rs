//! The answers of a run as a dataset: images with their current annotations, streamed so that an export holds at most
//! one page of them.

use std::vec;

use datasets::model::{
    DatasetAnnotation, DatasetAttribute, DatasetFailure, DatasetImage, DatasetInfo, DatasetRun, LabelTable, StoredImage,
};
use datasets::{DatasetError, DatasetSource, Images};
use domain::annotation::Annotation;
use domain::dataset::{Feature, FormatDescriptor};
use domain::export::AnnotationSelection;
use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::run::RunSummary;
use prepare::ContentHash;
use store::{AnsweredImage, View};

use crate::clock::{now_millis, rfc3339};
use crate::image_files::{ImageFiles, PAGE, RunFiles};
use crate::{EngineError, Result};

/// The answers of a run, in one read transaction.
pub struct RunDataset<'a> {
    view: &'a View<'a>,
    info: DatasetInfo,
    run: &'a RunSummary,
    /// The layers of the run and of people.
    layers: LayerScope,
    annotations: AnnotationSelection,
    pub files: RunFiles,
}

impl<'a> RunDataset<'a> {
    /// Reads the tables of labels and attributes only if `format` has them.
    pub fn new(
        view: &'a View<'a>,
        run: &'a RunSummary,
        annotations: AnnotationSelection,
        format: &FormatDescriptor,
    ) -> Result<Self> {
        let recipe = view.recipe_of_run(run.id)?;
        let mut info = DatasetInfo {
            description: format!("Run {}: {} by {}", run.id, run.recipe_name, run.model_name),
            created_at: rfc3339(now_millis()),
            run: Some(DatasetRun { id: run.id, model: run.model.0.clone(), recipe: run.recipe_name.clone() }),
            selection: Some(annotations),
            ..DatasetInfo::default()
        };
        // The recipe's labels in their order, found or not, then the labels that people have added.
        if format.holds(Feature::LabelTable) {
            let of_recipe = recipe.labels.into_iter().map(|label| label.name);
            info.labels = LabelTable::numbered(of_recipe.chain(view.labels_in_answers(run.id)?));
        }
        if format.holds(Feature::AttributeTable) {
            // An attribute of the image may be called like one of annotations.
            let of_recipe = recipe.attributes.into_iter().map(|each| (each.name, Some(each.kind)));
            let in_answers = view.attributes_in_answers(run.id)?.into_iter().map(|name| (name, None));
            for (name, kind) in of_recipe.chain(in_answers) {
                if info.attributes.iter().all(|known| known.name != name) {
                    info.attributes.push(DatasetAttribute { name, kind });
                }
            }
        }
        let files = RunFiles::of(view, run.id)?;
        Ok(Self { view, info, run, layers: LayerScope::of_run(run.id), annotations, files })
    }

    /// The failed images in run order, with the annotations that people drew on them. Empty if only reviewed images are
    /// exported.
    fn failed_images(&self) -> Result<vec::IntoIter<DatasetImage>> {
        if self.annotations.is_reviewed_only {
            return Ok(Vec::new().into_iter());
        }
        let mut failed = Vec::new();
        for job in self.view.failed_jobs(self.run.id)? {
            let failure = DatasetFailure {
                kind: job.kind,
                message: job.message,
                requests: Some(job.requests),
                cost_dollars: Some(job.paid.dollars()),
            };
            let image = self.image(job.image)?;
            failed.extend(image.map(|image| DatasetImage { failure: Some(failure), ..image }));
        }
        Ok(failed.into_iter())
    }

    /// `None` if the image is not exported.
    fn image(&self, image: AnsweredImage) -> Result<Option<DatasetImage>> {
        let annotations = self.view.annotations_of(image.id)?;
        let review = self.layers.review_state(image.review, &annotations);
        if !self.annotations.takes_image(review) {
            return Ok(None);
        }
        let taken = annotations.into_iter().filter(|annotation| self.annotations.takes(annotation, &self.layers));
        let ImageFiles { named, is_missing, others } = self.files.of_image(image.id);
        Ok(Some(DatasetImage {
            id: image.id.0.into(),
            file_name: named.as_ref().map_or(image.name, |path| self.files.name_of(path)),
            size: Some(image.size),
            stored: Some(StoredImage {
                size: image.orientation.upright_size(image.size),
                orientation: image.orientation,
            }),
            hash: Some(ContentHash::from_bytes(image.hash).to_string()),
            review: Some(review),
            failure: None,
            propagated_from: image.propagated_from.map(|from| from.0.into()),
            is_missing,
            other_files: others.iter().map(|path| self.files.name_of(path)).collect(),
            split: None,
            path: named.filter(|_| !is_missing),
            annotations: taken.map(dataset_annotation).collect(),
        }))
    }
}

impl DatasetSource for RunDataset<'_> {
    fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// The answered images in import order, then the failed ones, with their annotations in creation order.
    fn images(&self) -> Images<'_> {
        let images = Answers { dataset: self, page: Vec::new().into_iter(), last: None, failed: None };
        Box::new(images.map(|image| image.map_err(|error| DatasetError::Owner(Box::new(error)))))
    }
}

/// Iterates over [`RunDataset::images`], a page at a time.
struct Answers<'a> {
    dataset: &'a RunDataset<'a>,
    page: vec::IntoIter<AnsweredImage>,
    last: Option<ImageId>,
    /// `Some` once all answered images have been read.
    failed: Option<vec::IntoIter<DatasetImage>>,
}

impl Answers<'_> {
    /// The next answered image, exported or not.
    fn step(&mut self) -> Result<Option<AnsweredImage>> {
        if self.page.as_slice().is_empty() {
            let dataset = self.dataset;
            self.page = dataset.view.answered_images(dataset.run.id, self.last, PAGE)?.into_iter();
        }
        let image = self.page.next();
        self.last = image.as_ref().map(|image| image.id).or(self.last);
        Ok(image)
    }

    fn read(&mut self) -> Result<Option<DatasetImage>> {
        if self.failed.is_none() {
            while let Some(image) = self.step()? {
                if let Some(image) = self.dataset.image(image)? {
                    return Ok(Some(image));
                }
            }
            self.failed = Some(self.dataset.failed_images()?);
        }
        Ok(self.failed.as_mut().and_then(Iterator::next))
    }
}

impl Iterator for Answers<'_> {
    type Item = std::result::Result<DatasetImage, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn dataset_annotation(annotation: Annotation) -> DatasetAnnotation {
    DatasetAnnotation {
        id: Some(annotation.id.0.into()),
        label: annotation.label,
        shape: annotation.shape,
        attributes: annotation.attributes,
        confidence: annotation.confidence,
        origin: Some(annotation.origin),
        status: Some(annotation.status),
        reject_reason: annotation.reject_reason,
        propagated_from: annotation.propagated_from.map(|from| from.0.into()),
        group: None,
        is_crowd: false,
    }
}
