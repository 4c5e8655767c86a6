//! Pilots: a first run on a few of the images, to see what it finds and costs before the others are asked about.

use std::collections::HashSet;

use domain::ids::ImageId;
use domain::money::PicoDollars;
use domain::run::RunSummary;
use domain::run_state::{RunState, StopReason};

/// More than so many times what its quote expects is said before the others are asked about.
const DEARER: u64 = 2;

/// What a pilot says about the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PilotVerdict {
    /// Nothing speaks against going on.
    Sound,
    /// It was stopped before its end.
    Stopped,
    /// Not one image was answered.
    NothingAnswered,
    /// It cost much more than its quote expects.
    DearerThanQuoted { expected: PicoDollars },
}

impl PilotVerdict {
    /// Of a run that has stopped after its pilot. `expected`: what the quote expects the pilot to cost.
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

/// The pilot of a plan with so many images in it: none where it would be all of `asked`. The same ones whatever the order
/// of `asked`, so that the run's pilot is the one that was quoted.
#[must_use]
pub fn pilot_of(asked: &[ImageId], count: Option<u32>) -> Vec<ImageId> {
    let Some(count) = count.filter(|&count| (count as usize) < asked.len()) else { return Vec::new() };
    let mut ordered = asked.to_vec();
    ordered.sort_unstable();
    spread(&ordered, count as usize)
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
        let unordered = images([9, 3, 0, 6, 1]);
        assert_eq!(pilot_of(&unordered, Some(2)), images([0, 3]));
        assert!(pilot_of(&unordered, Some(5)).is_empty() && pilot_of(&unordered, None).is_empty());
    }
}
