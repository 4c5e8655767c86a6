//! Validates values against the part of JSON Schema that the published schema uses.

use serde_json::Value;

/// The first problem of `value`, if any.
pub fn problem(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let wrong = |what: &str| Some(format!("{value} is wrong: {what} in {schema}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        let found = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => None,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                problem(root, &root["$defs"][name], value)
            }
            "type" => {
                let is_type = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                let is_any = rule.as_array().map_or_else(|| is_type(rule), |names| names.iter().any(is_type));
                if is_any { None } else { wrong("type") }
            }
            "properties" => rule.as_object().unwrap().iter().find_map(|(key, own)| problem(root, own, value.get(key)?)),
            "required" => {
                let has_all = rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some());
                if has_all { None } else { wrong("required") }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = value.as_object().into_iter().flatten();
                let mut others = others.filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
                match rule {
                    Value::Bool(false) => others.next().and_then(|(key, _)| wrong(key)),
                    rule => others.find_map(|(_, other)| problem(root, rule, other)),
                }
            }
            "items" => value.as_array().into_iter().flatten().find_map(|item| problem(root, rule, item)),
            "anyOf" | "oneOf" => {
                let fits = rule.as_array().unwrap().iter().any(|own| problem(root, own, value).is_none());
                if fits { None } else { wrong(keyword) }
            }
            "enum" => {
                if rule.as_array().unwrap().contains(value) {
                    None
                } else {
                    wrong("enum")
                }
            }
            "const" => {
                if rule == value {
                    None
                } else {
                    wrong("const")
                }
            }
            "minimum" | "maximum" | "minItems" | "maxItems" | "minLength" | "maxLength" => {
                let size = match value {
                    Value::Number(number) if keyword.ends_with("imum") => number.as_f64(),
                    Value::Array(items) if keyword.ends_with("Items") => u32::try_from(items.len()).ok().map(f64::from),
                    Value::String(text) if keyword.ends_with("Length") => {
                        u32::try_from(text.chars().count()).ok().map(f64::from)
                    }
                    _ => None,
                };
                let limit = rule.as_f64().unwrap();
                let is_outside = |size: f64| if keyword.starts_with("min") { size < limit } else { size > limit };
                if size.is_some_and(is_outside) { wrong(keyword) } else { None }
            }
            other => panic!("keyword {other}"),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
