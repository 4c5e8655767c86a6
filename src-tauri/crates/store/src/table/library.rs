//! The library as a whole.

use domain::care::LibraryCounts;
use domain::money::PicoDollars;

use crate::{Result, View};

impl View<'_> {
    /// Created with the library; a copy of its file has the same.
    pub fn library_id(&self) -> Result<String> {
        Ok(self.0.query_row("SELECT id FROM library", [], |row| row.get(0))?)
    }

    /// The version of the format.
    pub fn format(&self) -> Result<u32> {
        Ok(self.0.pragma_query_value(None, "user_version", |row| row.get(0))?)
    }

    pub fn library_counts(&self) -> Result<LibraryCounts> {
        let sql = "SELECT (SELECT count(*) FROM images WHERE NOT is_removed),
                (SELECT count(*) FROM annotations),
                (SELECT count(*) FROM annotations WHERE status IN ('accepted', 'edited', 'rejected')),
                (SELECT count(*) FROM runs WHERE kind = 'run'),
                (SELECT coalesce(sum(paid), 0) FROM attempts)
                    + (SELECT coalesce(sum(paid), 0) FROM calibration_requests)";
        Ok(self.0.query_row(sql, [], |row| {
            Ok(LibraryCounts {
                images: row.get(0)?,
                annotations: row.get(1)?,
                decisions: row.get(2)?,
                runs: row.get(3)?,
                paid: PicoDollars(row.get(4)?),
            })
        })?)
    }

    /// Bytes of the database, and of its pages that nothing uses.
    pub fn page_bytes(&self) -> Result<(u64, u64)> {
        let pragma = |name| self.0.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        let size = pragma("page_size")?;
        Ok((pragma("page_count")? * size, pragma("freelist_count")? * size))
    }
}
