//! The images of an export as a dataset, with their current annotations, streamed so that an export holds those of one
//! image only.

use std::collections::HashMap;

use datasets::model::{
    DatasetAnnotation, DatasetFailure, DatasetImage, DatasetInfo, DatasetRun, DatasetSplit, StoredImage,
};
use datasets::{DatasetError, DatasetSource, Images};
use domain::annotation::Annotation;
use domain::export::{AnnotationSelection, ExportPhase, ExportRequest, ExportScope};
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::run::RunSummary;
use domain::split::SplitPart;
use prepare::ContentHash;
use store::{AnsweredImage, View};

use super::task::ExportTask;
use crate::Result;
use crate::clock::{now_millis, rfc3339};
use crate::image_files::{ImageFiles, NamedFiles, PAGE};

/// What an export is made from, which was read before its own transaction.
pub struct Selected {
    /// The run, if the export is about one.
    pub run: Option<RunSummary>,
    /// The images of any other scope, in order.
    pub ids: Vec<ImageId>,
    pub layers: LayerScope,
    pub annotations: AnnotationSelection,
    pub leaves_out_empty: bool,
    /// A one-line description.
    pub description: String,
}

/// An image of an export.
pub struct SelectedImage {
    pub image: AnsweredImage,
    pub failure: Option<DatasetFailure>,
}

/// The images of an export, in one read transaction.
pub struct ExportDataset<'a> {
    pub view: &'a View<'a>,
    pub selected: &'a Selected,
    pub images: Vec<SelectedImage>,
    /// How many images were never annotated.
    pub unannotated: u32,
    pub files: NamedFiles,
    pub parts: HashMap<ImageId, SplitPart>,
    pub info: DatasetInfo,
    task: &'a ExportTask,
}

impl<'a> ExportDataset<'a> {
    pub fn new(
        view: &'a View<'a>,
        request: &ExportRequest,
        selected: &'a Selected,
        task: &'a ExportTask,
    ) -> Result<Self> {
        let (images, unannotated) = match &selected.run {
            Some(run) => (images_of_run(view, run.id, selected.annotations)?, 0),
            None => images_of_scope(view, selected)?,
        };
        let roots = match request.scope {
            ExportScope::Run { run } => view.roots_of_run(run)?,
            ExportScope::Collection { id } => vec![view.collection_root(id)?],
            _ => Vec::new(),
        };
        let files = NamedFiles::of(view, &roots, images.iter().map(|each| (each.image.id, each.image.hash)))?;
        let run = selected.run.as_ref();
        let info = DatasetInfo {
            description: selected.description.clone(),
            created_at: rfc3339(now_millis()),
            run: run.map(|run| DatasetRun { id: run.id, model: run.model.0.clone(), recipe: run.recipe_name.clone() }),
            selection: Some(selected.annotations),
            ..DatasetInfo::default()
        };
        Ok(Self { view, selected, images, unannotated, files, parts: HashMap::new(), info, task })
    }

    pub fn annotations_of(&self, image: ImageId) -> Result<Vec<Annotation>> {
        Ok(self.view.annotations_of(image)?)
    }

    /// Whether the export takes `annotation`.
    pub fn takes(&self, annotation: &Annotation) -> bool {
        self.selected.annotations.takes(annotation, &self.selected.layers)
    }

    /// Whether the export takes an image with `annotations`.
    pub fn takes_image(&self, image: &SelectedImage, annotations: &[Annotation]) -> bool {
        let review = self.selected.layers.review_state(image.image.review, annotations);
        self.selected.annotations.takes_image(review)
            && !(self.selected.leaves_out_empty
                && image.failure.is_none()
                && !annotations.iter().any(|annotation| self.takes(annotation)))
    }

    /// `None` if the image is not exported.
    fn image(&self, selected: &SelectedImage) -> Result<Option<DatasetImage>> {
        let image = &selected.image;
        let annotations = self.annotations_of(image.id)?;
        if !self.takes_image(selected, &annotations) {
            return Ok(None);
        }
        let review = self.selected.layers.review_state(image.review, &annotations);
        let taken = annotations.into_iter().filter(|annotation| self.takes(annotation));
        let ImageFiles { named, is_missing, others } = self.files.of_image(image.id);
        Ok(Some(DatasetImage {
            id: image.id.0.into(),
            file_name: named.as_ref().map_or_else(|| image.name.clone(), |path| self.files.name_of(path)),
            size: Some(image.size),
            stored: Some(StoredImage {
                size: image.orientation.upright_size(image.size),
                orientation: image.orientation,
            }),
            hash: Some(ContentHash::from_bytes(image.hash).to_string()),
            review: Some(review),
            failure: selected.failure.clone(),
            propagated_from: image.propagated_from.map(|from| from.0.into()),
            is_missing,
            other_files: others.iter().map(|path| self.files.name_of(path)).collect(),
            split: self.parts.get(&image.id).map(|part| match part {
                SplitPart::Train => DatasetSplit::Train,
                SplitPart::Validation => DatasetSplit::Validation,
                SplitPart::Test => DatasetSplit::Test,
            }),
            path: named.filter(|_| !is_missing),
            annotations: taken.map(dataset_annotation).collect(),
        }))
    }
}

impl DatasetSource for ExportDataset<'_> {
    fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// The answered images in import order, then the failed ones, with their annotations in creation order.
    fn images(&self) -> Images<'_> {
        let owner = |error| DatasetError::Owner(Box::new(error));
        let total = u32::try_from(self.images.len()).unwrap_or(u32::MAX);
        if let Err(error) = self.task.begin(ExportPhase::Writing, total) {
            return Box::new(std::iter::once(Err(owner(error))));
        }
        let images = self
            .images
            .iter()
            .filter_map(move |image| self.task.step().and_then(|()| self.image(image)).map_err(owner).transpose());
        Box::new(images)
    }
}

/// The answered images of a run by id, then the failed ones in run order, with the annotations that people drew on them.
/// No failed ones if only reviewed images are exported.
fn images_of_run(view: &View<'_>, run: RunId, annotations: AnnotationSelection) -> Result<Vec<SelectedImage>> {
    let (mut images, mut last) = (Vec::new(), None);
    loop {
        let page = view.answered_images(run, last, PAGE)?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        images.extend(page.into_iter().map(|image| SelectedImage { image, failure: None }));
    }
    if !annotations.is_reviewed_only {
        images.extend(view.failed_jobs(run)?.into_iter().map(|job| {
            let failure = DatasetFailure {
                kind: job.kind,
                message: job.message,
                requests: Some(job.requests),
                cost_dollars: Some(job.paid.dollars()),
            };
            SelectedImage { image: job.image, failure: Some(failure) }
        }));
    }
    Ok(images)
}

/// The annotated images of any other scope in its order, then the failed ones; and how many were never annotated. These
/// say nothing, and would be taken for negatives.
fn images_of_scope(view: &View<'_>, selected: &Selected) -> Result<(Vec<SelectedImage>, u32)> {
    let (mut images, mut failed, mut unannotated) = (Vec::new(), Vec::new(), 0);
    for page in selected.ids.chunks(PAGE as usize) {
        for each in view.exportable_images(page, &selected.layers)? {
            let is_stated = each.image.review != domain::annotation::ReviewState::Unreviewed;
            let is_annotated = || -> Result<bool> {
                let annotations = view.annotations_of(each.image.id)?;
                Ok(annotations.iter().any(|annotation| selected.layers.shows(annotation)))
            };
            if each.is_answered || is_stated || (each.failure.is_none() && is_annotated()?) {
                images.push(SelectedImage { image: each.image, failure: None });
            } else if let Some(failure) = each.failure {
                let (kind, message) = (failure.kind, failure.detail);
                let failure = DatasetFailure { kind, message, requests: None, cost_dollars: None };
                failed.push(SelectedImage { image: each.image, failure: Some(failure) });
            } else {
                unannotated += 1;
            }
        }
    }
    if !selected.annotations.is_reviewed_only {
        images.append(&mut failed);
    }
    Ok((images, unannotated))
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
