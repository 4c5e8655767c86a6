//! Assigns detections to objects of the ground truth.
//!
//! Source: `COCOeval.evaluateImg` of pycocotools 2.0.11. In the order of their scores, each detection takes the object
//! that it overlaps most and that is still free. A crowd may be taken more than once, but only by a detection that has no
//! other object.

use super::{EvaluatedImage, ScoredBox, TrueObject, descending};

/// Ground truth and detections of one label on an image.
pub struct OfLabel<'a> {
    pub label: u32,
    pub truth: &'a [TrueObject],
    /// The most confident first.
    pub detections: &'a [ScoredBox],
}

/// An image sorted by label, and detections by score.
pub struct ByLabel {
    truth: Vec<TrueObject>,
    detections: Vec<ScoredBox>,
}

impl ByLabel {
    #[must_use]
    pub fn new(image: &EvaluatedImage) -> Self {
        let (mut truth, mut detections) = (image.truth.clone(), image.detections.clone());
        truth.sort_by_key(|object| object.label);
        detections.sort_by(|one, other| one.label.cmp(&other.label).then_with(|| descending(one.score, other.score)));
        Self { truth, detections }
    }

    /// The labels of the image in ascending order.
    pub fn labels(&self) -> impl Iterator<Item = OfLabel<'_>> {
        let (mut truth, mut detections) = (&self.truth[..], &self.detections[..]);
        std::iter::from_fn(move || {
            let label = truth.first().map(|object| object.label).into_iter();
            let label = label.chain(detections.first().map(|detection| detection.label)).min()?;
            let (true_count, detected_count) = (
                truth.iter().take_while(|object| object.label == label).count(),
                detections.iter().take_while(|detection| detection.label == label).count(),
            );
            let of_label = OfLabel { label, truth: &truth[..true_count], detections: &detections[..detected_count] };
            (truth, detections) = (&truth[true_count..], &detections[detected_count..]);
            Some(of_label)
        })
    }
}

/// Overlaps of detections (rows) with objects of the ground truth (columns).
pub struct Overlaps {
    columns: usize,
    values: Vec<f64>,
}

impl Overlaps {
    #[must_use]
    pub fn new(detections: &[ScoredBox], truth: &[TrueObject]) -> Self {
        let overlaps = detections
            .iter()
            .flat_map(|detection| truth.iter().map(|object| detection.bounds.overlap(object.bounds, object.is_crowd)));
        Self { columns: truth.len(), values: overlaps.collect() }
    }

    #[must_use]
    pub fn of(&self, detection: usize, object: usize) -> f64 {
        self.values[detection * self.columns + object]
    }
}

/// The object that each of `detections` takes at an overlap of at least `threshold`. `order` lists objects, those that are
/// ignored last; `is_ignored` and `is_crowd` are by object.
///
/// `taken` is emptied first; it is an argument so that its memory is used again.
pub fn assign(
    overlaps: &Overlaps,
    detections: usize,
    order: &[usize],
    is_ignored: &[bool],
    truth: &[TrueObject],
    threshold: f64,
    taken: &mut Vec<bool>,
) -> Vec<Option<usize>> {
    taken.clear();
    taken.resize(truth.len(), false);
    let mut assigned = Vec::with_capacity(detections);
    for detection in 0..detections {
        let (mut most, mut found) = (threshold.min(1.0 - 1e-10), None);
        for &object in order {
            if taken[object] && !truth[object].is_crowd {
                continue;
            }
            if found.is_some_and(|found: usize| !is_ignored[found]) && is_ignored[object] {
                break;
            }
            let overlap = overlaps.of(detection, object);
            if overlap >= most {
                (most, found) = (overlap, Some(object));
            }
        }
        if let Some(object) = found {
            taken[object] = true;
        }
        assigned.push(found);
    }
    assigned
}
