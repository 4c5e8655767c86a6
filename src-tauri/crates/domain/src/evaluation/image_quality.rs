//! Quality by image: the worst first, and how well boxes fit.

use serde::{Deserialize, Serialize};

use super::EvaluatedImage;
use super::precision::{DetectionCounts, outcomes};

/// Counts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageQuality {
    /// Position in the evaluated images, from 0.
    pub image: u32,
    pub counts: DetectionCounts,
}

/// All images with errors, by their counts in order; those with the most wrong detections and missed objects first, then those
/// with the fewest right ones.
#[must_use]
pub fn worst_first(counts: &[DetectionCounts]) -> Vec<ImageQuality> {
    let qualities = counts.iter().zip(0..).map(|(&counts, image)| ImageQuality { image, counts });
    let errors = |quality: &ImageQuality| quality.counts.wrong + quality.counts.missed;
    let mut qualities: Vec<ImageQuality> = qualities.filter(|quality| errors(quality) > 0).collect();
    qualities.sort_by_key(|quality| (std::cmp::Reverse(errors(quality)), quality.counts.right, quality.image));
    qualities
}

/// Overlaps of the right detections with their objects, ascending. A detection counts with at least the score `threshold`, and
/// is right from an overlap of `least`.
#[must_use]
pub fn right_overlaps<'a>(
    images: impl IntoIterator<Item = &'a EvaluatedImage>,
    least: f64,
    threshold: f64,
) -> Vec<f64> {
    let found = images.into_iter().flat_map(|image| outcomes(image, least).0);
    let found = found.filter(|outcome| outcome.score >= threshold).filter_map(|outcome| outcome.overlap);
    let mut overlaps: Vec<f64> = found.collect();
    overlaps.sort_by(f64::total_cmp);
    overlaps
}

/// Number of overlaps in steps of .05 from 0 to 1.
#[must_use]
pub fn overlap_histogram(overlaps: &[f64]) -> [u32; 20] {
    let mut histogram = [0; 20];
    for overlap in overlaps {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an overlap is from 0 to 1")]
        let bin = ((overlap * 20.0) as usize).min(19);
        histogram[bin] += 1;
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::precision::PrecisionAndRecall;
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
        let counts = PrecisionAndRecall::new(&images, 0.5, 0.3).by_image;
        let order: Vec<u32> = worst_first(&counts).iter().map(|quality| quality.image).collect();
        assert_eq!(order, [2, 3, 0]);
        let histogram = overlap_histogram(&right_overlaps(&[image(&[0.0, 50.0], &[0.0, 52.0])], 0.5, 0.0));
        assert_eq!((histogram[13], histogram[19], histogram.iter().sum::<u32>()), (1, 1, 2));
    }
}
