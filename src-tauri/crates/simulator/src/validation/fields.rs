//! Reads one JSON object of a request: the allowed fields, and each field's type. Null counts as absent where the
//! vendor's types say `Optional`, which is every field that may be absent.

use serde_json::{Map, Value};

use crate::error::ErrorResponse;

/// An object of the request and the dotted path that names it in errors; the path of the body itself is empty.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, ErrorResponse> {
        let path = path.into();
        match value.as_object() {
            Some(object) => Ok(Self { object, path }),
            None => Err(ErrorResponse::invalid(format!("{}: Input should be an object", named(&path)))),
        }
    }

    pub(super) fn path(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    /// Refuses the first field that is not in the list.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ErrorResponse> {
        match self.object.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => Err(ErrorResponse::extra_input(&self.path(field))),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn required(&self, field: &str) -> Result<&'a Value, ErrorResponse> {
        self.get(field).ok_or_else(|| ErrorResponse::missing(&self.path(field)))
    }

    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>, ErrorResponse> {
        self.get(field).map(|value| value.as_str().ok_or_else(|| self.refused(field, "a valid string"))).transpose()
    }

    pub(super) fn required_text(&self, field: &str) -> Result<&'a str, ErrorResponse> {
        self.text(field)?.ok_or_else(|| ErrorResponse::missing(&self.path(field)))
    }

    pub(super) fn flag(&self, field: &str) -> Result<bool, ErrorResponse> {
        self.get(field).map_or(Ok(false), |value| value.as_bool().ok_or_else(|| self.refused(field, "a valid boolean")))
    }

    pub(super) fn number(&self, field: &str) -> Result<Option<f64>, ErrorResponse> {
        self.get(field).map(|value| value.as_f64().ok_or_else(|| self.refused(field, "a valid number"))).transpose()
    }

    pub(super) fn count(&self, field: &str) -> Result<Option<u64>, ErrorResponse> {
        self.get(field).map(|value| value.as_u64().ok_or_else(|| self.refused(field, "a valid integer"))).transpose()
    }

    pub(super) fn list(&self, field: &str) -> Result<Option<&'a Vec<Value>>, ErrorResponse> {
        self.get(field).map(|value| value.as_array().ok_or_else(|| self.refused(field, "a valid array"))).transpose()
    }

    pub(super) fn object(&self, field: &str) -> Result<Option<Self>, ErrorResponse> {
        self.get(field).map(|value| Fields::of(value, self.path(field))).transpose()
    }

    /// A string that must be one of these.
    pub(super) fn choice(&self, field: &str, allowed: &[&str]) -> Result<Option<&'a str>, ErrorResponse> {
        match self.text(field)? {
            Some(text) if !allowed.contains(&text) => {
                Err(self
                    .refused(field, &allowed.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" or ")))
            }
            other => Ok(other),
        }
    }

    pub(super) fn refused(&self, field: &str, expected: &str) -> ErrorResponse {
        ErrorResponse::invalid(format!("{}: Input should be {expected}", self.path(field)))
    }
}

fn named(path: &str) -> &str {
    if path.is_empty() { "body" } else { path }
}
