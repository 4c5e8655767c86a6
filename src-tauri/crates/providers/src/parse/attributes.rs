//! Attributes of an annotation or of the image, by kind.

use std::collections::BTreeMap;

use domain::annotation::AttributeValue;
use domain::answer::{DropReason, NumberRange, RepairKind};
use domain::recipe::{Attribute, AttributeKind, AttributeSubject, Recipe};
use serde_json::{Map, Value};

use super::scalars::{number, shown, spaced};
use crate::schema::attribute_key;

/// The attributes of `subject` among `fields`, or in a nested object.
pub fn read(
    fields: &Map<String, Value>,
    recipe: &Recipe,
    subject: AttributeSubject,
    repairs: &mut Vec<RepairKind>,
) -> Result<BTreeMap<String, AttributeValue>, DropReason> {
    let own = fields.get("attributes").and_then(Value::as_object);
    let mut attributes = BTreeMap::new();
    for (index, attribute) in recipe.attributes_of(subject) {
        let answered = own
            .and_then(|own| field(own, attribute, index))
            // Other fields beside the label may have the same name as an attribute.
            .or_else(|| if own.is_none() { field(fields, attribute, index) } else { None });
        match answered.and_then(|answered| convert(attribute, answered, repairs)) {
            Some(value) => {
                attributes.insert(attribute.name.clone(), value);
            }
            None if attribute.is_required => {
                return Err(DropReason::AttributeMissing { name: attribute.name.clone() });
            }
            None => {}
        }
    }
    Ok(attributes)
}

/// Whether `fields`, or a nested object, name an attribute of `subject`, even without a value.
pub fn are_mentioned(fields: &Map<String, Value>, recipe: &Recipe, subject: AttributeSubject) -> bool {
    let own = fields.get("attributes").and_then(Value::as_object).unwrap_or(fields);
    recipe.attributes_of(subject).any(|(index, attribute)| named(own, attribute, index).is_some())
}

fn field<'a>(fields: &'a Map<String, Value>, attribute: &Attribute, index: usize) -> Option<&'a Value> {
    named(fields, attribute, index).filter(|value| !value.is_null())
}

fn named<'a>(fields: &'a Map<String, Value>, attribute: &Attribute, index: usize) -> Option<&'a Value> {
    let key = attribute_key(attribute, index);
    fields.get(&key).or_else(|| {
        let meant = [spaced(&key), spaced(&attribute.name)];
        fields.iter().find(|(name, _)| meant.contains(&spaced(name))).map(|(_, value)| value)
    })
}

/// How a value was converted.
enum Converted {
    AsIs(AttributeValue),
    FromOtherForm(AttributeValue),
    Clamped(AttributeValue, NumberRange),
}

fn convert(attribute: &Attribute, answered: &Value, repairs: &mut Vec<RepairKind>) -> Option<AttributeValue> {
    let converted = match &attribute.kind {
        AttributeKind::Text => text(answered),
        AttributeKind::Number { min, max } => whole_number(answered, *min, *max),
        AttributeKind::Choice { options } => choice(answered, options),
        AttributeKind::SeveralOf { options } => several(answered, options),
        AttributeKind::YesNo => yes_or_no(answered),
    };
    let (name, shown) = (attribute.name.clone(), shown(answered));
    let (value, repair) = match converted {
        Some(Converted::AsIs(value)) => return Some(value),
        Some(Converted::FromOtherForm(value)) => {
            (Some(value), RepairKind::AttributeConverted { name, answered: shown })
        }
        Some(Converted::Clamped(value, range)) => {
            (Some(value), RepairKind::AttributeClamped { name, answered: shown, range: Some(range) })
        }
        // Empty text means no value.
        None if shown.trim().is_empty() => return None,
        None => (None, RepairKind::AttributeLeftOut { name, answered: shown }),
    };
    repairs.push(repair);
    value
}

fn text(answered: &Value) -> Option<Converted> {
    match answered {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(Converted::AsIs(AttributeValue::Text(text.trim().to_owned()))),
        Value::Number(_) | Value::Bool(_) => Some(Converted::FromOtherForm(AttributeValue::Text(answered.to_string()))),
        _ => None,
    }
}

fn whole_number(answered: &Value, min: i32, max: i32) -> Option<Converted> {
    let number = number(answered).filter(|number| !number.is_percent && number.value.fract() == 0.0)?;
    if number.value < f64::from(min) {
        return Some(Converted::Clamped(AttributeValue::Number(min), NumberRange { min, max }));
    }
    if number.value > f64::from(max) {
        return Some(Converted::Clamped(AttributeValue::Number(max), NumberRange { min, max }));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and between two whole numbers of this type")]
    let value = AttributeValue::Number(number.value as i32);
    Some(if number.was_text { Converted::FromOtherForm(value) } else { Converted::AsIs(value) })
}

fn choice(answered: &Value, options: &[String]) -> Option<Converted> {
    let answered = answered.as_str()?;
    if let Some(option) = options.iter().find(|option| *option == answered) {
        return Some(Converted::AsIs(AttributeValue::Text(option.clone())));
    }
    let meant = spaced(answered);
    let option = options.iter().find(|option| spaced(option) == meant)?;
    Some(Converted::FromOtherForm(AttributeValue::Text(option.clone())))
}

/// Options that are in the recipe, in its order. Text is a list separated by commas.
fn several(answered: &Value, options: &[String]) -> Option<Converted> {
    let answers: Vec<Value> = match answered {
        Value::Array(answers) => answers.clone(),
        Value::String(text) => text.split(',').map(|part| Value::String(part.trim().to_owned())).collect(),
        _ => return None,
    };
    let mut is_as_asked = answered.is_array();
    let mut chosen = Vec::new();
    for answer in &answers {
        match choice(answer, options) {
            Some(Converted::AsIs(AttributeValue::Text(option))) => chosen.push(option),
            Some(Converted::FromOtherForm(AttributeValue::Text(option))) => {
                is_as_asked = false;
                chosen.push(option);
            }
            _ => is_as_asked = false,
        }
    }
    if chosen.is_empty() && !answers.is_empty() {
        return None;
    }
    let in_order = options.iter().filter(|option| chosen.contains(option)).cloned().collect();
    let value = AttributeValue::Several(in_order);
    Some(if is_as_asked { Converted::AsIs(value) } else { Converted::FromOtherForm(value) })
}

fn yes_or_no(answered: &Value) -> Option<Converted> {
    if let Value::Bool(value) = answered {
        return Some(Converted::AsIs(AttributeValue::YesNo(*value)));
    }
    let value = match shown(answered).trim().to_lowercase().as_str() {
        "yes" | "true" | "1" => true,
        "no" | "false" | "0" => false,
        _ => return None,
    };
    Some(Converted::FromOtherForm(AttributeValue::YesNo(value)))
}
