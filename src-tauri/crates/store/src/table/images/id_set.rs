//! A bit set of images. Ids start at 1 and have few gaps, so 100,000 images take 13 kB, and intersections take
//! microseconds.

use domain::ids::ImageId;

const BITS: u32 = u64::BITS;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdSet(Vec<u64>);

impl IdSet {
    pub fn insert(&mut self, id: u32) {
        let word = (id / BITS) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id % BITS);
    }

    pub fn contains(&self, id: u32) -> bool {
        self.0.get((id / BITS) as usize).is_some_and(|word| word & (1 << (id % BITS)) != 0)
    }

    pub fn remove(&mut self, id: u32) -> bool {
        let is_in = self.contains(id);
        if is_in {
            self.0[(id / BITS) as usize] &= !(1 << (id % BITS));
        }
        is_in
    }

    pub fn keep_common(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    pub fn remove_all(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }

    pub fn add_all(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    pub const fn byte_len(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    pub fn common_len(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(word, other)| (word & other).count_ones()).sum()
    }

    /// Ascending.
    pub fn ids(&self) -> impl Iterator<Item = ImageId> {
        (0_u32..).zip(&self.0).flat_map(|(place, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(ImageId(place * BITS + bit))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_different_lengths_meet_and_part() {
        let set = |ids: &[u32]| {
            let mut set = IdSet::default();
            for &id in ids {
                set.insert(id);
            }
            set
        };
        let ids = |set: &IdSet| set.ids().map(|id| id.0).collect::<Vec<_>>();
        let (mut low, high) = (set(&[0, 1, 63, 64]), set(&[1, 64, 500]));
        assert_eq!((low.common_len(&high), high.common_len(&low)), (2, 2));
        low.add_all(&high);
        assert_eq!(ids(&low), [0, 1, 63, 64, 500]);
        assert!(low.remove(500) && !low.remove(500) && !low.contains(10_000));
        low.remove_all(&set(&[63, 900]));
        low.keep_common(&high);
        assert_eq!(ids(&low), [1, 64]);
    }
}
