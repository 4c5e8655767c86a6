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

use std::collections::BTreeMap;

use domain::annotation::AttributeValue;
use domain::answer::{Answer, AnsweredMark};
use domain::geometry::{PixelSize, Rect};
use domain::recipe::{Label, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::{RawAnswer, StopReason};

/// Boxes of which less than this lies inside the picture are in another frame than the picture's.
const LEAST_SHARE_INSIDE: f64 = 0.5;

/// What was read from an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParsedAnswer {
    /// Size of the picture that was sent: the frame of the marks.
    pub sent: PixelSize,
    pub marks: Vec<ParsedMark>,
    /// What had to be put right, in the order of the answer.
    pub repairs: Vec<Repair>,
    /// What could not be put right, in the order of the answer.
    pub dropped: Vec<Dropped>,
    /// Whether the answer was cut off, so that there may be more to see than was said.
    pub is_truncated: bool,
}

/// A mark in pixels of the picture that was sent, inside it and with an extent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParsedMark {
    /// Place in the answer's list, from 0: repairs name it too.
    pub item: usize,
    /// The recipe's own name for it.
    pub label: String,
    /// 0 to 1; `None` when the model did not say.
    pub confidence: Option<f32>,
    pub rect: Rect,
    /// By the attributes' names in the recipe.
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// Something in an answer that was put right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// Place in the answer's list, from 0; `None` when it is about the whole answer.
    pub item: Option<usize>,
    pub kind: RepairKind,
}

/// What was put right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RepairKind {
    /// The JSON stood in a code fence or among words.
    WordsAround,
    /// The JSON as a whole was broken; its items were read one by one.
    BrokenJson,
    /// The answer ended in the middle.
    CutOff,
    /// The label was meant by a synonym or another spelling.
    LabelRenamed {
        answered: String,
    },
    /// A number came as text.
    NumberFromText {
        field: String,
    },
    CornersSwapped,
    /// The box reached over the picture's edge, by this many pixels at most.
    ClampedToPicture {
        pixels: f64,
    },
    ConfidenceFromPercent,
    /// A confidence that is none was left out.
    ConfidenceLeftOut {
        answered: String,
    },
    /// An attribute was given in another form or spelling.
    AttributeConverted {
        name: String,
        answered: String,
    },
    /// A number beyond its range was set to the nearest end.
    AttributeClamped {
        name: String,
        answered: String,
    },
    /// An attribute that does not fit its kind was left out.
    AttributeLeftOut {
        name: String,
        answered: String,
    },
}

/// An item of an answer that is not a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Place in the answer's list, from 0.
    pub item: usize,
    pub reason: DropReason,
}

/// Why an item is not a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DropReason {
    /// Not a JSON object.
    Unreadable,
    NoLabel,
    /// The recipe does not ask for it.
    UnknownLabel {
        answered: String,
    },
    /// A coordinate is missing or no number.
    NoBox,
    /// Less than a pixel wide or high.
    NoExtent,
    /// Outside the picture, or mostly so.
    OutsidePicture,
    /// An attribute without which a mark is worth nothing.
    AttributeMissing {
        name: String,
    },
}

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
pub fn read(answer: &RawAnswer, recipe: &Recipe) -> Result<ParsedAnswer, AnswerError> {
    if answer.stop_reason == StopReason::Refusal {
        return Err(AnswerError::Declined);
    }
    let is_cut_off = answer.stop_reason.cuts_off();
    match parse(&answer.text, recipe, answer.sent) {
        Ok(mut parsed) => {
            parsed.is_truncated |= is_cut_off;
            Ok(parsed)
        }
        Err(AnswerError::NoMarks) if is_cut_off => Err(AnswerError::CutOffEarly),
        Err(error) => Err(error),
    }
}

/// Reads the text of an answer about a picture of `sent` size.
pub fn parse(text: &str, recipe: &Recipe, sent: PixelSize) -> Result<ParsedAnswer, AnswerError> {
    let found = items::find(text).ok_or(AnswerError::NoMarks)?;
    let mut parsed = ParsedAnswer {
        sent,
        marks: Vec::new(),
        repairs: found.repairs.into_iter().map(|kind| Repair { item: None, kind }).collect(),
        dropped: Vec::new(),
        is_truncated: found.is_cut_off,
    };
    for (item, value) in found.items.into_iter().enumerate() {
        let mut repairs = Vec::new();
        match mark(item, value.as_ref(), recipe, sent, &mut repairs) {
            Ok(mark) => {
                parsed.marks.push(mark);
                parsed.repairs.extend(repairs.into_iter().map(|kind| Repair { item: Some(item), kind }));
            }
            Err(reason) => parsed.dropped.push(Dropped { item, reason }),
        }
    }
    Ok(parsed)
}

impl ParsedAnswer {
    /// Whether the model has said, in full, that there is nothing to mark. An answer of which everything had to be
    /// dropped says no such thing.
    #[must_use]
    pub fn is_empty_by_word(&self) -> bool {
        self.marks.is_empty() && self.dropped.is_empty() && !self.is_truncated
    }

    /// The domain's form of it, which knows no attributes yet.
    #[must_use]
    pub fn to_answer(&self) -> Answer {
        let marks = self.marks.iter().map(|mark| AnsweredMark {
            label: mark.label.clone(),
            confidence: mark.confidence,
            rect: mark.rect,
        });
        Answer { sent: self.sent, marks: marks.collect() }
    }
}

fn mark(
    item: usize,
    value: Option<&Value>,
    recipe: &Recipe,
    sent: PixelSize,
    repairs: &mut Vec<RepairKind>,
) -> Result<ParsedMark, DropReason> {
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
    Ok(ParsedMark { item, label: label.name.clone(), confidence, rect, attributes })
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
