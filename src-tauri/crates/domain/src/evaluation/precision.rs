//! Precision, recall and F1 of the detections at or above a score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EvaluatedImage;
use super::matching::{ByLabel, OfLabel, Overlaps, assign};

/// Right and wrong detections, and objects that were not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DetectionCounts {
    pub right: u32,
    pub wrong: u32,
    pub missed: u32,
}

impl DetectionCounts {
    /// Share of right detections; `None` without detections.
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        share(self.right, self.wrong)
    }

    /// Share of objects that were found; `None` without objects.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        share(self.right, self.missed)
    }

    /// The harmonic mean of precision and recall; `None` with neither detections nor objects.
    #[must_use]
    pub fn f1(self) -> Option<f64> {
        let all = 2.0 * f64::from(self.right) + f64::from(self.wrong) + f64::from(self.missed);
        (all > 0.0).then(|| 2.0 * f64::from(self.right) / all)
    }

    pub fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

fn share(part: u32, rest: u32) -> Option<f64> {
    let all = f64::from(part) + f64::from(rest);
    (all > 0.0).then(|| f64::from(part) / all)
}

/// What a detection turned out to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectionOutcome {
    pub label: u32,
    pub score: f64,
    /// Overlap with the object that it found; `None` if it is wrong.
    pub overlap: Option<f64>,
}

/// The detections of an image that are right or wrong, without those in crowds, by label and then by score; and the objects
/// by label. A detection is right if it overlaps a free object of its label by at least `overlap`.
#[must_use]
pub fn outcomes(image: &EvaluatedImage, overlap: f64) -> (Vec<DetectionOutcome>, BTreeMap<u32, u32>) {
    let (mut found, mut objects) = (Vec::new(), BTreeMap::new());
    for of_label in ByLabel::new(image).labels() {
        let OfLabel { label, truth, detections } = of_label;
        let overlaps = Overlaps::new(detections, truth);
        let is_ignored: Vec<bool> = truth.iter().map(|object| object.is_crowd).collect();
        let (mut order, crowds): (Vec<usize>, Vec<usize>) = (0..truth.len()).partition(|object| !is_ignored[*object]);
        objects.insert(label, u32::try_from(order.len()).unwrap_or(u32::MAX));
        order.extend(crowds);
        let assigned = assign(&overlaps, detections.len(), &order, &is_ignored, truth, overlap, &mut Vec::new());
        for (place, (detection, object)) in detections.iter().zip(assigned).enumerate() {
            if object.is_none_or(|object| !is_ignored[object]) {
                let overlap = object.map(|object| overlaps.of(place, object));
                found.push(DetectionOutcome { label, score: detection.score, overlap });
            }
        }
    }
    (found, objects)
}

/// Counts at a score: over all labels, by label, and by image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PrecisionAndRecall {
    pub all: DetectionCounts,
    pub by_label: BTreeMap<u32, DetectionCounts>,
    pub by_image: Vec<DetectionCounts>,
}

impl PrecisionAndRecall {
    /// Of detections with at least the score `threshold`.
    #[must_use]
    pub fn new<'a>(images: impl IntoIterator<Item = &'a EvaluatedImage>, overlap: f64, threshold: f64) -> Self {
        let mut counts = Self::default();
        for image in images {
            let mut of_image = DetectionCounts::default();
            for (label, of_label) in counts_of(image, overlap, threshold) {
                of_image.add(of_label);
                counts.by_label.entry(label).or_default().add(of_label);
            }
            counts.all.add(of_image);
            counts.by_image.push(of_image);
        }
        counts
    }
}

/// Counts of an image by label. Detections take objects in the order of their scores, so those below the threshold do not
/// change what the others found.
fn counts_of(image: &EvaluatedImage, overlap: f64, threshold: f64) -> BTreeMap<u32, DetectionCounts> {
    let (outcomes, objects) = outcomes(image, overlap);
    let missed = |(label, missed)| (label, DetectionCounts { missed, ..DetectionCounts::default() });
    let mut counts: BTreeMap<u32, DetectionCounts> = objects.into_iter().map(missed).collect();
    for outcome in outcomes.iter().filter(|outcome| outcome.score >= threshold) {
        let counts = counts.entry(outcome.label).or_default();
        match outcome.overlap {
            Some(_) => {
                counts.right += 1;
                counts.missed = counts.missed.saturating_sub(1);
            }
            None => counts.wrong += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{CocoBox, ScoredBox, TrueObject};

    const fn at(x: f64) -> CocoBox {
        CocoBox { x, y: 0.0, width: 10.0, height: 10.0 }
    }

    #[test]
    fn detections_are_right_wrong_or_in_a_crowd() {
        let object = |label, x, is_crowd| TrueObject { label, bounds: at(x), area: 100.0, is_crowd };
        let detection = |label, x, score| ScoredBox { label, bounds: at(x), score };
        let image = EvaluatedImage {
            truth: vec![
                object(0, 0.0, false),
                object(0, 100.0, false),
                object(0, 200.0, true),
                object(1, 300.0, false),
            ],
            detections: vec![
                detection(0, 1.0, 0.9),
                detection(0, 0.0, 0.8),
                detection(0, 200.0, 0.7),
                detection(0, 203.0, 0.7),
                detection(0, 300.0, 0.6),
                detection(2, 0.0, 0.5),
            ],
        };
        let counts = PrecisionAndRecall::new([&image], 0.5, 0.6);
        assert_eq!(counts.all, DetectionCounts { right: 1, wrong: 2, missed: 2 });
        assert_eq!(counts.by_label[&0], DetectionCounts { right: 1, wrong: 2, missed: 1 });
        assert_eq!(counts.by_label[&1], DetectionCounts { right: 0, wrong: 0, missed: 1 });
        assert_eq!(counts.by_label[&2], DetectionCounts::default(), "its score is below the threshold");
        assert_eq!((counts.all.precision(), counts.all.recall()), (Some(1.0 / 3.0), Some(1.0 / 3.0)));
        let nothing = DetectionCounts::default();
        assert_eq!((nothing.precision(), nothing.recall(), nothing.f1()), (None, None, None));
    }
}
