//! A library file that comes from elsewhere, or goes.

use std::path::Path;

use rusqlite::{Connection, params};

use super::checking;
use crate::migration::Versions;
use crate::{Result, StoreError, opening, path_bytes};

/// Prepares the library file at `path`, which comes from a backup, for its new place: it must be intact and of a format that
/// is known, and paths below `from` are below `to` now. Returns its format.
pub fn settle(path: &Path, moved: Option<(&Path, &Path)>) -> Result<u32> {
    opening::check(path)?;
    let connection = Connection::open(path)?;
    let damages = checking::damages(&connection, "quick_check");
    if let Some(damage) = damages.into_iter().next() {
        return Err(StoreError::Damaged { path: path.to_owned(), detail: damage });
    }
    let versions = Versions::of(&connection)?;
    versions.check()?;
    if let Some((from, to)) = moved.filter(|(from, to)| from != to) {
        let transaction = connection.unchecked_transaction()?;
        for (table, column) in
            [("files", "path"), ("collections", "root"), ("run_roots", "path"), ("skipped_files", "path")]
        {
            if !transaction.table_exists(None, table)? {
                continue;
            }
            // With the separator after it, so that no other folder is meant.
            let [from, to] = [from, to].map(|folder| path_bytes::to_bytes(&folder.join("")));
            let sql = format!(
                "UPDATE OR REPLACE {table} SET {column} = CAST(?2 || substr({column}, ?3 + 1) AS BLOB)
                 WHERE substr({column}, 1, ?3) = ?1"
            );
            transaction.execute(&sql, params![from, to, from.len()])?;
        }
        transaction.commit()?;
    }
    connection.close().map_err(|(_, error)| error)?;
    Ok(versions.found)
}

/// Whether another process has the library at `path` open. Otherwise its log is in its file afterwards. A damaged library
/// counts as unused.
#[must_use]
pub fn is_in_use(path: &Path) -> bool {
    let checkpoint = || -> rusqlite::Result<()> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "wal_checkpoint", "truncate")?;
        connection.close().map_err(|(_, error)| error)
    };
    checkpoint().is_ok() && opening::companion(path, "-wal").exists()
}
