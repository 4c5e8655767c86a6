//! Photos that a browser uploads into a folder of the library, to be imported together.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Api, ApiError, ApiResult, ErrorCode};

/// Uploads that were begun and neither imported nor cancelled.
const MAX_OPEN: usize = 64;
/// Folders within folders.
const MAX_DEPTH: usize = 32;
/// The longest file name of common file systems, in bytes, less what [`UploadedFile`] adds to it.
const MAX_NAME_BYTES: usize = 255 - 24;
/// Names that Windows reserves for devices, with any extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The folders of open uploads, by number.
#[derive(Debug, Default)]
pub struct Uploads {
    next: AtomicU32,
    open: Mutex<HashMap<u32, PathBuf>>,
}

impl Uploads {
    fn open(&self) -> MutexGuard<'_, HashMap<u32, PathBuf>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, upload: u32) -> ApiResult<PathBuf> {
        self.open().get(&upload).cloned().ok_or_else(|| unknown(upload))
    }

    fn close(&self, upload: u32) -> ApiResult<PathBuf> {
        self.open().remove(&upload).ok_or_else(|| unknown(upload))
    }
}

fn unknown(upload: u32) -> ApiError {
    ApiError::new(ErrorCode::InvalidInput, format!("there is no upload {upload}"))
}

impl Api {
    /// Creates a folder for an upload; its number.
    pub(crate) async fn begin_upload(&self) -> ApiResult<u32> {
        if self.uploads.open().len() >= MAX_OPEN {
            return Err(ApiError::new(ErrorCode::InvalidInput, "too many uploads are in progress"));
        }
        let folder = self.ask(|library| library.imports.create_upload_folder()).await?;
        let upload = self.uploads.next.fetch_add(1, Ordering::Relaxed);
        self.uploads.open().insert(upload, folder);
        Ok(upload)
    }

    /// The files and folders of an upload that is complete. Its folder is removed if there are none.
    pub(crate) async fn complete_upload(&self, upload: u32) -> ApiResult<Vec<PathBuf>> {
        let folder = self.uploads.close(upload)?;
        self.read_files(move |_| {
            let entries =
                fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(file_error)?;
            if entries.is_empty() {
                fs::remove_dir(&folder).map_err(file_error)?;
            }
            Ok(entries.into_iter().map(|entry| entry.path()).collect())
        })
        .await
    }

    /// Removes the files of an upload.
    pub(crate) async fn cancel_upload(&self, upload: u32) -> ApiResult<()> {
        let folder = self.uploads.close(upload)?;
        self.read_files(move |_| fs::remove_dir_all(folder).map_err(file_error)).await
    }

    /// Removes the files of all uploads that were begun and not imported.
    pub fn discard_uploads(&self) {
        for (_, folder) in self.uploads.open().drain() {
            if let Err(error) = fs::remove_dir_all(&folder) {
                tracing::warn!(%error, path = %folder.display(), "an unfinished upload stays");
            }
        }
    }

    /// Creates the file `name` of an upload: its path in the folder that was dropped, with slashes. Blocks.
    pub fn create_uploaded_file(&self, upload: u32, name: &str) -> ApiResult<(UploadedFile, File)> {
        let folder = self.uploads.folder(upload)?;
        let relative = safe_path(name)
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidInput, "the name of the file is not a path in a folder"))?;
        UploadedFile::create(folder.join(relative)).map_err(file_error)
    }
}

/// The error of a file that cannot be written.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn file_error(error: io::Error) -> ApiError {
    ApiError::new(ErrorCode::File, error.to_string())
}

/// A file that is being uploaded. It has a hidden name, which imports skip, until it is finished; dropping it unfinished
/// removes it.
#[derive(Debug)]
pub struct UploadedFile {
    partial: PathBuf,
    target: PathBuf,
}

impl UploadedFile {
    fn create(target: PathBuf) -> io::Result<(Self, File)> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let partial = target.with_file_name(format!(".uploading-{number}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&partial)?;
        Ok((Self { partial, target }, file))
    }

    /// Gives the file its name, or a similar one if that is taken. Blocks.
    pub fn finish(self) -> ApiResult<()> {
        // Claims the name.
        let create = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
        let (free, _) = files::first_free(&self.target, create).map_err(file_error)?;
        fs::rename(&self.partial, free).map_err(file_error)
    }
}

impl Drop for UploadedFile {
    fn drop(&mut self) {
        match fs::remove_file(&self.partial) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, "a partial upload stays");
            }
            _ => {}
        }
    }
}

/// The path `name` with names that every file system accepts; `None` if it could lead out of its folder.
fn safe_path(name: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() > MAX_DEPTH {
        return None;
    }
    parts.into_iter().map(safe_name).collect()
}

fn safe_name(part: &str) -> Option<String> {
    if part.is_empty() || part == "." || part == ".." || part.contains(['\\', '\0']) {
        return None;
    }
    // Windows removes dots and spaces at the end.
    let part = part.trim_end_matches(['.', ' ']);
    let mut name: String =
        part.chars().map(|c| if c.is_control() || "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    if RESERVED.contains(&stem.as_str()) {
        name.insert(0, '_');
    }
    (!name.is_empty() && name.len() <= MAX_NAME_BYTES).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        let long = "a".repeat(300);
        let deep = vec!["a"; 40].join("/");
        let wrong = [
            "",
            "/",
            "/etc/passwd",
            "../a.jpg",
            "a/../../b.jpg",
            "a//b.jpg",
            "a/",
            ".",
            "a/./b.jpg",
            "..\\a.jpg",
            "a\\b.jpg",
            "a\0.jpg",
            "...",
            ". .",
            &long,
            &deep,
        ];
        for name in wrong {
            assert_eq!(safe_path(name), None, "{name}");
        }
    }

    #[test]
    fn names_are_those_of_the_user_where_every_system_accepts_them() {
        let cases = [
            ("Holiday 2026/día 1/ñ.jpg", "Holiday 2026/día 1/ñ.jpg"),
            ("C:/a.jpg", "C_/a.jpg"),
            ("12:30 <a>.jpg", "12_30 _a_.jpg"),
            ("a\n.jpg", "a_.jpg"),
            ("NUL.jpg", "_NUL.jpg"),
            ("con/com1 .txt", "_con/_com1 .txt"),
            ("a. .", "a"),
            ("..a.jpg", "..a.jpg"),
        ];
        for (name, safe) in cases {
            assert_eq!(safe_path(name), Some(PathBuf::from(safe)), "{name}");
        }
    }

    #[test]
    fn an_unfinished_file_is_removed_and_a_taken_name_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("sub/a.jpg");
        for _ in 0..2 {
            UploadedFile::create(target.clone()).unwrap().0.finish().unwrap();
        }
        drop(UploadedFile::create(target).unwrap());
        let mut names: Vec<_> = fs::read_dir(folder.path().join("sub"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["a 2.jpg", "a.jpg"]);
    }
}
