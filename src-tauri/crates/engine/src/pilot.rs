//! Pilots: a run on a few images first, to see results and cost before the others are sent.

use std::collections::HashSet;

use domain::ids::ImageId;
use domain::money::PicoDollars;
use domain::run::RunSummary;
use domain::run_state::{RunState, StopReason};

/// A pilot that costs more than this many times its expected cost is reported.
const DEARER: u64 = 2;

/// What a pilot suggests about the remaining images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PilotVerdict {
    /// No reason to stop.
    Sound,
    /// It was stopped early.
    Stopped,
    /// No image was answered.
    NothingAnswered,
    /// It cost much more than its expected cost.
    DearerThanQuoted { expected: PicoDollars },
}

impl PilotVerdict {
    /// The verdict on a run that has stopped after its pilot. `expected` is the quoted cost of the pilot.
    #[must_use]
    pub fn of(run: &RunSummary, expected: PicoDollars) -> Self {
        if run.state != (RunState::Stopped { reason: StopReason::PilotDone }) {
            Self::Stopped
        } else if run.done == 0 {
            Self::NothingAnswered
        } else if run.paid + run.possibly_billed.at_most > expected.times(DEARER) {
            Self::DearerThanQuoted { expected }
        } else {
            Self::Sound
        }
    }
}

/// The pilot of a plan with `count` images; empty if it would be all of `asked`. Independent of the order of `asked`,
/// so that the run's pilot is the quoted one.
#[must_use]
pub fn pilot_of(asked: &[ImageId], count: Option<u32>) -> Vec<ImageId> {
    let Some(count) = count.filter(|&count| (count as usize) < asked.len()) else { return Vec::new() };
    let mut ordered = asked.to_vec();
    ordered.sort_unstable();
    spread(&ordered, count as usize)
}

/// At most `count` of `images`, evenly spread, so that they come from different folders.
#[must_use]
pub fn spread(images: &[ImageId], count: usize) -> Vec<ImageId> {
    let count = count.min(images.len());
    (0..count).map(|index| images[index * images.len() / count]).collect()
}

/// `images` without the `first` ones.
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
        let unordered = images([9, 3, 0, 6, 1]);
        assert_eq!(pilot_of(&unordered, Some(2)), images([0, 3]));
        assert!(pilot_of(&unordered, Some(5)).is_empty() && pilot_of(&unordered, None).is_empty());
    }
}
