//! Parses a model's text into annotations, in pixels of the picture that was sent.
//!
//! Models deviate from the requested form. Unambiguous deviations are corrected and recorded; anything else is dropped
//! individually with its reason, without affecting other annotations. Nothing is invented: a missing confidence stays
//! missing, and unknown coordinates are not guessed. If no item is usable, the result is an error, not an empty answer.
//! Pure, so that stored answers can be parsed again by a better version.
//!
//! The mapping to image pixels is elsewhere ([`domain::geometry::ImageFromSent`]).

mod attributes;
mod brackets;
mod image;
mod items;
mod json;
pub(crate) mod scalars;
mod shape;
#[cfg(test)]
mod tests;
mod unusable;
mod written;

use std::collections::BTreeMap;

use domain::answer::{
    Answer, AnsweredAnnotation, CoordinateSystem, DropReason, Dropped, MAX_ANNOTATIONS, Reading, Repair, RepairKind,
};
use domain::coordinates::BoxCoordinates;
use domain::geometry::{PixelSize, Rect};
use domain::recipe::{AttributeSubject, CAPTION_LABEL, Recipe, ShapeKind};
use serde_json::{Map, Value};

use crate::answer::{FinishReason, RawAnswer};
use crate::coordinates;
use items::{Item, LABEL_KEYS};
pub use written::written_boxes;

/// An unusable answer, as opposed to an empty list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The model declined to answer.
    #[error("the model declined")]
    Declined,
    /// The output maximum was reached before the first annotation; a larger one helps.
    #[error("the answer was cut off before its first annotation")]
    CutOffEarly,
    /// There is no readable list of annotations.
    #[error("{detail}")]
    Unreadable { detail: String },
    /// There are annotations, but none is usable.
    #[error("{detail}")]
    Unusable { detail: String },
    /// There are annotations, but certainly not in pixels of the sent picture.
    #[error("{detail}")]
    OtherCoordinates { system: CoordinateSystem, detail: String },
}

/// Parses an answer that was stored as a [`RawAnswer`].
pub(crate) fn read_kept(kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
    let raw = RawAnswer::from_kept(kept).map_err(|error| AnswerError::Unreadable { detail: error.to_string() })?;
    read(&raw, recipe)
}

/// Parses a received or stored answer.
pub fn read(answer: &RawAnswer, recipe: &Recipe) -> Result<Answer, AnswerError> {
    if answer.stop_reason == FinishReason::Refusal {
        return Err(AnswerError::Declined);
    }
    let is_cut_off = answer.stop_reason.cuts_off();
    match parse_in(&answer.text, recipe, answer.coordinates, answer.sent) {
        Ok(mut read) => {
            let reading = &mut read.reading;
            let is_unclosed = reading.is_cut_short;
            reading.is_cut_short = is_cut_off.unwrap_or(is_unclosed);
            if is_unclosed && !reading.is_cut_short {
                // The model ended its answer without closing the list. A higher limit would not help.
                for repair in reading.repairs.iter_mut().filter(|repair| repair.kind == RepairKind::CutOff) {
                    repair.kind = RepairKind::BrokenJson;
                }
            }
            // Only a closed list can state that there is nothing to annotate.
            if recipe.asks_of_image_alone() || read.annotations.iter().any(|one| !one.is_of_image(recipe)) {
                Ok(read)
            } else if read.reading.is_cut_short {
                Err(AnswerError::CutOffEarly)
            } else if is_unclosed {
                Err(unusable::no_list(&answer.text))
            } else {
                Ok(read)
            }
        }
        Err(AnswerError::Unreadable { .. }) if is_cut_off == Some(true) => Err(AnswerError::CutOffEarly),
        Err(error) => Err(error),
    }
}

/// Parses the text of an answer in pixels of a picture of `sent` size.
pub fn parse(text: &str, recipe: &Recipe, sent: PixelSize) -> Result<Answer, AnswerError> {
    parse_in(text, recipe, BoxCoordinates::PixelXyxy, sent)
}

/// Parses the text of an answer in these coordinates, for a picture of `sent` size.
fn parse_in(text: &str, recipe: &Recipe, coordinates: BoxCoordinates, sent: PixelSize) -> Result<Answer, AnswerError> {
    if recipe.asks_of_image_alone() {
        return image::alone(text, recipe, sent);
    }
    let mut found = items::find(text).ok_or_else(|| unusable::no_list(text))?;
    found.convert_places(coordinates, sent);
    let beyond = Dropped::beyond_limit(found.items.len());
    found.items.truncate(MAX_ANNOTATIONS);
    let boxes: Vec<Rect> = found.items.iter().filter_map(|item| answered_bounds(item, recipe, sent)).collect();
    let asked_for = found.items.iter().filter(|item| has_known_label(item, recipe));
    let asked_for: Vec<Rect> = asked_for.filter_map(|item| answered_bounds(item, recipe, sent)).collect();
    let (known, system) = if coordinates::are_fractions(&asked_for, coordinates, sent) {
        (&asked_for, Some(CoordinateSystem::Fractions))
    } else {
        (&boxes, coordinates::other_system(&boxes, coordinates, sent))
    };
    if let Some(system) = system {
        return Err(unusable::other_coordinates(system, &coordinates::as_answered(known, coordinates, sent), sent));
    }
    let mut annotations = Vec::new();
    let mut reading = Reading {
        repairs: found.repairs.into_iter().map(|kind| Repair { item: None, kind }).collect(),
        dropped: Vec::new(),
        is_cut_short: found.is_cut_off,
        is_unchecked: false,
    };
    for (item, answered) in found.items.iter().enumerate() {
        let mut repairs = Vec::new();
        match annotation(answered, recipe, sent, &mut repairs) {
            Ok(annotation) => {
                annotations.push(annotation);
                reading.repairs.extend(repairs.into_iter().map(|kind| Repair { item: Some(item), kind }));
            }
            Err(reason) => reading.dropped.push(Dropped { item, reason }),
        }
    }
    if annotations.is_empty()
        && let Some(first) = found.items.first()
    {
        return Err(unusable::nothing_used(&reading.dropped, first));
    }
    if recipe.has_attributes_of(AttributeSubject::Image) {
        annotations.extend(image::beside_items(text, found.items.len(), recipe, &mut reading));
    }
    reading.dropped.extend(beyond);
    Ok(Answer { sent, annotations, reading })
}

/// The complete annotations of an answer that is still streaming, for display only: [`read`] parses the complete
/// answer. Linear in the length of the text.
#[must_use]
pub fn preview(text: &str, recipe: &Recipe, coordinates: BoxCoordinates, sent: PixelSize) -> Vec<AnsweredAnnotation> {
    let Some(mut found) = items::among_text(text) else { return Vec::new() };
    found.convert_places(coordinates, sent);
    let items = found.items;
    items.iter().filter_map(|item| annotation(item, recipe, sent, &mut Vec::new()).ok()).collect()
}

fn annotation(
    item: &Item,
    recipe: &Recipe,
    sent: PixelSize,
    repairs: &mut Vec<RepairKind>,
) -> Result<AnsweredAnnotation, DropReason> {
    let from_text;
    let fields = match item {
        Item::Read(Value::Object(fields)) => fields,
        Item::Read(Value::String(text)) => {
            from_text = shape::fields_of_text(text, recipe).ok_or(DropReason::Unreadable)?;
            repairs.push(RepairKind::ItemFromText);
            &from_text
        }
        _ => return Err(DropReason::Unreadable),
    };
    let kind = shape::kind(fields, recipe).ok_or(DropReason::ShapeNotAskedFor)?;
    if kind == ShapeKind::Caption {
        let shape = shape::read(fields, kind, sent, repairs)?;
        let label = CAPTION_LABEL.to_owned();
        return Ok(AnsweredAnnotation { label, confidence: None, shape, attributes: BTreeMap::new() });
    }
    let answered = answered_label(fields).ok_or(DropReason::NoLabel)?;
    let label = recipe.label_for(answered).ok_or_else(|| DropReason::UnknownLabel { answered: answered.to_owned() })?;
    if label.name != answered {
        repairs.push(RepairKind::LabelRenamed { answered: answered.to_owned() });
    }
    let shape = shape::read(fields, kind, sent, repairs)?;
    let confidence = confidence(fields.get("confidence"), repairs);
    let attributes = attributes::read(fields, recipe, AttributeSubject::Annotation, repairs)?;
    Ok(AnsweredAnnotation { label: label.name.clone(), confidence, shape, attributes })
}

fn answered_label(fields: &Map<String, Value>) -> Option<&str> {
    LABEL_KEYS.iter().find_map(|key| fields.get(*key)?.as_str())
}

fn has_known_label(item: &Item, recipe: &Recipe) -> bool {
    let Item::Read(Value::Object(fields)) = item else { return false };
    answered_label(fields).is_some_and(|label| recipe.label_for(label).is_some())
}

/// The bounding box of an item as answered, whatever its label.
fn answered_bounds(item: &Item, recipe: &Recipe, sent: PixelSize) -> Option<Rect> {
    let Item::Read(Value::Object(fields)) = item else { return None };
    shape::answered_bounds(fields, recipe, sent)
}

fn confidence(answered: Option<&Value>, repairs: &mut Vec<RepairKind>) -> Option<f32> {
    let answered = answered.filter(|value| !value.is_null())?;
    let (value, repair) = match scalars::number(answered) {
        Some(number) if !number.is_percent && (0.0..=1.0).contains(&number.value) => {
            let field = "confidence".to_owned();
            (Some(number.value), number.was_text.then_some(RepairKind::NumberFromText { field }))
        }
        // From 10 up it can only be percent; 5 could also be five of ten.
        Some(number) if (if number.is_percent { 0.0 } else { 10.0 }..=100.0).contains(&number.value) => {
            (Some(number.value / 100.0), Some(RepairKind::ConfidenceFromPercent))
        }
        _ => (None, Some(RepairKind::ConfidenceLeftOut { answered: scalars::shown(answered) })),
    };
    repairs.extend(repair);
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits than an f32 has")]
    value.map(|value| value as f32)
}
