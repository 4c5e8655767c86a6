//! Image sets that a connection has read before. They are used until the library changes, so that the counts beside the filters
//! do not read a million annotations for every question.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::Connection;

use super::id_set::IdSet;
use crate::Result;

/// The most memory of the sets of a connection.
const MOST_BYTES: usize = 16 << 20;

/// The sets of a connection that only reads, by the statements that they answer.
#[derive(Default)]
pub struct KnownSets(RefCell<Known>);

#[derive(Default)]
struct Known {
    /// `PRAGMA data_version`, which changes with every commit of another connection.
    version: i64,
    sets: HashMap<String, IdSet>,
    byte_len: usize,
}

impl KnownSets {
    /// The set that `statement` selects in the snapshot that `connection` reads.
    pub fn find(&self, connection: &Connection, statement: &str) -> Result<Option<IdSet>> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let mut known = self.0.borrow_mut();
        if known.version != version {
            *known = Known { version, ..Known::default() };
        }
        Ok(known.sets.get(statement).cloned())
    }

    /// Adds what `statement` selects in the snapshot in which [`KnownSets::find`] found nothing.
    pub fn add(&self, statement: String, set: &IdSet) {
        let mut known = self.0.borrow_mut();
        let byte_len = statement.len() + set.byte_len();
        if known.byte_len + byte_len > MOST_BYTES {
            known.sets.clear();
            known.byte_len = 0;
        }
        known.byte_len += byte_len;
        known.sets.insert(statement, set.clone());
    }
}
