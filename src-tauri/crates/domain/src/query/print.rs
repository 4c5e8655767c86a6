//! Conditions as text: the form that [`super::parse`] reads back to the same conditions.

use serde::Serialize;

use super::token::{Key, quoted};
use super::{Condition, ImageState, Test};

/// The text of `conditions`, a word each.
#[must_use]
pub fn to_text(conditions: &[Condition]) -> String {
    conditions.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn word(condition: &Condition) -> String {
    let word = match &condition.test {
        Test::Text { text } => quoted(text, false),
        Test::In { name } => keyed(Key::In, &quoted(name, true)),
        Test::Label { name } => keyed(Key::Label, &quoted(name, true)),
        Test::Image { state } => keyed(Key::Status, state_name(*state)),
        Test::Mark { status } => keyed(Key::Mark, &name_of(status)),
        Test::Confidence { span } => keyed(Key::Conf, &span.to_string()),
        Test::Run { run } => keyed(Key::Run, &run.to_string()),
        Test::Failure { failure } => keyed(Key::Failed, &name_of(failure)),
        Test::Has { what } => keyed(Key::Has, &name_of(what)),
        Test::Check { check } => keyed(Key::Check, &name_of(check)),
        Test::Marks { span } => keyed(Key::Marks, &span.to_string()),
        Test::Date { span } => keyed(Key::Date, &span.to_string()),
    };
    if condition.is_excluded { format!("-{word}") } else { word }
}

fn keyed(key: Key, value: &str) -> String {
    format!("{}:{value}", key.name())
}

/// As people write it: an image confirmed as empty is "empty".
pub(super) const fn state_name(state: ImageState) -> &'static str {
    match state {
        ImageState::Unreviewed => "unreviewed",
        ImageState::Reviewed => "reviewed",
        ImageState::ConfirmedEmpty => "empty",
        ImageState::Failed => "failed",
        ImageState::Running => "running",
    }
}

/// A unit variant as it is sent: `FileMissing` is `file_missing`.
pub(super) fn name_of(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
