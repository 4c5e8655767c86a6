//! A library file that comes from elsewhere, or goes.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::checking;
use crate::migration::Versions;
use crate::{Result, StoreError, opening, path_bytes};

/// Prepares the library file at `path`, which comes from a backup, for its new place: it must be intact and of a format that
/// is known, and what is in a folder of `moved`, or such a folder itself, is in the other one now. Returns its format.
pub fn settle(path: &Path, moved: &[(PathBuf, PathBuf)]) -> Result<u32> {
    opening::check(path)?;
    let connection = Connection::open(path)?;
    let damages = checking::damages(&connection, "quick_check");
    if let Some(damage) = damages.into_iter().next() {
        return Err(StoreError::Damaged { path: path.to_owned(), detail: damage });
    }
    let versions = Versions::of(&connection)?;
    versions.check()?;
    let transaction = connection.unchecked_transaction()?;
    for (from, to) in moved.iter().filter(|(from, to)| from != to) {
        for (table, column) in
            [("files", "path"), ("collections", "root"), ("run_roots", "path"), ("skipped_files", "path")]
        {
            if transaction.table_exists(None, table)? {
                // With the separator after it, so that no other folder is meant. A row that is there already stays.
                let [below, _] = [from, to].map(|folder| path_bytes::to_bytes(&folder.join("")));
                let [from, to] = [from, to].map(|folder| path_bytes::to_bytes(folder));
                let sql = format!(
                    "UPDATE OR IGNORE {table} SET {column} = CAST(?2 || substr({column}, length(?1) + 1) AS BLOB)
                     WHERE {column} = ?1 OR substr({column}, 1, length(?3)) = ?3"
                );
                transaction.execute(&sql, params![from, to, below])?;
            }
        }
    }
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(versions.found)
}

/// Adds to the library at `path` what the same library at `replaced` has spent beyond it, so that a cap still counts it.
pub fn keep_spending(path: &Path, replaced: &Path) -> Result<()> {
    let old = checking::reading(replaced)?;
    let connection = Connection::open(path)?;
    let id =
        |connection: &Connection| connection.query_row("SELECT id FROM library", [], |row| row.get::<_, String>(0));
    let has_spending = connection.table_exists(None, "spending")? && old.table_exists(None, "spending")?;
    if !has_spending || id(&old)? != id(&connection)? {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    {
        let mut statement = old.prepare("SELECT quarter_hour, settled + open FROM spending")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            transaction.execute(
                "INSERT INTO spending (quarter_hour, settled) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET settled = max(settled, excluded.settled - open)",
                params![row.get::<_, i64>(0)?, row.get::<_, i64>(1)?],
            )?;
        }
    }
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Whether another program, which does not know the lock, has the library at `path` open. Otherwise its log is in its file
/// afterwards. A damaged library counts as unused.
#[must_use]
pub fn is_in_use(path: &Path) -> bool {
    let checkpoint = || -> rusqlite::Result<()> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "wal_checkpoint", "truncate")?;
        connection.close().map_err(|(_, error)| error)
    };
    checkpoint().is_ok() && opening::companion(path, "-wal").exists()
}
