//! Compares label names: spelling, case and surrounding punctuation do not matter.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;

/// Punctuation that people and models put around a name. Signs of names, such as C++ and C#, are kept.
const SURROUNDING: &[char] = &[
    '"', '\'', '`', '´', '“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '‹', '›', '「', '」', '『', '』', '(', ')',
    '[', ']', '{', '}', '<', '>', '.', ',', ';', ':', '!', '?', '¡', '¿', '…', '、', '。', '，', '*', '_', '-', '–',
    '—', '/', '\\', '|', '·', '•',
];

/// `name` in Unicode normalization form C.
pub fn composed(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).into_owned()
}

/// Normalized form of a label name: composed, case-folded, without surrounding punctuation, with single spaces. A name
/// of only punctuation keeps it.
#[must_use]
pub fn comparable(name: &str) -> String {
    let folded = composed(&CaseMapper::new().fold_string(&composed(name)));
    let is_around = |character: char| character.is_whitespace() || SURROUNDING.contains(&character);
    let inner = match folded.trim_matches(is_around) {
        "" => folded.trim(),
        inner => inner,
    };
    let is_between = |character: char| character.is_whitespace() || matches!(character, '_' | '-');
    let words: Vec<&str> = inner.split(is_between).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { inner.to_owned() } else { words.join(" ") }
}

/// Whether one of two [`comparable`] names is the regular English plural of the other.
pub fn are_singular_and_plural(one: &str, other: &str) -> bool {
    is_plural_of(one, other) || is_plural_of(other, one)
}

fn is_plural_of(plural: &str, singular: &str) -> bool {
    if singular.len() < 2 || plural.len() <= singular.len() {
        return false;
    }
    if plural.strip_prefix(singular) == Some("s") {
        return !singular.ends_with('s');
    }
    if plural.strip_prefix(singular) == Some("es") {
        return ["s", "x", "z", "ch", "sh", "o"].iter().any(|ending| singular.ends_with(ending));
    }
    let stem = singular.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    stem.is_some_and(|stem| plural.strip_prefix(stem) == Some("ies"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_other_label() {
        for (one, other) in [
            ("Café", "cafe\u{301}"),
            ("STRASSE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            (" \"Traffic_Light\". ", "traffic light"),
            ("**cat**", "Cat"),
            ("«chat»", "chat"),
            ("‘fire-hydrant’", "fire  hydrant"),
            ("[dog]", "dog:"),
        ] {
            assert_eq!(comparable(one), comparable(other), "{one} and {other}");
        }
        for (one, other) in [("C", "C++"), ("C#", "C"), ("résumé", "resume"), ("dog", "dogs"), ("!", "?")] {
            assert_ne!(comparable(one), comparable(other), "{one} and {other}");
        }
        assert_eq!(comparable(""), "");
    }

    #[test]
    fn regular_plurals() {
        let plural = ["dogs", "buses", "boxes", "berries", "churches", "toys", "tomatoes", "traffic lights", "glasses"];
        let singular = ["dog", "bus", "box", "berry", "church", "toy", "tomato", "traffic light", "glass"];
        for (plural, singular) in plural.into_iter().zip(singular) {
            assert!(are_singular_and_plural(plural, singular) && are_singular_and_plural(singular, plural), "{plural}");
        }
        for (one, other) in [("dog", "dog"), ("glass", "glas s"), ("bus", "buss"), ("cares", "car"), ("boies", "boy")] {
            assert!(!are_singular_and_plural(one, other), "{one} and {other}");
        }
    }
}
