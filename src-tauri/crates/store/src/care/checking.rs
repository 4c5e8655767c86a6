//! Checks of the file of a library, which only read.

use std::path::Path;

use domain::care::{LibraryCheck, TableRows};
use rusqlite::{Connection, OpenFlags};

use super::derived;
use crate::migration::{self, MIGRATIONS, Versions};
use crate::{BUSY_TIMEOUT, Result, StoreError, View, opening};

/// Damages that are listed.
const LISTED: usize = 100;

/// Checks the library at `path` itself: pages, indexes, references, derived counts. Others may use it meanwhile.
pub fn check_file(path: &Path) -> Result<LibraryCheck> {
    if !opening::exists(path) {
        return Err(StoreError::file(path)(std::io::ErrorKind::NotFound.into()));
    }
    opening::check(path)?;
    check_connection(path).map_err(|error| opening::explain(path, error))
}

fn check_connection(path: &Path) -> Result<LibraryCheck> {
    let connection = reading(path)?;
    // One state for all checks.
    let connection = connection.unchecked_transaction()?;
    let versions = Versions::of(&connection)?;
    let mut check = LibraryCheck {
        format: versions.found,
        is_outdated: versions.check()? < MIGRATIONS.len(),
        damages: damages(&connection, "integrity_check"),
        ..LibraryCheck::default()
    };
    match broken_references(&connection) {
        Ok(broken) => check.broken_references = broken,
        Err(error) if check.damages.is_empty() => check.damages.push(error.to_string()),
        Err(_) => {}
    }
    if !check.is_outdated {
        match derived::differences(&connection) {
            Ok(differences) => check.differences = differences,
            Err(error) if check.damages.is_empty() => check.damages.push(error.to_string()),
            Err(_) => {}
        }
    }
    check.is_database_sound =
        check.damages.is_empty() && check.broken_references.is_empty() && check.differences.is_empty();
    Ok(check)
}

/// Asks the library at `path`, which is in the newest format, without opening it for writing.
pub fn read_only<T>(path: &Path, question: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
    let connection = reading(path)?;
    let transaction = connection.unchecked_transaction()?;
    question(&View(&transaction, None))
}

/// Whether the library at `path` is in the newest format, so that opening it changes nothing.
pub fn is_current(path: &Path) -> Result<bool> {
    Ok(migration::outdated(&reading(path)?)?.is_none())
}

/// A connection that only reads, also a library whose log is not in its file yet.
pub fn reading(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// What `SQLite` finds wrong; `pragma` is `quick_check`, or `integrity_check`, which compares indexes with tables as well.
pub fn damages(connection: &Connection, pragma: &str) -> Vec<String> {
    let found = || {
        let mut statement = connection.prepare(&format!("PRAGMA {pragma}({LISTED})"))?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
    };
    match found() {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
        Err(error) => vec![error.to_string()],
    }
}

pub fn broken_references(connection: &Connection) -> Result<Vec<TableRows>> {
    let mut statement = connection
        .prepare("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY \"table\" ORDER BY \"table\"")?;
    let broken = statement.query_map([], |row| Ok(TableRows { table: row.get(0)?, rows: row.get(1)? }))?;
    Ok(broken.collect::<rusqlite::Result<_>>()?)
}
