//! Which labels are taken for which others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EvaluatedImage;

/// Objects by their label and that of the detection on them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// By true and detected label. Without a true label: detections on nothing. Without a detected label: objects that
    /// were not found.
    pub cells: BTreeMap<(Option<u32>, Option<u32>), u32>,
}

impl ConfusionMatrix {
    /// Of detections with at least the score `threshold`. Pairs of an object and a detection are formed regardless of their
    /// labels, those that overlap most first, and at least by `overlap`. Of equal overlaps, the pair with equal labels comes
    /// first, then the more confident one. Detections that are mostly within a crowd of their label do not count.
    #[must_use]
    pub fn new<'a>(images: impl IntoIterator<Item = &'a EvaluatedImage>, overlap: f64, threshold: f64) -> Self {
        let mut matrix = Self::default();
        for image in images {
            matrix.add(image, overlap, threshold);
        }
        matrix
    }

    #[must_use]
    pub fn count(&self, truth: Option<u32>, detected: Option<u32>) -> u32 {
        self.cells.get(&(truth, detected)).copied().unwrap_or_default()
    }

    fn add(&mut self, image: &EvaluatedImage, least: f64, threshold: f64) {
        let detections: Vec<_> = image.detections.iter().filter(|detection| detection.score >= threshold).collect();
        let objects: Vec<_> = image.truth.iter().filter(|object| !object.is_crowd).collect();
        let mut pairs = Vec::new();
        for (one, object) in objects.iter().enumerate() {
            for (other, detection) in detections.iter().enumerate() {
                let overlap = detection.bounds.overlap(object.bounds, false);
                if overlap >= least {
                    pairs.push((overlap, object.label == detection.label, detection.score, one, other));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(b.2.total_cmp(&a.2)));
        let (mut found, mut used) = (vec![false; objects.len()], vec![false; detections.len()]);
        for (.., object, detection) in pairs {
            if !found[object] && !used[detection] {
                (found[object], used[detection]) = (true, true);
                self.count_up(Some(objects[object].label), Some(detections[detection].label));
            }
        }
        for (object, _) in objects.iter().zip(found).filter(|(_, found)| !found) {
            self.count_up(Some(object.label), None);
        }
        for (detection, _) in detections.iter().zip(used).filter(|(_, used)| !used) {
            let mut crowds = image.truth.iter().filter(|object| object.is_crowd && object.label == detection.label);
            if !crowds.any(|crowd| detection.bounds.overlap(crowd.bounds, true) >= least) {
                self.count_up(None, Some(detection.label));
            }
        }
    }

    fn count_up(&mut self, truth: Option<u32>, detected: Option<u32>) {
        *self.cells.entry((truth, detected)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{CocoBox, ScoredBox, TrueObject};

    #[test]
    fn every_object_and_every_detection_is_in_one_cell() {
        let at = |x: f64| CocoBox { x, y: 0.0, width: 10.0, height: 10.0 };
        let object = |label, x, is_crowd| TrueObject { label, bounds: at(x), area: 100.0, is_crowd };
        let detection = |label, x, score| ScoredBox { label, bounds: at(x), score };
        let image = EvaluatedImage {
            truth: vec![object(0, 0.0, false), object(1, 50.0, false), object(1, 90.0, false), object(2, 200.0, true)],
            detections: vec![
                detection(1, 0.0, 0.9),
                detection(0, 0.0, 0.5),
                detection(0, 51.0, 0.9),
                detection(2, 201.0, 0.9),
                detection(2, 400.0, 0.4),
                detection(2, 500.0, 0.1),
            ],
        };
        let matrix = ConfusionMatrix::new([&image], 0.5, 0.4);
        let cells: Vec<_> = matrix.cells.iter().map(|(cell, count)| (*cell, *count)).collect();
        assert_eq!(
            cells,
            [
                ((None, Some(1)), 1),
                ((None, Some(2)), 1),
                ((Some(0), Some(0)), 1),
                ((Some(1), None), 1),
                ((Some(1), Some(0)), 1)
            ]
        );
        assert_eq!(matrix.count(Some(2), None), 0);
    }
}
