//! Average precision and recall by the COCO protocol.
//!
//! Source: `COCOeval` of pycocotools 2.0.11 with `iouType='bbox'`, to which the figures are equal. Images and labels are
//! in the order of their ids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::matching::{ByLabel, OfLabel, Overlaps, assign};
use super::{EvaluatedImage, descending};

/// Overlaps at which a detection counts as right.
pub const THRESHOLDS: usize = 10;
const RECALLS: u32 = 101;
/// Most detections of a label on an image.
const MOST: [usize; 3] = [1, 10, 100];
/// Areas in square pixels: all, small, medium, large.
const AREAS: [(f64, f64); 4] = [(0.0, 1e10), (0.0, 1024.0), (1024.0, 9216.0), (9216.0, 1e10)];

/// The overlap of a threshold, from .50 in steps of .05, as `numpy.linspace` computes it.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "there are ten")]
pub fn overlap_of(threshold: usize) -> f64 {
    if threshold + 1 == THRESHOLDS { 0.95 } else { 0.5 + threshold as f64 * ((0.95 - 0.5) / 9.0) }
}

/// The twelve figures of COCO. `None` where there is no ground truth.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CocoFigures {
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap50: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap75: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap_small: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap_medium: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ap_large: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ar1: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ar10: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ar100: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ar_small: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ar_medium: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub ar_large: Option<f64>,
}

/// A detection, and what it is at each threshold, by area.
struct Judged {
    score: f64,
    image: u32,
    /// From 0, among those of its label on the image.
    rank: u8,
    /// A bit for each threshold: whether it took an object.
    is_matched: [u16; AREAS.len()],
    /// Whether it counts neither as right nor as wrong.
    is_ignored: [u16; AREAS.len()],
}

/// Objects of a label on an image, by area, without those that are ignored.
struct ObjectCount {
    image: u32,
    objects: [u32; AREAS.len()],
}

#[derive(Default)]
struct JudgedLabel {
    /// The most confident first.
    detections: Vec<Judged>,
    counts: Vec<ObjectCount>,
}

/// All detections, judged.
pub struct CocoEvaluation {
    labels: BTreeMap<u32, JudgedLabel>,
}

impl CocoEvaluation {
    #[must_use]
    pub fn new<'a>(images: impl IntoIterator<Item = &'a EvaluatedImage>) -> Self {
        let mut labels: BTreeMap<u32, JudgedLabel> = BTreeMap::new();
        for (image, number) in images.into_iter().zip(0..) {
            for of_label in ByLabel::new(image).labels() {
                judge(&of_label, number, labels.entry(of_label.label).or_default());
            }
        }
        for label in labels.values_mut() {
            // Stable: detections with equal scores stay in the order of images and ranks.
            label.detections.sort_by(|one, other| descending(one.score, other.score));
        }
        Self { labels }
    }

    /// The figures over all labels.
    #[must_use]
    pub fn figures(&self) -> CocoFigures {
        figures_of(self.labels.values())
    }

    /// The figures of one label.
    #[must_use]
    pub fn label_figures(&self, label: u32) -> CocoFigures {
        figures_of(self.labels.get(&label))
    }

    /// Average precision of images drawn as often as `weights` says; for resampling.
    #[must_use]
    pub fn drawn(&self, weights: &[u32]) -> DrawnPrecision {
        let (mut all, mut at50) = (Mean::default(), Mean::default());
        let by_label = self.labels.iter().map(|(label, judged)| {
            let precision = judged.drawn(weights);
            for (threshold, precision) in precision.into_iter().flatten().enumerate() {
                all.extend(Some(precision));
                at50.extend((threshold == 0).then_some(precision));
            }
            (*label, precision.map(|precision| precision[0]))
        });
        let by_label = by_label.collect();
        DrawnPrecision { ap: all.value(), ap50: at50.value(), ap50_by_label: by_label }
    }
}

/// Average precision of a draw of images; `None` where it holds no objects.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DrawnPrecision {
    pub ap: Option<f64>,
    pub ap50: Option<f64>,
    pub ap50_by_label: BTreeMap<u32, Option<f64>>,
}

fn figures_of<'a>(labels: impl IntoIterator<Item = &'a JudgedLabel>) -> CocoFigures {
    let mut precision = [Mean::default(); AREAS.len()];
    let mut recall = [Mean::default(); AREAS.len()];
    let [mut at50, mut at75, mut of1, mut of10] = [Mean::default(); 4];
    for label in labels {
        for threshold in 0..THRESHOLDS {
            for area in 0..AREAS.len() {
                let curve = label.curve(area, 2, threshold);
                precision[area].extend(curve.map(|curve| curve.precision));
                recall[area].extend(curve.map(|curve| curve.recall));
                if area == 0 && (threshold == 0 || threshold == 5) {
                    let at = if threshold == 0 { &mut at50 } else { &mut at75 };
                    at.extend(curve.map(|curve| curve.precision));
                }
            }
            of1.extend(label.curve(0, 0, threshold).map(|curve| curve.recall));
            of10.extend(label.curve(0, 1, threshold).map(|curve| curve.recall));
        }
    }
    CocoFigures {
        ap: precision[0].value(),
        ap50: at50.value(),
        ap75: at75.value(),
        ap_small: precision[1].value(),
        ap_medium: precision[2].value(),
        ap_large: precision[3].value(),
        ar1: of1.value(),
        ar10: of10.value(),
        ar100: recall[0].value(),
        ar_small: recall[1].value(),
        ar_medium: recall[2].value(),
        ar_large: recall[3].value(),
    }
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn extend(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1;
        }
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// Precision averaged over the recall points, and the highest recall.
#[derive(Clone, Copy)]
struct Curve {
    precision: f64,
    recall: f64,
}

impl JudgedLabel {
    /// `None` without ground truth.
    fn curve(&self, area: usize, most: usize, threshold: usize) -> Option<Curve> {
        let objects: f64 = self.counts.iter().map(|count| f64::from(count.objects[area])).sum();
        if objects == 0.0 {
            return None;
        }
        let bit = 1_u16 << threshold;
        let (mut right, mut wrong) = (0.0, 0.0);
        // Recall and precision after each detection.
        let mut points: Vec<(f64, f64)> = Vec::new();
        for judged in self.detections.iter().filter(|judged| usize::from(judged.rank) < MOST[most]) {
            if judged.is_ignored[area] & bit == 0 {
                if judged.is_matched[area] & bit != 0 {
                    right += 1.0;
                } else {
                    wrong += 1.0;
                }
            }
            points.push((right / objects, right / (wrong + right + f64::EPSILON)));
        }
        let recall = points.last().map_or(0.0, |(recall, _)| *recall);
        // Monotone from the right.
        let mut best: f64 = 0.0;
        for (_, precision) in points.iter_mut().rev() {
            best = best.max(*precision);
            *precision = best;
        }
        let mut sum = 0.0;
        let mut place = 0;
        for point in 0..RECALLS {
            let wanted = recall_point(point);
            while points.get(place).is_some_and(|(recall, _)| *recall < wanted) {
                place += 1;
            }
            let Some((_, precision)) = points.get(place) else { break };
            sum += precision;
        }
        Some(Curve { precision: sum / f64::from(RECALLS), recall })
    }

    /// Precision at each threshold, of images drawn as often as `weights` says, with all areas and most detections. `None`
    /// if they hold no objects.
    ///
    /// Equal to [`JudgedLabel::curve`], in one pass over all thresholds: precision can be highest only at a match, and recall
    /// changes only there, so that the curve is read from its end, match by match.
    fn drawn(&self, weights: &[u32]) -> Option<[f64; THRESHOLDS]> {
        let weight = |image: u32| weights.get(image as usize).copied().unwrap_or_default();
        let counts = self.counts.iter().map(|count| u64::from(count.objects[0]) * u64::from(weight(count.image)));
        let objects = whole(counts.sum());
        if objects == 0.0 {
            return None;
        }
        let (mut right, mut wrong) = ([0_u64; THRESHOLDS], [0_u64; THRESHOLDS]);
        for judged in &self.detections {
            let weight = u64::from(weight(judged.image));
            let matched = judged.is_matched[0] & !judged.is_ignored[0];
            let unmatched = !judged.is_matched[0] & !judged.is_ignored[0];
            for threshold in 0..THRESHOLDS {
                right[threshold] += weight * u64::from(matched >> threshold & 1);
                wrong[threshold] += weight * u64::from(unmatched >> threshold & 1);
            }
        }
        let mut curves = [DrawnCurve::default(); THRESHOLDS];
        for (curve, right) in curves.iter_mut().zip(right) {
            curve.next = (0..RECALLS).rev().find(|point| recall_point(*point) <= whole(right) / objects);
        }
        for judged in self.detections.iter().rev() {
            let weight = u64::from(weight(judged.image));
            if weight == 0 {
                continue;
            }
            let matched = judged.is_matched[0] & !judged.is_ignored[0];
            let unmatched = !judged.is_matched[0] & !judged.is_ignored[0];
            for (threshold, curve) in curves.iter_mut().enumerate() {
                if matched >> threshold & 1 == 1 {
                    curve.step(
                        whole(right[threshold]),
                        whole(wrong[threshold]),
                        whole(right[threshold] - weight),
                        objects,
                    );
                    right[threshold] -= weight;
                } else {
                    wrong[threshold] -= weight * u64::from(unmatched >> threshold & 1);
                }
            }
        }
        Some(curves.map(|curve| {
            let left = curve.next.map_or(0.0, |point| f64::from(point + 1)) * curve.best;
            (curve.sum + left) / f64::from(RECALLS)
        }))
    }
}

/// A curve that is read from its end.
#[derive(Clone, Copy, Default)]
struct DrawnCurve {
    /// The highest precision so far.
    best: f64,
    /// Of the recall points that were passed.
    sum: f64,
    /// The next recall point; `None` after the first.
    next: Option<u32>,
}

impl DrawnCurve {
    /// Passes a match, with the counts up to it, and those of matches before it.
    fn step(&mut self, right: f64, wrong: f64, before: f64, objects: f64) {
        self.best = self.best.max(right / (wrong + right + f64::EPSILON));
        while let Some(point) = self.next.filter(|point| recall_point(*point) > before / objects) {
            self.sum += self.best;
            self.next = point.checked_sub(1);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of objects")]
fn whole(count: u64) -> f64 {
    count as f64
}

/// As `numpy.linspace(0, 1, 101)` computes it.
fn recall_point(point: u32) -> f64 {
    if point == RECALLS - 1 { 1.0 } else { f64::from(point) * 0.01 }
}

fn judge(of_label: &OfLabel<'_>, image: u32, judged: &mut JudgedLabel) {
    let truth = of_label.truth;
    let detections = &of_label.detections[..of_label.detections.len().min(MOST[2])];
    let overlaps = Overlaps::new(detections, truth);
    let start = judged.detections.len();
    judged.detections.extend(detections.iter().zip(0..).map(|(detection, rank)| Judged {
        score: detection.score,
        image,
        rank,
        is_matched: [0; AREAS.len()],
        is_ignored: [0; AREAS.len()],
    }));
    let mut count = ObjectCount { image, objects: [0; AREAS.len()] };
    let mut taken = Vec::new();
    for (area, (least, largest)) in AREAS.into_iter().enumerate() {
        let is_outside = |area: f64| area < least || area > largest;
        let is_ignored: Vec<bool> = truth.iter().map(|object| object.is_crowd || is_outside(object.area)).collect();
        let (mut order, last): (Vec<usize>, Vec<usize>) = (0..truth.len()).partition(|object| !is_ignored[*object]);
        count.objects[area] = u32::try_from(order.len()).unwrap_or(u32::MAX);
        order.extend(last);
        for threshold in 0..THRESHOLDS {
            let bit = 1_u16 << threshold;
            let overlap = overlap_of(threshold);
            let assigned = assign(&overlaps, detections.len(), &order, &is_ignored, truth, overlap, &mut taken);
            for ((object, judged), detection) in
                assigned.into_iter().zip(&mut judged.detections[start..]).zip(detections)
            {
                let ignored = match object {
                    Some(object) => {
                        judged.is_matched[area] |= bit;
                        is_ignored[object]
                    }
                    None => is_outside(detection.bounds.area()),
                };
                if ignored {
                    judged.is_ignored[area] |= bit;
                }
            }
        }
    }
    if count.objects != [0; AREAS.len()] {
        judged.counts.push(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{CocoBox, ScoredBox, TrueObject};

    fn image(random: &mut fastrand::Rng) -> EvaluatedImage {
        let mut image = EvaluatedImage::default();
        for _ in 0..random.u32(0..6) {
            let mut side = |most: u32| f64::from(random.u32(10..most));
            let bounds = CocoBox { x: side(400), y: side(400), width: side(200), height: side(200) };
            let label = random.u32(0..3);
            image.truth.push(TrueObject { label, bounds, area: bounds.area(), is_crowd: random.u32(0..9) == 0 });
            let moved = CocoBox { x: bounds.x + random.f64() * 20.0, ..bounds };
            image.detections.push(ScoredBox { label: random.u32(0..3), bounds: moved, score: random.f64() });
        }
        image
    }

    #[test]
    fn an_image_that_is_drawn_twice_counts_as_two() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20 {
            let images: Vec<EvaluatedImage> = (0..12).map(|_| image(&mut random)).collect();
            let weights: Vec<u32> = images.iter().map(|_| random.u32(0..3)).collect();
            let drawn = images.iter().zip(&weights).flat_map(|(image, times)| (0..*times).map(move |_| image));
            let repeated = CocoEvaluation::new(drawn);
            let expected = repeated.figures();
            let evaluation = CocoEvaluation::new(&images);
            let close = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
                (found, expected) => found == expected,
            };
            let drawn = evaluation.drawn(&weights);
            assert!(close(drawn.ap, expected.ap), "{weights:?}");
            assert!(close(drawn.ap50, expected.ap50), "{weights:?}");
            for (label, ap50) in drawn.ap50_by_label {
                assert!(close(ap50, repeated.label_figures(label).ap50), "{weights:?} {label}");
            }
        }
    }

    #[test]
    fn figures_of_a_label_are_those_of_its_boxes_alone() {
        let mut random = fastrand::Rng::with_seed(8);
        let images: Vec<EvaluatedImage> = (0..12).map(|_| image(&mut random)).collect();
        let alone: Vec<EvaluatedImage> = images
            .iter()
            .map(|image| EvaluatedImage {
                truth: image.truth.iter().copied().filter(|object| object.label == 1).collect(),
                detections: image.detections.iter().copied().filter(|detection| detection.label == 1).collect(),
            })
            .collect();
        let figures = CocoEvaluation::new(&images).label_figures(1);
        assert_eq!(figures, CocoEvaluation::new(&alone).figures());
        assert!(figures.ap.is_some());
        assert_eq!(CocoEvaluation::new(&images).label_figures(9), CocoFigures::default());
    }
}
