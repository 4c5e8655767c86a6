//! Intervals of results, and their differences from the first one, by drawing images.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::TrueObject;
use super::bootstrap::{self, Interval, LEAST_IMAGES, PairedDifference};
use super::coco::CocoEvaluation;
use super::precision::DetectionCounts;
use super::report::{EvaluationResult, FigureDifferences, FigureIntervals, Unmeasured, UnmeasuredReason};

/// Any number makes the draws repeatable.
const SEED: u64 = 19;

/// How many images have objects of the ground truth, without crowds.
pub struct ImagesWithObjects {
    pub all: u32,
    by_label: Vec<u32>,
}

impl ImagesWithObjects {
    pub fn new(truth: &[Vec<TrueObject>], labels: usize) -> Self {
        let mut counted = Self { all: 0, by_label: vec![0; labels] };
        for objects in truth {
            let objects = objects.iter().filter(|object| !object.is_crowd);
            let labels: BTreeSet<u32> = objects.map(|object| object.label).collect();
            counted.all += u32::from(!labels.is_empty());
            for label in labels {
                counted.by_label[label as usize] += 1;
            }
        }
        counted
    }
}

/// The figures of one draw, in the order of [`FigureIntervals`].
type Drawn = [Option<f64>; 5];

/// Adds intervals and differences from the first result, all from the same draws of images. `None` once `is_cancelled`.
pub fn compare(
    judged: &mut [Judged],
    with_objects: &ImagesWithObjects,
    images: usize,
    resamples: u32,
    is_cancelled: &dyn Fn() -> bool,
) -> Option<()> {
    let mut drawn: Vec<Vec<Drawn>> = judged.iter().map(|_| Vec::with_capacity(resamples as usize)).collect();
    // Differences of AP50 from the first result, by label.
    let mut by_label: Vec<BTreeMap<u32, Vec<f64>>> = judged.iter().map(|_| BTreeMap::new()).collect();
    let done = bootstrap::draw(u32::try_from(images).unwrap_or(u32::MAX), resamples, SEED, |weights| {
        let mut first = None;
        for (place, each) in judged.iter().enumerate() {
            let precision = each.coco.drawn(weights);
            let counts = weighted(&each.counts, weights);
            drawn[place].push([precision.ap, precision.ap50, counts.precision(), counts.recall(), counts.f1()]);
            let Some(first) = &first else {
                first = Some(precision.ap50_by_label);
                continue;
            };
            for (label, ap50) in precision.ap50_by_label {
                if let (Some(first), Some(ap50)) = (first.get(&label).copied().flatten(), ap50) {
                    by_label[place].entry(label).or_default().push(ap50 - first);
                }
            }
        }
        if is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if done.is_break() {
        return None;
    }
    let interval_of = |drawn: Vec<f64>| Interval::of(drawn, resamples);
    let figures = |result: &EvaluationResult| -> Drawn {
        [result.coco.ap, result.coco.ap50, result.precision, result.recall, result.f1]
    };
    let first_figures = judged.first().map(|first| figures(&first.result)).unwrap_or_default();
    let first_by_label: Vec<Option<f64>> =
        judged.first().iter().flat_map(|first| &first.result.per_label).map(|label| label.ap50).collect();
    for (place, each) in judged.iter_mut().enumerate() {
        let interval =
            |figure: usize| interval_of(drawn[place].iter().filter_map(|drawn| drawn[figure]).collect::<Vec<f64>>());
        each.result.intervals = (resamples > 0).then(|| FigureIntervals {
            ap: interval(0),
            ap50: interval(1),
            precision: interval(2),
            recall: interval(3),
            f1: interval(4),
        });
        each.note_missing_intervals();
        if place == 0 {
            continue;
        }
        let whole = figures(&each.result);
        let difference = |figure: usize| {
            let pairs = drawn[place].iter().zip(&drawn[0]);
            let drawn = pairs.filter_map(|(other, first)| Some(other[figure]? - first[figure]?)).collect();
            let difference = whole[figure]? - first_figures[figure]?;
            Some(PairedDifference { difference, interval: interval_of(drawn) })
        };
        each.result.difference = Some(FigureDifferences {
            ap: difference(0),
            ap50: difference(1),
            precision: difference(2),
            recall: difference(3),
            f1: difference(4),
        });
        let labels = each.result.per_label.iter_mut().zip(&first_by_label).zip(&with_objects.by_label);
        for (((label, first), images), number) in labels.zip(0..) {
            let drawn = by_label[place].remove(&number).unwrap_or_default();
            let interval = interval_of(drawn).filter(|_| *images >= LEAST_IMAGES);
            label.ap50_difference =
                label.ap50.zip(*first).map(|(ap50, first)| PairedDifference { difference: ap50 - first, interval });
        }
    }
    Some(())
}

/// A result, and what its intervals are computed from.
pub struct Judged {
    pub result: EvaluationResult,
    pub coco: CocoEvaluation,
    /// At the threshold, by image.
    pub counts: Vec<DetectionCounts>,
}

impl Judged {
    /// Says that no interval can be computed.
    pub fn note_too_few_images(&mut self) {
        let unmeasured = Unmeasured { figure: "intervals".to_owned(), reason: UnmeasuredReason::TooFewImages };
        self.result.unmeasured.push(unmeasured);
    }

    /// Says which intervals are missing, unless none were computed.
    fn note_missing_intervals(&mut self) {
        let result = &mut self.result;
        let Some(FigureIntervals { ap, ap50, precision, recall, f1 }) = result.intervals else { return };
        for (figure, value, interval) in [
            ("ap", result.coco.ap, ap),
            ("ap50", result.coco.ap50, ap50),
            ("precision", result.precision, precision),
            ("recall", result.recall, recall),
            ("f1", result.f1, f1),
        ] {
            if value.is_some() && interval.is_none() {
                let figure = format!("intervals.{figure}");
                result.unmeasured.push(Unmeasured { figure, reason: UnmeasuredReason::TooFewDraws });
            }
        }
    }
}

/// The counts of images that were drawn as often as `weights` says.
fn weighted(counts: &[DetectionCounts], weights: &[u32]) -> DetectionCounts {
    let mut all = DetectionCounts::default();
    for (counts, weight) in counts.iter().zip(weights) {
        all.right = all.right.saturating_add(counts.right * weight);
        all.wrong = all.wrong.saturating_add(counts.wrong * weight);
        all.missed = all.missed.saturating_add(counts.missed * weight);
    }
    all
}
