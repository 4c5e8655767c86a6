//! Detects that the library file was moved, deleted or replaced, since `SQLite` would keep writing to the old file, and all
//! of that would be lost; and that a user's quota is used up, which `SQLite` does not tell from a broken disk.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode, ffi};

/// `SQLite`'s error code for it.
pub const MOVED: i32 = ffi::SQLITE_READONLY_DBMOVED;

/// The identity of an open file.
pub struct Presence {
    path: PathBuf,
    identity: Option<Identity>,
}

/// File number and device number.
type Identity = (u64, u64);

impl Presence {
    pub fn of(path: &Path) -> Self {
        // Absolute, because the working folder may change.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { identity: identity(&path), path }
    }

    /// An error if the file is gone or replaced.
    pub fn check(&self) -> rusqlite::Result<()> {
        if self.identity == identity(&self.path) {
            return Ok(());
        }
        let detail = format!("{} was moved, deleted or unmounted while it was open", self.path.display());
        Err(Error::SqliteFailure(ffi::Error::new(MOVED), Some(detail)))
    }

    /// `error`, or that of a full disk if a file beside the library cannot be written for want of space.
    pub fn explain(&self, error: Error) -> Error {
        if error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
            return error;
        }
        match self.try_space() {
            Err(full) if matches!(full.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), Some(full.to_string()))
            }
            _ => error,
        }
    }

    /// Writes about a page of the database, and removes it.
    fn try_space(&self) -> std::io::Result<()> {
        let path = self.path.with_extension(format!("space-{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let written = file.write_all(&[0; 8192]).and_then(|()| file.sync_all());
        drop(file);
        fs::remove_file(path).and(written)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let there = fs::metadata(path).ok()?;
    Some((there.ino(), there.dev()))
}

/// Without file numbers, checks only that the file exists.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|_| (0, 0))
}
