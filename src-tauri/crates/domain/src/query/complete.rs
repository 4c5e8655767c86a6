//! Completes a partially typed query: keys first, then values of the library.

use serde::{Deserialize, Serialize};

use super::parse::known_values;
use super::token::{OR, QueryKey, Token, quoted, tokens};
use crate::ids::RunId;

const MOST_SUGGESTIONS: usize = 12;

/// Values of a library, most frequent or latest first.
#[derive(Debug, Clone, Default)]
pub struct QueryVocabulary {
    /// With their counts.
    pub labels: Vec<(String, u32)>,
    /// With their image counts.
    pub collections: Vec<(String, u32)>,
    /// With their model names.
    pub runs: Vec<(RunId, String)>,
    /// Capture months as typed, with image counts.
    pub months: Vec<(String, u32)>,
}

/// Completions for the word at the cursor. Positions count characters.
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
    /// The whole word, with its dash and quotes.
    pub text: String,
    pub key: QueryKey,
    pub kind: SuggestionKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SuggestionKind {
    /// A value must follow.
    Key,
    Value,
    /// A value with its count in the library.
    Counted {
        count: u32,
    },
    Run {
        model_name: String,
    },
}

/// Completions for the word of `text` at `cursor`.
#[must_use]
pub fn complete(text: &str, cursor: u32, vocabulary: &QueryVocabulary) -> Completion {
    let before: String = text.chars().take(cursor as usize).collect();
    let cursor = cursor.min(u32::try_from(before.chars().count()).unwrap_or(u32::MAX));
    let typed = tokens(&before).pop().filter(|token| token.place.end == cursor);
    let Some(typed) = typed else {
        // A single dash begins an exclusion, but is parsed as text.
        return Completion { from: cursor, to: cursor, suggestions: keys("", "") };
    };
    let from = typed.place.start;
    let whole = tokens(text).into_iter().find(|token| token.place.start == from && token.open_quote.is_none());
    let to = whole.map_or(cursor, |token| token.place.end);
    Completion { from, to, suggestions: suggestions(&typed, vocabulary) }
}

fn suggestions(typed: &Token, vocabulary: &QueryVocabulary) -> Vec<Suggestion> {
    let is_dash = typed.key.is_none() && typed.value == "-";
    let dash = if typed.is_excluded || is_dash { "-" } else { "" };
    let mut found = match &typed.key {
        Some((name, _)) => {
            QueryKey::named(name).map_or_else(Vec::new, |key| match typed.alternatives.split_last() {
                // The last of several labels is completed.
                Some((last, others)) if key == QueryKey::Label && !others.is_empty() => {
                    let others: String = others.iter().map(|other| quoted(other, true) + &OR.to_string()).collect();
                    values(key, dash, &others, last, vocabulary)
                }
                _ => values(key, dash, "", &typed.value, vocabulary),
            })
        }
        None if is_dash => keys(dash, ""),
        // An open quote begins a text search.
        None if typed.open_quote.is_some() => Vec::new(),
        None => {
            let all = QueryKey::ALL.into_iter().flat_map(|key| values(key, dash, "", &typed.value, vocabulary));
            keys(dash, &typed.value).into_iter().chain(all).collect()
        }
    };
    found.truncate(MOST_SUGGESTIONS);
    found
}

fn keys(dash: &str, typed: &str) -> Vec<Suggestion> {
    let typed = typed.to_lowercase();
    QueryKey::ALL
        .into_iter()
        .filter(|key| key.name().starts_with(&typed))
        .map(|key| Suggestion { text: format!("{dash}{}:", key.name()), key, kind: SuggestionKind::Key })
        .collect()
}

/// Values of `key` that contain `typed`, after `others`; those that begin with it first.
fn values(key: QueryKey, dash: &str, others: &str, typed: &str, vocabulary: &QueryVocabulary) -> Vec<Suggestion> {
    // "Before" and "after" use the same months.
    let is_span = key == QueryKey::Taken && typed.starts_with(['<', '>']);
    let (sign, typed) =
        if is_span { typed.split_at(if typed[1..].starts_with('=') { 2 } else { 1 }) } else { ("", typed) };
    let typed = typed.to_lowercase();
    let mut matching: Vec<_> = known(key, vocabulary)
        .into_iter()
        .filter_map(|(value, kind)| value.to_lowercase().find(&typed).map(|place| (place > 0, value, kind)))
        .collect();
    // A stable sort keeps the library's order among equals.
    matching.sort_by_key(|(is_inside, ..)| *is_inside);
    matching
        .into_iter()
        .map(|(_, value, kind)| Suggestion {
            text: format!("{dash}{}:{others}{sign}{}", key.name(), quoted(&value, true)),
            key,
            // The count of a month says nothing about those before and after it.
            kind: if is_span { SuggestionKind::Value } else { kind },
        })
        .collect()
}

fn known(key: QueryKey, vocabulary: &QueryVocabulary) -> Vec<(String, SuggestionKind)> {
    let counted = |names: &[(String, u32)]| {
        names.iter().map(|(name, count)| (name.clone(), SuggestionKind::Counted { count: *count })).collect()
    };
    let plain = |value: &str| (value.to_owned(), SuggestionKind::Value);
    match key {
        QueryKey::Label => counted(&vocabulary.labels),
        QueryKey::In => counted(&vocabulary.collections),
        QueryKey::Run => vocabulary
            .runs
            .iter()
            .map(|(run, model_name)| (run.to_string(), SuggestionKind::Run { model_name: model_name.clone() }))
            .collect(),
        QueryKey::Status | QueryKey::Annotation | QueryKey::Failed | QueryKey::Has | QueryKey::Check => {
            known_values(key).into_iter().map(|value| (value, SuggestionKind::Value)).collect()
        }
        // Examples for keys with unlimited values.
        QueryKey::Conf => ["<0.5", "0.5..0.8", ">=0.8"].map(plain).into(),
        QueryKey::Annotations => ["0", ">=1", ">5", "2..5"].map(plain).into(),
        QueryKey::Taken => counted(&vocabulary.months),
        QueryKey::Date => Vec::new(),
    }
}
