//! Properties of splits.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Images with a few labels each, some of them rare, in groups of up to 12.
fn images() -> impl Strategy<Value = Vec<SplitImage>> {
    let group = (prop::collection::vec(prop::collection::vec(0u32..8, 0..4), 1..12), any::<bool>());
    prop::collection::vec(group, 0..60).prop_map(|groups| {
        let mut images: Vec<SplitImage> = Vec::new();
        for (members, is_group) in groups {
            let members = if is_group { members } else { members.into_iter().take(1).collect() };
            let leader = ImageId(u32::try_from(images.len()).unwrap() + 1);
            for mut labels in members {
                // A label of number n is on one image of 2^n.
                labels.retain(|label| images.len().is_multiple_of(1 << label));
                labels.sort_unstable();
                labels.dedup();
                let image = ImageId(u32::try_from(images.len()).unwrap() + 1);
                images.push(SplitImage { image, labels, group: leader, kept: None });
            }
        }
        images
    })
}

fn requests() -> impl Strategy<Value = SplitRequest> {
    (1u16..100, 0u16..50, 0u16..50, any::<u32>(), any::<bool>()).prop_map(
        |(train, validation, test, seed, balances_labels)| SplitRequest {
            shares: SplitShares { train, validation, test },
            seed,
            keeps_groups: true,
            balances_labels,
        },
    )
}

fn count(parts: &[SplitPart], part: SplitPart) -> i64 {
    i64::try_from(parts.iter().filter(|other| **other == part).count()).unwrap()
}

fn largest_group(images: &[SplitImage]) -> i64 {
    let mut sizes = BTreeMap::<ImageId, i64>::new();
    for image in images {
        *sizes.entry(image.group).or_default() += 1;
    }
    sizes.into_values().max().unwrap_or(0)
}

proptest! {
    #[test]
    fn every_part_has_its_share_and_no_group_is_torn(images in images(), request in requests()) {
        let parts = split(&images, &request);
        let mut of_group = BTreeMap::new();
        for (image, part) in images.iter().zip(&parts) {
            prop_assert_eq!(*of_group.entry(image.group).or_insert(*part), *part);
        }
        let (shares, all) = (request.shares.all(), i64::try_from(images.len()).unwrap());
        let whole: i64 = shares.iter().sum();
        for (part, share) in SplitPart::ALL.into_iter().zip(shares) {
            let astray = (count(&parts, part) * whole - all * share).abs();
            prop_assert!(all == 0 || astray < largest_group(&images) * whole, "{:?} of {}", part, all);
            prop_assert!(share > 0 || count(&parts, part) == 0);
        }
    }

    #[test]
    fn a_seed_gives_the_same_split_in_any_order(images in images(), request in requests()) {
        let by_image = |images: &[SplitImage]| -> BTreeMap<ImageId, SplitPart> {
            images.iter().map(|image| image.image).zip(split(images, &request)).collect()
        };
        let reversed: Vec<SplitImage> = images.iter().rev().cloned().collect();
        prop_assert_eq!(by_image(&images), by_image(&reversed));
    }

    #[test]
    fn an_image_keeps_its_part_and_its_group_follows(images in images(), request in requests(), cut in 0usize..200) {
        let cut = cut.min(images.len());
        let earlier = split(&images[..cut], &request);
        let mut later = images.clone();
        for (image, part) in later.iter_mut().zip(&earlier) {
            image.kept = Some(*part);
        }
        let parts = split(&later, &request);
        prop_assert_eq!(&parts[..cut], &earlier[..]);
        let of_group: BTreeMap<ImageId, SplitPart> =
            images.iter().map(|image| image.group).zip(earlier).collect();
        for (image, part) in images.iter().zip(&parts) {
            prop_assert_eq!(of_group.get(&image.group).unwrap_or(part), part);
        }
    }

    #[test]
    fn labels_are_distributed_like_the_images(seed in any::<u32>(), counts in prop::collection::vec(10u32..60, 1..6)) {
        let mut images = Vec::new();
        for (label, count) in (0..).zip(&counts) {
            for _ in 0..*count {
                let image = ImageId(u32::try_from(images.len()).unwrap());
                images.push(SplitImage { image, labels: vec![label], group: image, kept: None });
            }
        }
        let parts = split(&images, &SplitRequest { seed, ..SplitRequest::default() });
        // Each label is rounded to whole images, and the last one takes what that left.
        let most = i64::try_from(counts.len()).unwrap() + 1;
        for (label, all) in (0..).zip(&counts) {
            for (part, share) in SplitPart::ALL.into_iter().zip([80, 10, 10]) {
                let there = images.iter().zip(&parts).filter(|(image, in_part)| **in_part == part && image.labels == [label]);
                let astray = (i64::try_from(there.count()).unwrap() * 100 - i64::from(*all) * share).abs();
                prop_assert!(astray < 100 * most, "label {} of {}: {:?} is {} % of an image off", label, all, part, astray);
            }
        }
    }
}

#[test]
fn other_seeds_give_other_splits() {
    let images: Vec<SplitImage> =
        (0..100).map(|id| SplitImage { image: ImageId(id), labels: vec![0], group: ImageId(id), kept: None }).collect();
    let of = |seed| split(&images, &SplitRequest { seed, ..SplitRequest::default() });
    assert_ne!(of(1), of(2));
    assert_eq!(SplitPart::ALL.map(|part| count(&of(1), part)), [80, 10, 10]);
}

#[test]
fn new_images_go_to_the_parts_that_lack() {
    let images: Vec<SplitImage> = (0..20)
        .map(|id| SplitImage {
            image: ImageId(id),
            labels: Vec::new(),
            group: ImageId(id),
            kept: (id < 10).then_some(SplitPart::Train),
        })
        .collect();
    let request = SplitRequest { shares: "50/25/25".parse().unwrap(), ..SplitRequest::default() };
    assert_eq!(SplitPart::ALL.map(|part| count(&split(&images, &request), part)), [10, 5, 5]);
}

#[test]
fn bursts_follow_each_other_within_seconds() {
    let taken = |times: &[i64]| -> Vec<Vec<u32>> {
        let taken: Vec<(ImageId, i64)> = (0..).map(ImageId).zip(times.iter().copied()).collect();
        bursts(&taken).into_iter().map(|burst| burst.into_iter().map(|image| image.0).collect()).collect()
    };
    assert_eq!(taken(&[0, 1_000, 5_000, 60_000, 59_000, 90_000]), [vec![0, 1], vec![4, 3]]);
    let interval: Vec<i64> = (0..20).map(|shot| shot * 2_000).collect();
    assert_eq!(taken(&interval).iter().map(Vec::len).max(), Some(6), "an interval of hours is no burst");
    assert_eq!(taken(&[0; 300]), Vec::<Vec<u32>>::new(), "a clock that was not set");
}

#[test]
fn groups_that_share_an_image_are_one() {
    let groups = [[1, 2], [3, 4], [5, 6], [4, 2]].map(|group| group.map(ImageId).to_vec());
    let joined: Vec<(u32, u32)> = joined_groups(groups).into_iter().map(|(image, first)| (image.0, first.0)).collect();
    assert_eq!(joined, [(1, 1), (2, 1), (3, 1), (4, 1), (5, 5), (6, 5)]);
}

#[test]
fn shares_are_read_as_typed() {
    assert_eq!("80/10/10".parse(), Ok(SplitShares::DEFAULT));
    assert_eq!("3/1".parse(), Ok(SplitShares { train: 3, validation: 1, test: 0 }));
    for wrong in ["", "80", "0/50/50", "80/10/10/0", "80:20", "-1/2"] {
        assert!(wrong.parse::<SplitShares>().is_err(), "{wrong}");
    }
}
