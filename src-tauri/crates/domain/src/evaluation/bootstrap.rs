//! Whether a difference of two results on the same images is one, or chance.
//!
//! Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993: percentile intervals of the paired difference.
//! Images are drawn, not boxes, because the boxes of an image depend on each other.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

/// Fewer images with objects than this say nothing about others.
pub const LEAST_IMAGES: u32 = 10;

/// A difference with its interval at a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PairedDifference {
    /// Of the images as they are.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub difference: f64,
    /// `None` if there are too few images or draws to tell.
    pub interval: Option<Interval>,
}

impl PairedDifference {
    /// Whether the interval excludes zero.
    #[must_use]
    pub fn is_shown(self) -> bool {
        self.interval.is_some_and(|interval| interval.low > 0.0 || interval.high < 0.0)
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
    /// Of the figures of draws, in any order. A draw without objects, for example, has no figure: `None` if fewer than half of
    /// all `draws` have one.
    #[must_use]
    pub fn of(mut figures: Vec<f64>, draws: u32) -> Option<Self> {
        if figures.len() * 2 < draws as usize {
            return None;
        }
        figures.sort_by(f64::total_cmp);
        Some(Self { low: percentile(&figures, 0.025)?, high: percentile(&figures, 0.975)? })
    }
}

/// Draws as many images as there are, with repetitions, `draws` times, unless `each` ends it. `each` gets how often each image
/// was drawn. `seed` makes the draws repeatable; results that are compared get the same draws.
pub fn draw(images: u32, draws: u32, seed: u64, mut each: impl FnMut(&[u32]) -> ControlFlow<()>) -> ControlFlow<()> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut counts = vec![0_u32; images as usize];
    for _ in 0..draws {
        counts.fill(0);
        for _ in 0..images {
            counts[random.u32(0..images) as usize] += 1;
        }
        each(&counts)?;
    }
    ControlFlow::Continue(())
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
        let done = draw(images, 500, seed, |weights| {
            drawn.push(difference(weights));
            ControlFlow::Continue(())
        });
        assert!(done.is_continue());
        let difference = difference(&vec![1; images as usize]);
        PairedDifference { difference, interval: Interval::of(drawn, 500) }
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
        let Interval { low, high } = shown.interval.unwrap();
        assert!(shown.is_shown() && low < shown.difference && shown.difference < high, "{shown:?}");
        // The interval of a mean is about two standard errors wide: 0.2 / sqrt(200) * 1.96 to both sides.
        assert!((high - low - 0.055).abs() < 0.01, "{shown:?}");
        assert_eq!(paired(200, 1, &better), shown, "the seed decides");
        let equal = mean((0..200).map(|number| if number % 2 == 0 { 0.5 } else { -0.5 }).collect());
        assert!(!paired(200, 1, equal).is_shown());
        assert!(!PairedDifference { difference: 1.0, interval: None }.is_shown());
    }

    #[test]
    fn an_interval_needs_half_of_the_draws() {
        assert_eq!(Interval::of(Vec::new(), 10), None);
        assert_eq!(Interval::of(vec![0.5; 499], 1_000), None);
        assert_eq!(Interval::of(vec![0.5; 500], 1_000), Some(Interval { low: 0.5, high: 0.5 }));
    }
}
