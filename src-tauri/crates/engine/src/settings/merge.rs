//! A three-way merge of concurrent changes to the settings, value by value.

use domain::settings::Settings;
use serde_json::Value;

/// Applies the difference between `before` and `after` to `current`.
pub fn merged(before: &Settings, after: &Settings, current: &Settings) -> serde_json::Result<Settings> {
    let json = |settings: &Settings| serde_json::to_value(settings);
    serde_json::from_value(merge(&json(before)?, &json(after)?, json(current)?))
}

/// Merges every value separately, and every item of a list.
fn merge(before: &Value, after: &Value, current: Value) -> Value {
    if before == after {
        return current;
    }
    match (before, after, current) {
        (Value::Object(before), Value::Object(after), Value::Object(mut current)) => {
            // Empty lists are left out.
            let left_out = Value::Array(Vec::new());
            let removed = before.iter().filter(|(key, old)| !after.contains_key(*key) && old.is_array());
            for (key, value) in after.iter().chain(removed.map(|(key, _)| (key, &left_out))) {
                let old = before.get(key).unwrap_or(if value.is_array() { &left_out } else { &Value::Null });
                let now = current
                    .remove(key)
                    .unwrap_or_else(|| if value.is_array() { left_out.clone() } else { Value::Null });
                current.insert(key.clone(), merge(old, value, now));
            }
            current.into()
        }
        (Value::Array(before), Value::Array(after), Value::Array(current)) => {
            merge_lists(before, after, current).into()
        }
        _ => after.clone(),
    }
}

/// Items are identified by id or name, otherwise by their contents. If names repeat, the address counts too.
fn merge_lists(before: &[Value], after: &[Value], current: Vec<Value>) -> Vec<Value> {
    let lists = [before, after, &current];
    let shared: Vec<Value> = lists.iter().flat_map(|list| repeated(list.iter().map(name_of))).cloned().collect();
    let key_of = |item: &Value| {
        let name = name_of(item);
        let address = if shared.contains(name) { item.get("base_url") } else { None };
        (name.clone(), address.cloned())
    };
    let find = |list: &[Value], item: &Value| list.iter().find(|other| key_of(other) == key_of(item)).cloned();
    let mut items = Vec::new();
    for item in current {
        match (find(before, &item), find(after, &item)) {
            (Some(before), Some(after)) => items.push(merge(&before, &after, item)),
            (Some(_), None) => {}
            (None, Some(after)) => items.push(after),
            (None, None) => items.push(item),
        }
    }
    for item in after {
        if find(&items, item).is_none() && find(before, item).as_ref() != Some(item) {
            items.push(item.clone());
        }
    }
    items
}

fn name_of(item: &Value) -> &Value {
    item.get("id").or_else(|| item.get("name")).unwrap_or(item)
}

/// The names that occur more than once.
pub fn repeated<'a, Name: PartialEq>(names: impl Iterator<Item = &'a Name>) -> Vec<&'a Name> {
    let names: Vec<_> = names.collect();
    let places = names.iter().enumerate().filter(|(place, name)| names[..*place].contains(name));
    places.map(|(_, name)| *name).collect()
}
