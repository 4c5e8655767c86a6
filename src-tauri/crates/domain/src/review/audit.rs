//! Audits: before many proposals are accepted unchecked, a random sample is checked. The result and its confidence
//! bound are stored.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Status};
use crate::ids::{AnnotationId, AuditId, ImageId};
use crate::layers::LayerScope;
use crate::query::{ImageQuery, Share};

/// Confidences of one label's proposals on the images of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelConfidences {
    pub label: String,
    pub color: u8,
    /// Number of proposals by hundredth of confidence: a hundred bins, the last of which includes 1.
    pub hundredths: Vec<u32>,
    /// Proposals without a confidence; they are never above a threshold.
    pub unstated: u32,
}

/// Confidences are counted by the hundredth.
const HUNDREDTHS: usize = 100;
/// Confidences are 32-bit: 0.29 is slightly less than 29 hundredths.
const TOLERANCE: f64 = 1e-6;

impl LabelConfidences {
    #[must_use]
    pub fn of_label(label: &str, color: u8) -> Self {
        Self { label: label.into(), color, hundredths: vec![0; HUNDREDTHS], unstated: 0 }
    }

    /// Counts a proposal.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held between 0 and 99")]
    pub fn add(&mut self, confidence: Option<f64>) {
        let hundredth = |confidence: f64| ((confidence + TOLERANCE) * 100.0).clamp(0.0, 99.0) as usize;
        match confidence.and_then(|confidence| self.hundredths.get_mut(hundredth(confidence))) {
            Some(count) => *count += 1,
            None => self.unstated += 1,
        }
    }

    /// All counted proposals.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.hundredths.iter().sum::<u32>() + self.unstated
    }
}

/// Which proposals to accept, and the size of the sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AuditRequest {
    pub query: ImageQuery,
    pub label: String,
    /// The lowest accepted confidence.
    pub threshold: Share,
    pub sample: u32,
    /// The largest acceptable share of wrong annotations.
    pub error_limit: Share,
}

impl AuditRequest {
    /// The lowest 32-bit confidence at or above the threshold.
    #[must_use]
    pub fn least_confidence(&self) -> f64 {
        self.threshold.0 - TOLERANCE
    }

    /// Whether the audit covers `annotation` of one of its images: proposals of its label in its layers, at or above
    /// its threshold. Ids above `latest` are newer than the audit.
    #[must_use]
    pub fn is_about(&self, annotation: &Annotation, latest: AnnotationId) -> bool {
        annotation.status == Status::Proposed
            && annotation.label == self.label
            && annotation.id <= latest
            && annotation.confidence.is_some_and(|confidence| f64::from(confidence) >= self.least_confidence())
            && self.query.layers_shown().shows(annotation)
    }
}

/// Length of the stored random order, so that the sample can be extended.
const MOST_DRAWN: usize = 10_000;

/// A random order of `proposals`: the sample first, then the reserve.
#[must_use]
pub fn draw<Proposal>(mut proposals: Vec<Proposal>, sample: u32, seed: u64) -> Vec<Proposal> {
    fastrand::Rng::with_seed(seed).shuffle(&mut proposals);
    proposals.truncate(MOST_DRAWN.max(sample as usize));
    proposals
}

/// A person's verdict on an annotation of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SampleVerdict {
    Right,
    /// Rejected or edited.
    Wrong,
}

impl SampleVerdict {
    /// `None` if unchecked.
    #[must_use]
    pub fn of(status: Status) -> Option<Self> {
        match status {
            Status::Proposed | Status::GroundTruth => None,
            Status::Accepted => Some(Self::Right),
            Status::Edited | Status::Rejected => Some(Self::Wrong),
        }
    }
}

/// An annotation of the sample, in random order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SampledAnnotation {
    pub image: ImageId,
    pub annotation: AnnotationId,
    /// `None` if unchecked.
    pub verdict: Option<SampleVerdict>,
}

/// An audit: a sample of proposals, its result, and what was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Audit {
    pub id: AuditId,
    pub label: String,
    pub color: u8,
    pub threshold: Share,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub drawn_at: u64,
    /// Number of proposals when it was drawn, including the sample.
    pub proposals: u32,
    /// The largest acceptable share of wrong annotations.
    pub error_limit: Share,
    /// The beginning of the random order. A larger sample is a longer prefix of the same order, so that the bound is
    /// that of one random sample, however often it was extended.
    pub sample: Vec<SampledAnnotation>,
    /// Number of further ones in that order.
    pub reserve: u32,
    /// `None` before anything is checked.
    pub error_rate: Option<ErrorRate>,
    /// How many more to check until the bound is within the error limit, with the same error rate; 0 if it is. `None`
    /// if no sample suffices, or nothing is checked.
    pub needed_more: Option<u32>,
    /// The layers of its proposals.
    pub layers: LayerScope,
    /// How many proposals were accepted unchecked; `None` if not accepted.
    pub accepted: Option<u32>,
}

/// The error rate of a sample, with a bound for all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ErrorRate {
    pub judged: u32,
    pub wrong: u32,
    /// Share of wrong ones among those checked, 0 to 1.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub rate: f64,
    /// With 95 % confidence at most this share of all is wrong.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at_most: f64,
}

/// What an error-free sample can show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SampleOutlook {
    /// With 95 % confidence at most this share of all would be wrong; `None` without a sample.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub clean_bound: Option<f64>,
    /// How many must be checked and right for the bound to be within the error limit.
    pub clean_sample: u32,
}

impl SampleOutlook {
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    pub fn of(sample: u32, error_limit: Share) -> Self {
        Self {
            clean_bound: ErrorRate::of(sample, 0).map(|rate| rate.at_most),
            clean_sample: (RISK.ln() / (-error_limit.0).ln_1p()).ceil() as u32,
        }
    }
}

/// Probability that the bound is too low.
const RISK: f64 = 0.05;
/// Larger samples are not proposed.
const LARGEST_SAMPLE: u32 = 20_000;
/// Bisection steps: more precise than any displayed share.
const HALVINGS: u32 = 50;

/// Number of checked and wrong annotations of a sample.
#[must_use]
pub fn judged_and_wrong(sample: &[SampledAnnotation]) -> (u32, u32) {
    let verdicts = || sample.iter().filter_map(|drawn| drawn.verdict);
    let wrong = verdicts().filter(|verdict| *verdict == SampleVerdict::Wrong).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (count(verdicts().count()), count(wrong))
}

impl ErrorRate {
    /// `None` before anything is checked. The bound is the one-sided one of Clopper and Pearson ("The use of confidence
    /// or fiducial limits illustrated in the case of the binomial", 1934): the share at which a sample with at most
    /// this many wrong ones has a probability of 5 %.
    #[must_use]
    pub fn of(judged: u32, wrong: u32) -> Option<Self> {
        if judged == 0 {
            return None;
        }
        let rate = f64::from(wrong) / f64::from(judged);
        let mut bounds = (rate, 1.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(bounds.0, bounds.1);
            if chance_of_at_most(wrong, judged, middle) > RISK {
                bounds.0 = middle;
            } else {
                bounds.1 = middle;
            }
        }
        let at_most = if wrong >= judged { 1.0 } else { bounds.1 };
        Some(Self { judged, wrong, rate, at_most })
    }

    /// How many more to check until the bound is within `limit`, with the same error rate. `None` if no sample
    /// suffices.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "samples are small")]
    pub fn needed_more(self, limit: Share) -> Option<u32> {
        let mut size = self.judged;
        while self.rate < limit.0 && size <= LARGEST_SAMPLE {
            let wrong = (self.rate * f64::from(size)).round() as u32;
            if chance_of_at_most(wrong, size, limit.0) <= RISK {
                return Some(size - self.judged);
            }
            size = (f64::from(size) * 1.02 + 1.0).ceil() as u32;
        }
        None
    }
}

/// Probability of at most `wrong` among `judged` at an error rate of `share`: summed from logarithms of the binomial
/// terms, so that large samples do not underflow.
fn chance_of_at_most(wrong: u32, judged: u32, share: f64) -> f64 {
    if share >= 1.0 {
        return if wrong >= judged { 1.0 } else { 0.0 };
    }
    let (log_wrong, log_right) = (share.ln(), (1.0 - share).ln());
    let mut log_ways = 0.0;
    let mut sum = 0.0;
    for count in 0..=wrong.min(judged) {
        if count > 0 {
            log_ways += (f64::from(judged - count + 1) / f64::from(count)).ln();
        }
        let wrongs = if count == 0 { 0.0 } else { f64::from(count) * log_wrong };
        sum += (log_ways + wrongs + f64::from(judged - count) * log_right).exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_most(judged: u32, wrong: u32) -> f64 {
        ErrorRate::of(judged, wrong).unwrap().at_most
    }

    #[test]
    fn the_bound_is_that_of_the_tables() {
        // One-sided 95 % Clopper-Pearson limits, as beta quantiles: qbeta(0.95, wrong + 1, judged - wrong).
        for (judged, wrong, bound) in [
            (10, 0, 0.258_866),
            (50, 0, 0.058_155),
            (100, 0, 0.029_513),
            (50, 1, 0.091_399),
            (100, 5, 0.102_253),
            (10, 10, 1.0),
        ] {
            assert!((at_most(judged, wrong) - bound).abs() < 1e-4, "{wrong} of {judged}: {}", at_most(judged, wrong));
        }
        assert_eq!(ErrorRate::of(0, 0), None);
    }

    #[test]
    fn a_sample_is_as_large_as_its_limit_calls_for() {
        for (limit, needed) in [(0.05, 59), (0.02, 149), (0.01, 299)] {
            let clean = SampleOutlook::of(needed, Share(limit));
            assert_eq!(clean.clean_sample, needed);
            assert!(clean.clean_bound.is_some_and(|bound| bound <= limit));
            assert!(SampleOutlook::of(needed - 1, Share(limit)).clean_bound.is_some_and(|bound| bound > limit));
        }
        assert_eq!(SampleOutlook::of(0, Share(0.05)).clean_bound, None);
        let rate = |judged, wrong| ErrorRate::of(judged, wrong).unwrap();
        assert_eq!(rate(59, 0).needed_more(Share(0.05)), Some(0));
        assert_eq!(rate(10, 1).needed_more(Share(0.05)), None, "it is wrong too often");
        for (judged, wrong) in [(60, 1), (60, 2), (200, 9)] {
            let found = rate(judged, wrong);
            let size = judged + found.needed_more(Share(0.05)).unwrap();
            let scaled = (found.rate * f64::from(size)).round();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small")]
            let bound = at_most(size, scaled as u32);
            assert!(bound <= 0.05, "{wrong} of {judged}: {size}, {bound}");
        }
    }

    #[test]
    fn more_looked_at_says_more_and_more_wrong_ones_say_worse() {
        assert!(at_most(200, 0) < at_most(100, 0));
        assert!(at_most(100, 2) > at_most(100, 1));
        assert!(at_most(5_000, 60) > 0.012 && at_most(5_000, 60) < 0.016, "large samples do not run out of numbers");
    }
}
