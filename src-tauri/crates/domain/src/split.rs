//! Splits of a dataset into training, validation and test images.
//!
//! Labels are distributed as in "On the Stratification of Multi-Label Data" (Sechidis, Tsoumakas, Vlahavas, 2011): the
//! label with the fewest images comes first, and each image goes to the part that lacks the label most. Images of a
//! group, such as the shots of a burst, stay together, because near-duplicates in two parts make a test worthless.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::ImageId;

/// A part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SplitPart {
    Train,
    Validation,
    Test,
}

impl SplitPart {
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];
}

/// How many images each part gets, relative to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SplitShares {
    pub train: u16,
    pub validation: u16,
    pub test: u16,
}

impl SplitShares {
    /// 80, 10 and 10 %.
    pub const DEFAULT: Self = Self { train: 80, validation: 10, test: 10 };

    /// In the order of [`SplitPart::ALL`].
    #[must_use]
    pub fn all(self) -> [i64; 3] {
        [self.train, self.validation, self.test].map(i64::from)
    }
}

impl FromStr for SplitShares {
    type Err = &'static str;

    /// Reads `80/10/10`, or `80/20` without a test part.
    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected the shares of training, validation and test, such as 80/10/10";
        let shares: Vec<u16> = typed.split('/').map(str::parse).collect::<Result<_, _>>().map_err(|_| EXPECTED)?;
        let (train, validation, test) = match shares[..] {
            [train, validation] => (train, validation, 0),
            [train, validation, test] => (train, validation, test),
            _ => return Err(EXPECTED),
        };
        if train == 0 { Err("the share of training must not be 0") } else { Ok(Self { train, validation, test }) }
    }
}

impl Display for SplitShares {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.train, self.validation, self.test)
    }
}

/// A split that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SplitRequest {
    pub shares: SplitShares,
    /// Identifies the split: an image that was exported with it keeps its part.
    pub seed: u32,
    /// Whether bursts and near-duplicates stay together.
    pub keeps_groups: bool,
    /// Whether every label is distributed like the images.
    pub balances_labels: bool,
}

impl SplitRequest {
    /// The seed unless another is chosen.
    pub const DEFAULT_SEED: u32 = 7;
}

impl Default for SplitRequest {
    fn default() -> Self {
        Self { shares: SplitShares::DEFAULT, seed: Self::DEFAULT_SEED, keeps_groups: true, balances_labels: true }
    }
}

/// The images and annotations of a part of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SplitPartCounts {
    pub part: SplitPart,
    pub images: u32,
    pub annotations: u32,
    /// Images by label, in the order of the label table.
    pub labels: Vec<LabelImages>,
}

/// Number of images and annotations with a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelImages {
    pub label: String,
    pub images: u32,
    pub annotations: u32,
}

/// A split as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SplitOutcome {
    pub request: SplitRequest,
    /// In the order of [`SplitPart::ALL`].
    pub parts: Vec<SplitPartCounts>,
    /// Groups of images that stay together, single images included; `None` if they were not looked for.
    pub groups: Option<u32>,
    /// Images with the part that they had in an earlier export.
    pub kept: u32,
}

/// An image to be split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitImage {
    pub image: ImageId,
    /// Numbers of the labels on it, without duplicates.
    pub labels: Vec<u32>,
    /// Images of the same group stay together: any of them, or the image itself.
    pub group: ImageId,
    /// The part that it was exported in before.
    pub kept: Option<SplitPart>,
}

/// Images that go to one part together.
struct Unit {
    members: Vec<usize>,
    /// Number of images with each label.
    labels: BTreeMap<u32, i64>,
    /// Random by seed.
    rank: u64,
}

impl Unit {
    fn len(&self) -> i64 {
        i64::try_from(self.members.len()).unwrap_or(i64::MAX)
    }
}

/// The part of each of `images`. The same images and seed have the same parts, in any order. Without kept images, the
/// number of images in each part differs from its share by less than the size of the largest group.
#[must_use]
pub fn split(images: &[SplitImage], request: &SplitRequest) -> Vec<SplitPart> {
    let shares = request.shares.all();
    let whole: i64 = shares.iter().sum();
    let mut parts: Vec<Option<SplitPart>> = images.iter().map(|image| image.kept).collect();
    let mut room = Room { shares, whole, images: [0; 3], labels: BTreeMap::new() };
    for (image, part) in images.iter().zip(&parts) {
        let labels = stratified(image, request);
        room.expect(&labels, 1);
        if let Some(part) = part {
            room.take(*part, 1, labels.iter().map(|&label| (label, 1)));
        }
    }
    let mut groups: BTreeMap<ImageId, Vec<usize>> = BTreeMap::new();
    for (place, image) in images.iter().enumerate() {
        groups.entry(if request.keeps_groups { image.group } else { image.image }).or_default().push(place);
    }
    let mut units = Vec::new();
    for places in groups.into_values() {
        let (kept, open): (Vec<usize>, Vec<usize>) = places.into_iter().partition(|&place| parts[place].is_some());
        let mut unit = unit_of(images, request, open);
        if let Some(part) = most_frequent(kept.iter().filter_map(|&place| parts[place])) {
            room.take(part, unit.len(), unit.labels.iter().map(|(&label, &count)| (label, count)));
            unit.members.drain(..).for_each(|place| parts[place] = Some(part));
        } else {
            units.push(unit);
        }
    }
    place_units(&units, &mut room, &mut parts);
    parts.into_iter().map(|part| part.unwrap_or(SplitPart::Train)).collect()
}

/// The labels that are balanced. Images without any are balanced as if they had one more label.
fn stratified(image: &SplitImage, request: &SplitRequest) -> Vec<u32> {
    const NO_LABEL: u32 = u32::MAX;
    if request.balances_labels && !image.labels.is_empty() { image.labels.clone() } else { vec![NO_LABEL] }
}

fn unit_of(images: &[SplitImage], request: &SplitRequest, members: Vec<usize>) -> Unit {
    let mut labels = BTreeMap::new();
    for &place in &members {
        for label in stratified(&images[place], request) {
            *labels.entry(label).or_default() += 1;
        }
    }
    let first = members.iter().map(|&place| images[place].image.0).min().unwrap_or_default();
    Unit { members, labels, rank: scrambled(u64::from(request.seed) << 32 | u64::from(first)) }
}

fn most_frequent(parts: impl Iterator<Item = SplitPart>) -> Option<SplitPart> {
    let mut counts = BTreeMap::<SplitPart, u32>::new();
    parts.for_each(|part| *counts.entry(part).or_default() += 1);
    counts.into_iter().max_by_key(|&(part, count)| (count, Reverse(part))).map(|(part, _)| part)
}

/// Places all units, those with the rarest label first, and of these the largest first.
fn place_units(units: &[Unit], room: &mut Room, parts: &mut [Option<SplitPart>]) {
    let mut by_label: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut left: BTreeMap<u32, i64> = BTreeMap::new();
    for (place, unit) in units.iter().enumerate() {
        for (&label, count) in &unit.labels {
            by_label.entry(label).or_default().push(place);
            *left.entry(label).or_default() += count;
        }
    }
    let mut is_open = vec![true; units.len()];
    while let Some(label) =
        left.iter().filter(|(_, count)| **count > 0).min_by_key(|(_, count)| **count).map(|(label, _)| *label)
    {
        let mut of_label = by_label.remove(&label).unwrap_or_default();
        of_label.retain(|&place| is_open[place]);
        of_label.sort_by_key(|&place| (Reverse(units[place].len()), units[place].rank));
        for place in of_label {
            let unit = &units[place];
            let part = room.best_for(unit.len(), label);
            room.take(part, unit.len(), unit.labels.iter().map(|(&label, &count)| (label, count)));
            unit.members.iter().for_each(|&member| parts[member] = Some(part));
            is_open[place] = false;
            for (label, count) in &unit.labels {
                if let Some(left) = left.get_mut(label) {
                    *left -= count;
                }
            }
        }
        left.remove(&label);
    }
}

/// How much each part lacks, in images times `whole`, so that shares are exact.
struct Room {
    shares: [i64; 3],
    /// Sum of the shares.
    whole: i64,
    images: [i64; 3],
    labels: BTreeMap<u32, [i64; 3]>,
}

impl Room {
    /// Makes room for images with these labels.
    fn expect(&mut self, labels: &[u32], count: i64) {
        let add = |room: &mut [i64; 3], shares: [i64; 3]| {
            room.iter_mut().zip(shares).for_each(|(room, share)| *room += share * count);
        };
        add(&mut self.images, self.shares);
        for label in labels {
            add(self.labels.entry(*label).or_default(), self.shares);
        }
    }

    fn take(&mut self, part: SplitPart, count: i64, labels: impl Iterator<Item = (u32, i64)>) {
        self.images[part as usize] -= count * self.whole;
        for (label, count) in labels {
            self.labels.entry(label).or_default()[part as usize] -= count * self.whole;
        }
    }

    /// Of the parts in which `count` images fit, the one that lacks `label` most. If they fit in none, the emptiest one.
    fn best_for(&self, count: i64, label: u32) -> SplitPart {
        let lacks = self.labels.get(&label).copied().unwrap_or_default();
        let wanted = SplitPart::ALL.into_iter().filter(|part| self.shares[*part as usize] > 0);
        let best = wanted.max_by_key(|&part| {
            let room = self.images[part as usize];
            let fits = room >= count * self.whole;
            (fits, if fits { lacks[part as usize] } else { room }, room, Reverse(part))
        });
        best.unwrap_or(SplitPart::Train)
    }
}

/// `SplitMix64` (Steele, Lea, Flood, 2014): a pseudo-random number per seed.
fn scrambled(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// Longest time between the first and the last shot of a burst.
const BURST_MILLIS: i64 = 10_000;
/// Longest time between two shots of a burst.
const SHOT_MILLIS: i64 = 2_000;
/// More images of a few seconds are no burst: their clock was not set.
const LARGEST_BURST: usize = 200;

/// The bursts among images with the time at which they were taken: images that follow each other within two seconds, ten
/// seconds in total.
#[must_use]
pub fn bursts(taken: &[(ImageId, i64)]) -> Vec<Vec<ImageId>> {
    let mut taken = taken.to_vec();
    taken.sort_unstable_by_key(|&(image, millis)| (millis, image));
    let mut bursts: Vec<Vec<ImageId>> = Vec::new();
    let (mut begun, mut last) = (i64::MIN, i64::MIN);
    for (image, millis) in taken {
        let follows = millis.saturating_sub(last) <= SHOT_MILLIS && millis.saturating_sub(begun) <= BURST_MILLIS;
        if let Some(burst) = bursts.last_mut().filter(|_| follows) {
            burst.push(image);
        } else {
            begun = millis;
            bursts.push(vec![image]);
        }
        last = millis;
    }
    bursts.retain(|burst| (2..=LARGEST_BURST).contains(&burst.len()));
    bursts
}

/// Joins groups that share images; the first image of its group, by image that is in any.
#[must_use]
pub fn joined_groups(groups: impl IntoIterator<Item = Vec<ImageId>>) -> BTreeMap<ImageId, ImageId> {
    fn root(parents: &mut BTreeMap<ImageId, ImageId>, image: ImageId) -> ImageId {
        let (mut at, mut path) = (image, Vec::new());
        while let Some(&above) = parents.get(&at).filter(|above| **above != at) {
            path.push(at);
            at = above;
        }
        for image in path {
            parents.insert(image, at);
        }
        at
    }
    let mut parents = BTreeMap::new();
    for group in groups {
        for pair in group.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|image| {
                parents.entry(image).or_insert(image);
                root(&mut parents, image)
            });
            parents.insert(one.max(other), one.min(other));
        }
    }
    let images: Vec<ImageId> = parents.keys().copied().collect();
    images.into_iter().map(|image| (image, root(&mut parents, image))).collect()
}

#[cfg(test)]
mod tests;
