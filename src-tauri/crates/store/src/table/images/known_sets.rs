//! Image sets that a connection has read before. After a change only the images that it affects are read again, so that the
//! counts beside the filters do not read a million annotations after every decision.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::id_set::IdSet;
use crate::Result;
use crate::table::all;

/// The most memory of the sets of a connection.
const MOST_BYTES: usize = 16 << 20;
/// After changes to more images, a set is read from the start: that takes less time than looking for each of them.
const MOST_CHANGED: usize = 500;

/// The sets of a connection that only reads, by the statements that they answer.
#[derive(Default)]
pub struct KnownSets(RefCell<Known>);

#[derive(Default)]
struct Known {
    sets: HashMap<String, KnownSet>,
    byte_len: usize,
    changes: Changes,
}

struct KnownSet {
    ids: IdSet,
    /// The number of the last commit that it includes.
    number: i64,
}

/// The images that commits up to `number` have changed, by the number of the commit after which they did.
#[derive(Default)]
struct Changes {
    number: i64,
    after: HashMap<i64, Option<Arc<[u32]>>>,
}

impl KnownSets {
    /// The set that `statement` selects in the snapshot that `connection` reads; `None` if it has to be read from the start.
    pub fn find(&self, connection: &Connection, statement: &str) -> Result<Option<IdSet>> {
        let number = commit_number(connection)?;
        let Known { sets, changes, .. } = &mut *self.0.borrow_mut();
        let Some(known) = sets.get_mut(statement) else { return Ok(None) };
        if known.number != number {
            let Some(changed) = changes.between(connection, known.number, number)? else { return Ok(None) };
            known.refresh(connection, statement, &changed)?;
            known.number = number;
        }
        Ok(Some(known.ids.clone()))
    }

    /// Adds what `statement` selects in the snapshot in which [`KnownSets::find`] found nothing.
    pub fn add(&self, connection: &Connection, statement: String, ids: &IdSet) -> Result<()> {
        let mut known = self.0.borrow_mut();
        let byte_len = statement.len() + ids.byte_len();
        if known.byte_len + byte_len > MOST_BYTES {
            known.sets.clear();
            known.byte_len = 0;
        }
        known.byte_len += byte_len;
        let set = KnownSet { ids: ids.clone(), number: commit_number(connection)? };
        known.sets.insert(statement, set);
        Ok(())
    }
}

impl KnownSet {
    /// Asks `statement` about the images that have changed.
    fn refresh(&mut self, connection: &Connection, statement: &str, changed: &[u32]) -> Result<()> {
        for &id in changed {
            self.ids.remove(id);
        }
        let listed: Vec<String> = changed.iter().map(ToString::to_string).collect();
        let among_changed =
            format!("WITH found (id) AS ({statement}) SELECT id FROM found WHERE id IN ({})", listed.join(", "));
        let mut statement = connection.prepare(&among_changed)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.ids.insert(row.get(0)?);
        }
        Ok(())
    }
}

impl Changes {
    /// The images that have changed after commit `after` and up to commit `number`; `None` if they are too many.
    fn between(&mut self, connection: &Connection, after: i64, number: i64) -> Result<Option<Arc<[u32]>>> {
        if self.number != number {
            *self = Self { number, after: HashMap::new() };
        }
        if let Some(changed) = self.after.get(&after) {
            return Ok(changed.clone());
        }
        let mut statement = connection.prepare_cached("SELECT image_id FROM set_changes WHERE number > ?1 LIMIT ?2")?;
        let changed: Vec<u32> = all(&mut statement, (after, MOST_CHANGED + 1), |row| Ok(row.get(0)?))?;
        let changed = (after < number && changed.len() <= MOST_CHANGED).then(|| changed.into());
        self.after.insert(after, changed.clone());
        Ok(changed)
    }
}

/// The number of the last commit that has changed a set.
fn commit_number(connection: &Connection) -> Result<i64> {
    Ok(connection.prepare_cached("SELECT number FROM commits")?.query_row([], |row| row.get(0))?)
}
