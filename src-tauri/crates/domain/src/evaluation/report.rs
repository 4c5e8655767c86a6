//! The report of an evaluation: what the command line prints, the API returns and the window shows.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Interval, PairedDifference};
use super::calibration::{CalibrationBin, CurvePoint, SuggestedThreshold};
use super::coco::CocoFigures;
use super::precision::DetectionCounts;
use super::whole_image::{CaptionQuality, TagQuality};
use crate::compare::Side;
use crate::dataset_import::ImportRole;
use crate::ids::{ImageId, RunId};
use crate::money::PicoDollars;

/// Overlap from which a detection is right, unless another one is chosen.
pub const USUAL_OVERLAP: f64 = 0.5;
/// Draws of images behind an interval.
pub const RESAMPLES: u32 = 1_000;

/// What is evaluated in a library, and against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EvaluationRequest {
    /// The first one is the one that the others are compared with.
    pub evaluated: Vec<Side>,
    pub against: Side,
    pub options: EvaluationOptions,
}

/// How detections are judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EvaluationOptions {
    /// Detections below this confidence do not count in precision, recall and what depends on them. `None` for the
    /// confidence with the highest F1 of each result.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub threshold: Option<f64>,
    /// Overlap (`IoU`) from which a detection is right, in the same figures. COCO's have their own.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub overlap: f64,
    /// Draws of images behind an interval; `None` for [`RESAMPLES`] where that takes seconds at most, or where results are
    /// compared. 0 for no intervals.
    pub resamples: Option<u32>,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self { threshold: None, overlap: USUAL_OVERLAP, resamples: None }
    }
}

/// One or more results against one ground truth, on the same images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EvaluationReport {
    pub against: EvaluatedSide,
    /// Whether `against` is a ground truth. Otherwise the figures say how far two models agree, not how good one is.
    pub is_ground_truth: bool,
    /// Images that all sides have answered.
    pub images: u32,
    /// Of them, those with objects of the ground truth. Intervals need at least [`super::bootstrap::LEAST_IMAGES`].
    pub images_with_objects: u32,
    /// Objects of the ground truth on them, without crowds.
    pub objects: u32,
    pub crowds: u32,
    /// Points on them, which have no extent and are not evaluated.
    pub points: u32,
    /// Overlap from which a detection is right.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub overlap: f64,
    /// Draws of images behind each interval; 0 if there are none.
    pub resamples: u32,
    /// All labels of all sides. Other parts of the report number them from 0.
    pub labels: Vec<ReportLabel>,
    pub results: Vec<EvaluationResult>,
}

/// A side of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EvaluatedSide {
    #[serde(flatten)]
    pub source: EvaluatedSource,
    /// Images that it has and that are not evaluated, by reason.
    pub not_evaluated: Vec<NotEvaluated>,
}

/// Where the annotations of a side come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum EvaluatedSource {
    /// The original answers of a run.
    Run {
        run: RunId,
        model: String,
        model_name: String,
        recipe_name: String,
    },
    /// An imported dataset.
    Layer {
        layer: RunId,
        name: String,
        role: ImportRole,
    },
    /// Annotations that people accepted, edited or drew on reviewed images.
    People,
    File {
        path: String,
        format: String,
    },
}

/// Images that were not evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NotEvaluated {
    pub reason: NotEvaluatedReason,
    pub images: u32,
}

/// Why an image is not evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum NotEvaluatedReason {
    /// Another side does not have it.
    OnlyHere,
    /// Waits for its answer.
    Waiting,
    /// The request or the file failed, so that there is no answer to judge.
    Failed,
    /// It has the annotations of a similar image; the model has not seen it.
    Propagated,
    /// Several images of another side could be it, or other images of its side the same one.
    Ambiguous,
    /// The image of the other side has another size, not even scaled.
    OtherSize,
}

/// A label of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReportLabel {
    /// As the ground truth spells it, if it has it.
    pub name: String,
    /// Objects of the ground truth, without crowds.
    pub objects: u32,
    /// Whether the ground truth lists or has it.
    pub is_in_truth: bool,
}

/// The figures of one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EvaluationResult {
    pub side: EvaluatedSide,
    /// The twelve figures of COCO.
    #[serde(flatten)]
    pub coco: CocoFigures,
    /// AP over the labels that both sides list.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap_shared_labels: Option<f64>,
    pub shared_labels: u32,
    /// Detections at any confidence.
    pub detections: u32,
    /// Of them, those without a confidence, which count as certain.
    pub unscored: u32,
    /// Evaluated images whose answer could not be used: everything on them is missed.
    pub unusable_answers: u32,
    /// Objects of the ground truth that a person approved among the proposals of this very run. What it missed, they may have
    /// missed too.
    pub approved_from_it: u32,
    /// Detections below it do not count in the following figures. `None` without detections.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub threshold: Option<f64>,
    pub threshold_source: ThresholdSource,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub precision: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub recall: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub f1: Option<f64>,
    pub counts: DetectionCounts,
    /// By label, in the order of the report's labels.
    pub per_label: Vec<LabelResult>,
    pub confusion: Vec<ConfusionCell>,
    /// Over all labels; `None` without confidences.
    pub calibration: Option<ScoreCalibration>,
    /// Precision and recall over all labels, from the most confident detections on, a point for each hundredth of recall.
    pub curve: Vec<CurvePoint>,
    /// Right detections by their overlap, in steps of .05 from 0 to 1.
    pub iou_histogram: [u32; 20],
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub median_iou: Option<f64>,
    /// The images with the most errors first, at most [`MOST_WORST`].
    pub worst: Vec<WorstImage>,
    /// Images with wrong detections or missed objects.
    pub images_with_errors: u32,
    pub cost: CorrectBoxCost,
    pub tags: Option<TagResult>,
    pub captions: Option<CaptionResult>,
    /// `None` without resampling, or with too few images.
    pub intervals: Option<FigureIntervals>,
    /// Difference from the first result on the same draws of images; `None` for the first.
    pub difference: Option<FigureDifferences>,
    /// Why figures are missing.
    pub unmeasured: Vec<Unmeasured>,
}

/// Most images listed as worst.
pub const MOST_WORST: usize = 100;

/// Where a threshold comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ThresholdSource {
    Given,
    /// The confidence with the highest F1 on these very images, which favors the result a little.
    BestF1,
}

/// The figures of a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelResult {
    pub label: String,
    pub objects: u32,
    /// Detections at any confidence.
    pub detections: u32,
    /// Whether this side lists or has it. Without it, all its objects are missed.
    pub is_in_result: bool,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap50: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub precision: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub recall: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub f1: Option<f64>,
    pub counts: DetectionCounts,
    /// `None` without confidences.
    pub calibration: Option<ScoreCalibration>,
    /// Difference of AP50 from the first result.
    pub ap50_difference: Option<PairedDifference>,
}

/// Objects by true and found label, counted at the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ConfusionCell {
    /// Number among the report's labels; `None` for detections on nothing.
    pub truth: Option<u32>,
    /// `None` for objects that were not found.
    pub found: Option<u32>,
    pub count: u32,
}

/// Whether confidences are probabilities, and thresholds that follow from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ScoreCalibration {
    /// Ten bins of equal width from 0 to 1.
    pub bins: Vec<CalibrationBin>,
    /// Mean distance of confidence and share of right ones.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub expected_error: Option<f64>,
    /// The confidence with the highest F1.
    pub best_f1: Option<SuggestedThreshold>,
    /// The lowest confidence with a precision of at least [`PRECISE`].
    pub precise: Option<SuggestedThreshold>,
}

/// The precision of the second suggested threshold.
pub const PRECISE: f64 = 0.95;

/// An image with errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WorstImage {
    /// `None` if no side is of the library.
    pub image: Option<ImageId>,
    pub name: String,
    pub counts: DetectionCounts,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub f1: Option<f64>,
    pub has_unusable_answer: bool,
}

/// What right detections cost, on the evaluated images.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CorrectBoxCost {
    /// What was paid for their answers, by this run or by an earlier one whose answers it used.
    #[serde(rename = "paid_dollars")]
    pub paid: Option<PicoDollars>,
    /// Summed durations of their answers.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub seconds: Option<f64>,
    #[serde(rename = "dollars_per_correct_box")]
    pub per_box: Option<PicoDollars>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub seconds_per_correct_box: Option<f64>,
}

/// Tags compared with the true ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TagResult {
    #[serde(flatten)]
    pub quality: TagQuality,
    /// Share of images whose tags are exactly the true ones.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub accuracy: Option<f64>,
}

/// Captions compared with the true ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CaptionResult {
    #[serde(flatten)]
    pub quality: CaptionQuality,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub exact_accuracy: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub normalized_accuracy: Option<f64>,
}

/// Intervals of the headline figures at a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FigureIntervals {
    pub ap: Option<Interval>,
    pub ap50: Option<Interval>,
    pub precision: Option<Interval>,
    pub recall: Option<Interval>,
    pub f1: Option<Interval>,
}

/// Differences of the headline figures.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FigureDifferences {
    pub ap: Option<PairedDifference>,
    pub ap50: Option<PairedDifference>,
    pub precision: Option<PairedDifference>,
    pub recall: Option<PairedDifference>,
    pub f1: Option<PairedDifference>,
}

/// A figure that is missing, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Unmeasured {
    /// Its key, such as `ap_small`.
    pub figure: String,
    pub reason: UnmeasuredReason,
}

/// Why a figure is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum UnmeasuredReason {
    /// The ground truth has no box.
    NoObjects,
    /// The ground truth has no box of this size.
    NoObjectsOfThisSize,
    NoSharedLabels,
    NoDetections,
    /// No detection has a confidence.
    NoConfidences,
    /// No box is right.
    NoCorrectBoxes,
    /// It is not a run of a model.
    NotARun,
    /// The price of the model is unknown.
    PriceUnknown,
    /// Some requests may have been billed.
    CostUncertain,
    /// The duration of some answers was not recorded, or they came in a batch.
    DurationUnknown,
    /// The ground truth has no tags.
    NoTags,
    /// The ground truth has no captions.
    NoCaptions,
    /// Too few images have objects for an interval.
    TooFewImages,
    /// Most draws of images had nothing to measure it by.
    TooFewDraws,
}
