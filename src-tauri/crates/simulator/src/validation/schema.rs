//! The limits of a JSON schema that the vendor compiles into a grammar: closed objects, no recursion, no ranges or
//! lengths, few optional and few union-typed parameters.

use serde_json::{Map, Value};

use crate::error::ErrorResponse;

const MAX_OPTIONAL_PARAMETERS: usize = 24;
const MAX_UNION_PARAMETERS: usize = 16;
/// Keywords allowed beside any type.
const COMMON: [&str; 13] = [
    "type",
    "title",
    "description",
    "default",
    "examples",
    "enum",
    "const",
    "anyOf",
    "allOf",
    "$ref",
    "$defs",
    "definitions",
    "$schema",
];
const STRING_FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// Checks a schema found at `path` of the request.
pub(crate) fn check(schema: &Value, path: &str) -> Result<(), ErrorResponse> {
    let mut census = Census { root: schema, path, optional: 0, unions: 0 };
    census.visit(schema, &mut Vec::new())?;
    if census.optional > MAX_OPTIONAL_PARAMETERS {
        return Err(census.refused(format!(
            "Schema has too many optional parameters: {} > {MAX_OPTIONAL_PARAMETERS}",
            census.optional
        )));
    }
    if census.unions > MAX_UNION_PARAMETERS {
        return Err(census.refused(format!(
            "Schema has too many parameters with union types: {} > {MAX_UNION_PARAMETERS}",
            census.unions
        )));
    }
    Ok(())
}

/// Follows a `#/...` reference from the root of a schema.
pub(crate) fn referenced<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

struct Census<'a> {
    root: &'a Value,
    path: &'a str,
    optional: usize,
    unions: usize,
}

impl<'a> Census<'a> {
    fn refused(&self, message: impl AsRef<str>) -> ErrorResponse {
        ErrorResponse::invalid(format!("{}: {}", self.path, message.as_ref()))
    }

    fn visit(&mut self, schema: &'a Value, references: &mut Vec<&'a str>) -> Result<(), ErrorResponse> {
        let Some(fields) = schema.as_object() else {
            return Err(self.refused("Schema should be an object"));
        };
        if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
            return self.follow(reference, references);
        }
        for union in ["anyOf", "allOf"] {
            if let Some(branches) = fields.get(union) {
                let branches =
                    branches.as_array().ok_or_else(|| self.refused(format!("'{union}' should be an array")))?;
                self.unions += usize::from(union == "anyOf");
                branches.iter().try_for_each(|branch| self.visit(branch, references))?;
            }
        }
        match fields.get("type") {
            Some(Value::String(kind)) => self.visit_typed(kind, fields, references),
            Some(Value::Array(kinds)) => {
                self.unions += 1;
                let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
                kinds.into_iter().try_for_each(|kind| self.visit_typed(kind, fields, references))
            }
            Some(_) => Err(self.refused("'type' should be a string or an array of strings")),
            None if ["anyOf", "allOf", "enum", "const"].iter().any(|key| fields.contains_key(*key)) => {
                self.only(fields, "any", &[])
            }
            None => Err(self.refused("Schema type is required")),
        }
    }

    fn follow(&mut self, reference: &'a str, references: &mut Vec<&'a str>) -> Result<(), ErrorResponse> {
        if references.contains(&reference) {
            return Err(
                self.refused(format!("Circular reference detected: {reference}. Recursive schemas are not supported"))
            );
        }
        let target = referenced(self.root, reference)
            .ok_or_else(|| self.refused(format!("Reference {reference} could not be resolved")))?;
        references.push(reference);
        self.visit(target, references)?;
        references.pop();
        Ok(())
    }

    fn visit_typed(
        &mut self,
        kind: &str,
        fields: &'a Map<String, Value>,
        references: &mut Vec<&'a str>,
    ) -> Result<(), ErrorResponse> {
        match kind {
            "object" => self.visit_object(fields, references),
            "array" => {
                self.only(fields, kind, &["items", "minItems"])?;
                if let Some(least) = fields.get("minItems")
                    && !matches!(least.as_u64(), Some(0 | 1))
                {
                    return Err(self.refused(format!(
                        "For 'array' type, 'minItems' values other than 0 or 1 are not supported (got: {least})"
                    )));
                }
                fields.get("items").map_or(Ok(()), |items| self.visit(items, references))
            }
            "string" => {
                self.only(fields, kind, &["format", "pattern"])?;
                match fields.get("format").and_then(Value::as_str) {
                    Some(format) if !STRING_FORMATS.contains(&format) => {
                        Err(self.refused(format!("For 'string' type, format '{format}' is not supported")))
                    }
                    _ => Ok(()),
                }
            }
            "integer" | "number" | "boolean" | "null" => self.only(fields, kind, &[]),
            _ => Err(self.refused(format!("Schema type '{kind}' is not supported"))),
        }
    }

    fn visit_object(
        &mut self,
        fields: &'a Map<String, Value>,
        references: &mut Vec<&'a str>,
    ) -> Result<(), ErrorResponse> {
        self.only(fields, "object", &["properties", "required", "additionalProperties"])?;
        match fields.get("additionalProperties") {
            Some(Value::Bool(false)) => {}
            None => {
                return Err(self.refused("For 'object' type, 'additionalProperties' must be explicitly set to false"));
            }
            Some(other) => {
                return Err(self.refused(format!(
                    "For 'object' type, 'additionalProperties: {other}' is not supported. Please set \
                     'additionalProperties' to false"
                )));
            }
        }
        let required: Vec<&str> =
            fields.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let no_properties = Map::new();
        let properties = fields.get("properties").and_then(Value::as_object);
        if let Some(absent) = required.iter().find(|name| !properties.unwrap_or(&no_properties).contains_key(**name)) {
            return Err(self.refused(format!("Required property '{absent}' is not defined in 'properties'")));
        }
        for (name, property) in properties.into_iter().flatten() {
            self.optional += usize::from(!required.contains(&name.as_str()));
            self.visit(property, references)?;
        }
        Ok(())
    }

    fn only(&self, fields: &Map<String, Value>, kind: &str, known: &[&str]) -> Result<(), ErrorResponse> {
        match fields.keys().find(|key| !COMMON.contains(&key.as_str()) && !known.contains(&key.as_str())) {
            Some(key) => Err(self.refused(format!("For '{kind}' type, property '{key}' is not supported"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_vendors_limits_hold() {
        let object =
            |properties: Value| json!({"type": "object", "additionalProperties": false, "properties": properties});
        let many = |schema: Value, count: usize| {
            object((0..count).map(|index| (format!("p{index}"), schema.clone())).collect::<Map<_, _>>().into())
        };
        let integer = json!({"type": "integer"});
        let accepted = [
            object(json!({"a": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": ["x"]}}})),
            object(json!({"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}})),
            many(integer.clone(), 24),
            json!({"$defs": {"n": {"type": "integer"}}, "type": "object", "additionalProperties": false,
                "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"$ref": "#/$defs/n"}}}),
        ];
        for schema in accepted {
            assert_eq!(check(&schema, "s"), Ok(()), "{schema}");
        }
        let refused = [
            json!({"type": "object", "properties": {}}),
            json!({"type": "object", "additionalProperties": true}),
            object(json!({"a": {"type": "integer", "minimum": 0}})),
            object(json!({"a": {"type": "number", "maximum": 1}})),
            object(json!({"a": {"type": "string", "minLength": 1}})),
            object(json!({"a": {"type": "array", "minItems": 4, "items": integer}})),
            object(json!({"a": {"type": "array", "maxItems": 4, "items": integer}})),
            object(json!({"a": {"type": "object", "properties": {}}})),
            many(integer.clone(), 25),
            many(json!({"type": ["integer", "null"]}), 17),
            json!({"$defs": {"n": object(json!({"child": {"$ref": "#/$defs/n"}}))}, "$ref": "#/$defs/n"}),
        ];
        for schema in refused {
            assert!(check(&schema, "s").is_err(), "{schema}");
        }
    }
}
