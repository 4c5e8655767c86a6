//! Files in the folders of a library.

use std::fs;
use std::path::{Path, PathBuf};

/// A file below a folder.
pub struct OwnFile {
    pub path: PathBuf,
    /// From the folder, with slashes; `None` if it is no text.
    pub name: Option<String>,
    pub byte_len: u64,
}

/// All files below `folder`, by name. Links are not followed.
pub fn below(folder: &Path) -> Vec<OwnFile> {
    let mut files = Vec::new();
    collect(folder, Some(""), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(folder: &Path, prefix: Option<&str>, files: &mut Vec<OwnFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let own = entry.file_name();
        let name = prefix.zip(own.to_str()).map(|(prefix, own)| format!("{prefix}{own}"));
        if metadata.is_dir() {
            collect(&entry.path(), name.map(|name| name + "/").as_deref(), files);
        } else if metadata.is_file() {
            files.push(OwnFile { path: entry.path(), name, byte_len: metadata.len() });
        }
    }
}

pub fn total(folder: &Path) -> u64 {
    below(folder).iter().map(|file| file.byte_len).sum()
}

pub fn byte_len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

pub fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}
