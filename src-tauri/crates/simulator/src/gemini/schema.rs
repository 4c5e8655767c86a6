//! What `responseJsonSchema` may contain: the properties that the vendor's reference lists.

use serde_json::Value;

use super::error::invalid;
use crate::error::ErrorResponse;
use crate::validation::schema::referenced;

const PATH: &str = "generation_config.response_json_schema";
const KEYWORDS: [&str; 20] = [
    "$id",
    "$defs",
    "$ref",
    "$anchor",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
    "required",
];
/// Not standard.
const ORDERING: &str = "propertyOrdering";
const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];
/// The simulator's own limit.
const MAX_LEVELS: usize = 32;

/// Checks a schema.
pub(super) fn check(schema: &Value) -> Result<(), ErrorResponse> {
    visit(schema, schema, 0)
}

fn refused(why: &str) -> ErrorResponse {
    invalid(PATH, format!("Invalid value at '{PATH}': {why}"))
}

fn visit(schema: &Value, root: &Value, level: usize) -> Result<(), ErrorResponse> {
    let fields = schema.as_object().ok_or_else(|| refused("a schema must be an object"))?;
    if level > MAX_LEVELS {
        return Err(refused("the schema is nested too deeply"));
    }
    if let Some(unknown) = fields.keys().find(|key| !KEYWORDS.contains(&key.as_str()) && *key != ORDERING) {
        return Err(refused(&format!("the property \"{unknown}\" is not supported")));
    }
    if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
        if let Some(other) = fields.keys().find(|key| !key.starts_with('$')) {
            return Err(refused(&format!("\"{other}\" cannot be set beside $ref")));
        }
        return match referenced(root, target) {
            Some(_) => Ok(()),
            None => Err(refused(&format!("{target} cannot be resolved"))),
        };
    }
    let kinds: Vec<&str> = match fields.get("type") {
        None => Vec::new(),
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(_) => return Err(refused("type must be a string or a list of strings")),
    };
    if let Some(other) = kinds.iter().find(|kind| !TYPES.contains(kind)) {
        return Err(refused(&format!("the type \"{other}\" is unknown")));
    }
    if kinds.contains(&"array") && !fields.contains_key("items") && !fields.contains_key("prefixItems") {
        return Err(refused("an array needs items"));
    }
    if let Some(members) = fields.get("enum") {
        let members = members.as_array().filter(|members| !members.is_empty());
        let members = members.ok_or_else(|| refused("enum must be a list that is not empty"))?;
        if members.iter().any(|member| !member.is_string() && !member.is_number()) {
            return Err(refused("enum is for strings and numbers"));
        }
    }
    let properties = fields.get("properties").and_then(Value::as_object);
    let required = fields.get("required").and_then(Value::as_array);
    let is_missing = |name: &&Value| {
        name.as_str().is_none_or(|name| properties.is_none_or(|properties| !properties.contains_key(name)))
    };
    if let Some(missing) = required.into_iter().flatten().find(is_missing) {
        return Err(refused(&format!("the required property {missing} is not defined")));
    }
    let lists = ["anyOf", "oneOf", "prefixItems"].into_iter().filter_map(|key| fields.get(key)?.as_array()).flatten();
    let maps = ["properties", "$defs"].into_iter().filter_map(|key| fields.get(key)?.as_object());
    let single = ["items", "additionalProperties"].into_iter().filter_map(|key| fields.get(key));
    let inner = lists.chain(maps.flat_map(serde_json::Map::values)).chain(single.filter(|inner| !inner.is_boolean()));
    for schema in inner {
        visit(schema, root, level + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_has_listed_properties_only() {
        let accepted = [
            json!({"type": "object", "properties": {"a": {"type": ["integer", "null"], "minimum": 0}}, "required": ["a"],
                "additionalProperties": false, "propertyOrdering": ["a"]}),
            json!({"type": "array", "items": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]}}),
            json!({"$defs": {"a": {"type": "string"}}, "type": "object", "properties": {"b": {"$ref": "#/$defs/a"}}}),
        ];
        for schema in accepted {
            assert_eq!(check(&schema), Ok(()), "{schema}");
        }
        let refused = [
            (json!({"type": "string", "minLength": 1}), "minLength"),
            (json!({"type": "object", "properties": {"a": {"allOf": []}}}), "allOf"),
            (json!({"type": "array"}), "items"),
            (json!({"type": "OBJECT"}), "OBJECT"),
            (json!({"enum": [true]}), "enum"),
            (json!({"type": "object", "properties": {}, "required": ["a"]}), "not defined"),
            (json!({"$ref": "#/$defs/a"}), "resolved"),
            (json!({"$defs": {"a": {}}, "type": "object", "items": {"$ref": "#/$defs/a", "type": "string"}}), "beside"),
            (json!(7), "object"),
        ];
        for (schema, why) in refused {
            let refusal = check(&schema).unwrap_err();
            assert!(refusal.message.contains(why), "{} lacks {why}", refusal.message);
            assert_eq!(refusal.param.as_deref(), Some(PATH));
        }
    }
}
