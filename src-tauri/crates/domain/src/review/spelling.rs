//! Labels that are likely misspelled.

use crate::recipe::comparable;

/// A label is likely misspelled if the other one is this many times as frequent.
const FAR_MORE_FREQUENT: u32 = 4;
/// Shorter words are too similar: "cat" is no misspelled "car".
const SHORTEST_MISSPELLED: usize = 5;

/// Labels that are likely misspelled, with their corrections. `labels` are all labels with counts. Names that differ
/// only in case, spaces, hyphens and underscores are the same word, as are long ones that differ by a plural s or one
/// letter.
#[must_use]
pub fn misspelled(labels: &[(String, u32)]) -> Vec<(String, String)> {
    let mut by_count: Vec<&(String, u32)> = labels.iter().filter(|(_, count)| *count > 0).collect();
    by_count.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    let folded: Vec<Vec<char>> = by_count.iter().map(|(name, _)| folded(name)).collect();
    let mut found = Vec::new();
    for (place, (name, count)) in by_count.iter().enumerate() {
        let meant = (0..place).find(|&earlier| {
            let is_same_word = folded[earlier] == folded[place];
            let is_rare = by_count[earlier].1 / FAR_MORE_FREQUENT >= *count;
            is_same_word || (is_rare && is_one_letter_off(&folded[earlier], &folded[place]))
        });
        if let Some(meant) = meant {
            found.push((name.clone(), by_count[meant].0.clone()));
        }
    }
    found
}

fn folded(name: &str) -> Vec<char> {
    comparable(name).chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// Whether one letter was changed, added or removed, or two neighbours were swapped.
fn is_one_letter_off(one: &[char], other: &[char]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() < SHORTEST_MISSPELLED || long.len() - short.len() > 1 {
        return false;
    }
    let same_start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short_rest, long_rest) = (&short[same_start..], &long[same_start..]);
    if short.len() == long.len() {
        let is_changed = short_rest.get(1..) == long_rest.get(1..);
        let is_swapped = short_rest.len() > 1
            && short_rest[0] == long_rest[1]
            && short_rest[1] == long_rest[0]
            && short_rest[2..] == long_rest[2..];
        is_changed || is_swapped
    } else {
        short_rest == &long_rest[1..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_in_another_spelling_are_told_from_other_words() {
        let labels = [
            ("traffic light", 900),
            ("Traffic-Light", 3),
            ("bicycle", 400),
            ("bicylce", 2),
            ("bicycles", 7),
            ("cat", 300),
            ("car", 2),
            ("person", 50),
            ("parson", 40),
            ("unused", 0),
        ]
        .map(|(name, count)| (name.to_owned(), count));
        let found: Vec<(String, String)> = misspelled(&labels);
        let pairs: Vec<(&str, &str)> = found.iter().map(|(one, other)| (one.as_str(), other.as_str())).collect();
        assert_eq!(pairs, [("bicycles", "bicycle"), ("Traffic-Light", "traffic light"), ("bicylce", "bicycle")]);
    }
}
