//! Repairs a library: rebuilds its counts and indexes, or writes a new file with everything that can be read of a damaged one.

use std::path::Path;

use domain::care::LibraryRepair;
use rusqlite::{Connection, TransactionBehavior};

use super::locking::ExclusiveLock;
use super::replacing::DATABASE;
use super::{checking, derived, salvaging};
use crate::migration::{MIGRATIONS, Versions};
use crate::{BUSY_TIMEOUT, Result, StoreError, opening};

/// Repairs the library at `path`. The content of a damaged file, or of one with broken references, is copied into a new one; the
/// old file is kept with its log in a folder named `aside`.
///
/// # Errors
///
/// [`StoreError::InUse`] if a process has the library open.
pub fn repair(path: &Path, aside: &str) -> Result<LibraryRepair> {
    opening::check_identity(path)?;
    let lock = ExclusiveLock::of(path)?;
    let connection = checking::reading(path)?;
    let is_intact = checking::damages(&connection, "quick_check").is_empty()
        && checking::broken_references(&connection).is_ok_and(|broken| broken.is_empty());
    drop(connection);
    if is_intact {
        return rebuild(path).map_err(|error| opening::explain(path, error));
    }
    let new = lock.new_folder()?.join(DATABASE);
    let tables = {
        let file = files::open_own(&new).map_err(StoreError::file(&new))?;
        let tables = salvaging::salvage(path, &new)?;
        file.sync_all().map_err(StoreError::file(&new))?;
        tables
    };
    let kept = lock.replace(path.parent().unwrap_or(Path::new(".")), &[], aside)?;
    let kept = kept.unwrap_or_default().join(path.file_name().unwrap_or_default());
    Ok(LibraryRepair::Saved { tables, kept_aside: kept.to_string_lossy().into_owned() })
}

fn rebuild(path: &Path) -> Result<LibraryRepair> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let transaction = rusqlite::Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch("REINDEX")?;
    let is_newest = Versions::of(&transaction)?.check()? >= MIGRATIONS.len();
    let differences = if is_newest { derived::recount(&transaction)? } else { Vec::new() };
    transaction.commit()?;
    Ok(LibraryRepair::Rebuilt { differences })
}
