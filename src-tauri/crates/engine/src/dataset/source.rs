//! The images of an export as a dataset, with their current annotations. One read transaction reads each image once, and
//! holds them in memory, so that it is over before a photo is copied.

use std::collections::HashMap;

use datasets::model::{
    DatasetAnnotation, DatasetFailure, DatasetImage, DatasetInfo, DatasetRun, DatasetSplit, StoredImage,
};
use datasets::{DatasetError, DatasetSource, Images, Projection};
use domain::annotation::{Annotation, ReviewState};
use domain::dataset::Feature;
use domain::export::{AnnotationSelection, ExportPhase, ExportRequest, ExportScope};
use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::numbers::count;
use domain::run::RunSummary;
use domain::split::SplitPart;
use prepare::ContentHash;
use store::{AnsweredImage, View};

use super::task::ExportTask;
use crate::clock::{now_millis, rfc3339};
use crate::image_files::{ImageFiles, NamedFiles, PAGE};
use crate::{EngineError, Result};

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
    /// Of all layers.
    pub annotations: Vec<Annotation>,
}

/// The images of an export, in the read transaction that reads them.
pub struct ExportReading<'a> {
    pub view: &'a View<'a>,
    pub selected: &'a Selected,
    pub images: Vec<SelectedImage>,
    /// How many images were never annotated.
    pub unannotated: u32,
    pub files: NamedFiles,
    pub info: DatasetInfo,
}

impl<'a> ExportReading<'a> {
    pub fn of(view: &'a View<'a>, request: &ExportRequest, selected: &'a Selected, task: &ExportTask) -> Result<Self> {
        let (images, unannotated) = match &selected.run {
            Some(run) => (images_of_run(view, run, selected.annotations, task)?, 0),
            None => images_of_scope(view, selected, task)?,
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
        Ok(Self { view, selected, images, unannotated, files, info })
    }

    /// Whether the export takes `annotation`.
    pub fn takes(&self, annotation: &Annotation) -> bool {
        self.selected.annotations.takes(annotation, &self.selected.layers)
    }

    /// Whether the export takes `image`.
    pub fn takes_image(&self, image: &SelectedImage) -> bool {
        let review = self.selected.layers.review_state(image.image.review, &image.annotations);
        self.selected.annotations.takes_image(review)
            && !(self.selected.leaves_out_empty
                && image.failure.is_none()
                && !image.annotations.iter().any(|annotation| self.takes(annotation)))
    }

    /// The dataset, which needs the transaction no longer. Leaves no images.
    pub fn take_dataset<'t>(&mut self, task: &'t ExportTask) -> ExportDataset<'t> {
        let images = std::mem::take(&mut self.images);
        let images = images.into_iter().filter_map(|image| self.image(image)).collect();
        ExportDataset { info: self.info.clone(), images, task }
    }

    /// `None` if the image is not exported.
    fn image(&self, selected: SelectedImage) -> Option<DatasetImage> {
        if !self.takes_image(&selected) {
            return None;
        }
        let SelectedImage { image, failure, annotations } = selected;
        let review = self.selected.layers.review_state(image.review, &annotations);
        let taken = annotations.into_iter().filter(|annotation| self.takes(annotation));
        let ImageFiles { named, is_missing, others } = self.files.of_image(image.id);
        Some(DatasetImage {
            id: image.id.0.into(),
            file_name: named.as_ref().map_or_else(|| image.name.clone(), |path| self.files.name_of(path)),
            size: Some(image.size),
            stored: Some(StoredImage {
                size: image.orientation.upright_size(image.size),
                orientation: image.orientation,
            }),
            hash: Some(ContentHash::from_bytes(image.hash).to_string()),
            review: Some(review),
            failure,
            propagated_from: image.propagated_from.map(|from| from.0.into()),
            is_missing,
            other_files: others.iter().map(|path| self.files.name_of(path)).collect(),
            split: None,
            path: named.filter(|_| !is_missing),
            annotations: taken.map(dataset_annotation).collect(),
        })
    }
}

/// The answered images of an export in import order, then the failed ones, with their annotations in creation order.
pub struct ExportDataset<'a> {
    info: DatasetInfo,
    images: Vec<DatasetImage>,
    task: &'a ExportTask,
}

impl ExportDataset<'_> {
    /// The images as a format that holds `features` keeps them, without failed ones.
    pub fn kept(&self, features: &'static [Feature]) -> Result<Vec<DatasetImage>> {
        let unwatched = Unwatched(self);
        let mut kept = Vec::new();
        for image in Projection::new(&unwatched, features).images() {
            let image = image.map_err(EngineError::Dataset)?;
            kept.extend(Some(image).filter(|image| image.failure.is_none()));
        }
        Ok(kept)
    }

    /// Sets the part of each image.
    pub fn split(&mut self, parts: &HashMap<ImageId, SplitPart>) {
        for image in &mut self.images {
            let part = u32::try_from(image.id).ok().and_then(|id| parts.get(&ImageId(id)));
            image.split = part.map(|part| match part {
                SplitPart::Train => DatasetSplit::Train,
                SplitPart::Validation => DatasetSplit::Validation,
                SplitPart::Test => DatasetSplit::Test,
            });
        }
    }
}

/// The images of an export without its progress.
struct Unwatched<'a>(&'a ExportDataset<'a>);

impl DatasetSource for Unwatched<'_> {
    fn info(&self) -> &DatasetInfo {
        &self.0.info
    }

    fn images(&self) -> Images<'_> {
        Box::new(self.0.images.iter().cloned().map(Ok))
    }
}

impl DatasetSource for ExportDataset<'_> {
    fn info(&self) -> &DatasetInfo {
        &self.info
    }

    fn images(&self) -> Images<'_> {
        let owner = |error| DatasetError::Owner(Box::new(error));
        if let Err(error) = self.task.begin(ExportPhase::Writing, count(self.images.len())) {
            return Box::new(std::iter::once(Err(owner(error))));
        }
        Box::new(self.images.iter().map(move |image| self.task.step().map(|()| image.clone()).map_err(owner)))
    }
}

/// The answered images of a run by id, then the failed ones in run order, with the annotations that people drew on them.
/// No failed ones if only reviewed images are exported.
fn images_of_run(
    view: &View<'_>,
    run: &RunSummary,
    annotations: AnnotationSelection,
    task: &ExportTask,
) -> Result<Vec<SelectedImage>> {
    let (mut images, mut last) = (Vec::new(), None);
    task.begin(ExportPhase::Preparing, run.done)?;
    loop {
        let page = view.answered_images(run.id, last, PAGE)?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        let ids: Vec<ImageId> = page.iter().map(|image| image.id).collect();
        for (image, annotations) in page.into_iter().zip(view.annotations_of_each(&ids)?) {
            images.push(SelectedImage { image, failure: None, annotations });
            task.step()?;
        }
    }
    if !annotations.is_reviewed_only {
        let failed = view.failed_jobs(run.id)?;
        let ids: Vec<ImageId> = failed.iter().map(|job| job.image.id).collect();
        images.extend(failed.into_iter().zip(view.annotations_of_each(&ids)?).map(|(job, annotations)| {
            let failure = DatasetFailure {
                kind: job.kind,
                message: job.message,
                requests: Some(job.requests),
                cost_dollars: Some(job.paid.dollars()),
            };
            SelectedImage { image: job.image, failure: Some(failure), annotations }
        }));
    }
    Ok(images)
}

/// The annotated images of any other scope in its order, then the failed ones; and how many were never annotated. These
/// say nothing, and would be taken for negatives.
fn images_of_scope(view: &View<'_>, selected: &Selected, task: &ExportTask) -> Result<(Vec<SelectedImage>, u32)> {
    let (mut images, mut failed, mut unannotated) = (Vec::new(), Vec::new(), 0);
    task.begin(ExportPhase::Preparing, count(selected.ids.len()))?;
    for page in selected.ids.chunks(PAGE as usize) {
        let found = view.exportable_images(page, &selected.layers)?;
        let ids: Vec<ImageId> = found.iter().map(|each| each.image.id).collect();
        for (each, annotations) in found.into_iter().zip(view.annotations_of_each(&ids)?) {
            task.step()?;
            let is_stated = each.image.review != ReviewState::Unreviewed;
            let is_annotated = || annotations.iter().any(|annotation| selected.layers.shows(annotation));
            if each.is_answered || is_stated || (each.failure.is_none() && is_annotated()) {
                images.push(SelectedImage { image: each.image, failure: None, annotations });
            } else if let Some(failure) = each.failure {
                let (kind, message) = (failure.kind, failure.detail);
                let failure = DatasetFailure { kind, message, requests: None, cost_dollars: None };
                failed.push(SelectedImage { image: each.image, failure: Some(failure), annotations });
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
