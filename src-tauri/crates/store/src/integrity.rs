//! Whether the library's file is sound.

use crate::{Result, View};

impl View<'_> {
    /// What `SQLite` finds wrong with the file, in its own words; nothing when it is sound. Looks at every page, but does not
    /// compare indexes with their tables, which would take minutes in a large library.
    pub fn damages(&self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare("PRAGMA quick_check")?;
        let found = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }
}

/// The version of the `SQLite` that is built in.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
