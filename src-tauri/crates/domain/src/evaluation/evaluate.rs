//! Evaluates results against one ground truth on the same images, and compares them.

use super::bootstrap::LEAST_IMAGES;
use super::calibration::{LabelOutcomes, outcomes_by_label};
use super::coco::{CocoEvaluation, CocoFigures};
use super::comparison::{ImagesWithObjects, Judged, compare};
use super::confusion::ConfusionMatrix;
use super::image_quality::{ImageQuality, overlap_histogram, right_overlaps, worst_first};
use super::precision::{DetectionCounts, PrecisionAndRecall};
use super::report::{
    CaptionResult, ConfusionCell, CorrectBoxCost, EvaluatedSide, EvaluationOptions, EvaluationReport, EvaluationResult,
    LabelResult, MOST_WORST, PRECISE, RESAMPLES, ReportLabel, ScoreCalibration, TagResult, ThresholdSource, Unmeasured,
    UnmeasuredReason, WorstImage,
};
use super::whole_image::{CaptionQuality, TagQuality};
use super::{EvaluatedImage, ScoredBox, TrueObject};
use crate::ids::ImageId;
use crate::metrics::quantile;
use crate::money::PicoDollars;

/// Draws times detections, up to which intervals of a single result take seconds at most.
const QUICK: u64 = 200_000_000;

/// Sides with their annotations on the same images, in the same order.
pub struct Evaluated {
    pub images: Vec<NamedImage>,
    /// The names of labels by number.
    pub labels: Vec<String>,
    pub truth: Truth,
    pub results: Vec<Detected>,
    pub is_ground_truth: bool,
}

/// An image in a report.
pub struct NamedImage {
    pub id: Option<ImageId>,
    pub name: String,
}

/// The ground truth by image.
pub struct Truth {
    pub side: EvaluatedSide,
    /// Whether each label is listed or used.
    pub has_label: Vec<bool>,
    pub objects: Vec<Vec<TrueObject>>,
    pub whole: Vec<WholeImage>,
    pub points: u32,
}

/// The detections of a result by image.
pub struct Detected {
    pub side: EvaluatedSide,
    pub has_label: Vec<bool>,
    pub detections: Vec<Vec<ScoredBox>>,
    pub whole: Vec<WholeImage>,
    pub unscored: u32,
    /// Whether the answer of each image could not be used.
    pub is_unusable: Vec<bool>,
    pub approved_from_it: u32,
    pub paid: Result<PicoDollars, UnmeasuredReason>,
    pub seconds: Result<f64, UnmeasuredReason>,
}

/// What is said of a whole image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WholeImage {
    pub tags: Vec<String>,
    pub caption: Option<String>,
}

/// Evaluates all results. `None` once `is_cancelled`.
#[must_use]
pub fn evaluate(
    evaluated: &Evaluated,
    options: EvaluationOptions,
    is_cancelled: &dyn Fn() -> bool,
) -> Option<EvaluationReport> {
    let Evaluated { images, labels, truth, results, is_ground_truth } = evaluated;
    let mut objects_of_label = vec![0_u32; labels.len()];
    let mut crowds = 0;
    for object in truth.objects.iter().flatten() {
        if object.is_crowd {
            crowds += 1;
        } else {
            objects_of_label[object.label as usize] += 1;
        }
    }
    let with_objects = ImagesWithObjects::new(&truth.objects, labels.len());
    let labels: Vec<ReportLabel> = labels
        .iter()
        .zip(&objects_of_label)
        .zip(&truth.has_label)
        .map(|((name, &objects), &is_in_truth)| ReportLabel { name: name.clone(), objects, is_in_truth })
        .collect();
    let resamples = options.resamples.unwrap_or_else(|| {
        let detections: usize =
            results.iter().map(|result| result.detections.iter().map(Vec::len).sum::<usize>()).sum();
        let is_quick = detections as u64 * u64::from(RESAMPLES) <= QUICK;
        if is_quick || results.len() > 1 { RESAMPLES } else { 0 }
    });
    let has_too_few_images = resamples > 0 && with_objects.all < LEAST_IMAGES;
    let resamples = if has_too_few_images { 0 } else { resamples };
    let common = Common { images, labels: &labels, truth, options };
    let mut judged = Vec::with_capacity(results.len());
    for result in results {
        if is_cancelled() {
            return None;
        }
        judged.push(common.judge(result));
    }
    compare(&mut judged, &with_objects, images.len(), resamples, is_cancelled)?;
    if has_too_few_images {
        judged.iter_mut().for_each(Judged::note_too_few_images);
    }
    Some(EvaluationReport {
        is_ground_truth: *is_ground_truth,
        images: u32::try_from(images.len()).unwrap_or(u32::MAX),
        images_with_objects: with_objects.all,
        objects: objects_of_label.iter().sum(),
        crowds,
        points: truth.points,
        overlap: options.overlap,
        resamples,
        results: judged.into_iter().map(|judged| judged.result).collect(),
        labels,
        against: truth.side.clone(),
    })
}

/// What all results share.
struct Common<'a> {
    images: &'a [NamedImage],
    labels: &'a [ReportLabel],
    truth: &'a Truth,
    options: EvaluationOptions,
}

impl Common<'_> {
    fn judge(&self, detected: &Detected) -> Judged {
        let Self { truth, options, .. } = *self;
        let (tags, captions) = (tags(&truth.whole, &detected.whole), captions(&truth.whole, &detected.whole));
        let mut found_of_label = vec![0_u32; self.labels.len()];
        let mut detections = 0;
        let images: Vec<EvaluatedImage> = truth
            .objects
            .iter()
            .zip(&detected.detections)
            .map(|(truth, found)| {
                for detection in found {
                    found_of_label[detection.label as usize] += 1;
                    detections += 1;
                }
                EvaluatedImage { truth: truth.clone(), detections: found.clone() }
            })
            .collect();
        let coco = CocoEvaluation::new(&images);
        let outcomes = outcomes_by_label(&images, options.overlap);
        let all = LabelOutcomes::merged(outcomes.values());
        let has_scores = detections > detected.unscored;
        let of_all = has_scores.then(|| calibration(&all));
        let best = all.calibration().best_f1.map(|best| best.score);
        let lowest = images.iter().flat_map(|image| &image.detections).map(|found| found.score).min_by(f64::total_cmp);
        // Without a correct detection, no confidence is better than another.
        let threshold = options.threshold.or(best).or(lowest);
        let (overlap, least) = (options.overlap, threshold.unwrap_or_default());
        let counted = PrecisionAndRecall::new(&images, overlap, least);
        let per_label: Vec<LabelResult> = self
            .labels
            .iter()
            .zip(0..)
            .map(|(label, number)| {
                let counts = counted.by_label.get(&number).copied().unwrap_or_default();
                let figures = coco.label_figures(number);
                LabelResult {
                    label: label.name.clone(),
                    objects: label.objects,
                    detections: found_of_label[number as usize],
                    is_in_result: detected.has_label[number as usize],
                    ap: figures.ap,
                    ap50: figures.ap50,
                    precision: counts.precision(),
                    recall: counts.recall(),
                    f1: counts.f1(),
                    counts,
                    calibration: outcomes.get(&number).filter(|_| has_scores).map(calibration),
                    ap50_difference: None,
                }
            })
            .collect();
        let shared =
            self.labels.iter().zip(&per_label).filter(|(label, found)| label.is_in_truth && found.is_in_result);
        let (shared_labels, precisions): (Vec<_>, Vec<Option<f64>>) =
            shared.map(|(label, found)| (label, found.ap)).unzip();
        let precisions: Vec<f64> = precisions.into_iter().flatten().collect();
        let overlaps = right_overlaps(&images, overlap, least);
        let worst = self.worst(&counted.by_image, &detected.is_unusable);
        let mut result = EvaluationResult {
            side: detected.side.clone(),
            coco: coco.figures(),
            ap_shared_labels: mean(&precisions),
            shared_labels: u32::try_from(shared_labels.len()).unwrap_or(u32::MAX),
            detections,
            unscored: detected.unscored,
            unusable_answers: u32::try_from(detected.is_unusable.iter().filter(|is| **is).count()).unwrap_or(u32::MAX),
            approved_from_it: detected.approved_from_it,
            threshold,
            threshold_source: if options.threshold.is_some() {
                ThresholdSource::Given
            } else {
                ThresholdSource::BestF1
            },
            precision: counted.all.precision(),
            recall: counted.all.recall(),
            f1: counted.all.f1(),
            counts: counted.all,
            per_label,
            confusion: confusion(&ConfusionMatrix::new(&images, overlap, least)),
            calibration: of_all,
            curve: all.curve(),
            iou_histogram: overlap_histogram(&overlaps),
            median_iou: quantile(&overlaps, 0.5),
            images_with_errors: worst.1,
            worst: worst.0,
            cost: cost(detected.paid, detected.seconds, counted.all.right),
            tags,
            captions,
            intervals: None,
            difference: None,
            unmeasured: Vec::new(),
        };
        result.unmeasured = unmeasured(&result, self.labels, detected.paid.err(), detected.seconds.err());
        Judged { result, coco, counts: counted.by_image }
    }

    /// The worst images, and how many have errors.
    fn worst(&self, counts: &[DetectionCounts], is_unusable: &[bool]) -> (Vec<WorstImage>, u32) {
        let qualities = worst_first(counts);
        let with_errors = u32::try_from(qualities.len()).unwrap_or(u32::MAX);
        let worst = qualities.into_iter().take(MOST_WORST).map(|ImageQuality { image, counts }| {
            let named = &self.images[image as usize];
            WorstImage {
                image: named.id,
                name: named.name.clone(),
                counts,
                f1: counts.f1(),
                has_unusable_answer: is_unusable[image as usize],
            }
        });
        (worst.collect(), with_errors)
    }
}

fn calibration(outcomes: &LabelOutcomes) -> ScoreCalibration {
    let of_label = outcomes.calibration();
    ScoreCalibration {
        bins: of_label.bins.to_vec(),
        expected_error: of_label.expected_error,
        best_f1: of_label.best_f1,
        precise: outcomes.threshold_for(PRECISE),
    }
}

fn confusion(matrix: &ConfusionMatrix) -> Vec<ConfusionCell> {
    matrix.cells.iter().map(|(&(truth, found), &count)| ConfusionCell { truth, found, count }).collect()
}

/// `None` without values.
fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

fn cost(
    paid: Result<PicoDollars, UnmeasuredReason>,
    seconds: Result<f64, UnmeasuredReason>,
    right: u32,
) -> CorrectBoxCost {
    let is_any = right > 0;
    CorrectBoxCost {
        paid: paid.ok(),
        seconds: seconds.ok(),
        per_box: paid.ok().filter(|_| is_any).map(|paid| PicoDollars(paid.0.div_ceil(right.into()))),
        seconds_per_correct_box: seconds.ok().filter(|_| is_any).map(|seconds| seconds / f64::from(right)),
    }
}

/// `None` if the ground truth has no tags.
fn tags(truth: &[WholeImage], found: &[WholeImage]) -> Option<TagResult> {
    truth.iter().any(|image| !image.tags.is_empty()).then(|| {
        let quality = TagQuality::new(truth.iter().zip(found).map(|(truth, found)| (&truth.tags[..], &found.tags[..])));
        TagResult { quality, accuracy: quality.accuracy() }
    })
}

/// `None` if the ground truth has no captions.
fn captions(truth: &[WholeImage], found: &[WholeImage]) -> Option<CaptionResult> {
    let both = truth.iter().zip(found);
    let captions = both.filter_map(|(truth, found)| Some((truth.caption.as_deref()?, found.caption.as_deref())));
    let quality = CaptionQuality::new(captions);
    let share = |part: u32| (quality.captions > 0).then(|| f64::from(part) / f64::from(quality.captions));
    (quality.captions > 0).then(|| CaptionResult {
        quality,
        exact_accuracy: share(quality.exact),
        normalized_accuracy: share(quality.normalized),
    })
}

/// The figures of `result` that are missing, with reasons.
fn unmeasured(
    result: &EvaluationResult,
    labels: &[ReportLabel],
    no_cost: Option<UnmeasuredReason>,
    no_duration: Option<UnmeasuredReason>,
) -> Vec<Unmeasured> {
    use UnmeasuredReason::{
        NoCaptions, NoConfidences, NoCorrectBoxes, NoDetections, NoObjects, NoObjectsOfThisSize, NoSharedLabels, NoTags,
    };
    let mut missing = Vec::new();
    let mut note = |figure: &str, is_there: bool, reason: UnmeasuredReason| {
        if !is_there {
            missing.push(Unmeasured { figure: figure.to_owned(), reason });
        }
    };
    let has_objects = labels.iter().any(|label| label.objects > 0);
    let of_size = if has_objects { NoObjectsOfThisSize } else { NoObjects };
    let CocoFigures { ap, ap50, ap75, ap_small, ap_medium, ap_large, ar1, ar10, ar100, ar_small, ar_medium, ar_large } =
        result.coco;
    for (figure, value) in [("ap", ap), ("ap50", ap50), ("ap75", ap75), ("ar1", ar1), ("ar10", ar10), ("ar100", ar100)]
    {
        note(figure, value.is_some(), NoObjects);
    }
    for (figure, value) in [
        ("ap_small", ap_small),
        ("ap_medium", ap_medium),
        ("ap_large", ap_large),
        ("ar_small", ar_small),
        ("ar_medium", ar_medium),
        ("ar_large", ar_large),
    ] {
        note(figure, value.is_some(), of_size);
    }
    note("ap_shared_labels", result.ap_shared_labels.is_some(), if has_objects { NoSharedLabels } else { NoObjects });
    note("threshold", result.threshold.is_some(), NoDetections);
    note("precision", result.precision.is_some(), NoDetections);
    note("recall", result.recall.is_some(), NoObjects);
    note("f1", result.f1.is_some(), NoObjects);
    note("median_iou", result.median_iou.is_some(), NoCorrectBoxes);
    let no_confidence = if result.detections == 0 { NoDetections } else { NoConfidences };
    note("calibration", result.calibration.is_some(), no_confidence);
    let cost = &result.cost;
    note("paid_dollars", cost.paid.is_some(), no_cost.unwrap_or(NoCorrectBoxes));
    note("dollars_per_correct_box", cost.per_box.is_some(), no_cost.unwrap_or(NoCorrectBoxes));
    note("seconds", cost.seconds.is_some(), no_duration.unwrap_or(NoCorrectBoxes));
    note("seconds_per_correct_box", cost.seconds_per_correct_box.is_some(), no_duration.unwrap_or(NoCorrectBoxes));
    note("tags", result.tags.is_some(), NoTags);
    note("captions", result.captions.is_some(), NoCaptions);
    missing
}
