//! What a half typed question may become: keys first, then the values that the library has.

use serde::{Deserialize, Serialize};

use super::parse::known_values;
use super::token::{Key, Token, quoted, tokens};
use crate::ids::RunId;

const MOST_SUGGESTIONS: usize = 12;

/// The values that a library has, the most frequent or latest first.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// With how often they stand.
    pub labels: Vec<(String, u32)>,
    /// With their images.
    pub collections: Vec<(String, u32)>,
    /// With the names of their models.
    pub runs: Vec<(RunId, String)>,
    /// Months in which images were taken, as they are typed, with their images.
    pub months: Vec<(String, u32)>,
}

/// What may stand in the place of the word at the cursor. Places count characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Completion {
    pub from: u32,
    pub to: u32,
    pub suggestions: Vec<Suggestion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Suggestion {
    /// The whole word, with its dash and its quotes.
    pub text: String,
    pub key: Key,
    pub kind: SuggestionKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SuggestionKind {
    /// A value is still to come.
    Key,
    Value,
    /// A value that stands so often in the library.
    Counted {
        count: u32,
    },
    Run {
        model_name: String,
    },
}

/// What the word of `text` that ends at `cursor`, or has it inside, may become.
#[must_use]
pub fn complete(text: &str, cursor: u32, vocabulary: &Vocabulary) -> Completion {
    let before: String = text.chars().take(cursor as usize).collect();
    let cursor = cursor.min(u32::try_from(before.chars().count()).unwrap_or(u32::MAX));
    let typed = tokens(&before).pop().filter(|token| token.place.end == cursor);
    let Some(typed) = typed else {
        // A dash alone is about to exclude something, and is read as a text.
        return Completion { from: cursor, to: cursor, suggestions: keys("", "") };
    };
    let from = typed.place.start;
    let whole = tokens(text).into_iter().find(|token| token.place.start == from && token.open_quote.is_none());
    let to = whole.map_or(cursor, |token| token.place.end);
    Completion { from, to, suggestions: suggestions(&typed, vocabulary) }
}

fn suggestions(typed: &Token, vocabulary: &Vocabulary) -> Vec<Suggestion> {
    let is_dash = typed.key.is_none() && typed.value == "-";
    let dash = if typed.is_excluded || is_dash { "-" } else { "" };
    let mut found = match &typed.key {
        Some((name, _)) => Key::named(name).map_or_else(Vec::new, |key| values(key, dash, &typed.value, vocabulary)),
        None if is_dash => keys(dash, ""),
        // Who begins a quote looks for a text.
        None if typed.open_quote.is_some() => Vec::new(),
        None => {
            let all = Key::ALL.into_iter().flat_map(|key| values(key, dash, &typed.value, vocabulary));
            keys(dash, &typed.value).into_iter().chain(all).collect()
        }
    };
    found.truncate(MOST_SUGGESTIONS);
    found
}

fn keys(dash: &str, typed: &str) -> Vec<Suggestion> {
    let typed = typed.to_lowercase();
    Key::ALL
        .into_iter()
        .filter(|key| key.name().starts_with(&typed))
        .map(|key| Suggestion { text: format!("{dash}{}:", key.name()), key, kind: SuggestionKind::Key })
        .collect()
}

/// Values of `key` that have `typed` in them; those that begin so first.
fn values(key: Key, dash: &str, typed: &str, vocabulary: &Vocabulary) -> Vec<Suggestion> {
    // "Before" and "after" are said of the same months.
    let is_span = key == Key::Taken && typed.starts_with(['<', '>']);
    let (sign, typed) =
        if is_span { typed.split_at(if typed[1..].starts_with('=') { 2 } else { 1 }) } else { ("", typed) };
    let typed = typed.to_lowercase();
    let mut matching: Vec<_> = known(key, vocabulary)
        .into_iter()
        .filter_map(|(value, kind)| value.to_lowercase().find(&typed).map(|place| (place > 0, value, kind)))
        .collect();
    // Sorting is stable: the library's own order stays among equals.
    matching.sort_by_key(|(is_inside, ..)| *is_inside);
    matching
        .into_iter()
        .map(|(_, value, kind)| Suggestion {
            text: format!("{dash}{}:{sign}{}", key.name(), quoted(&value, true)),
            key,
            // How many there are of the month says nothing about those before and after it.
            kind: if is_span { SuggestionKind::Value } else { kind },
        })
        .collect()
}

fn known(key: Key, vocabulary: &Vocabulary) -> Vec<(String, SuggestionKind)> {
    let counted = |names: &[(String, u32)]| {
        names.iter().map(|(name, count)| (name.clone(), SuggestionKind::Counted { count: *count })).collect()
    };
    let plain = |value: &str| (value.to_owned(), SuggestionKind::Value);
    match key {
        Key::Label => counted(&vocabulary.labels),
        Key::In => counted(&vocabulary.collections),
        Key::Run => vocabulary
            .runs
            .iter()
            .map(|(run, model_name)| (run.to_string(), SuggestionKind::Run { model_name: model_name.clone() }))
            .collect(),
        Key::Status | Key::Annotation | Key::Failed | Key::Has | Key::Check => {
            known_values(key).into_iter().map(|value| (value, SuggestionKind::Value)).collect()
        }
        // Of endless ones, a few that show the form.
        Key::Conf => ["<0.5", "0.5..0.8", ">=0.8"].map(plain).into(),
        Key::Annotations => ["0", ">=1", ">5", "2..5"].map(plain).into(),
        Key::Taken => counted(&vocabulary.months),
        Key::Date => Vec::new(),
    }
}
