//! Folders for photos that a browser uploads: `uploads/<time>` in the library's folder.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::clock::{file_name_of_now, is_file_name_of_time};
use crate::layout::Layout;
use crate::{EngineError, Result, private};

/// Creates an empty folder, named by the time.
pub fn create_folder(layout: &Layout) -> Result<PathBuf> {
    let uploads = layout.uploads();
    private::create_folder(&uploads).map_err(EngineError::file(&uploads))?;
    // Several windows may begin in the same second.
    files::create_new_folder(&uploads.join(file_name_of_now())).map_err(EngineError::file(&uploads))
}

/// The folders that [`create_folder`] created. Others in `uploads` are the user's own.
pub fn folders(layout: &Layout) -> Result<Vec<PathBuf>> {
    let uploads = layout.uploads();
    if fs::symlink_metadata(&uploads).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&uploads).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut folders = Vec::new();
    for entry in entries.map_err(EngineError::file(&uploads))? {
        let is_folder = entry.file_type().map_err(EngineError::file(entry.path()))?.is_dir();
        if is_folder && entry.file_name().to_str().is_some_and(is_upload) {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

fn is_upload(name: &str) -> bool {
    const LENGTH: usize = "0000-00-00 00-00-00".len();
    let Some((time, number)) = name.split_at_checked(LENGTH) else { return false };
    let is_number = |number: &str| number.parse::<u32>().is_ok_and(|number| number > 1);
    is_file_name_of_time(time, b' ') && (number.is_empty() || number.strip_prefix(' ').is_some_and(is_number))
}

#[cfg(test)]
mod tests {
    use crate::Library;

    #[test]
    fn only_folders_of_uploads_are_known_by_their_name() {
        for name in ["2026-11-30 10-00-00", "2026-11-30 10-00-00 2"] {
            assert!(super::is_upload(name), "{name}");
        }
        for name in
            ["2026-11-30", "2026-11-30 10-00-00b", "2026-11-30 10-00-00 x", "2026-11-30-10-00-00", "Mé 26-11-30"]
        {
            assert!(!super::is_upload(name), "{name}");
        }
    }

    #[test]
    fn uploads_of_the_same_second_get_folders_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let folders: Vec<_> = (0..3).map(|_| library.imports.create_upload_folder().unwrap()).collect();
        assert!(folders[0] != folders[1] && folders[1] != folders[2] && folders[0] != folders[2], "{folders:?}");
        assert!(folders.iter().all(|upload| upload.parent().unwrap() == folder.path().join("uploads")));
    }
}
