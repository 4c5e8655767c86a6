//! Enums of `domain` in columns: unit variants as their serde name, everything else as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Result, StoreError};

/// A unit variant as text: `Accepted` becomes `accepted`.
pub fn name_of<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        other => Err(StoreError::Corrupt { column: "a name", detail: format!("{other:?} is not a unit variant") }),
    }
}

pub fn from_name<T: DeserializeOwned>(column: &'static str, name: String) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(name))
        .map_err(|error| StoreError::Corrupt { column, detail: error.to_string() })
}

pub fn to_json<T: Serialize>(column: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { column, detail: error.to_string() })
}

pub fn from_json<T: DeserializeOwned>(column: &'static str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt { column, detail: error.to_string() })
}
