//! Boxes as a model wrote them, in unknown coordinates.

use domain::calibration::WrittenBox;
use domain::recipe::Recipe;
use serde_json::{Map, Value};

use super::items::{self, Item};
use super::scalars::number;
use super::{AnswerError, answered_label, unusable};
use crate::answer::{FinishReason, RawAnswer};
use crate::coordinates::{CORNERS, LISTS, OBJECTS};

/// The boxes of an answer that was stored as a [`RawAnswer`], with the labels of `recipe`.
///
/// # Errors
/// If the model declined, or there is no readable list.
pub fn written_boxes(kept: &str, recipe: &Recipe) -> Result<Vec<WrittenBox>, AnswerError> {
    let raw = RawAnswer::from_kept(kept).map_err(|error| AnswerError::Unreadable { detail: error.to_string() })?;
    if raw.stop_reason == FinishReason::Refusal {
        return Err(AnswerError::Declined);
    }
    let found = items::find(&raw.text).ok_or_else(|| unusable::no_list(&raw.text))?;
    let read = |item: &Item| {
        let Item::Read(Value::Object(fields)) = item else { return None };
        let label = recipe.label_for(answered_label(fields)?)?;
        Some(WrittenBox { label: label.name.clone(), numbers: numbers(fields)? })
    };
    Ok(found.items.iter().filter_map(read).collect())
}

/// The four numbers of a box: a list, or named corners.
fn numbers(fields: &Map<String, Value>) -> Option<[f64; 4]> {
    let list = LISTS.iter().find_map(|key| fields.get(*key)?.as_array());
    let values: Vec<&Value> = if let Some(list) = list {
        list.iter().collect()
    } else {
        let corners = OBJECTS.iter().find_map(|key| fields.get(*key)?.as_object()).unwrap_or(fields);
        CORNERS.iter().map(|key| corners.get(*key)).collect::<Option<_>>()?
    };
    let read = |value: &Value| {
        let number = number(value)?;
        Some(if number.is_percent { number.value / 100.0 } else { number.value })
    };
    let numbers: Vec<f64> = values.into_iter().map(read).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_as_they_were_written() {
        let recipe = domain::calibration::recipe();
        let text = r#"Here: {"marks":[{"label":"red","box_2d":[100,0.5,"30",4]},{"label":"Blue","x1":1,"y1":2,"x2":3,"y2":4},
            {"label":"green","bbox":["10%","0%","50%","100%"]},{"label":"cat","box_2d":[1,2,3,4]},{"label":"red","box_2d":[1,2]}]}"#;
        let kept = format!(
            r#"{{"text":{},"stop_reason":"end_turn","usage":null,"model":"m","request_id":null,"sent":{{"width":9,"height":9}},"time_to_first_byte_millis":1,"took_millis":1}}"#,
            serde_json::to_string(text).unwrap()
        );
        let boxes = written_boxes(&kept, &recipe).unwrap();
        let found: Vec<(&str, [f64; 4])> = boxes.iter().map(|one| (one.label.as_str(), one.numbers)).collect();
        assert_eq!(
            found,
            [("red", [100.0, 0.5, 30.0, 4.0]), ("blue", [1.0, 2.0, 3.0, 4.0]), ("green", [0.1, 0.0, 0.5, 1.0])]
        );
        assert!(written_boxes(&kept.replace("end_turn", "refusal"), &recipe).is_err());
        assert!(written_boxes("{}", &recipe).is_err());
    }
}
