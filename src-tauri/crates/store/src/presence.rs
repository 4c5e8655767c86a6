//! Detects that the library file was moved, deleted or replaced. `SQLite` would keep writing to the old file, and all
//! of that would be lost.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ffi};

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
