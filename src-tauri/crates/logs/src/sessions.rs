//! Whether a program ended as it should. While it runs, it holds the lock of a file, which it removes when it ends. A file
//! whose lock is free belongs to a process that was killed or crashed, or that ran when the machine lost power.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub(crate) const UNEXPECTED: &str = "the program ended unexpectedly";
const ENDING: &str = ".session";

/// A program that is in use.
#[derive(Debug)]
pub struct Session {
    path: Option<PathBuf>,
    _lock: Option<File>,
    has_crashed_before: bool,
}

impl Session {
    /// Begins a session of `program`, and finds those that did not end as they should.
    #[must_use]
    pub fn begin(program: &str) -> Self {
        crate::folder().map_or_else(Self::nowhere, |folder| Self::begin_in(folder, program))
    }

    fn nowhere() -> Self {
        Self { path: None, _lock: None, has_crashed_before: false }
    }

    fn begin_in(folder: &Path, program: &str) -> Self {
        let has_crashed_before = forget_dead(folder, program);
        let path = folder.join(format!("{program}-{}{ENDING}", std::process::id()));
        let locked = files::create_private_folder(folder)
            .and_then(|()| files::open_own(&path))
            .ok()
            .filter(|file| file.try_lock().is_ok());
        Self { path: locked.is_some().then_some(path), _lock: locked, has_crashed_before }
    }

    /// Whether an earlier session of the program ended unexpectedly.
    #[must_use]
    pub fn has_crashed_before(&self) -> bool {
        self.has_crashed_before
    }
}

impl Session {
    /// The program ends as it should.
    pub fn end(&self) {
        if let Some(path) = &self.path {
            // If it stays, the next session reports it.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

fn forget_dead(folder: &Path, program: &str) -> bool {
    let mut has_crashed = false;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(process) = name.strip_suffix(ENDING).and_then(|name| name.strip_prefix(program)) else { continue };
        let is_dead = files::open_own(&entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if is_dead && fs::remove_file(entry.path()).is_ok() {
            tracing::error!(program, process = process.trim_start_matches('-'), "{UNEXPECTED}");
            has_crashed = true;
        }
    }
    has_crashed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_that_was_cut_off_is_reported_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let begin = || Session::begin_in(folder.path(), "desktop");
        let first = begin();
        assert!(!first.has_crashed_before());
        assert!(!begin().has_crashed_before(), "the first is still in use");
        drop(first);
        assert!(!begin().has_crashed_before());
        fs::write(folder.path().join("desktop-1.session"), "").unwrap();
        fs::write(folder.path().join("serve-2.session"), "").unwrap();
        assert!(begin().has_crashed_before());
        assert!(!begin().has_crashed_before());
    }
}
