//! Scalar values: numbers in text, names with varying separators.

use serde_json::Value;

/// Longest recorded part of an answered value, in characters.
const SHOWN_LIMIT: usize = 80;

#[derive(Clone, Copy)]
pub struct Number {
    /// Text may say "NaN" or "inf".
    pub value: f64,
    pub was_text: bool,
    /// Whether a percent sign followed; the value is as written.
    pub is_percent: bool,
}

/// A number, or text that contains only a number and its unit.
pub fn number(value: &Value) -> Option<Number> {
    let (value, was_text, is_percent) = match value {
        Value::Number(number) => (number.as_f64()?, false, false),
        Value::String(text) => {
            let text = text.trim();
            let percent = text.strip_suffix('%');
            let digits = percent.or_else(|| text.strip_suffix("px")).unwrap_or(text);
            (digits.trim().parse().ok()?, true, percent.is_some())
        }
        _ => return None,
    };
    Some(Number { value, was_text, is_percent })
}

/// A name for comparison: lower case, with one space per run of spaces, hyphens and underscores.
pub fn spaced(name: &str) -> String {
    let words = name.split(|character: char| character.is_whitespace() || matches!(character, '_' | '-'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// An answered value for the record, shortened.
pub fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| shortened(&value.to_string()), shortened)
}

/// The beginning of a text, for the record.
pub fn shortened(text: &str) -> String {
    text.chars().take(SHOWN_LIMIT).collect()
}
