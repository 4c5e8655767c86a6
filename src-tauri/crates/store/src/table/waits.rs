//! What kept runs waiting: a row for each wait reason that a run met, over all its sessions.

use domain::diagnosis::Wait;
use domain::ids::RunId;
use rusqlite::params;

use super::all;
use crate::code::{from_name, name_of};
use crate::{Edit, Result, View};

impl View<'_> {
    /// The longest first.
    pub fn waits_of_run(&self, run: RunId) -> Result<Vec<Wait>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT wait_reason, millis, limit_at FROM waits WHERE run_id = ?1 ORDER BY millis DESC")?;
        all(&mut statement, [run.0], |row| {
            Ok(Wait {
                wait_reason: from_name("waits.wait_reason", row.get(0)?)?,
                millis: row.get(1)?,
                limit: row.get(2)?,
            })
        })
    }
}

impl Edit<'_> {
    /// Adds what `run` waited since the last note.
    pub fn add_waits(&self, run: RunId, waits: &[Wait]) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO waits (run_id, wait_reason, millis, limit_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET millis = millis + excluded.millis,
                 limit_at = coalesce(excluded.limit_at, limit_at)",
        )?;
        for wait in waits {
            statement.execute(params![run.0, name_of(&wait.wait_reason)?, wait.millis, wait.limit])?;
        }
        Ok(())
    }
}
