//! Whether the library is still where it was opened. `SQLite` goes on writing into a file that has been deleted or replaced,
//! and all of that would be lost.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ffi};

/// The code for it.
pub const MOVED: i32 = ffi::SQLITE_READONLY_DBMOVED;

/// A file, and which one it was when it was opened.
pub struct Presence {
    path: PathBuf,
    identity: Option<Identity>,
}

/// The number of a file on its file system, and that of the file system.
type Identity = (u64, u64);

impl Presence {
    pub fn of(path: &Path) -> Self {
        // The working folder may change, the file does not move with it.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { identity: identity(&path), path }
    }

    /// An error where the file is gone, or another one is in its place.
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

/// Where files have no number, that there is one.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|_| (0, 0))
}
