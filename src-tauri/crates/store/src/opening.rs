//! Checks before a library is opened, and errors that explain why it cannot be. A file that is not a library stays
//! unchanged and gets no companion files: it is read by an immutable connection, which takes no locks.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, TransactionBehavior, ffi};

use crate::migration::Versions;
use crate::{BUSY_TIMEOUT, Result, StoreError};

/// "FMRK": identifies libraries among `SQLite` files.
pub const APPLICATION_ID: u32 = 0x464D_524B;
/// Tables since the first version, which had no application id.
const FIRST_TABLES: [&str; 6] = ["attempts", "collection_images", "images", "jobs", "label_counts", "skipped_files"];
/// The smallest page of `SQLite`, in bytes.
const SHORTEST: u64 = 512;
/// Another process may be in the middle of a checkpoint.
const LOOKS: u32 = 5;

/// Whether `path` exists and is not an empty file.
#[must_use]
pub fn exists(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() || metadata.len() > 0)
}

/// Refuses files that are not libraries or require a newer program (see [`crate::migration`]), and restricts others to
/// their owner. Creates an empty file if there is none.
pub fn prepare(path: &Path) -> Result<()> {
    let unopened = |source| StoreError::File { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(foreign(path, "it is not a regular file")),
        // `SQLite` treats a file of less than a page as an empty database and overwrites it.
        Ok(metadata) if (1..SHORTEST).contains(&metadata.len()) => {
            return Err(foreign(path, "it is not an SQLite database"));
        }
        Ok(metadata) if metadata.len() > 0 => check(path)?,
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => match private_file(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(unopened(error)),
            _ => {}
        },
        Err(error) => return Err(unopened(error)),
    }
    for ending in [""].into_iter().chain(COMPANIONS) {
        make_private(&companion(path, ending));
    }
    Ok(())
}

/// Sets the application id of a new library. Before the switch to WAL, so that it is in the file itself.
pub fn set_application_id(connection: &Connection, path: &Path) -> Result<()> {
    if connection.is_readonly(MAIN_DB)? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    let is_new = || -> rusqlite::Result<bool> {
        let id: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(id == 0 && version == 0)
    };
    if is_new()? {
        let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        if is_new()? {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Fails if the file system cannot share memory between processes: `SQLite` then silently keeps another journal mode.
pub fn check_wal(connection: &Connection, path: &Path) -> Result<()> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { Err(StoreError::NoWal { path: path.to_owned() }) }
}

/// `error` with an explanation of what to do.
pub fn explain(path: &Path, error: StoreError) -> StoreError {
    let (StoreError::Open { source, .. } | StoreError::Sqlite(source)) = &error else { return error };
    let rusqlite::Error::SqliteFailure(failure, _) = source else { return error };
    let path = path.to_owned();
    match failure.code {
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly { path },
        // The file can be opened, so its companion files cannot be created.
        ErrorCode::CannotOpen if exists(&path) => StoreError::ReadOnly { path },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            StoreError::Locked { path }
        }
        ErrorCode::NotADatabase => foreign(&path, "it is not an SQLite database"),
        ErrorCode::DatabaseCorrupt => StoreError::Damaged { path, detail: source.to_string() },
        ErrorCode::SystemIoFailure
            if matches!(
                failure.extended_code,
                ffi::SQLITE_IOERR_SHMOPEN
                    | ffi::SQLITE_IOERR_SHMSIZE
                    | ffi::SQLITE_IOERR_SHMLOCK
                    | ffi::SQLITE_IOERR_SHMMAP
                    | ffi::SQLITE_IOERR_LOCK
            ) =>
        {
            StoreError::NoWal { path }
        }
        _ => error,
    }
}

/// Refuses a file that is not a library, even if the rest of it is damaged.
pub fn check_identity(path: &Path) -> Result<()> {
    if is_marked(path) { Ok(()) } else { check(path) }
}

/// Refuses a file that is not a library, or that requires a newer program.
pub fn check(path: &Path) -> Result<()> {
    let mut look = look(path);
    for _ in 1..LOOKS {
        if !is_corrupt(&look) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        look = self::look(path);
    }
    let has_log = exists(&companion(path, "-wal"));
    if has_log && is_corrupt(&look) && is_marked(path) {
        // A checkpoint was cut short, by a full disk or the end of a process: the file is whole only with its log, which an
        // immutable connection does not read. Opening it completes the checkpoint.
        return Ok(());
    }
    let mut look = look.map_err(|source| explain(path, StoreError::Open { path: path.to_owned(), source }))?;
    if look.kind() == Kind::Unknown && has_log {
        // Whatever it is, all of it is still in its log.
        look = look_at_copy(path)?;
    }
    match look.kind() {
        Kind::Library | Kind::Unknown => {}
        Kind::Foreign => return Err(foreign(path, "it belongs to another program")),
    }
    look.versions.check()?;
    Ok(())
}

fn is_corrupt<T>(look: &rusqlite::Result<T>) -> bool {
    matches!(look, Err(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == ErrorCode::DatabaseCorrupt)
}

/// Whether the header of the file at `path` says that it is a library.
fn is_marked(path: &Path) -> bool {
    /// Where the header of a database has its application id (section 1.3 of `SQLite`'s file format).
    const PLACE: usize = 68;
    let mut header = [0; PLACE + size_of::<u32>()];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header.ends_with(&APPLICATION_ID.to_be_bytes())
}

/// The identification of a database.
struct Look {
    application_id: u32,
    versions: Versions,
    tables: Vec<String>,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Library,
    Foreign,
    /// Still empty.
    Unknown,
}

impl Look {
    fn kind(&self) -> Kind {
        match self.application_id {
            APPLICATION_ID => Kind::Library,
            0 if self.tables.is_empty() => Kind::Unknown,
            0 if self.versions.found > 0
                && FIRST_TABLES.iter().all(|table| self.tables.iter().any(|own| own == table)) =>
            {
                Kind::Library
            }
            _ => Kind::Foreign,
        }
    }
}

fn look(path: &Path) -> rusqlite::Result<Look> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    look_through(&Connection::open_with_flags(immutable(path), flags)?)
}

fn look_through(connection: &Connection) -> rusqlite::Result<Look> {
    let application_id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let versions = Versions::of(connection)?;
    let mut tables = Vec::new();
    if application_id == 0 {
        let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        tables = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    }
    Ok(Look { application_id, versions, tables })
}

/// Reads a copy of the file and its log, which may be changed.
fn look_at_copy(path: &Path) -> Result<Look> {
    let unread = |source| StoreError::File { path: path.to_owned(), source };
    let folder = tempfile::tempdir().map_err(unread)?;
    let copy = folder.path().join("copy");
    for ending in ["", "-wal"] {
        fs::copy(companion(path, ending), companion(&copy, ending)).map_err(unread)?;
    }
    let connection = Connection::open(&copy)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(look_through(&connection)?)
}

/// A URI that `SQLite` reads without locks, log and companion files.
fn immutable(path: &Path) -> String {
    address(path) + "?immutable=1"
}

/// `path` as a URI, for paths that are not text.
pub fn address(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut address = String::from(if cfg!(windows) { "file:/" } else { "file:" });
    for &byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => address.push('/'),
            b'/' | b'.' | b'-' | b'_' | b':' => address.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => address.push(byte.into()),
            _ => address.extend(["%".to_owned(), format!("{byte:02X}")]),
        }
    }
    address
}

/// What `SQLite` and the lock add to the name of a library.
pub const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-lock"];

/// The file beside the library at `path` with this ending.
#[must_use]
pub fn companion(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn foreign(path: &Path, reason: &'static str) -> StoreError {
    StoreError::NotALibrary { path: path.to_owned(), reason }
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

/// Removes other users' permissions. Silently fails for files of other owners.
#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(metadata) = fs::metadata(path)
        && metadata.permissions().mode() & 0o077 != 0
        && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(metadata.permissions().mode() & 0o700))
    {
        tracing::debug!(%error, path = %path.display(), "others may still read it");
    }
}

#[cfg(not(unix))]
fn make_private(_path: &Path) {}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests have threads of their own")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Store;
    use crate::migration::MIGRATIONS;

    fn contents(folder: &Path) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_file())
            .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
            .collect()
    }

    fn refusal(path: &Path) -> String {
        let before = contents(path.parent().unwrap());
        let Err(error) = Store::open(path) else { panic!("{} was opened", path.display()) };
        assert!(contents(path.parent().unwrap()) == before, "nothing is changed or created: {error}");
        error.to_string()
    }

    #[test]
    fn a_file_of_another_program_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd %23?#name é.db");
        for (sql, mode) in [
            ("CREATE TABLE notes (text)", "delete"),
            ("PRAGMA application_id = 252006675", "delete"),
            ("PRAGMA user_version = 3; CREATE TABLE images (id); CREATE TABLE runs (id)", "delete"),
            ("CREATE TABLE notes (text); INSERT INTO notes VALUES ('x')", "wal"),
        ] {
            let connection = Connection::open(&path).unwrap();
            connection.pragma_update(None, "journal_mode", mode).unwrap();
            connection.execute_batch(sql).unwrap();
            connection.close().unwrap();
            let told = refusal(&path);
            assert!(told.contains("belongs to another program"), "{sql}: {told}");
            fs::remove_file(&path).unwrap();
        }
        fs::write(&path, "Dear diary, this is a text of some length, and it has no tables in it at all.".repeat(20))
            .unwrap();
        assert!(refusal(&path).contains("not an SQLite database"));
        fs::write(&path, "x").unwrap();
        assert!(refusal(&path).contains("not an SQLite database"));
    }

    #[test]
    fn a_database_of_another_program_that_is_in_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.db");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch("CREATE TABLE notes (text)").unwrap();
        // All content is in the log.
        assert!(refusal(&path).contains("belongs to another program"));
        drop(connection);
    }

    #[test]
    fn a_folder_or_a_device_is_not_a_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photos");
        fs::create_dir(&path).unwrap();
        assert!(refusal(&path).contains("not a regular file"));
        assert!(Store::open(Path::new("/dev/null")).is_err());
    }

    #[test]
    fn a_newer_library_that_this_program_must_not_use_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        for newer in [
            "PRAGMA user_version = 99; UPDATE library SET required_version = 99",
            // As older programs left it, without a required version.
            "PRAGMA user_version = 99; ALTER TABLE library DROP COLUMN required_version",
        ] {
            drop(Store::open(&path).unwrap());
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(newer).unwrap();
            connection.close().unwrap();
            let told = refusal(&path);
            assert!(told.contains("newer Fieldmark") && !told.contains("backup"), "{told}");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_library_of_the_first_version_is_known_by_its_tables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch(MIGRATIONS[0].sql).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        // As after a crash: all content is in the log.
        let crashed = folder.path().join("crashed.sqlite");
        for ending in ["", "-wal"] {
            fs::copy(companion(&path, ending), companion(&crashed, ending)).unwrap();
        }
        connection.close().unwrap();
        for path in [path, crashed] {
            drop(Store::open(&path).unwrap());
            assert!(look(&path).unwrap().application_id == APPLICATION_ID);
        }
    }

    /// As where the disk was full, or the process was killed, when the log was being written back.
    #[test]
    fn a_library_whose_checkpoint_was_cut_short_is_whole_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        let store = Store::open(&path).unwrap();
        store.write_blocking(|edit| edit.add_worker("token", 7, 1)).unwrap();
        let [mut file, log] = ["", "-wal"].map(|ending| fs::read(companion(&path, ending)).unwrap());
        drop(store);
        let (page, whole) = (4096, fs::read(&path).unwrap());
        file[..page].copy_from_slice(&whole[..page]);

        let cut_short = folder.path().join("cut short.sqlite");
        fs::write(&cut_short, &file).unwrap();
        assert!(refusal(&cut_short).contains("damaged"), "without its log it is not whole");
        fs::write(companion(&cut_short, "-wal"), &log).unwrap();
        let store = Store::open(&cut_short).unwrap();
        let workers = store.read_blocking(|view| view.workers()).unwrap();
        assert_eq!(workers.iter().map(|worker| worker.token.as_str()).collect::<Vec<_>>(), ["token"]);
    }

    #[test]
    fn why_a_library_cannot_be_used_comes_with_advice_that_fits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        // SQLite's only file system without shared memory, as on network drives.
        let address = format!("file:{}?vfs=unix-dotfile", path.display());
        let without_memory = Connection::open(address).unwrap();
        without_memory.pragma_update(None, "journal_mode", "wal").unwrap();
        let told = check_wal(&without_memory, &path).unwrap_err().to_string();
        assert!(told.contains("local disk"), "{told}");
        drop(without_memory);

        drop(Store::open(&path).unwrap());
        let read_only = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let told = set_application_id(&read_only, &path).unwrap_err().to_string();
        assert!(told.contains("written") && !told.contains("backup"), "{told}");
        let failure = |code| {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            explain(&path, StoreError::Sqlite(source)).to_string()
        };
        assert!(failure(ffi::SQLITE_BUSY).contains("another program"));
        assert!(failure(ffi::SQLITE_IOERR_SHMMAP).contains("local disk"));
        assert!(failure(ffi::SQLITE_READONLY).contains("cannot be written"));
    }

    #[cfg(unix)]
    #[test]
    fn other_users_may_not_read_a_library() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        let mode = |ending| fs::metadata(companion(&path, ending)).unwrap().permissions().mode() & 0o777;
        // From its first moment on.
        drop(private_file(&path).unwrap());
        assert_eq!(mode(""), 0o600);
        drop(Store::open(&path).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let store = Store::open(&path).unwrap();
        store.read_blocking(|_| Ok(())).unwrap();
        assert_eq!(["", "-wal", "-shm", "-lock"].map(mode), [0o600; 4]);
    }
}
