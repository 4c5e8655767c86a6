//! Settings of libraries from before `settings.toml`: one row.

use rusqlite::OptionalExtension;
use serde_json::Value;

use crate::code::from_json;
use crate::{Result, View};

impl View<'_> {
    /// As the settings of that time were called; `None` where nothing was set, or never here.
    pub fn settings_of_older_library(&self) -> Result<Option<Value>> {
        let body: Option<String> =
            self.0.query_row("SELECT body FROM settings WHERE id = 1", [], |row| row.get(0)).optional()?;
        let Some(body) = body else { return Ok(None) };
        let mut body: Value = from_json("settings.body", &body)?;
        if let Some(concurrency) = body.as_object_mut().and_then(|body| body.remove("concurrency")) {
            body["run"] = serde_json::json!({ "concurrency": concurrency });
        }
        if let Some(body) = body.as_object_mut() {
            body.retain(|_, value| !value.is_null());
        }
        Ok(Some(body))
    }
}
