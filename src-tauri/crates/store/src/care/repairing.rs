//! Repairs a library: counts and indexes anew, or a new file with all that a damaged one still holds.

use std::fs;
use std::path::{Path, PathBuf};

use domain::care::LibraryRepair;
use rusqlite::{Connection, TransactionBehavior};
use tempfile::NamedTempFile;

use super::{checking, derived, salvaging};
use crate::migration::{MIGRATIONS, Versions};
use crate::{BUSY_TIMEOUT, Result, StoreError, opening};

/// Repairs the library at `path`, which must not be open anywhere else. A damaged file is kept as `aside`, with its log.
pub fn repair(path: &Path, aside: &Path) -> Result<LibraryRepair> {
    opening::check_identity(path)?;
    let connection = checking::reading(path)?;
    let is_damaged = !checking::damages(&connection, "quick_check").is_empty();
    drop(connection);
    if !is_damaged {
        return rebuild(path).map_err(|error| opening::explain(path, error));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |source| StoreError::File { path: folder.to_owned(), source };
    let new = tempfile::Builder::new().prefix(".repair-").suffix(".tmp").tempfile_in(folder).map_err(failed)?;
    let tables = salvaging::salvage(path, new.path())?;
    new.as_file().sync_all().map_err(failed)?;
    replace(path, new, aside)?;
    Ok(LibraryRepair::Saved { tables, kept_aside: aside.to_string_lossy().into_owned() })
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

/// Puts `new` in the place of the library at `path`. At every moment, the damaged file and its log are at one place or the
/// other, and `new` never has the log of the damaged file beside it.
fn replace(path: &Path, new: NamedTempFile, aside: &Path) -> Result<()> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    for ending in ["", "-wal"] {
        let (own, kept) = (opening::companion(path, ending), opening::companion(aside, ending));
        if own.exists() {
            fs::hard_link(&own, &kept).or_else(|_| fs::copy(&own, &kept).map(drop)).map_err(failed)?;
        }
    }
    sync_folder(path);
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(opening::companion(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    new.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(path);
    Ok(())
}

fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent()
        && let Err(error) = fs::File::open(folder).and_then(|folder| folder.sync_all())
    {
        tracing::debug!(%error, "the folder was not flushed");
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Where a damaged library is kept.
#[must_use]
pub fn aside_of(path: &Path, stamp: &str) -> PathBuf {
    opening::companion(path, &format!(".damaged-{stamp}"))
}
