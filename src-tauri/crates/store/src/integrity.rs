//! Integrity check of the library file.

use crate::{Result, View};

impl View<'_> {
    /// Problems that `SQLite` finds in the file; empty if it is intact. Reads every page, but does not compare indexes
    /// with their tables, which would take minutes in a large library.
    pub fn damages(&self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare("PRAGMA quick_check")?;
        let found = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }
}

/// The version of the bundled `SQLite`.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
