//! Files for other programs: a reader sees the whole new file or the old one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{EngineError, Result};

/// A file that takes its place once it is whole. Until then it grows beside its target, with the rights of any new file;
/// dropped unfinished, it leaves no trace.
pub struct WholeFile {
    target: PathBuf,
    unfinished: PathBuf,
    out: BufWriter<File>,
    is_placed: bool,
}

impl WholeFile {
    /// Begins the file that is to be at `target`, with the folders that it needs.
    pub fn begin(target: &Path) -> Result<Self> {
        if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(EngineError::file(folder))?;
        }
        let mut unfinished = target.as_os_str().to_owned();
        unfinished.push(format!(".{}.tmp", std::process::id()));
        let unfinished = PathBuf::from(unfinished);
        let file = File::create(&unfinished).map_err(EngineError::file(&unfinished))?;
        Ok(Self { target: target.to_owned(), unfinished, out: BufWriter::new(file), is_placed: false })
    }

    /// Writes a part of it.
    pub fn put<T>(&mut self, part: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>) -> Result<T> {
        part(&mut self.out).map_err(EngineError::file(&self.unfinished))
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> Result<()> {
        self.out.flush().map_err(EngineError::file(&self.unfinished))?;
        fs::rename(&self.unfinished, &self.target).map_err(EngineError::file(&self.target))?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed either is named so that a person knows what it is.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}
