//! Integrity check of the library file.

use crate::View;
use crate::care::checking;

impl View<'_> {
    /// Problems that `SQLite` finds in the file; empty if it is intact. Reads every page, but does not compare indexes
    /// with their tables, which would take minutes in a large library.
    #[must_use]
    pub fn damages(&self) -> Vec<String> {
        checking::damages(self.0, "quick_check")
    }
}

/// The version of the bundled `SQLite`.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
