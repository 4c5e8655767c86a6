//! Photos of the same scene: bursts, and copies of one photo. Found by comparing perceptual hashes, which are computed
//! elsewhere. Pairs with similar hashes are then compared in detail, because an absent or moved object changes hardly a
//! bit of a hash.
//!
//! There is no transitive clustering: in a pan every shot resembles the next, but the last has nothing in common with
//! the first. Every member of a group resembles its first image, the leader, because it gets the leader's annotations.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::geometry::PixelSize;
use crate::ids::ImageId;
use crate::numbers::count;
use crate::plan::SimilarSaving;

/// A 64-bit perceptual hash: the fewer bits differ, the more similar two pictures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PerceptualHash(pub u64);

impl PerceptualHash {
    /// Number of differing bits. Unrelated pictures differ in about half.
    #[must_use]
    pub const fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

/// An image with its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashedImage {
    pub id: ImageId,
    /// `None` if its pixels are unavailable: it is similar to nothing.
    pub hash: Option<PerceptualHash>,
    /// Upright.
    pub size: PixelSize,
}

/// Maximum distance of similar images that are near each other in the library.
///
/// Measured on the sample photos: moving the camera by one per cent of the picture changes up to 8 bits, by two per
/// cent up to 12, by three typically 8 to 14; different photos, or parts of them, differ in at least 20.
pub const NEAR_DISTANCE: u32 = 12;

/// Maximum distance of similar images anywhere in the library.
///
/// This is for copies: re-saved, resized, slightly brightened. It is lower than [`NEAR_DISTANCE`] because an image
/// meets all others here: of the five billion pairs of 100,000 images, chance brings about two thousand within 12 bits,
/// and none within 4.
pub const FAR_DISTANCE: u32 = 4;

/// Number of recent groups that count as near, including single images. Shots of a burst follow each other, even if two
/// cameras alternate.
const NEAR_GROUPS: usize = 32;

/// Maximum number of leaders that an image is compared with in detail.
const MOST_COMPARED: usize = 4;

/// Aspect ratios may differ by one part in this many: scaling rounds, and cropping trims.
const SHAPE_TOLERANCE_PARTS: u64 = 50;

/// Near-duplicate images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SimilarGroup {
    /// The first of them in library order.
    pub leader: ImageId,
    /// The others in library order; never empty. Each resembles the leader.
    pub followers: Vec<ImageId>,
}

/// The near-duplicates among some images.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SimilarGroups {
    /// Ordered by leader. No image is in two of them.
    pub groups: Vec<SimilarGroup>,
    /// Number of compared images.
    pub image_count: u32,
    /// Members of groups other than leaders, which need not be sent.
    pub follower_count: u32,
    /// Images without available pixels, which are in no group.
    pub unknown_count: u32,
}

impl SimilarGroups {
    /// Groups distinct `images` in library order. Each joins the nearest similar leader, the earliest of equally near
    /// ones, or begins a group. `shows_the_same` compares a leader and an image with similar hashes in detail.
    ///
    /// Near leaders are compared one by one. Far ones are found by multi-index hashing (Norouzi, Punjani, Fleet, "Fast
    /// Search in Hamming Space with Multi-Index Hashing", CVPR 2012): hashes cut into one more piece than bits may
    /// differ have at least one piece in common. So an image is compared with about a hundred leaders out of 100,000. A
    /// BK-tree would visit most of its nodes for the wider distance.
    #[must_use]
    pub fn of(images: &[HashedImage], mut shows_the_same: impl FnMut(ImageId, ImageId) -> bool) -> Self {
        let mut leaders = Leaders::default();
        let mut unknown_count = 0;
        for image in images {
            match image.hash {
                Some(hash) => leaders.place(Candidate { id: image.id, hash, size: image.size }, &mut shows_the_same),
                None => unknown_count += 1,
            }
        }
        let groups: Vec<SimilarGroup> = leaders
            .begun
            .into_iter()
            .filter(|(_, followers)| !followers.is_empty())
            .map(|(leader, followers)| SimilarGroup { leader: leader.id, followers })
            .collect();
        Self {
            image_count: count(images.len()),
            follower_count: groups.iter().map(|group| count(group.followers.len())).sum(),
            unknown_count,
            groups,
        }
    }

    /// Savings if only leaders and single images are sent.
    #[must_use]
    pub fn saving(&self) -> SimilarSaving {
        SimilarSaving { groups: count(self.groups.len()), followers: self.follower_count }
    }

    /// The leader of every follower.
    #[must_use]
    pub fn leaders(&self) -> HashMap<ImageId, ImageId> {
        let pairs = |group: &SimilarGroup| {
            let leader = group.leader;
            group.followers.iter().map(move |&follower| (follower, leader)).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(pairs).collect()
    }

    /// `images` with the members of each group moved next to its first one.
    #[must_use]
    pub fn in_order_of_similarity(&self, images: &[ImageId]) -> Vec<ImageId> {
        let leaders = self.leaders();
        let mut group_places: HashMap<ImageId, usize> = HashMap::new();
        let mut placed: Vec<(usize, ImageId)> = images
            .iter()
            .enumerate()
            .map(|(index, &image)| {
                let leader = leaders.get(&image).copied().unwrap_or(image);
                (*group_places.entry(leader).or_insert(index), image)
            })
            .collect();
        placed.sort_by_key(|&(place, _)| place);
        placed.into_iter().map(|(_, image)| image).collect()
    }
}

/// An image with a known hash.
struct Candidate {
    id: ImageId,
    hash: PerceptualHash,
    size: PixelSize,
}

impl Candidate {
    /// Whether both have the same aspect ratio, so that annotations can be propagated by scaling each axis.
    fn is_shaped_like(&self, other: &Self) -> bool {
        let across = u64::from(self.size.width) * u64::from(other.size.height);
        let down = u64::from(self.size.height) * u64::from(other.size.width);
        across.abs_diff(down) * SHAPE_TOLERANCE_PARTS <= across.max(down)
    }
}

/// Number of pieces of a hash, one more than bits may differ.
const PIECE_COUNT: u32 = FAR_DISTANCE + 1;
const PIECE_BITS: u32 = u64::BITS.div_ceil(PIECE_COUNT);

/// The pieces of `hash` with their positions.
fn pieces(hash: PerceptualHash) -> impl Iterator<Item = (u32, u64)> {
    (0..PIECE_COUNT).map(move |place| (place, (hash.0 >> (place * PIECE_BITS)) & ((1 << PIECE_BITS) - 1)))
}

/// The groups so far, indexed by pieces of hashes.
#[derive(Default)]
struct Leaders {
    begun: Vec<(Candidate, Vec<ImageId>)>,
    by_piece: HashMap<(u32, u64), Vec<usize>>,
}

impl Leaders {
    /// Adds `image` to its group, or begins one.
    fn place(&mut self, image: Candidate, shows_the_same: impl FnMut(ImageId, ImageId) -> bool) {
        if let Some(group) = self.nearest(&image, shows_the_same) {
            self.begun[group].1.push(image.id);
            return;
        }
        for piece in pieces(image.hash) {
            self.by_piece.entry(piece).or_default().push(self.begun.len());
        }
        self.begun.push((image, Vec::new()));
    }

    fn nearest(&self, image: &Candidate, mut shows_the_same: impl FnMut(ImageId, ImageId) -> bool) -> Option<usize> {
        let near = (self.begun.len().saturating_sub(NEAR_GROUPS)..self.begun.len()).map(|group| (group, NEAR_DISTANCE));
        let far = pieces(image.hash)
            .filter_map(|piece| self.by_piece.get(&piece))
            .flatten()
            .map(|&group| (group, FAR_DISTANCE));
        let mut alike: Vec<(u32, usize)> = near
            .chain(far)
            .filter_map(|(group, bound)| {
                let leader = &self.begun[group].0;
                let distance = leader.hash.distance(image.hash);
                (distance <= bound && leader.is_shaped_like(image)).then_some((distance, group))
            })
            .collect();
        alike.sort_unstable();
        alike.dedup();
        let mut nearest = alike.into_iter().take(MOST_COMPARED).map(|(_, group)| group);
        nearest.find(|&group| shows_the_same(self.begun[group].0.id, image.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By hashes alone.
    fn groups_of(images: &[HashedImage]) -> SimilarGroups {
        SimilarGroups::of(images, |_, _| true)
    }

    const LANDSCAPE: PixelSize = PixelSize::new(4000, 3000);

    fn images(hashes: &[u64]) -> Vec<HashedImage> {
        let image = |(id, &hash)| HashedImage { id: ImageId(id), hash: Some(PerceptualHash(hash)), size: LANDSCAPE };
        (1..).zip(hashes).map(image).collect()
    }

    fn members(groups: &SimilarGroups) -> Vec<(u32, Vec<u32>)> {
        let group = |group: &SimilarGroup| (group.leader.0, group.followers.iter().map(|image| image.0).collect());
        groups.groups.iter().map(group).collect()
    }

    /// `SplitMix64` (Steele, Lea, Flood, 2014): a pseudo-random number per seed.
    fn scrambled(seed: u64) -> u64 {
        let mut bits = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A few motifs with flipped bits, in a few aspect ratios, some without a hash.
    fn shots() -> impl Strategy<Value = Vec<HashedImage>> {
        let shot = (0u64..6, prop::collection::vec(0u32..64, 0..14), 0usize..8);
        prop::collection::vec(shot, 0..120).prop_map(|shots| {
            let image = |(id, (motif, astray, kind)): (u32, (u64, Vec<u32>, usize))| HashedImage {
                id: ImageId(id),
                hash: (kind != 0)
                    .then(|| PerceptualHash(astray.iter().fold(scrambled(motif), |hash, bit| hash ^ (1 << bit)))),
                size: if kind == 1 { LANDSCAPE.transposed() } else { LANDSCAPE },
            };
            (1..).zip(shots).map(image).collect()
        })
    }

    proptest! {
        #[test]
        fn every_image_has_one_place_and_resembles_its_leader(images in shots()) {
            let groups = groups_of(&images);
            prop_assert_eq!(&groups_of(&images), &groups);
            let image = |id: ImageId| images.iter().find(|image| image.id == id).unwrap();
            let mut seen = std::collections::HashSet::new();
            for group in &groups.groups {
                prop_assert!(!group.followers.is_empty() && seen.insert(group.leader));
                let leader = image(group.leader);
                for &follower in &group.followers {
                    prop_assert!(seen.insert(follower) && follower > group.leader);
                    let follower = image(follower);
                    prop_assert!(leader.hash.unwrap().distance(follower.hash.unwrap()) <= NEAR_DISTANCE);
                    prop_assert_eq!(leader.size, follower.size);
                }
            }
            prop_assert_eq!(groups.follower_count as usize, seen.len() - groups.groups.len());

            let ids: Vec<ImageId> = images.iter().map(|image| image.id).collect();
            let mut ordered = groups.in_order_of_similarity(&ids);
            for group in &groups.groups {
                let start = ordered.iter().position(|&id| id == group.leader).unwrap();
                prop_assert_eq!(&ordered[start + 1..=start + group.followers.len()], group.followers.as_slice());
            }
            let leaders_and_lone: Vec<ImageId> = ordered
                .iter()
                .copied()
                .filter(|id| groups.groups.iter().all(|group| !group.followers.contains(id)))
                .collect();
            prop_assert!(leaders_and_lone.is_sorted());
            ordered.sort_unstable();
            prop_assert_eq!(ordered, ids);
        }
    }

    #[test]
    fn a_pan_falls_into_groups_about_their_first_shots() {
        // Every shot differs by four bits from the one before.
        let pan: Vec<u64> = (0..8).map(|shot| (1 << (4 * shot)) - 1).collect();
        assert_eq!(members(&groups_of(&images(&pan))), [(1, vec![2, 3, 4]), (5, vec![6, 7, 8])]);
    }

    #[test]
    fn near_by_more_may_differ_than_far_away() {
        let begun: Vec<u64> = (0..100).map(scrambled).collect();
        let off_by = |bits: u32| begun[0] ^ ((1 << bits) - 1);
        let with = |later: u64, others: usize| {
            let hashes: Vec<u64> = begun[..=others].iter().copied().chain([later]).collect();
            groups_of(&images(&hashes)).follower_count
        };
        assert_eq!((with(off_by(12), 20), with(off_by(13), 20)), (1, 0));
        assert_eq!((with(off_by(4), 99), with(off_by(5), 99)), (1, 0));
    }

    #[test]
    fn the_nearest_leader_is_joined_and_shapes_are_kept_apart() {
        let mut shots = images(&[0, 0xFFFF, 0xFF, 0x3F, 0]);
        shots[2].size = PixelSize::new(1024, 768);
        shots[4].size = LANDSCAPE.transposed();
        assert_eq!(members(&groups_of(&shots)), [(1, vec![3, 4])]);
        shots[1].hash = None;
        assert_eq!(groups_of(&shots).unknown_count, 1);
    }

    #[test]
    fn copies_are_found_among_a_hundred_thousand() {
        let mut hashes: Vec<u64> = (0..100_000).map(scrambled).collect();
        for copy in (1..1000).map(|nth| 100 * nth) {
            hashes[copy] = hashes[copy / 2 + 1] ^ (0b1001_0000_0000_0001_0001 << (copy % 40));
        }
        let groups = groups_of(&images(&hashes));
        assert_eq!((groups.image_count, groups.saving().followers), (100_000, 999));
    }

    #[test]
    fn a_similar_hash_is_not_enough() {
        let shots = images(&[0, 1, 3, 7]);
        let two_and_four = |one: ImageId, other: ImageId| (one.0, other.0) == (2, 4) || (one.0, other.0) == (1, 3);
        let mut compared = Vec::new();
        let groups = SimilarGroups::of(&shots, |leader, image| {
            compared.push((leader.0, image.0));
            two_and_four(leader, image)
        });
        assert_eq!(members(&groups), [(1, vec![3]), (2, vec![4])]);
        assert_eq!(compared, [(1, 2), (2, 3), (1, 3), (2, 4)], "the nearest first");
    }

    #[test]
    fn the_order_holds_for_a_part_of_the_images() {
        let groups = groups_of(&images(&[0, u64::MAX, 1, u64::MAX << 32, 3]));
        let order = |ids: &[u32]| -> Vec<u32> {
            let ids: Vec<ImageId> = ids.iter().copied().map(ImageId).collect();
            groups.in_order_of_similarity(&ids).into_iter().map(|image| image.0).collect()
        };
        assert_eq!(order(&[1, 2, 3, 4, 5]), [1, 3, 5, 2, 4]);
        assert_eq!(order(&[2, 3, 4, 5, 9]), [2, 3, 5, 4, 9]);
    }
}
