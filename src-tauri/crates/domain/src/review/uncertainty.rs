//! How much an image wants a second look: one figure from all that speaks for a mistake, so that review begins where it
//! is worth most.

use std::collections::BTreeMap;

use crate::annotation::{Annotation, Status};
use crate::review::checks::{Misplaced, UsualCount};

/// What is known of an image that is not reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Signals {
    /// The least confidence among its proposals, 0 to 1; `None` without proposals.
    pub least_certain: Option<f64>,
    /// Likely mistakes by place and size ([`crate::review::checks`]).
    pub mistakes: u32,
    /// How often the rarest label on it stands in the library; `None` without labels.
    pub rarest_label: Option<u32>,
    /// By how many spreads its number of annotations differs from what is usual.
    pub count_spreads: f64,
    /// In how many annotations the answers of several runs differ.
    pub disagreement: u32,
}

/// How much each signal alone can say.
const CONFIDENCE: f64 = 0.7;
const GEOMETRY: f64 = 0.8;
const RARITY: f64 = 0.4;
const COUNT: f64 = 0.4;
const DISAGREEMENT: f64 = 0.7;
/// A label that stands this often is not rare at all.
const FREQUENT: f64 = 50.0;
/// From so many spreads on a number of annotations begins to be odd, and at so many it is.
const USUAL_SPREADS: f64 = 2.0;
const ODD_SPREADS: f64 = 6.0;

impl Signals {
    /// What the annotations that are `shown` of an image say, with those of them that are `misplaced`. `label_counts`: how often
    /// each label stands in the library. `usual`: how many annotations images usually have, where that is known.
    #[must_use]
    pub fn of(
        shown: &[Annotation],
        misplaced: &[Misplaced],
        label_counts: &BTreeMap<String, u32>,
        usual: Option<UsualCount>,
        disagreement: u32,
    ) -> Self {
        let standing: Vec<&Annotation> = shown.iter().filter(|it| it.status != Status::Rejected).collect();
        let proposals = standing.iter().filter(|it| it.status == Status::Proposed);
        // An image without annotations may not have been looked at.
        let usual = usual.filter(|_| !shown.is_empty());
        Self {
            least_certain: proposals.map(|it| f64::from(it.confidence.unwrap_or(0.0))).min_by(f64::total_cmp),
            mistakes: u32::try_from(misplaced.len()).unwrap_or(u32::MAX),
            rarest_label: standing.iter().filter_map(|it| label_counts.get(&it.label)).min().copied(),
            count_spreads: usual.map_or(0.0, |usual| usual.spreads_of(standing.len())),
            disagreement,
        }
    }

    /// 0 (nothing speaks for a mistake) to 1: the chance that at least one of the signals is right, were each of them as
    /// likely as its weight and independent of the others (a noisy or).
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
