//! Commands that a person has agreed to have run, each at one event and for a library in one folder.

use std::path::Path;

use domain::hooks::HookEvent;
use rusqlite::params;

use crate::code::name_of;
use crate::path_bytes::to_bytes;
use crate::{Edit, Result, View};

impl View<'_> {
    /// Whether exactly `command` was agreed to at `event`, for the library in `folder`.
    pub fn is_hook_agreed(&self, event: HookEvent, command: &str, folder: &Path) -> Result<bool> {
        let mut statement = self.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM hook_agreements WHERE event = ?1 AND command = ?2 AND folder = ?3)",
        )?;
        Ok(statement.query_row(params![name_of(&event)?, command, to_bytes(folder)], |row| row.get(0))?)
    }
}

impl Edit<'_> {
    pub fn agree_to_hook(&self, event: HookEvent, command: &str, folder: &Path, now: u64) -> Result<()> {
        self.0.0.execute(
            "INSERT INTO hook_agreements (event, command, folder, agreed_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            params![name_of(&event)?, command, to_bytes(folder), now],
        )?;
        Ok(())
    }
}
