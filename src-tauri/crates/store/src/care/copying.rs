//! Copies of a library that is in use: whole, compact and private to their owner.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, ErrorCode};
use tempfile::NamedTempFile;

use super::unfinished;
use crate::{Result, StoreError, opening};

/// Copies from before migrations that are kept.
const KEPT: usize = 2;
/// Held while a copy is made and the library is migrated.
const LOCK: &str = "migration.lock";

/// Writes a copy of the library into a new temporary file beside it. Other connections may write meanwhile.
pub fn copy(connection: &Connection, library: &Path) -> Result<NamedTempFile> {
    // `SQLite` fills an empty file, which is private from its first moment on.
    let copy = unfinished::new_file(library)?;
    connection.execute("VACUUM INTO ?1", [opening::address(copy.path())])?;
    copy.as_file().sync_all().map_err(StoreError::file(copy.path()))?;
    Ok(copy)
}

/// Copies the library, which has the format `version`, to `folder` before it is migrated. The returned lock keeps other
/// processes from doing the same until it is dropped.
pub fn copy_before_migration(
    connection: &Connection,
    library: &Path,
    folder: &Path,
    outdated: impl Fn(&Connection) -> Result<Option<u32>>,
) -> Result<File> {
    let refused = |error: StoreError| no_copy(connection, folder, &error);
    files::create_private_folder(folder).map_err(StoreError::file(folder)).map_err(refused)?;
    let lock = File::create(folder.join(LOCK)).map_err(StoreError::file(folder)).map_err(refused)?;
    lock.lock().map_err(StoreError::file(folder)).map_err(refused)?;
    // Another process may have migrated it meanwhile.
    let Some(version) = outdated(connection)? else { return Ok(lock) };
    let copy = copy(connection, library).map_err(refused)?;
    let name = folder.join(format!("format-{version}.sqlite"));
    copy.persist(name).map_err(|error| StoreError::file(folder)(error.error)).map_err(refused)?;
    unfinished::remove_empty(library);
    files::sync(folder).map_err(StoreError::file(folder)).map_err(refused)?;
    for (_, path) in copies(folder).into_iter().skip(KEPT) {
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "an old copy of the library was not removed");
        }
    }
    Ok(lock)
}

/// The copies in `folder`, the newest first.
#[must_use]
pub fn copies(folder: &Path) -> Vec<(SystemTime, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut copies: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_copy))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    copies.sort_by(|a, b| b.cmp(a));
    copies
}

fn is_copy(name: &str) -> bool {
    let number = name.strip_prefix("format-").and_then(|rest| rest.strip_suffix(".sqlite"));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

fn no_copy(connection: &Connection, folder: &Path, error: &StoreError) -> StoreError {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0)).unwrap_or_default();
    let is_full = match error {
        StoreError::File { source, .. } => {
            matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
            )
        }
        StoreError::Sqlite(source) => source.sqlite_error_code() == Some(ErrorCode::DiskFull),
        _ => false,
    };
    StoreError::NoCopy {
        folder: folder.to_owned(),
        bytes: pragma("page_count") * pragma("page_size"),
        detail: error.to_string(),
        is_full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::migration::{MIGRATIONS, Versions};

    /// A library in an older format with one recognizable row.
    fn older(path: &Path, version: usize) {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        for migration in &MIGRATIONS[..version] {
            connection.execute_batch(migration.sql).unwrap();
        }
        connection.pragma_update(None, "user_version", version).unwrap();
        connection.execute("INSERT INTO workers (token, process_id, began_at) VALUES ('kept', 1, 1)", []).unwrap();
        connection.close().unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_older_library_is_copied_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let (path, kept) = (folder.path().join("library.sqlite"), folder.path().join("backups"));
        for version in [33, 34, 35] {
            older(&path, version);
            if version == 35 {
                // As after a process was killed.
                fs::create_dir(unfinished::folder_of(&path)).unwrap();
                fs::write(unfinished::folder_of(&path).join("copy-1.sqlite"), "half").unwrap();
            }
            drop(Store::open(&path).unwrap());
            let copy = Connection::open(kept.join(format!("format-{version}.sqlite"))).unwrap();
            assert_eq!(Versions::of(&copy).unwrap().found as usize, version);
            assert_eq!(copy.query_row("SELECT token FROM workers", [], |row| row.get::<_, String>(0)).unwrap(), "kept");
            assert_eq!(copy.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
            // The format that is current needs no copy.
            drop(Store::open(&path).unwrap());
            assert!(!unfinished::folder_of(&path).exists());
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(
            names(&kept),
            ["format-34.sqlite", "format-35.sqlite", LOCK],
            "the newest two, and nothing unfinished"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!([mode(&kept), mode(&kept.join("format-35.sqlite"))], [0o700, 0o600]);
        }
    }

    #[test]
    fn a_library_that_cannot_be_copied_is_not_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        older(&path, 33);
        fs::write(folder.path().join("backups"), "a file of the user").unwrap();
        let Err(error) = Store::open(&path) else { panic!("it was migrated without a copy") };
        let told = error.to_string();
        assert!(told.contains("MB") && told.contains("backups") && told.contains("not changed"), "{told}");
        let connection = Connection::open(&path).unwrap();
        assert_eq!(Versions::of(&connection).unwrap().found, 33);
        connection.close().unwrap();
        assert_eq!(names(folder.path()), ["backups", "library.sqlite", "library.sqlite-lock"]);
    }

    #[test]
    fn a_new_library_needs_no_copy() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(&folder.path().join("library.sqlite")).unwrap());
        assert_eq!(names(folder.path()), ["library.sqlite", "library.sqlite-lock"]);
    }
}
