//! Uncertainty of an image: one figure from all signals of mistakes, so that review starts where it is most useful.

use std::collections::BTreeMap;

use crate::annotation::{Annotation, Status};
use crate::review::checks::{Misplaced, UsualCount};

/// Signals of an unreviewed image.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Signals {
    /// The lowest confidence of its proposals, 0 to 1; `None` without proposals.
    pub least_certain: Option<f64>,
    /// Likely mistakes in position and size ([`crate::review::checks`]).
    pub mistakes: u32,
    /// Library-wide count of its rarest label; `None` without labels.
    pub rarest_label: Option<u32>,
    /// Deviation of its number of annotations from the usual one, in spreads.
    pub count_spreads: f64,
    /// Number of annotations in which runs disagree.
    pub disagreement: u32,
}

/// Weights of the signals.
const CONFIDENCE: f64 = 0.7;
const GEOMETRY: f64 = 0.8;
const RARITY: f64 = 0.4;
const COUNT: f64 = 0.4;
const DISAGREEMENT: f64 = 0.7;
/// A label with this count is not rare at all.
const FREQUENT: f64 = 50.0;
/// The deviation, in spreads, from which a number of annotations is odd, and the one at which it fully is.
const USUAL_SPREADS: f64 = 2.0;
const ODD_SPREADS: f64 = 6.0;

impl Signals {
    /// The signals of the annotations `shown`, with those in `misplaced`. `label_counts` is library-wide. `usual` is
    /// the usual number of annotations, if known.
    #[must_use]
    pub fn of(
        shown: &[Annotation],
        misplaced: &[Misplaced],
        label_counts: &BTreeMap<String, u32>,
        usual: Option<UsualCount>,
        disagreement: u32,
    ) -> Self {
        let standing: Vec<&Annotation> = shown.iter().filter(|it| it.status.is_standing()).collect();
        let proposals = standing.iter().filter(|it| it.status == Status::Proposed);
        // An image without annotations may not have been sent.
        let usual = usual.filter(|_| !shown.is_empty());
        Self {
            least_certain: proposals.map(|it| f64::from(it.confidence.unwrap_or(0.0))).min_by(f64::total_cmp),
            mistakes: u32::try_from(misplaced.len()).unwrap_or(u32::MAX),
            rarest_label: standing.iter().filter_map(|it| label_counts.get(&it.label)).min().copied(),
            count_spreads: usual.map_or(0.0, |usual| usual.spreads_of(standing.len())),
            disagreement,
        }
    }

    /// From 0 (no signal) to 1: the probability that at least one signal is right, if each is as likely as its weight
    /// and independent (a noisy or).
    #[must_use]
    pub fn uncertainty(&self) -> f64 {
        let more_is_worse = |count: u32| 1.0 - 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
        let unsure = self.least_certain.map_or(0.0, |confidence| 1.0 - confidence.clamp(0.0, 1.0));
        let rare = self.rarest_label.map_or(0.0, |count| (1.0 - f64::from(count).ln() / FREQUENT.ln()).clamp(0.0, 1.0));
        let outlier = ((self.count_spreads.abs() - USUAL_SPREADS) / (ODD_SPREADS - USUAL_SPREADS)).clamp(0.0, 1.0);
        let sure = [
            CONFIDENCE * unsure,
            GEOMETRY * more_is_worse(self.mistakes),
            RARITY * rare,
            COUNT * outlier,
            DISAGREEMENT * more_is_worse(self.disagreement),
        ];
        1.0 - sure.into_iter().map(|chance| 1.0 - chance).product::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_adds_to_the_uncertainty_and_none_takes_away() {
        let plain = Signals { least_certain: Some(0.8), rarest_label: Some(500), ..Signals::default() };
        let uncertainty = plain.uncertainty();
        assert!((uncertainty - 0.7 * 0.2).abs() < 1e-9, "{uncertainty}");
        for worse in [
            Signals { least_certain: Some(0.3), ..plain },
            Signals { mistakes: 1, ..plain },
            Signals { rarest_label: Some(1), ..plain },
            Signals { count_spreads: 5.0, ..plain },
            Signals { count_spreads: -5.0, ..plain },
            Signals { disagreement: 2, ..plain },
        ] {
            assert!(worse.uncertainty() > uncertainty && worse.uncertainty() < 1.0, "{worse:?}");
        }
        assert!(Signals::default().uncertainty().abs() < f64::EPSILON);
    }
}
