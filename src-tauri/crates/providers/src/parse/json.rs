//! Tolerant JSON parsing.

use std::borrow::Cow;

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde_json::Value;

/// Deeper nesting is not parsed loosely, because the parser is recursive.
const NESTING_LIMIT: usize = 64;

const LOOSE: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: true,
    allow_trailing_commas: true,
    allow_missing_commas: true,
    allow_single_quoted_strings: true,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: true,
};

/// A JSON value. Unpaired surrogate escapes become U+FFFD.
pub fn strict(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| match with_whole_pairs(text) {
        Cow::Owned(text) => serde_json::from_str(&text).ok(),
        Cow::Borrowed(_) => None,
    })
}

/// A JSON value, also with unquoted or single-quoted names, comments, and missing or extra commas.
pub fn loose(text: &str) -> Option<Value> {
    strict(text).or_else(|| {
        let is_flat = nesting(text) <= NESTING_LIMIT;
        is_flat.then(|| parse_to_serde_value(&with_whole_pairs(text), &LOOSE).ok()).flatten()
    })
}

/// Maximum nesting depth.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// `json` with U+FFFD in place of unpaired surrogate escapes.
fn with_whole_pairs(json: &str) -> Cow<'_, str> {
    let mut whole: Option<String> = None;
    // How much of `json` is copied already.
    let mut taken = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        at += found;
        let (half, next) = (surrogate(json, at), surrogate(json, at + 6));
        match (half, next) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(_), _) => {
                let whole = whole.get_or_insert_default();
                whole.push_str(&json[taken..at]);
                whole.push_str("\\ufffd");
                at += 6;
                taken = at;
            }
            // The escaped character, possibly a backslash.
            (None, _) => at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    match whole {
        Some(whole) => Cow::Owned(whole + &json[taken..]),
        None => Cow::Borrowed(json),
    }
}

/// The surrogate whose escape is at `at`.
fn surrogate(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok().filter(|unit| (0xD800..=0xDFFF).contains(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_cost_no_value() {
        for (json, text) in [
            (r#""\ud83d\ude00""#, "😀"),
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ude00\ud83d\ude00\uD83D""#, "\u{fffd}😀\u{fffd}"),
            (r#""\\ud83d é""#, "\\ud83d é"),
        ] {
            assert_eq!(strict(json), Some(Value::String(text.into())), "{json}");
        }
        assert_eq!((strict(r#""\u+83d""#), strict("\"\\"), strict("\"\\é\"")), (None, None, None));
    }
}
