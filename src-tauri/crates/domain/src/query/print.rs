//! Formats conditions as text that [`super::parse`] parses back.

use serde::Serialize;

use super::token::{OR, QueryKey, quoted};
use super::{Condition, ImageState, Span, Test};
use crate::calendar::CalendarDate;

/// The text of `conditions`, one word each.
#[must_use]
pub fn to_text(conditions: &[Condition]) -> String {
    conditions.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn word(condition: &Condition) -> String {
    let word = match &condition.test {
        Test::Text { text } => quoted(text, false),
        Test::In { name } => keyed(QueryKey::In, &quoted(name, true)),
        Test::Label { name } => keyed(QueryKey::Label, &quoted(name, true)),
        Test::AnyLabel { names } => {
            let names: Vec<String> = names.iter().map(|name| quoted(name, true)).collect();
            keyed(QueryKey::Label, &names.join(&OR.to_string()))
        }
        Test::Image { state } => keyed(QueryKey::Status, state_name(*state)),
        Test::Annotation { status } => keyed(QueryKey::Annotation, &name_of(status)),
        Test::Confidence { span } => keyed(QueryKey::Conf, &span.to_string()),
        Test::Run { run } => keyed(QueryKey::Run, &run.to_string()),
        Test::Failure { failure } => keyed(QueryKey::Failed, &name_of(failure)),
        Test::Has { what } => keyed(QueryKey::Has, &name_of(what)),
        Test::Check { check } => keyed(QueryKey::Check, &name_of(check)),
        Test::Annotations { span } => keyed(QueryKey::Annotations, &span.to_string()),
        Test::Taken { span } => keyed(QueryKey::Taken, &days(span)),
        Test::Date { span } => keyed(QueryKey::Date, &days(span)),
    };
    if condition.is_excluded { format!("-{word}") } else { word }
}

fn keyed(key: QueryKey, value: &str) -> String {
    format!("{}:{value}", key.name())
}

/// Whole years and months without their first and last days.
fn days(span: &Span<CalendarDate>) -> String {
    let Span::Between { least, most } = span else { return span.to_string() };
    let (first, last) = (least.to_string(), most.to_string());
    let length = if (least.month().0, most.month().1) != (*least, *most) {
        first.len()
    } else if first.ends_with("-01-01") && last.ends_with("-12-31") {
        "2026".len()
    } else {
        "2026-11".len()
    };
    let ends = Span::Between { least: &first[..length], most: &last[..length] };
    ends.to_string()
}

/// As typed: an image confirmed empty is "empty".
pub(super) const fn state_name(state: ImageState) -> &'static str {
    match state {
        ImageState::Unreviewed => "unreviewed",
        ImageState::Reviewed => "reviewed",
        ImageState::ConfirmedEmpty => "empty",
        ImageState::Failed => "failed",
        ImageState::Running => "running",
    }
}

/// The serde name of a unit variant: `FileMissing` is `file_missing`.
pub(super) fn name_of(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
