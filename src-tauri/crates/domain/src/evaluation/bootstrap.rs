//! Whether a difference of two results on the same images is one, or chance.
//!
//! Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993: percentile intervals of the paired difference.
//! Images are drawn, not boxes, because the boxes of an image depend on each other.

use serde::{Deserialize, Serialize};

/// A difference with its interval at a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Of the images as they are.
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

impl PairedDifference {
    /// Whether the interval excludes zero.
    #[must_use]
    pub fn is_shown(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Draws as many images as there are, with repetitions, `resamples` times. `difference` is the figure of the second result
/// less that of the first, with images counted as often as its argument says; `None` where it is undefined, which is drawn
/// again without. `seed` makes the result repeatable.
pub fn paired_difference(
    images: u32,
    resamples: u32,
    seed: u64,
    difference: impl Fn(&[u32]) -> Option<f64>,
) -> Option<PairedDifference> {
    let whole = difference(&vec![1; images as usize])?;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut drawn = vec![0_u32; images as usize];
    let mut differences = Vec::with_capacity(resamples as usize);
    for _ in 0..resamples {
        drawn.fill(0);
        for _ in 0..images {
            drawn[random.u32(0..images) as usize] += 1;
        }
        differences.extend(difference(&drawn));
    }
    differences.sort_by(f64::total_cmp);
    Some(PairedDifference {
        difference: whole,
        low: percentile(&differences, 0.025).unwrap_or(whole),
        high: percentile(&differences, 0.975).unwrap_or(whole),
    })
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

    #[test]
    fn a_difference_is_shown_only_if_it_is_one() {
        let mean = |values: Vec<f64>| {
            move |drawn: &[u32]| {
                let sum: f64 = values.iter().zip(drawn).map(|(value, times)| value * f64::from(*times)).sum();
                Some(sum / f64::from(drawn.iter().sum::<u32>()))
            }
        };
        let better = mean((0..200).map(|number| 0.2 + f64::from(number % 7) * 0.1).collect());
        let shown = paired_difference(200, 500, 1, &better).unwrap();
        assert!(shown.is_shown() && shown.low < shown.difference && shown.difference < shown.high, "{shown:?}");
        // The interval of a mean is about two standard errors wide: 0.2 / sqrt(200) * 1.96 to both sides.
        assert!((shown.high - shown.low - 0.055).abs() < 0.01, "{shown:?}");
        assert_eq!(paired_difference(200, 500, 1, &better), Some(shown), "the seed decides");
        let equal = mean((0..200).map(|number| if number % 2 == 0 { 0.5 } else { -0.5 }).collect());
        assert!(!paired_difference(200, 500, 1, equal).unwrap().is_shown());
        assert_eq!(paired_difference(0, 10, 1, |_| None), None);
    }
}
