//! Whether a difference of two results on the same images is one, or chance.
//!
//! Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993: percentile intervals of the paired difference.
//! Images are drawn, not boxes, because the boxes of an image depend on each other.

use serde::{Deserialize, Serialize};

/// A difference with its interval at a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PairedDifference {
    /// Of the images as they are.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub difference: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub low: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub high: f64,
}

impl PairedDifference {
    /// `whole` is the difference on the images as they are, `drawn` those of the draws, in any order.
    #[must_use]
    pub fn new(whole: f64, mut drawn: Vec<f64>) -> Self {
        let interval = Interval::of(&mut drawn).unwrap_or(Interval { low: whole, high: whole });
        Self { difference: whole, low: interval.low, high: interval.high }
    }

    /// Whether the interval excludes zero.
    #[must_use]
    pub fn is_shown(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// An interval at a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Interval {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub low: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub high: f64,
}

impl Interval {
    /// Of the figures of draws, in any order; `None` without any.
    #[must_use]
    pub fn of(drawn: &mut [f64]) -> Option<Self> {
        drawn.sort_by(f64::total_cmp);
        Some(Self { low: percentile(drawn, 0.025)?, high: percentile(drawn, 0.975)? })
    }
}

/// Draws as many images as there are, with repetitions, `resamples` times. `each` gets how often each image was drawn.
/// `seed` makes the draws repeatable; results that are compared get the same draws.
pub fn draw(images: u32, resamples: u32, seed: u64, mut each: impl FnMut(&[u32])) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut drawn = vec![0_u32; images as usize];
    for _ in 0..resamples {
        drawn.fill(0);
        for _ in 0..images {
            drawn[random.u32(0..images) as usize] += 1;
        }
        each(&drawn);
    }
}

/// Between neighbours by linear interpolation. `None` without values.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position among some thousand values"
)]
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    Some(below + (above - below) * position.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(images: u32, seed: u64, difference: impl Fn(&[u32]) -> f64) -> PairedDifference {
        let mut drawn = Vec::new();
        draw(images, 500, seed, |weights| drawn.push(difference(weights)));
        PairedDifference::new(difference(&vec![1; images as usize]), drawn)
    }

    #[test]
    fn a_difference_is_shown_only_if_it_is_one() {
        let mean = |values: Vec<f64>| {
            move |drawn: &[u32]| {
                let sum: f64 = values.iter().zip(drawn).map(|(value, times)| value * f64::from(*times)).sum();
                sum / f64::from(drawn.iter().sum::<u32>())
            }
        };
        let better = mean((0..200).map(|number| 0.2 + f64::from(number % 7) * 0.1).collect());
        let shown = paired(200, 1, &better);
        assert!(shown.is_shown() && shown.low < shown.difference && shown.difference < shown.high, "{shown:?}");
        // The interval of a mean is about two standard errors wide: 0.2 / sqrt(200) * 1.96 to both sides.
        assert!((shown.high - shown.low - 0.055).abs() < 0.01, "{shown:?}");
        assert_eq!(paired(200, 1, &better), shown, "the seed decides");
        let equal = mean((0..200).map(|number| if number % 2 == 0 { 0.5 } else { -0.5 }).collect());
        assert!(!paired(200, 1, equal).is_shown());
        assert_eq!(Interval::of(&mut []), None);
        assert!(!PairedDifference::new(0.0, Vec::new()).is_shown());
    }
}
