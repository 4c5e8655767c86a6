//! Files that other programs read.

use std::fs;
use std::path::Path;

use crate::{EngineError, Result};

/// Writes a file so that a reader sees the whole new one or the old one. Folders on the way are made.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(EngineError::file(folder))?;
    }
    // Beside the target and with the rights of any new file, since other programs read it.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    fs::write(&unfinished, bytes).map_err(EngineError::file(&unfinished))?;
    fs::rename(&unfinished, path).map_err(EngineError::file(path))
}
