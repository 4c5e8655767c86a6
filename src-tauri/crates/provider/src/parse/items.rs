//! Finding the items in an answer: first as the JSON that was asked for, then, when that is broken, one by one.

use domain::answer::RepairKind;
use serde_json::Value;

/// Names under which models put the list. The first is the one that is asked for.
const LIST_KEYS: [&str; 7] = ["marks", "annotations", "objects", "detections", "items", "boxes", "results"];

/// Brackets in an answer's words that are tried as the beginning of its JSON.
const STARTS_LIMIT: usize = 20;

pub struct Found {
    /// In the answer's order; `None` for one that is no JSON.
    pub items: Vec<Option<Value>>,
    pub repairs: Vec<RepairKind>,
    /// Whether the text ended within the list.
    pub is_cut_off: bool,
}

/// `None` when there is no list in `text`, not even the beginning of one.
pub fn find(text: &str) -> Option<Found> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if let Some(items) = serde_json::from_str(text).ok().and_then(list_in) {
        return Some(Found { items, repairs: Vec::new(), is_cut_off: false });
    }
    if let Some(items) = list_among_words(text) {
        return Some(Found { items, repairs: vec![RepairKind::WordsAround], is_cut_off: false });
    }
    one_by_one(text)
}

fn list_in(value: Value) -> Option<Vec<Option<Value>>> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut fields) => match LIST_KEYS.iter().find_map(|key| match fields.get_mut(*key) {
            Some(Value::Array(list)) => Some(std::mem::take(list)),
            _ => None,
        }) {
            Some(list) => list,
            // A single mark, without a list around it.
            None if fields.contains_key("label") => vec![Value::Object(fields)],
            None => return None,
        },
        _ => return None,
    };
    Some(list.into_iter().map(Some).collect())
}

/// A whole JSON value with something around it: a code fence, a sentence before, a remark after.
fn list_among_words(text: &str) -> Option<Vec<Option<Value>>> {
    let fenced = text.split_once("```").map(|(_, behind)| behind.trim_start_matches(char::is_alphanumeric));
    let fenced = fenced.and_then(|behind| behind.split("```").next());
    if let Some(items) = fenced.and_then(|inside| serde_json::from_str(inside).ok()).and_then(list_in) {
        return Some(items);
    }
    for (start, _) in text.match_indices(['{', '[']).take(STARTS_LIMIT) {
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else { continue };
        match &value {
            // `[]` and `[1]` in a sentence are no lists of marks.
            Value::Array(list) if list.is_empty() || !list.iter().all(Value::is_object) => continue,
            // Not the list but an item of it, and so the list is broken.
            Value::Object(_) if text[..start].contains('[') => return None,
            _ => {}
        }
        if let Some(mut items) = list_in(value) {
            // A mark a line, without a list around them.
            items.extend(values.map_while(Result::ok).filter(|value| value.get("label").is_some()).map(Some));
            return Some(items);
        }
    }
    None
}

/// Every balanced object of a list that is broken somewhere, or still on its way. Reads the text once.
pub fn one_by_one(text: &str) -> Option<Found> {
    let list = &text[list_start(text)?..];
    let (mut items, mut depth, mut item_start, mut is_quoted, mut is_escaped) = (Vec::new(), 0_usize, 0, false, false);
    let mut is_cut_off = true;
    for (index, byte) in list.bytes().enumerate() {
        if is_quoted {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' if depth > 0 => is_quoted = true,
            b'{' => {
                if depth == 0 {
                    item_start = index;
                }
                depth += 1;
            }
            b'}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    items.push(object(&list[item_start..=index]));
                }
            }
            b']' if depth == 0 => {
                is_cut_off = false;
                break;
            }
            _ => {}
        }
    }
    let repair = if is_cut_off { RepairKind::CutOff } else { RepairKind::BrokenJson };
    Some(Found { items, repairs: vec![repair], is_cut_off })
}

/// Just behind the bracket that opens the list.
fn list_start(text: &str) -> Option<usize> {
    let named = LIST_KEYS.iter().find_map(|key| {
        let quoted = format!("\"{key}\"");
        let behind = text.find(&quoted)? + quoted.len();
        let bracket = behind + text[behind..].find(|character: char| !character.is_whitespace() && character != ':')?;
        text[bracket..].starts_with('[').then_some(bracket + 1)
    });
    named.or_else(|| {
        // A list without a name: a bracket and an object next to it.
        let mut brackets = text.match_indices('[').map(|(index, _)| index + 1);
        brackets.find(|index| text[*index..].trim_start().starts_with('{'))
    })
}

/// One item; a comma too many before a closing bracket is the mistake that is made most.
fn object(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_trailing_commas(text))).ok()
}

fn without_trailing_commas(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (index, character) in text.char_indices() {
        if is_quoted {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => is_quoted = false,
                _ => {}
            }
        } else if character == '"' {
            is_quoted = true;
        } else if character == ',' && text[index + 1..].trim_start().starts_with(['}', ']']) {
            continue;
        }
        kept.push(character);
    }
    kept
}
