//! Parts of a plan's images.

use std::collections::HashSet;

use domain::ids::ImageId;

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
    fn a_part_is_spread_evenly_and_leaves_the_others() {
        let all = images(0..10);
        let first = spread(&all, 3);
        assert_eq!(first, images([0, 3, 6]));
        assert_eq!(rest(&all, &first), images([1, 2, 4, 5, 7, 8, 9]));
        assert_eq!(spread(&all, 20), all);
        assert!(spread(&[], 3).is_empty());
    }
}
