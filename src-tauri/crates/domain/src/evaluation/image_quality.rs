//! Quality by image: the worst first, and how well boxes fit.

use serde::{Deserialize, Serialize};

use super::EvaluatedImage;
use super::precision::{DetectionCounts, counts_of, outcomes};

/// Counts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageQuality {
    /// Position in the evaluated images, from 0.
    pub image: u32,
    pub counts: DetectionCounts,
}

/// All images with errors; those with the most wrong detections and missed objects first, then those with the fewest right
/// ones.
#[must_use]
pub fn worst_first<'a>(
    images: impl IntoIterator<Item = &'a EvaluatedImage>,
    overlap: f64,
    threshold: f64,
) -> Vec<ImageQuality> {
    let qualities = images.into_iter().zip(0..).map(|(image, number)| {
        let mut counts = DetectionCounts::default();
        for of_label in counts_of(image, overlap, threshold).into_values() {
            counts.add(of_label);
        }
        ImageQuality { image: number, counts }
    });
    let errors = |quality: &ImageQuality| quality.counts.wrong + quality.counts.missed;
    let mut qualities: Vec<ImageQuality> = qualities.filter(|quality| errors(quality) > 0).collect();
    qualities.sort_by_key(|quality| (std::cmp::Reverse(errors(quality)), quality.counts.right, quality.image));
    qualities
}

/// Number of right detections by their overlap with the object, in steps of .05 from 0 to 1. A detection counts with at least
/// the score `threshold`, and is right from an overlap of `least`.
#[must_use]
pub fn overlap_histogram<'a>(
    images: impl IntoIterator<Item = &'a EvaluatedImage>,
    least: f64,
    threshold: f64,
) -> [u32; 20] {
    let mut histogram = [0; 20];
    for image in images {
        let (found, _) = outcomes(image, least);
        let found = found.into_iter().filter(|outcome| outcome.score >= threshold);
        for overlap in found.filter_map(|outcome| outcome.overlap) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an overlap is from 0 to 1")]
            let bin = ((overlap * 20.0) as usize).min(19);
            histogram[bin] += 1;
        }
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{CocoBox, ScoredBox, TrueObject};

    #[test]
    fn the_image_with_the_most_errors_comes_first() {
        let at = |x: f64| CocoBox { x, y: 0.0, width: 10.0, height: 10.0 };
        let image = |objects: &[f64], detections: &[f64]| EvaluatedImage {
            truth: objects
                .iter()
                .map(|x| TrueObject { label: 0, bounds: at(*x), area: 100.0, is_crowd: false })
                .collect(),
            detections: detections.iter().map(|x| ScoredBox { label: 0, bounds: at(*x), score: 0.5 }).collect(),
        };
        let images = [
            image(&[0.0, 50.0], &[0.0]),
            image(&[0.0], &[0.0]),
            image(&[0.0], &[100.0, 200.0]),
            image(&[0.0], &[]),
            image(&[], &[]),
        ];
        let order: Vec<u32> = worst_first(&images, 0.5, 0.3).iter().map(|quality| quality.image).collect();
        assert_eq!(order, [2, 3, 0]);
        let histogram = overlap_histogram(&[image(&[0.0, 50.0], &[0.0, 52.0])], 0.5, 0.0);
        assert_eq!((histogram[13], histogram[19], histogram.iter().sum::<u32>()), (1, 1, 2));
    }
}
