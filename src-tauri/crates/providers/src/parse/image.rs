//! The attributes of the image in an answer: an object under [`IMAGE_KEY`], or the fields beside the list.

use std::collections::BTreeMap;

use domain::annotation::AttributeValue;
use domain::answer::{Answer, AnsweredAnnotation, DropReason, Dropped, Reading, Repair, RepairKind};
use domain::geometry::PixelSize;
use domain::recipe::{AttributeSubject, Recipe};
use serde_json::{Map, Value};

use super::scalars::shown;
use super::{AnswerError, attributes, brackets, json, unusable};
use crate::schema::IMAGE_KEY;

/// The image's attributes beside a list of `item_count` items; `None` if there are none. A missing one is recorded.
pub fn beside_items(
    text: &str,
    item_count: usize,
    recipe: &Recipe,
    reading: &mut Reading,
) -> Option<AnsweredAnnotation> {
    let fields = find(text).map(|found| found.fields).unwrap_or_default();
    match read(&fields, recipe, reading) {
        Ok(attributes) if attributes.is_empty() => None,
        Ok(attributes) => Some(AnsweredAnnotation::of_image(attributes)),
        Err(reason) => {
            reading.dropped.push(Dropped { item: item_count, reason });
            None
        }
    }
}

/// An answer for a recipe that asks for attributes of the image only.
pub fn alone(text: &str, recipe: &Recipe, sent: PixelSize) -> Result<Answer, AnswerError> {
    let found = find(text).ok_or_else(|| unusable::no_list(text))?;
    let mut reading = Reading::default();
    if found.is_among_text {
        reading.repairs.push(Repair { item: None, kind: RepairKind::WordsAround });
    }
    let attributes = read(&found.fields, recipe, &mut reading).map_err(|reason| AnswerError::Unusable {
        detail: match reason {
            DropReason::AttributeMissing { name } => format!("the attribute \"{name}\" of the image is missing"),
            _ => "the attributes of the image could not be read".to_owned(),
        },
    })?;
    let has_left_out = reading.repairs.iter().any(|repair| matches!(repair.kind, RepairKind::AttributeLeftOut { .. }));
    let is_about_other_things = || {
        !attributes::are_mentioned(&found.fields, recipe, AttributeSubject::Image)
            && !found.fields.values().all(says_nothing)
    };
    // Attributes may be optional, but an answer of which none could be used is no answer without any.
    if attributes.is_empty() && (has_left_out || is_about_other_things()) {
        let answered = shown(&Value::Object(found.fields));
        return Err(AnswerError::Unusable {
            detail: format!("no attribute of the image can be used; the answer: {answered}"),
        });
    }
    let annotations = if attributes.is_empty() { Vec::new() } else { vec![AnsweredAnnotation::of_image(attributes)] };
    Ok(Answer { sent, annotations, reading })
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.iter().all(says_nothing),
        Value::Object(fields) => fields.values().all(says_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn read(
    fields: &Map<String, Value>,
    recipe: &Recipe,
    reading: &mut Reading,
) -> Result<BTreeMap<String, AttributeValue>, DropReason> {
    let mut repairs = Vec::new();
    let attributes = attributes::read(fields, recipe, AttributeSubject::Image, &mut repairs)?;
    reading.repairs.extend(repairs.into_iter().map(|kind| Repair { item: None, kind }));
    Ok(attributes)
}

struct FoundFields {
    fields: Map<String, Value>,
    is_among_text: bool,
}

/// The number of objects that are tried, since they may be nested.
const DRAFTS: usize = 4;

/// The object under [`IMAGE_KEY`], otherwise the outermost object.
fn find(text: &str) -> Option<FoundFields> {
    let text = text.trim().trim_start_matches('\u{feff}').trim_start();
    if let Some(Value::Object(mut outer)) = json::strict(text) {
        let fields = match outer.get_mut(IMAGE_KEY) {
            Some(Value::Object(fields)) => std::mem::take(fields),
            _ => outer,
        };
        return Some(FoundFields { fields, is_among_text: false });
    }
    let brackets = brackets::of(text)?;
    let objects = || brackets.iter().filter(|bracket| bracket.is_brace);
    let object = |open: usize, close: Option<usize>| match json::loose(&text[open..=close?])? {
        Value::Object(fields) => Some(fields),
        _ => None,
    };
    // The last one wins, because earlier ones are drafts.
    let named = objects().rev().filter(|bracket| is_named(&text[..bracket.open]));
    let mut named = named.take(DRAFTS);
    let found = named.find_map(|bracket| object(bracket.open, bracket.close));
    let outermost = || objects().rev().filter(|bracket| bracket.parent.is_none());
    let fields = found.or_else(|| outermost().find_map(|bracket| object(bracket.open, bracket.close)))?;
    Some(FoundFields { fields, is_among_text: true })
}

fn is_named(before: &str) -> bool {
    let Some(before) = before.trim_end().strip_suffix(':') else { return false };
    before.trim_end().trim_end_matches(['"', '\'']).ends_with(IMAGE_KEY)
}
