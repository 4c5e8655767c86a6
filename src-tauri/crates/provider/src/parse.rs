//! From a model's words to marks in pixels of the picture that was sent.
//!
//! Models answer almost what they are asked. Whatever is meant beyond doubt is repaired, and every repair is recorded;
//! what is not is dropped by itself, with its reason, and never takes another mark with it. Nothing is made up: a
//! confidence that is missing stays missing, and coordinates in an unknown frame are not guessed at. Pure: the same
//! answer gives the same marks, so a kept answer can be read again when this gets better.
//!
//! Deliberately absent: the way to image pixels ([`domain::geometry::ImageFromSent`] is the only one).

mod attributes;
mod items;
mod scalars;
#[cfg(test)]
mod tests;

use domain::answer::{Answer, AnsweredMark, DropReason, Dropped, Reading, Repair, RepairKind};
use domain::geometry::{PixelSize, Rect};
use domain::recipe::{Label, Recipe};
use serde_json::{Map, Value};

use crate::answer::{RawAnswer, StopReason};

/// Boxes of which less than this lies inside the picture are in another frame than the picture's.
const LEAST_SHARE_INSIDE: f64 = 0.5;

/// An answer without marks to read, which is another thing than an empty list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The model declined to answer.
    #[error("the model declined")]
    Declined,
    /// The output maximum was used up before the answer began; a larger one helps.
    #[error("the answer was cut off before its first mark")]
    CutOffEarly,
    #[error("there are no marks in the answer")]
    NoMarks,
}

/// Reads an answer as it was received or kept.
pub fn read(answer: &RawAnswer, recipe: &Recipe) -> Result<Answer, AnswerError> {
    if answer.stop_reason == StopReason::Refusal {
        return Err(AnswerError::Declined);
    }
    let is_cut_off = answer.stop_reason.cuts_off();
    match parse(&answer.text, recipe, answer.sent) {
        Ok(mut answer) => {
            answer.reading.is_cut_short |= is_cut_off;
            // That there is nothing to mark is something a model has to say, not what is left of a ruin.
            let is_ruin =
                answer.reading.is_cut_short || answer.reading.dropped.iter().any(|item| is_malformed(&item.reason));
            match answer.marks.is_empty() && is_ruin {
                true if is_cut_off => Err(AnswerError::CutOffEarly),
                true => Err(AnswerError::NoMarks),
                false => Ok(answer),
            }
        }
        Err(AnswerError::NoMarks) if is_cut_off => Err(AnswerError::CutOffEarly),
        Err(error) => Err(error),
    }
}

/// Reads the text of an answer about a picture of `sent` size.
pub fn parse(text: &str, recipe: &Recipe, sent: PixelSize) -> Result<Answer, AnswerError> {
    let found = items::find(text).ok_or(AnswerError::NoMarks)?;
    let mut marks = Vec::new();
    let mut reading = Reading {
        repairs: found.repairs.into_iter().map(|kind| Repair { item: None, kind }).collect(),
        dropped: Vec::new(),
        is_cut_short: found.is_cut_off,
    };
    for (item, value) in found.items.into_iter().enumerate() {
        let mut repairs = Vec::new();
        match mark(value.as_ref(), recipe, sent, &mut repairs) {
            Ok(mark) => {
                marks.push(mark);
                reading.repairs.extend(repairs.into_iter().map(|kind| Repair { item: Some(item), kind }));
            }
            Err(reason) => reading.dropped.push(Dropped { item, reason }),
        }
    }
    Ok(Answer { sent, marks, reading })
}

/// The marks of an answer that is still on its way, as far as they are whole and can be read. To be shown, never to be
/// kept: [`read`] has the last word on the whole answer. Takes time in proportion to the text.
#[must_use]
pub fn preview(text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredMark> {
    let items = items::one_by_one(text).map(|found| found.items).unwrap_or_default();
    items.iter().filter_map(|value| mark(value.as_ref(), recipe, sent, &mut Vec::new()).ok()).collect()
}

fn mark(
    value: Option<&Value>,
    recipe: &Recipe,
    sent: PixelSize,
    repairs: &mut Vec<RepairKind>,
) -> Result<AnsweredMark, DropReason> {
    let Some(Value::Object(fields)) = value else { return Err(DropReason::Unreadable) };
    let answered = ["label", "class", "category", "name"].iter().find_map(|key| fields.get(*key)?.as_str());
    let answered = answered.ok_or(DropReason::NoLabel)?;
    let label =
        label_for(recipe, answered).ok_or_else(|| DropReason::UnknownLabel { answered: answered.to_owned() })?;
    if label.name != answered {
        repairs.push(RepairKind::LabelRenamed { answered: answered.to_owned() });
    }
    let rect = rect(fields, sent, repairs)?;
    let confidence = confidence(fields.get("confidence"), repairs);
    let attributes = attributes::read(fields, recipe, repairs)?;
    Ok(AnsweredMark { label: label.name.clone(), confidence, rect, attributes })
}

/// Whether an item was dropped for its form, and not for what it said.
const fn is_malformed(reason: &DropReason) -> bool {
    matches!(reason, DropReason::Unreadable | DropReason::NoLabel | DropReason::NoBox)
}

/// The label that is meant: exactly, by name or synonym, or with other characters between its words. An exact name wins
/// over another label's synonym.
fn label_for<'a>(recipe: &'a Recipe, answered: &str) -> Option<&'a Label> {
    let spaced = scalars::spaced(answered);
    recipe.labels.iter().find(|label| label.name == answered).or_else(|| recipe.label_for(answered)).or_else(|| {
        recipe
            .labels
            .iter()
            .find(|label| std::iter::once(&label.name).chain(&label.synonyms).any(|own| scalars::spaced(own) == spaced))
    })
}

fn rect(fields: &Map<String, Value>, sent: PixelSize, repairs: &mut Vec<RepairKind>) -> Result<Rect, DropReason> {
    // Some put the corners into an object of their own. A list of four is not read: its order would be a guess.
    let corners = ["box", "bbox"].iter().find_map(|key| fields.get(*key)?.as_object()).unwrap_or(fields);
    let mut corner = |key: &str| {
        let number = corners.get(key).and_then(scalars::number).ok_or(DropReason::NoBox)?;
        if number.was_text {
            repairs.push(RepairKind::NumberFromText { field: key.to_owned() });
        }
        Ok(number.value)
    };
    let answered = Rect::new(corner("x1")?, corner("y1")?, corner("x2")?, corner("y2")?);
    let ordered = answered.ordered();
    if ordered != answered {
        repairs.push(RepairKind::CornersSwapped);
    }
    if ordered.width() < 1.0 || ordered.height() < 1.0 {
        return Err(DropReason::NoExtent);
    }
    let inside = ordered.clamped(sent);
    if inside.area() < ordered.area() * LEAST_SHARE_INSIDE {
        return Err(DropReason::OutsidePicture);
    }
    let pixels = [inside.x1 - ordered.x1, inside.y1 - ordered.y1, ordered.x2 - inside.x2, ordered.y2 - inside.y2]
        .into_iter()
        .fold(0.0, f64::max);
    if pixels > 0.0 {
        repairs.push(RepairKind::ClampedToPicture { pixels });
    }
    Ok(inside)
}

fn confidence(answered: Option<&Value>, repairs: &mut Vec<RepairKind>) -> Option<f32> {
    let answered = answered.filter(|value| !value.is_null())?;
    let (value, repair) = match scalars::number(answered) {
        Some(number) if !number.is_percent && (0.0..=1.0).contains(&number.value) => {
            let field = "confidence".to_owned();
            (Some(number.value), number.was_text.then_some(RepairKind::NumberFromText { field }))
        }
        // From 10 up nothing else can be meant; 5 could as well be five of ten.
        Some(number) if (if number.is_percent { 0.0 } else { 10.0 }..=100.0).contains(&number.value) => {
            (Some(number.value / 100.0), Some(RepairKind::ConfidenceFromPercent))
        }
        _ => (None, Some(RepairKind::ConfidenceLeftOut { answered: scalars::shown(answered) })),
    };
    repairs.extend(repair);
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits than an f32 has")]
    value.map(|value| value as f32)
}
