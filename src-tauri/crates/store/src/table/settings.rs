//! The settings of the library: one row.

use domain::settings::Settings;
use rusqlite::OptionalExtension;

use crate::code::{from_json, to_json};
use crate::{Edit, Result, View};

impl View<'_> {
    pub fn settings(&self) -> Result<Settings> {
        let body: Option<String> =
            self.0.query_row("SELECT body FROM settings WHERE id = 1", [], |row| row.get(0)).optional()?;
        body.map_or_else(|| Ok(Settings::default()), |body| from_json("settings.body", &body))
    }
}

impl Edit<'_> {
    pub fn save_settings(&self, settings: &Settings) -> Result<()> {
        self.0.0.execute(
            "INSERT INTO settings (id, body) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            [to_json("settings.body", settings)?],
        )?;
        Ok(())
    }
}
