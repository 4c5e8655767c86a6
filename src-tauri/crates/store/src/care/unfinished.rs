//! Incomplete files: copies, repaired databases and unpacked backups are written into one folder beside the library. A process
//! with an exclusive lock removes what killed processes left there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::{Result, StoreError};

/// Attempts to create a file while other processes remove the empty folder.
const ATTEMPTS: usize = 20;

/// Hidden, so that nothing in it is imported, and on the file system of the library, so that it can be renamed into place.
pub fn folder_of(library: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(library.file_name().unwrap_or_default());
    name.push("-unfinished");
    library.with_file_name(name)
}

/// A new private file for a copy of the library.
pub fn new_file(library: &Path) -> Result<NamedTempFile> {
    let folder = folder_of(library);
    for attempt in 1.. {
        files::create_private_folder(&folder).map_err(StoreError::file(&folder))?;
        match Builder::new().prefix("copy-").suffix(".sqlite").tempfile_in(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => {}
            created => return created.map_err(StoreError::file(&folder)),
        }
    }
    unreachable!("the last attempt returns")
}

/// Removes the folder if there is nothing in it.
pub fn remove_empty(library: &Path) {
    let _ = fs::remove_dir(folder_of(library));
}

/// Removes all incomplete files. Needs the exclusive lock.
pub fn remove_all(library: &Path) -> Result<()> {
    let folder = folder_of(library);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::file(&folder)(error)),
        _ => Ok(()),
    }
}
