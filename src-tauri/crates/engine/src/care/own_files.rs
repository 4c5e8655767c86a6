//! Files in the folders of a library.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::{EngineError, Result};

/// A file below a folder.
pub struct OwnFile {
    pub path: PathBuf,
    /// From the folder, with slashes; `None` if it is no text.
    pub name: Option<String>,
    pub byte_len: u64,
    pub modified_at: Option<SystemTime>,
}

/// What is below a folder, by name.
#[derive(Default)]
pub struct OwnFiles {
    pub files: Vec<OwnFile>,
    /// Links, which are not followed.
    pub links: Vec<PathBuf>,
}

/// All files below `folder`; none if it does not exist. The folder itself may be a link.
///
/// # Errors
///
/// If any of it cannot be read, so that nothing is missing unnoticed.
pub fn below(folder: &Path) -> Result<OwnFiles> {
    let mut found = OwnFiles::default();
    if fs::symlink_metadata(folder).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(found);
    }
    let entries = fs::read_dir(folder).map_err(EngineError::file(folder))?;
    collect(entries, Some(""), &mut found).map_err(|(path, source)| EngineError::File { path, source })?;
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Skips files that are removed while it runs.
fn collect(
    entries: fs::ReadDir,
    prefix: Option<&str>,
    found: &mut OwnFiles,
) -> std::result::Result<(), (PathBuf, io::Error)> {
    for entry in entries {
        let entry = entry.map_err(|error| (PathBuf::from(prefix.unwrap_or_default()), error))?;
        let (path, own) = (entry.path(), entry.file_name());
        let Some(metadata) = unless_removed(entry.metadata()).map_err(|error| (path.clone(), error))? else { continue };
        let name = prefix.zip(own.to_str()).map(|(prefix, own)| format!("{prefix}{own}"));
        if metadata.is_dir() {
            let inside = unless_removed(fs::read_dir(&path)).map_err(|error| (path, error))?;
            let prefix = name.map(|name| name + "/");
            inside.into_iter().try_for_each(|inside| collect(inside, prefix.as_deref(), found))?;
        } else if metadata.is_file() {
            let (byte_len, modified_at) = (metadata.len(), metadata.modified().ok());
            found.files.push(OwnFile { path, name, byte_len, modified_at });
        } else {
            found.links.push(path);
        }
    }
    Ok(())
}

fn unless_removed<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// The size of what can be read below `folder`.
pub fn total(folder: &Path) -> u64 {
    below(folder).map_or(0, |found| found.files.iter().map(|file| file.byte_len).sum())
}

pub fn byte_len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
