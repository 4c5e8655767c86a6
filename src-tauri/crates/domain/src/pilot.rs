//! Pilots: a run on a few images first, to see results and cost before the others are sent. The images are chosen by what is
//! known before anything is sent, so that they differ as much as possible.

use serde::{Deserialize, Serialize};

use crate::geometry::PixelSize;
use crate::ids::ImageId;
use crate::money::{CostRange, PicoDollars};
use crate::run::RunSummary;
use crate::run_state::{RunMode, RunState, StopReason};
use crate::similar::PerceptualHash;

/// What a pilot cost, and what the other images of its run will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PilotOutcome {
    /// Images done or failed, in the order of the run.
    pub images: Vec<ImageId>,
    /// The cost that was expected of them.
    #[serde(rename = "expected_dollars")]
    pub expected: PicoDollars,
    /// What they cost, with the maximum of what may have been billed without an answer.
    #[serde(rename = "cost_dollars")]
    pub cost: PicoDollars,
    pub verdict: PilotVerdict,
    /// The other images, including those that will not be sent.
    pub left: u32,
    /// Whether they are sent live or in batches.
    pub mode: RunMode,
    /// Their cost, estimated anew with the answers of the pilot; `None` without a known price.
    #[serde(rename = "rest_dollars")]
    pub rest: Option<CostRange>,
}

/// A pilot that costs more than this many times its expected cost is reported.
const DEARER: u64 = 2;

/// What a pilot suggests about the remaining images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum PilotVerdict {
    /// No reason to stop.
    Sound,
    /// It was stopped early.
    Stopped,
    /// No image was answered.
    NothingAnswered,
    /// It cost more than twice its expected cost.
    DearerThanQuoted,
}

impl PilotVerdict {
    /// The verdict on a run that has stopped after its pilot. `expected` is the quoted cost of the pilot, zero without a known
    /// price.
    #[must_use]
    pub fn of(run: &RunSummary, expected: PicoDollars) -> Self {
        if run.state != (RunState::Stopped { reason: StopReason::PilotDone }) {
            Self::Stopped
        } else if run.done == 0 {
            Self::NothingAnswered
        } else if expected > PicoDollars::ZERO && run.paid + run.possibly_billed.at_most > expected.times(DEARER) {
            Self::DearerThanQuoted
        } else {
            Self::Sound
        }
    }
}

/// What is known of an image before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageTraits {
    pub id: ImageId,
    /// `None` if its pixels are not available.
    pub hash: Option<PerceptualHash>,
    /// Upright.
    pub size: PixelSize,
    /// The same number for images of one folder.
    pub folder: u32,
    /// The day on the camera's clock, since 1970-01-01; `None` if not recorded.
    pub day: Option<i64>,
}

/// Bits by which hashes of unrelated pictures differ is about 32. Other traits count as so many bits: enough to decide between
/// pictures that differ alike, not enough to prefer a copy of a picture to another picture.
const OTHER_ORIENTATION: u32 = 6;
const OTHER_FOLDER: u32 = 4;
const OTHER_DAY: u32 = 3;
/// For each doubling of the area.
const OTHER_SIZE: u32 = 2;
const MOST_FOR_SIZE: u32 = 6;
/// The distance of a picture whose hash is not known: it is chosen after pictures that are known to differ.
const UNKNOWN: u32 = 12;

impl ImageTraits {
    /// How much two images differ, in bits of a hash.
    #[must_use]
    pub fn distance(&self, other: &Self) -> u32 {
        let pictures = match (self.hash, other.hash) {
            (Some(one), Some(other)) => one.distance(other),
            _ => UNKNOWN,
        };
        let if_differs = |differs: bool, weight: u32| if differs { weight } else { 0 };
        let doublings = |traits: &Self| traits.size.area().max(1).ilog2();
        pictures
            + if_differs(self.is_upright() != other.is_upright(), OTHER_ORIENTATION)
            + (doublings(self).abs_diff(doublings(other)) * OTHER_SIZE).min(MOST_FOR_SIZE)
            + if_differs(self.folder != other.folder, OTHER_FOLDER)
            + if_differs(self.day != other.day, OTHER_DAY)
    }

    const fn is_upright(&self) -> bool {
        self.size.height > self.size.width
    }
}

/// The pilot of a plan: `count` images that differ as much as possible, by id; empty if these would be all of `images`.
/// Independent of the order of `images`.
///
/// Each next image is the one that is farthest from those that are chosen already (Gonzalez, "Clustering to minimize the
/// maximum intercluster distance", 1985), which takes `count` times as many comparisons as there are images.
#[must_use]
pub fn diverse(images: &[ImageTraits], count: Option<u32>) -> Vec<ImageId> {
    let Some(count) = count.filter(|&count| (count as usize) < images.len()) else { return Vec::new() };
    let mut images = images.to_vec();
    images.sort_unstable_by_key(|image| image.id);
    // The distance of each image from the nearest chosen one; `None` if it is chosen.
    let mut nearest: Vec<Option<u32>> = vec![Some(u32::MAX); images.len()];
    let mut next = images.iter().position(|image| image.hash.is_some()).unwrap_or_default();
    let mut chosen = Vec::new();
    for _ in 0..count {
        let newest = images[next];
        chosen.push(newest.id);
        nearest[next] = None;
        let mut farthest = None;
        for (at, (image, nearest)) in images.iter().zip(&mut nearest).enumerate() {
            let Some(distance) = nearest else { continue };
            *distance = image.distance(&newest).min(*distance);
            // Of several, the first.
            if farthest.is_none_or(|(most, _)| *distance > most) {
                farthest = Some((*distance, at));
            }
        }
        let Some((_, at)) = farthest else { break };
        next = at;
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LANDSCAPE: PixelSize = PixelSize::new(4000, 3000);

    fn image(id: u32, hash: u64) -> ImageTraits {
        ImageTraits { id: ImageId(id), hash: Some(PerceptualHash(hash)), size: LANDSCAPE, folder: 0, day: None }
    }

    fn ids(ids: impl IntoIterator<Item = u32>) -> Vec<ImageId> {
        ids.into_iter().map(ImageId).collect()
    }

    #[test]
    fn one_image_of_each_scene_is_in_the_pilot() {
        // Three bursts, and a single picture far into the list.
        let scenes = [0, u64::from(u32::MAX), 0x5555_5555_5555_5555];
        let mut images: Vec<ImageTraits> =
            (0..30).map(|id| image(id, scenes[id as usize / 10] ^ (1 << (id % 10)))).collect();
        images.push(image(30, !0x5555_5555_5555_5555));
        let pilot = diverse(&images, Some(4));
        let scene = |id: &ImageId| id.0 / 10;
        assert_eq!(pilot.iter().map(scene).collect::<Vec<_>>(), [0, 1, 2, 3], "{pilot:?}");
    }

    #[test]
    fn pictures_that_look_alike_differ_by_shape_size_folder_and_day() {
        let plain = image(1, 7);
        let others = [
            ImageTraits { id: ImageId(5), size: LANDSCAPE.transposed(), ..plain },
            ImageTraits { id: ImageId(6), size: PixelSize::new(400, 300), ..plain },
            ImageTraits { id: ImageId(7), folder: 1, ..plain },
            ImageTraits { id: ImageId(8), day: Some(20_000), ..plain },
        ];
        let images: Vec<ImageTraits> = (1..5).map(|id| image(id, 7)).chain(others).collect();
        assert_eq!(diverse(&images, Some(5)), ids([1, 5, 6, 7, 8]));
        // Another picture counts more than all of that together.
        let other_picture = image(9, !7);
        let farthest = others.iter().map(|other| plain.distance(other)).max().unwrap();
        assert!(plain.distance(&other_picture) > farthest + 32);
    }

    #[test]
    fn pictures_that_cannot_be_read_come_last() {
        let unknown = |id| ImageTraits { hash: None, ..image(id, 0) };
        let images = [unknown(0), unknown(1), image(2, 0), image(3, 0xffff), image(4, 0xffff_ffff)];
        assert_eq!(diverse(&images, Some(3)), ids([2, 3, 4]));
        assert_eq!(diverse(&[unknown(0), unknown(1)], Some(1)), ids([0]));
    }

    #[test]
    fn a_pilot_cannot_have_all_images() {
        let images = [image(1, 0), image(2, 1)];
        for count in [None, Some(2), Some(3), Some(0)] {
            assert!(diverse(&images, count).is_empty());
        }
        assert!(diverse(&[], Some(1)).is_empty());
    }

    proptest! {
        #[test]
        fn the_pilot_does_not_depend_on_the_order_and_no_image_is_farther_away_than_those_chosen(
            hashes in prop::collection::vec(any::<u64>(), 2..60), count in 1_u32..20, turn in 0_usize..60,
        ) {
            let images: Vec<ImageTraits> = (0..).zip(&hashes).map(|(id, &hash)| image(id, hash)).collect();
            let mut turned = images.clone();
            turned.rotate_left(turn % images.len());
            turned.reverse();
            let pilot = diverse(&images, Some(count));
            prop_assert_eq!(&pilot, &diverse(&turned, Some(count)));
            if (count as usize) < images.len() {
                prop_assert_eq!(pilot.len(), count as usize);
                let chosen: Vec<&ImageTraits> = images.iter().filter(|image| pilot.contains(&image.id)).collect();
                let others = images.iter().filter(|image| !pilot.contains(&image.id));
                let from_chosen = |image: &ImageTraits| chosen.iter().map(|one| one.distance(image)).min().unwrap();
                let farthest = others.map(from_chosen).max().unwrap();
                for (place, one) in chosen.iter().enumerate() {
                    for other in &chosen[place + 1..] {
                        prop_assert!(one.distance(other) >= farthest);
                    }
                }
            }
        }
    }
}
