//! Identity of the library.

use crate::{Result, View};

impl View<'_> {
    /// Created with the library; a copy of its file has the same.
    pub fn library_id(&self) -> Result<String> {
        Ok(self.0.query_row("SELECT id FROM library", [], |row| row.get(0))?)
    }
}
