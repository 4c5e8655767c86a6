//! Settings of libraries from before `settings.toml`: one row.

use domain::settings::Settings;
use rusqlite::OptionalExtension;
use serde_json::Value;

use crate::code::from_json;
use crate::{Result, View};

impl View<'_> {
    /// `None` if none were stored.
    pub fn settings_of_older_library(&self) -> Result<Option<Settings>> {
        let body: Option<String> =
            self.0.query_row("SELECT body FROM settings WHERE id = 1", [], |row| row.get(0)).optional()?;
        let Some(body) = body else { return Ok(None) };
        let mut body: Value = from_json("settings.body", &body)?;
        if let Some(concurrency) = body.as_object_mut().and_then(|body| body.remove("concurrency")) {
            body["run"] = serde_json::json!({ "concurrency": concurrency });
        }
        from_json("settings.body", &body.to_string()).map(Some)
    }
}
