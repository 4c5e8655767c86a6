//! Pilots: a first run on a few of the images, to see what it finds and costs before the others are asked about.

use std::collections::HashSet;

use domain::ids::ImageId;
use domain::plan::CostRange;
use domain::run::{RunState, RunSummary, StopReason};

/// What a pilot says about the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PilotVerdict {
    /// Nothing speaks against going on.
    Sound,
    /// It was stopped before its end.
    Stopped,
    /// Not one image was answered.
    NothingAnswered,
    /// It cost more than its quote allowed for, and so might the rest.
    DearerThanQuoted,
}

impl PilotVerdict {
    #[must_use]
    pub fn of(pilot: &RunSummary) -> Self {
        let high = pilot.quoted.map(|CostRange { high, .. }| high);
        let cost = pilot.paid + pilot.possibly_billed.at_most;
        if pilot.state != (RunState::Stopped { reason: StopReason::Completed }) {
            Self::Stopped
        } else if pilot.done == 0 {
            Self::NothingAnswered
        } else if high.is_some_and(|high| cost > high) {
            Self::DearerThanQuoted
        } else {
            Self::Sound
        }
    }
}

/// At most `count` of `images`, evenly spread, so that they are of more than one folder's kind.
#[must_use]
pub fn spread(images: &[ImageId], count: usize) -> Vec<ImageId> {
    let count = count.min(images.len());
    (0..count).map(|index| images[index * images.len() / count]).collect()
}

/// Those of `images` that are not among the `first`.
#[must_use]
pub fn rest(images: &[ImageId], first: &[ImageId]) -> Vec<ImageId> {
    let first: HashSet<ImageId> = first.iter().copied().collect();
    images.iter().copied().filter(|image| !first.contains(image)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(ids: impl IntoIterator<Item = u32>) -> Vec<ImageId> {
        ids.into_iter().map(ImageId).collect()
    }

    #[test]
    fn a_pilot_is_spread_evenly_and_leaves_the_others() {
        let all = images(0..10);
        let first = spread(&all, 3);
        assert_eq!(first, images([0, 3, 6]));
        assert_eq!(rest(&all, &first), images([1, 2, 4, 5, 7, 8, 9]));
        assert_eq!(spread(&all, 20), all);
        assert!(spread(&[], 3).is_empty());
    }
}
