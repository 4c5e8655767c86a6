//! Whether scores are probabilities, and the score from which a label should be accepted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EvaluatedImage;
use super::precision::{DetectionCounts, DetectionOutcome, outcomes};

/// Bins of the calibration curve, of equal width from 0 to 1.
const BINS: usize = 10;

/// Detections with scores of a bin.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CalibrationBin {
    pub count: u32,
    pub right: u32,
    /// Mean score; 0 without detections.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub mean_score: f64,
    /// Bounds of the share of right ones at a confidence of 95 %, by Clopper and Pearson.
    pub bounds: ShareBounds,
}

/// Lower and upper bound of a share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ShareBounds {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub low: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub high: f64,
}

impl Default for ShareBounds {
    fn default() -> Self {
        Self { low: 0.0, high: 1.0 }
    }
}

/// Precision and recall of the detections from a confidence on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CurvePoint {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub score: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub precision: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub recall: f64,
}

/// A score, and what accepting from there on gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SuggestedThreshold {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub score: f64,
    pub counts: DetectionCounts,
    /// Of the precision, at a confidence of 95 %.
    pub bounds: ShareBounds,
}

/// Calibration of the detections of one label, or of all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelCalibration {
    pub bins: [CalibrationBin; BINS],
    /// Mean distance of score and share of right ones, weighted by detections. `None` without detections.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub expected_error: Option<f64>,
    /// The score with the highest F1. `None` if no detection is right.
    pub best_f1: Option<SuggestedThreshold>,
}

/// Detections with their outcomes, the most confident first, and the number of objects.
#[derive(Debug, Clone, Default)]
pub struct LabelOutcomes {
    outcomes: Vec<(f64, bool)>,
    objects: u32,
}

impl LabelOutcomes {
    /// A score that is not finite is in no bin and reaches no threshold, so its detection is skipped.
    fn add(&mut self, outcome: DetectionOutcome) {
        if outcome.score.is_finite() {
            self.outcomes.push((outcome.score, outcome.overlap.is_some()));
        }
    }

    fn sort(&mut self) {
        self.outcomes.sort_by(|one, other| other.0.total_cmp(&one.0));
    }

    /// The outcomes of all labels together.
    #[must_use]
    pub fn merged<'a>(labels: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut merged = Self::default();
        for label in labels {
            merged.outcomes.extend(&label.outcomes);
            merged.objects += label.objects;
        }
        merged.sort();
        merged
    }

    /// Precision and recall from each confidence on, a point for each hundredth of recall. Empty without objects.
    #[must_use]
    pub fn curve(&self) -> Vec<CurvePoint> {
        let mut points: Vec<CurvePoint> = Vec::new();
        let mut latest = None;
        for (score, counts) in self.thresholds() {
            let (Some(precision), Some(recall)) = (counts.precision(), counts.recall()) else { continue };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a recall is from 0 to 1")]
            let hundredth = (recall * 100.0) as u32;
            let point = CurvePoint { score, precision, recall };
            match points.last_mut() {
                Some(last) if latest == Some(hundredth) => *last = point,
                _ => points.push(point),
            }
            latest = Some(hundredth);
        }
        points
    }

    #[must_use]
    pub fn calibration(&self) -> LabelCalibration {
        let mut bins = [CalibrationBin::default(); BINS];
        let mut sums = [0.0; BINS];
        for (score, is_right) in &self.outcomes {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score is from 0 to 1")]
            let bin = ((score * 10.0) as usize).min(BINS - 1);
            bins[bin].count += 1;
            bins[bin].right += u32::from(*is_right);
            sums[bin] += score;
        }
        let mut error = 0.0;
        for (bin, sum) in bins.iter_mut().zip(sums).filter(|(bin, _)| bin.count > 0) {
            bin.mean_score = sum / f64::from(bin.count);
            bin.bounds = share_bounds(bin.right, bin.count);
            error += (sum - f64::from(bin.right)).abs();
        }
        let count = bins.iter().map(|bin| bin.count).sum::<u32>();
        let expected_error = (count > 0).then(|| error / f64::from(count));
        let f1 = |counts: DetectionCounts| counts.f1().unwrap_or_default();
        let best_f1 =
            self.thresholds().fold(None, |best: Option<(f64, DetectionCounts)>, (score, counts)| match best {
                Some((_, known)) if f1(known) >= f1(counts) => best,
                _ => Some((score, counts)),
            });
        let best_f1 = best_f1.filter(|(_, counts)| counts.right > 0).map(suggested);
        LabelCalibration { bins, expected_error, best_f1 }
    }

    /// The lowest score from which on the precision is at least `precision`. `None` if there is none.
    #[must_use]
    pub fn threshold_for(&self, precision: f64) -> Option<SuggestedThreshold> {
        let enough = self.thresholds().filter(|(_, counts)| counts.precision().is_some_and(|found| found >= precision));
        enough.last().map(suggested)
    }

    /// Every score of a detection, descending, with the counts from there on. Equal scores are accepted together.
    #[expect(clippy::float_cmp, reason = "equal scores are the same number")]
    fn thresholds(&self) -> impl Iterator<Item = (f64, DetectionCounts)> {
        let (mut right, mut place) = (0, 0);
        std::iter::from_fn(move || {
            let (score, _) = *self.outcomes.get(place)?;
            while let Some((_, is_right)) = self.outcomes.get(place).filter(|(other, _)| *other == score) {
                right += u32::from(*is_right);
                place += 1;
            }
            let wrong = u32::try_from(place).unwrap_or(u32::MAX) - right;
            Some((score, DetectionCounts { right, wrong, missed: self.objects - right }))
        })
    }
}

fn suggested((score, counts): (f64, DetectionCounts)) -> SuggestedThreshold {
    SuggestedThreshold { score, counts, bounds: share_bounds(counts.right, counts.right + counts.wrong) }
}

/// The outcomes of all detections, by label. A detection is right if it overlaps a free object of its label by at least
/// `overlap`.
#[must_use]
pub fn outcomes_by_label<'a>(
    images: impl IntoIterator<Item = &'a EvaluatedImage>,
    overlap: f64,
) -> BTreeMap<u32, LabelOutcomes> {
    let mut labels: BTreeMap<u32, LabelOutcomes> = BTreeMap::new();
    for image in images {
        let (found, objects) = outcomes(image, overlap);
        for (label, objects) in objects {
            labels.entry(label).or_default().objects += objects;
        }
        for outcome in found {
            labels.entry(outcome.label).or_default().add(outcome);
        }
    }
    labels.values_mut().for_each(LabelOutcomes::sort);
    labels
}

/// Bounds of a share at a confidence of 95 %.
///
/// Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", 1934;
/// as quantiles of the beta distribution.
#[must_use]
pub fn share_bounds(part: u32, all: u32) -> ShareBounds {
    const RISK: f64 = 0.025;
    let rest = all - part;
    ShareBounds {
        low: if part == 0 { 0.0 } else { beta_quantile(RISK, f64::from(part), f64::from(rest) + 1.0) },
        high: if rest == 0 { 1.0 } else { beta_quantile(1.0 - RISK, f64::from(part) + 1.0, f64::from(rest)) },
    }
}

fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if beta_distribution(middle, a, b) < probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The regularized incomplete beta function, by Lentz's continued fraction.
///
/// Source: Press et al., "Numerical Recipes", section 6.4.
fn beta_distribution(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(1.0 - x, b, a) / b
    }
}

fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut above, mut below) = (1.0, 1.0 / kept(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = below;
    for step in 1..500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            below = 1.0 / kept(1.0 + term * below);
            above = kept(1.0 + term / above);
            fraction *= below * above;
        }
        if (below * above - 1.0).abs() < 1e-14 {
            break;
        }
    }
    fraction
}

/// The logarithm of the gamma function for positive numbers, by Lanczos' approximation with g = 7 and nine terms.
fn log_gamma(x: f64) -> f64 {
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let series = TERMS[1..].iter().zip(1..).fold(TERMS[0], |sum, (term, place)| sum + term / (x + f64::from(place)));
    let base = x + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * base.ln() - base + series.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{CocoBox, ScoredBox, TrueObject};

    #[test]
    fn bounds_of_shares_are_those_of_scipy() {
        // scipy.stats.beta.ppf(0.025, k, n - k + 1) and ppf(0.975, k + 1, n - k).
        for (part, all, low, high) in [
            (0, 10, 0.0, 0.308_497_1),
            (10, 10, 0.691_502_9, 1.0),
            (3, 10, 0.066_739_5, 0.652_452_9),
            (50, 100, 0.398_321_1, 0.601_678_9),
            (9_900, 10_000, 0.987_850_5, 0.991_856_4),
            (0, 0, 0.0, 1.0),
        ] {
            let bounds = share_bounds(part, all);
            assert!((bounds.low - low).abs() < 1e-6 && (bounds.high - high).abs() < 1e-6, "{part}/{all}: {bounds:?}");
        }
    }

    #[test]
    fn thresholds_accept_equal_scores_together() {
        let outcomes = vec![(0.95, true), (0.9, true), (0.9, false), (0.5, true), (0.2, false), (0.1, false)];
        let label = LabelOutcomes { outcomes, objects: 4 };
        let calibration = label.calibration();
        assert_eq!((calibration.bins[9].count, calibration.bins[9].right, calibration.bins[2].count), (3, 2, 1));
        let best = calibration.best_f1.unwrap();
        assert_eq!((best.score, best.counts), (0.5, DetectionCounts { right: 3, wrong: 1, missed: 1 }));
        assert_eq!(label.threshold_for(0.75).map(|threshold| threshold.score), Some(0.5));
        assert_eq!(label.threshold_for(0.9).map(|threshold| threshold.score), Some(0.95));
        assert_eq!(LabelOutcomes::default().calibration().best_f1, None);
        let never_right = LabelOutcomes { outcomes: vec![(0.5, false)], objects: 0 };
        assert_eq!((never_right.calibration().best_f1, never_right.threshold_for(0.5)), (None, None));
    }

    #[test]
    fn detections_without_a_finite_score_are_left_out() {
        let bounds = CocoBox { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        let scored = |score| ScoredBox { label: 0, bounds, score };
        let image = |scores: &[f64]| EvaluatedImage {
            truth: vec![TrueObject { label: 0, bounds, area: 100.0, is_crowd: false }],
            detections: scores.iter().copied().map(scored).collect(),
        };
        let calibration = |scores: &[f64]| outcomes_by_label([&image(scores)], 0.5)[&0].calibration();
        let expected = calibration(&[0.75, 0.5]);
        assert_eq!(expected.best_f1.map(|best| best.score), Some(0.75));
        // They take no object from the others, wherever they are in the list.
        assert_eq!(calibration(&[f64::NAN, 0.75, f64::NAN, 0.5, -f64::NAN]), expected);
        assert_eq!(calibration(&[0.5, f64::NEG_INFINITY, 0.75]), expected);
        assert_eq!(calibration(&[f64::NAN]).best_f1, None);
    }
}
