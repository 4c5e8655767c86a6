//! Quality of runs and datasets against a ground truth, which may be what people approved, a layer or a dataset in a file.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod in_file;
mod in_library;
mod side;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use domain::compare::Side;
use domain::dataset::FormatId;
use domain::dataset_import::matching::MatchIndex;
use domain::evaluation::evaluate::{Detected, Evaluated, NamedImage, Truth, evaluate};
use domain::evaluation::report::{
    EvaluatedSide, EvaluatedSource, EvaluationOptions, EvaluationReport, EvaluationRequest, NotEvaluated,
    NotEvaluatedReason,
};
use domain::evaluation::{ScoredBox, TrueObject};
use domain::ids::ImageId;
use domain::money::PicoDollars;
use prepare::DecodingMemory;
use store::{Store, WantedImages};

use self::in_file::FileSide;
use self::side::{LoadedSide, SideImage, SideLabels, SideObject};
use crate::cancellation::Cancellation;
use crate::changes::Changes;
use crate::sync::lock;
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
    changes: Changes,
    memory: DecodingMemory,
    latest: Mutex<Option<Gathered>>,
}

/// What an evaluation read from the library. Another threshold or overlap needs it again.
struct Gathered {
    evaluated: Vec<Side>,
    against: Side,
    /// Of the library.
    version: u64,
    data: Arc<Evaluated>,
}

impl Evaluations {
    pub(crate) fn new(store: Arc<Store>, changes: Changes, memory: DecodingMemory) -> Self {
        Self { store, changes, memory, latest: Mutex::default() }
    }

    /// Evaluates what is in the library.
    ///
    /// # Errors
    ///
    /// As [`Evaluations::evaluate`].
    pub fn report(&self, request: &EvaluationRequest, cancellation: &Cancellation) -> Result<EvaluationReport> {
        let version = *self.changes.version().borrow();
        let known = lock(&self.latest).as_ref().and_then(|latest| {
            let is_same =
                (&latest.evaluated, latest.against, latest.version) == (&request.evaluated, request.against, version);
            is_same.then(|| Arc::clone(&latest.data))
        });
        let data = if let Some(data) = known {
            data
        } else {
            let evaluated: Vec<_> = request.evaluated.iter().copied().map(EvaluationSource::Library).collect();
            let against = EvaluationSource::Library(request.against);
            let data = Arc::new(self.gather(&evaluated, &against, cancellation)?);
            let (evaluated, against) = (request.evaluated.clone(), request.against);
            *lock(&self.latest) = Some(Gathered { evaluated, against, version, data: Arc::clone(&data) });
            data
        };
        self.judge(&data, request.options, cancellation)
    }

    /// Evaluates `evaluated` on the images that they and `against` have in common.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoCommonImages`] if there are none, [`EngineError::Cancelled`].
    pub fn evaluate(
        &self,
        evaluated: &[EvaluationSource],
        against: &EvaluationSource,
        options: EvaluationOptions,
        cancellation: &Cancellation,
    ) -> Result<EvaluationReport> {
        let data = self.gather(evaluated, against, cancellation)?;
        self.judge(&data, options, cancellation)
    }

    fn judge(
        &self,
        data: &Evaluated,
        options: EvaluationOptions,
        cancellation: &Cancellation,
    ) -> Result<EvaluationReport> {
        let report = evaluate(data, options, &|| cancellation.is_cancelled());
        let mut report = report.ok_or(EngineError::Cancelled)?;
        self.name_worst(&mut report)?;
        Ok(report)
    }

    fn gather(
        &self,
        evaluated: &[EvaluationSource],
        against: &EvaluationSource,
        cancellation: &Cancellation,
    ) -> Result<Evaluated> {
        let mut labels = SideLabels::default();
        let mut index = self.library_index(evaluated.iter().chain([against]))?;
        let mut truth = self.read(against, None, index.as_ref(), &mut labels, cancellation)?;
        if index.is_none() && against.is_file() {
            index = Some(Arc::new(truth.index()));
        }
        let read = |each| self.read(each, Some(&truth), index.as_ref(), &mut labels, cancellation);
        let sides: Vec<FileSide> = evaluated.iter().map(read).collect::<Result<_>>()?;
        gather(truth.side, sides.into_iter().map(|side| side.side).collect(), labels)
    }

    /// The images of the library among which those of files are found: those that all `sides` of the library have. `None` if
    /// only the library or only files are evaluated.
    fn library_index<'a>(
        &self,
        sides: impl Iterator<Item = &'a EvaluationSource> + Clone,
    ) -> Result<Option<Arc<MatchIndex>>> {
        if !sides.clone().any(EvaluationSource::is_file) {
            return Ok(None);
        }
        let index = self.store.read_blocking(|view| {
            let mut common: Option<HashSet<ImageId>> = None;
            for side in sides {
                let EvaluationSource::Library(side) = side else { continue };
                let images = in_library::images(view, *side)?;
                common = Some(match common {
                    Some(known) => known.intersection(&images).copied().collect(),
                    None => images,
                });
            }
            common.map(|common| view.match_index(&WantedImages::These(common))).transpose()
        })?;
        Ok(index.map(Arc::new))
    }

    /// Images of the library are called as everywhere else.
    fn name_worst(&self, report: &mut EvaluationReport) -> Result<()> {
        Ok(self.store.read_blocking(|view| {
            for worst in report.results.iter_mut().flat_map(|result| &mut result.worst) {
                if let Some(name) = worst.image.map(|id| view.name_of_image(id)).transpose()?.flatten() {
                    worst.name = name;
                }
            }
            Ok(())
        })?)
    }

    /// Reads a side; `truth` is the one that it is compared with.
    fn read(
        &self,
        source: &EvaluationSource,
        truth: Option<&FileSide>,
        index: Option<&Arc<MatchIndex>>,
        labels: &mut SideLabels,
        cancellation: &Cancellation,
    ) -> Result<FileSide> {
        match source {
            EvaluationSource::Library(side) => self
                .store
                .read_settled_blocking(|view| Ok(in_library::read(view, *side, labels, cancellation)))?
                .map(FileSide::of_library),
            EvaluationSource::File { path, format } => {
                let format = in_file::format_at(path, format.as_ref())?;
                if format.descriptor().id != in_file::DETECTIONS {
                    return in_file::read(path, format, index, &self.memory, labels, cancellation);
                }
                let truth = truth.filter(|truth| truth.is_coco());
                let truth = truth.ok_or_else(|| EngineError::DetectionsWithoutDataset(path.clone()))?;
                in_file::read_detections(path, format, truth, cancellation).map(FileSide::of_library)
            }
        }
    }
}

/// The place of each image of the truth on another side.
fn places(truth: &LoadedSide, side: &LoadedSide) -> Vec<Option<usize>> {
    if side.is_of_truth {
        return (0..truth.images.len()).map(Some).collect();
    }
    let by_id: HashMap<ImageId, usize> =
        side.images.iter().enumerate().filter_map(|(place, image)| Some((image.id?, place))).collect();
    truth.images.iter().map(|image| by_id.get(&image.id?).copied()).collect()
}

/// The sides on the images that all have, in the order of the truth.
fn gather(mut truth: LoadedSide, sides: Vec<LoadedSide>, labels: SideLabels) -> Result<Evaluated> {
    let places: Vec<Vec<Option<usize>>> = sides.iter().map(|side| places(&truth, side)).collect();
    let common: Vec<usize> =
        (0..truth.images.len()).filter(|&image| places.iter().all(|places| places[image].is_some())).collect();
    if common.is_empty() {
        return Err(EngineError::NoCommonImages);
    }
    let label_count = labels.names.len();
    let images = common.iter().map(|&image| named(&truth, image, &sides)).collect();
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
    let is_listed = |reason| matches!(reason, NotEvaluatedReason::Ambiguous | NotEvaluatedReason::OtherSize);
    let known: u32 = side.not_evaluated.iter().filter(|(reason, _)| is_listed(*reason)).map(|(_, images)| images).sum();
    let others = u32::try_from(side.images.len() - common).unwrap_or(u32::MAX);
    side.skip(NotEvaluatedReason::OnlyHere, others.saturating_sub(known));
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

/// The id and name of an image of the truth. Between files alone, no image has an id.
fn named(truth: &LoadedSide, image: usize, sides: &[LoadedSide]) -> NamedImage {
    let has_ids = !truth.is_file() || sides.iter().any(|side| !side.is_file());
    let name = truth.names.get(image).cloned().unwrap_or_default();
    NamedImage { id: truth.images[image].id.filter(|_| has_ids), name }
}
