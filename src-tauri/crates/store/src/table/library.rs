//! What a library is told from others by.

use crate::{Result, View};

impl View<'_> {
    /// Given to the library when it was created; a copy of its file has the same.
    pub fn library_id(&self) -> Result<String> {
        Ok(self.0.query_row("SELECT id FROM library", [], |row| row.get(0))?)
    }
}
