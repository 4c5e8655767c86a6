//! Quality of runs and datasets against a ground truth, which may be what people approved, a layer or a dataset in a file.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod in_file;
mod in_library;
mod matching;
mod side;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use domain::compare::Side;
use domain::dataset::FormatId;
use domain::evaluation::evaluate::{Detected, Evaluated, NamedImage, Truth, evaluate};
use domain::evaluation::report::{
    EvaluatedSide, EvaluatedSource, EvaluationOptions, EvaluationReport, EvaluationRequest, NotEvaluated,
    NotEvaluatedReason,
};
use domain::evaluation::{ScoredBox, TrueObject};
use domain::money::PicoDollars;
use store::Store;

use self::in_file::FileSide;
use self::matching::match_images;
use self::side::{LoadedSide, SideImage, SideLabels, SideObject};
use crate::{EngineError, Result};

/// Where the annotations of a side are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvaluationSource {
    Library(Side),
    /// In a dataset. Without a format, it is recognized.
    File {
        path: PathBuf,
        format: Option<FormatId>,
    },
}

impl EvaluationSource {
    const fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }
}

/// Evaluates runs and datasets.
pub struct Evaluations {
    store: Arc<Store>,
}

impl Evaluations {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Evaluates what is in the library.
    pub fn report(&self, request: &EvaluationRequest) -> Result<EvaluationReport> {
        let evaluated: Vec<_> = request.evaluated.iter().copied().map(EvaluationSource::Library).collect();
        self.evaluate(&evaluated, &EvaluationSource::Library(request.against), request.options)
    }

    /// Evaluates `evaluated` on the images that they and `against` have in common.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoCommonImages`] if there are none.
    pub fn evaluate(
        &self,
        evaluated: &[EvaluationSource],
        against: &EvaluationSource,
        options: EvaluationOptions,
    ) -> Result<EvaluationReport> {
        let is_named = against.is_file() || evaluated.iter().any(EvaluationSource::is_file);
        let mut labels = SideLabels::default();
        let truth = self.read(against, is_named, None, &mut labels)?;
        let sides = evaluated.iter().map(|each| self.read(each, is_named, Some(&truth), &mut labels));
        let sides: Vec<FileSide> = sides.collect::<Result<_>>()?;
        let gathered = gather(truth.side, sides.into_iter().map(|side| side.side).collect(), labels)?;
        let mut report = evaluate(gathered, options);
        self.name_worst(&mut report)?;
        Ok(report)
    }

    /// Images of the library are called as everywhere else.
    fn name_worst(&self, report: &mut EvaluationReport) -> Result<()> {
        Ok(self.store.read_blocking(|view| {
            for worst in report.results.iter_mut().flat_map(|result| &mut result.worst) {
                if let Some(named) =
                    worst.image.map(|id| view.image_names(&[id])).transpose()?.and_then(|mut names| names.pop())
                {
                    worst.name = named.name;
                }
            }
            Ok(())
        })?)
    }

    /// Reads a side; `truth` is the one that it is compared with.
    fn read(
        &self,
        source: &EvaluationSource,
        is_named: bool,
        truth: Option<&FileSide>,
        labels: &mut SideLabels,
    ) -> Result<FileSide> {
        match source {
            EvaluationSource::Library(side) => self
                .store
                .read_blocking(|view| Ok(in_library::read(view, *side, is_named, labels)))?
                .map(FileSide::of_library),
            EvaluationSource::File { path, format } => {
                let format = in_file::format_of(path, format.as_ref())?;
                if format.descriptor().id != in_file::DETECTIONS {
                    return in_file::read(path, format, labels);
                }
                let truth = truth.filter(|truth| truth.is_coco());
                let truth = truth.ok_or_else(|| EngineError::DetectionsWithoutDataset(path.clone()))?;
                in_file::read_detections(path, format, truth).map(FileSide::of_library)
            }
        }
    }
}

/// The place of each image of the truth on another side.
fn places(truth: &LoadedSide, side: &mut LoadedSide) -> Vec<Option<usize>> {
    let mut places = vec![None; truth.images.len()];
    let is_by_id = |side: &LoadedSide| side.images.iter().all(|image| image.id.is_some());
    if side.is_of_truth {
        places = (0..truth.images.len()).map(Some).collect();
    } else if is_by_id(truth) && is_by_id(side) {
        let by_id: HashMap<_, _> = side.images.iter().enumerate().map(|(place, image)| (image.id, place)).collect();
        for (place, image) in places.iter_mut().zip(&truth.images) {
            *place = by_id.get(&image.id).copied();
        }
    } else {
        let matched = match_images(&side.names, &truth.names);
        side.skip(NotEvaluatedReason::Ambiguous, matched.ambiguous);
        for (image, place) in matched.places.into_iter().enumerate() {
            if let Some(place) = place {
                places[place] = Some(image);
            }
        }
    }
    places
}

/// The sides on the images that all have, in the order of the truth.
fn gather(mut truth: LoadedSide, mut sides: Vec<LoadedSide>, labels: SideLabels) -> Result<Evaluated> {
    let places: Vec<Vec<Option<usize>>> = sides.iter_mut().map(|side| places(&truth, side)).collect();
    let common: Vec<usize> =
        (0..truth.images.len()).filter(|&image| places.iter().all(|places| places[image].is_some())).collect();
    if common.is_empty() {
        return Err(EngineError::NoCommonImages);
    }
    let label_count = labels.names.len();
    let images = common.iter().map(|&image| named(&truth, image, &sides, &places)).collect();
    let is_ground_truth = truth.is_ground_truth;
    let results = sides.into_iter().zip(&places).map(|(side, places)| {
        let wanted: Vec<usize> = common.iter().filter_map(|&image| places[image]).collect();
        detected(side, &wanted, label_count, &truth, &common)
    });
    let results = results.collect();
    let has_label = truth.has_label(label_count);
    skip_others(&mut truth, common.len());
    let taken = take(&mut truth.images, &common);
    let mut read = Truth {
        side: reported(&truth),
        has_label,
        objects: Vec::with_capacity(taken.len()),
        whole: Vec::with_capacity(taken.len()),
        points: taken.iter().map(|image| image.points).sum(),
    };
    for image in taken {
        let object = |object: SideObject| TrueObject {
            label: object.label,
            bounds: object.bounds,
            area: object.area,
            is_crowd: object.is_crowd,
        };
        read.objects.push(image.objects.into_iter().map(object).collect());
        read.whole.push(image.whole);
    }
    Ok(Evaluated { images, labels: labels.names, truth: read, results, is_ground_truth })
}

/// A side on the images at `wanted`.
fn detected(mut side: LoadedSide, wanted: &[usize], labels: usize, truth: &LoadedSide, common: &[usize]) -> Detected {
    let has_label = side.has_label(labels);
    skip_others(&mut side, wanted.len());
    let of_run = match &side.source {
        EvaluatedSource::Run { run, .. } | EvaluatedSource::Layer { layer: run, .. } => Some(*run),
        EvaluatedSource::People | EvaluatedSource::File { .. } => None,
    };
    let approved = common.iter().flat_map(|&image| &truth.images[image].approved);
    let approved_from_it = approved.filter(|&&run| Some(run) == of_run).count();
    let mut read = Detected {
        side: reported(&side),
        has_label,
        detections: Vec::with_capacity(wanted.len()),
        whole: Vec::with_capacity(wanted.len()),
        unscored: 0,
        is_unusable: Vec::with_capacity(wanted.len()),
        approved_from_it: u32::try_from(approved_from_it).unwrap_or(u32::MAX),
        paid: side.costs.map(|paid| wanted.iter().map(|&image| paid[image]).sum::<PicoDollars>()),
        seconds: side.seconds.map(|seconds| wanted.iter().map(|&image| seconds[image]).sum()),
    };
    for image in take(&mut side.images, wanted) {
        read.unscored +=
            u32::try_from(image.objects.iter().filter(|object| object.score.is_none()).count()).unwrap_or(0);
        let scored = |object: SideObject| ScoredBox {
            label: object.label,
            bounds: object.bounds,
            score: object.score.unwrap_or(1.0),
        };
        read.detections.push(image.objects.into_iter().map(scored).collect());
        read.whole.push(image.whole);
        read.is_unusable.push(image.is_unusable);
    }
    read
}

/// Images of the side that are not among the `common` ones, and not skipped for another reason.
fn skip_others(side: &mut LoadedSide, common: usize) {
    let ambiguous = side.not_evaluated.iter().find(|(reason, _)| *reason == NotEvaluatedReason::Ambiguous);
    let ambiguous = ambiguous.map_or(0, |(_, images)| *images);
    let others = u32::try_from(side.images.len() - common).unwrap_or(u32::MAX);
    side.skip(NotEvaluatedReason::OnlyHere, others.saturating_sub(ambiguous));
}

fn reported(side: &LoadedSide) -> EvaluatedSide {
    let mut not_evaluated: Vec<NotEvaluated> =
        side.not_evaluated.iter().map(|&(reason, images)| NotEvaluated { reason, images }).collect();
    not_evaluated.sort_by_key(|not_evaluated| not_evaluated.reason);
    EvaluatedSide { source: side.source.clone(), not_evaluated }
}

/// The images at `places`, which are different.
fn take(images: &mut [SideImage], places: &[usize]) -> Vec<SideImage> {
    places.iter().map(|&place| std::mem::take(&mut images[place])).collect()
}

/// The id and name of an image of the truth: those of the library if a side is there.
fn named(truth: &LoadedSide, image: usize, sides: &[LoadedSide], places: &[Vec<Option<usize>>]) -> NamedImage {
    let others = sides.iter().zip(places).filter_map(|(side, places)| side.images.get(places[image]?)?.id);
    let id = truth.images[image].id.or_else(|| others.into_iter().next());
    let name = truth.names.get(image).and_then(|names| names.paths.first()).cloned().unwrap_or_default();
    NamedImage { id, name }
}
