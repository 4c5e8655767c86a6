//! Walks one JSON object of a request: which fields it may have, and each field's type. Null counts as absent where the
//! vendor's types say `Optional`, which is every field that may be absent.

use serde_json::{Map, Value};

use crate::error::Refusal;

/// An object of the request and the dotted path that refusals name it by; the path of the body itself is empty.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, Refusal> {
        let path = path.into();
        match value.as_object() {
            Some(object) => Ok(Self { object, path }),
            None => Err(Refusal::invalid(format!("{}: Input should be an object", named(&path)))),
        }
    }

    pub(super) fn path(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    /// Refuses the first field that is not in the list.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.object.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => Err(Refusal::extra_input(&self.path(field))),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn required(&self, field: &str) -> Result<&'a Value, Refusal> {
        self.get(field).ok_or_else(|| Refusal::missing(&self.path(field)))
    }

    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>, Refusal> {
        self.get(field).map(|value| value.as_str().ok_or_else(|| self.refused(field, "a valid string"))).transpose()
    }

    pub(super) fn required_text(&self, field: &str) -> Result<&'a str, Refusal> {
        self.text(field)?.ok_or_else(|| Refusal::missing(&self.path(field)))
    }

    pub(super) fn flag(&self, field: &str) -> Result<bool, Refusal> {
        self.get(field).map_or(Ok(false), |value| value.as_bool().ok_or_else(|| self.refused(field, "a valid boolean")))
    }

    pub(super) fn number(&self, field: &str) -> Result<Option<f64>, Refusal> {
        self.get(field).map(|value| value.as_f64().ok_or_else(|| self.refused(field, "a valid number"))).transpose()
    }

    pub(super) fn count(&self, field: &str) -> Result<Option<u64>, Refusal> {
        self.get(field).map(|value| value.as_u64().ok_or_else(|| self.refused(field, "a valid integer"))).transpose()
    }

    pub(super) fn list(&self, field: &str) -> Result<Option<&'a Vec<Value>>, Refusal> {
        self.get(field).map(|value| value.as_array().ok_or_else(|| self.refused(field, "a valid array"))).transpose()
    }

    pub(super) fn object(&self, field: &str) -> Result<Option<Self>, Refusal> {
        self.get(field).map(|value| Fields::of(value, self.path(field))).transpose()
    }

    /// A string that must be one of a few.
    pub(super) fn choice(&self, field: &str, allowed: &[&str]) -> Result<Option<&'a str>, Refusal> {
        match self.text(field)? {
            Some(text) if !allowed.contains(&text) => {
                Err(self
                    .refused(field, &allowed.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" or ")))
            }
            other => Ok(other),
        }
    }

    pub(super) fn refused(&self, field: &str, expected: &str) -> Refusal {
        Refusal::invalid(format!("{}: Input should be {expected}", self.path(field)))
    }
}

fn named(path: &str) -> &str {
    if path.is_empty() { "body" } else { path }
}
