//! Folders for photos that a browser uploads: `uploads/<time>` in the library's folder.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::clock::file_name_of_now;
use crate::layout::Layout;
use crate::{EngineError, Result, private};

/// Creates an empty folder, named by the time.
pub fn create_folder(layout: &Layout) -> Result<PathBuf> {
    let uploads = layout.uploads();
    private::create_folder(&uploads).map_err(EngineError::file(&uploads))?;
    let name = file_name_of_now();
    let mut folder = uploads.join(&name);
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // Several windows may begin in the same second.
    for number in 2_u32.. {
        match builder.create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => {
                created.map_err(EngineError::file(&folder))?;
                break;
            }
        }
        folder = uploads.join(format!("{name} {number}"));
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use crate::Library;

    #[test]
    fn uploads_of_the_same_second_get_folders_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let folders: Vec<_> = (0..3).map(|_| library.imports.create_upload_folder().unwrap()).collect();
        assert!(folders[0] != folders[1] && folders[1] != folders[2] && folders[0] != folders[2], "{folders:?}");
        assert!(folders.iter().all(|upload| upload.parent().unwrap() == folder.path().join("uploads")));
    }
}
