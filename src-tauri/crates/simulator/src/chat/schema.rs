//! What a strict JSON schema may contain: closed objects whose properties are all required, a root that is an object, and
//! no more than so many properties, levels and members.

use serde_json::Value;

use super::error::invalid;
use crate::error::ErrorResponse;
use crate::validation::schema::referenced;

const MAX_PROPERTIES: usize = 5_000;
const MAX_LEVELS: usize = 10;
const MAX_MEMBERS: usize = 1_000;
/// Names of properties and definitions, members and constants together.
const MAX_CHARACTERS: usize = 120_000;
const KEYWORDS: [&str; 24] = [
    "type",
    "title",
    "description",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "definitions",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
];

/// Checks the strict schema of a response format of this name.
pub(crate) fn check(schema: &Value, name: &str) -> Result<(), ErrorResponse> {
    let mut census = Census { root: schema, name, properties: 0, members: 0, characters: 0 };
    if schema.get("type").and_then(Value::as_str) != Some("object") || schema.get("anyOf").is_some() {
        return Err(census.refused(&[], "schema must be a JSON Schema of 'type: \"object\"'"));
    }
    census.visit(schema, &mut Vec::new(), 1)?;
    let limits = [
        (census.properties, MAX_PROPERTIES, "object properties"),
        (census.members, MAX_MEMBERS, "enum values"),
        (census.characters, MAX_CHARACTERS, "characters in names and enum values"),
    ];
    match limits.into_iter().find(|(count, most, _)| count > most) {
        Some((count, most, what)) => Err(census.refused(&[], &format!("{count} {what} exceed the limit of {most}"))),
        None => Ok(()),
    }
}

struct Census<'a> {
    root: &'a Value,
    name: &'a str,
    properties: usize,
    members: usize,
    characters: usize,
}

impl<'a> Census<'a> {
    fn refused(&self, path: &[&str], why: &str) -> ErrorResponse {
        let context: Vec<String> = path.iter().map(|step| format!("'{step}'")).collect();
        let context = if context.len() == 1 { format!("{},", context[0]) } else { context.join(", ") };
        let message = format!("Invalid schema for response_format '{}': In context=({context}), {why}.", self.name);
        invalid("response_format", None, message)
    }

    fn visit(&mut self, schema: &'a Value, path: &mut Vec<&'a str>, level: usize) -> Result<(), ErrorResponse> {
        let Some(fields) = schema.as_object() else { return Err(self.refused(path, "schema must be an object")) };
        if level > MAX_LEVELS {
            return Err(self.refused(path, &format!("nesting exceeds {MAX_LEVELS} levels")));
        }
        if let Some(unknown) = fields.keys().find(|key| !KEYWORDS.contains(&key.as_str())) {
            return Err(self.refused(path, &format!("'{unknown}' is not permitted")));
        }
        if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
            // Recursion is allowed, so that a target is not visited.
            return match referenced(self.root, reference) {
                Some(_) => Ok(()),
                None => Err(self.refused(path, &format!("reference '{reference}' can not be resolved"))),
            };
        }
        for (name, definition) in fields.get("$defs").and_then(Value::as_object).into_iter().flatten() {
            self.characters += name.chars().count();
            self.visit(definition, path, level)?;
        }
        if let Some(members) = fields.get("enum") {
            let members = members.as_array().filter(|members| !members.is_empty());
            let members = members.ok_or_else(|| self.refused(path, "'enum' must be a non-empty array"))?;
            let distinct: std::collections::HashSet<String> = members.iter().map(Value::to_string).collect();
            if distinct.len() < members.len() {
                return Err(self.refused(path, "'enum' has non-unique elements"));
            }
            self.members += members.len();
            self.characters += members.iter().filter_map(Value::as_str).map(|text| text.chars().count()).sum::<usize>();
        }
        if let Some(branches) = fields.get("anyOf") {
            let branches = branches.as_array().ok_or_else(|| self.refused(path, "'anyOf' must be an array"))?;
            return branches.iter().try_for_each(|branch| self.visit(branch, path, level));
        }
        let kinds: Vec<&str> = match fields.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ if fields.contains_key("enum") || fields.contains_key("const") => Vec::new(),
            _ => return Err(self.refused(path, "schema must have a 'type' key")),
        };
        for kind in kinds {
            match kind {
                "object" => self.visit_object(fields, path, level)?,
                "array" => {
                    let items = fields.get("items").ok_or_else(|| self.refused(path, "array schema missing items"))?;
                    path.push("items");
                    self.visit(items, path, level + 1)?;
                    path.pop();
                }
                "string" | "number" | "integer" | "boolean" | "null" => {}
                other => {
                    return Err(self.refused(path, &format!("'{other}' is not valid under any of the given schemas")));
                }
            }
        }
        Ok(())
    }

    fn visit_object(
        &mut self,
        fields: &'a serde_json::Map<String, Value>,
        path: &mut Vec<&'a str>,
        level: usize,
    ) -> Result<(), ErrorResponse> {
        if fields.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err(self.refused(path, "'additionalProperties' is required to be supplied and to be false"));
        }
        let properties = fields.get("properties").and_then(Value::as_object);
        let required: Vec<&str> =
            fields.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in properties.into_iter().flatten() {
            if !required.contains(&name.as_str()) {
                let why = format!(
                    "'required' is required to be supplied and to be an array including every key in properties. \
                     Missing '{name}'"
                );
                return Err(self.refused(path, &why));
            }
            self.properties += 1;
            self.characters += name.chars().count();
            path.extend(["properties", name.as_str()]);
            self.visit(property, path, level + 1)?;
            path.truncate(path.len() - 2);
        }
        match required.iter().find(|name| properties.is_none_or(|properties| !properties.contains_key(**name))) {
            Some(extra) => Err(self.refused(path, &format!("Extra required key '{extra}' supplied"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(properties: &Value, required: &[&str]) -> Value {
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    #[test]
    fn a_strict_schema_is_closed_and_requires_everything() {
        let integer = json!({"type": "integer"});
        let accepted = [
            object(
                &json!({"a": integer, "b": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]}}),
                &["a", "b"],
            ),
            object(
                &json!({"a": {"type": "array", "items": object(&json!({"x": {"type": ["integer", "null"]}}), &["x"])}}),
                &["a"],
            ),
            object(&json!({"a": {"type": "number", "minimum": 0, "maximum": 1}}), &["a"]),
        ];
        for schema in accepted {
            assert_eq!(check(&schema, "s"), Ok(()), "{schema}");
        }
        let mut deep = integer.clone();
        for _ in 0..10 {
            deep = object(&json!({"a": deep}), &["a"]);
        }
        let refused = [
            (json!({"type": "array", "items": integer}), "type: \"object\""),
            (json!({"type": "object", "properties": {}, "required": []}), "additionalProperties"),
            (object(&json!({"a": integer}), &[]), "Missing 'a'"),
            (object(&json!({"a": integer}), &["a", "b"]), "Extra required key 'b'"),
            (
                object(&json!({"a": {"type": "array", "items": {"type": "object", "properties": {}}}}), &["a"]),
                "'properties', 'a', 'items'",
            ),
            (object(&json!({"a": {"type": "array"}}), &["a"]), "missing items"),
            (object(&json!({"a": {"allOf": []}}), &["a"]), "'allOf' is not permitted"),
            (object(&json!({"a": {}}), &["a"]), "'type' key"),
            (object(&json!({"a": {"type": "string", "enum": ["x", "x"]}}), &["a"]), "non-unique"),
            (
                object(
                    &json!({"a": {"type": "string", "enum": (0..1001).map(|n| n.to_string()).collect::<Vec<_>>()}}),
                    &["a"],
                ),
                "enum values",
            ),
            (deep, "nesting"),
        ];
        for (schema, why) in refused {
            let refusal = check(&schema, "s").unwrap_err();
            assert!(refusal.message.contains(why), "{} lacks {why}", refusal.message);
            assert_eq!(refusal.param.as_deref(), Some("response_format"));
        }
    }
}
