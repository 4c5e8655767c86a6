//! Files and folders of the program's own.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Creates a folder that only its owner may read, and its missing parents.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    private().recursive(true).create(path)
}

/// Creates the folder at `target`, or at `NAME 2` and so on if that is taken; only its owner may read it.
pub fn create_new_folder(target: &Path) -> io::Result<PathBuf> {
    Ok(first_free(target, |path| private().create(path))?.0)
}

fn private() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// The first of `target`, `NAME 2.jpg`, `NAME 3.jpg` and so on for which `create` does not say that it exists already.
pub fn first_free<T>(target: &Path, mut create: impl FnMut(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    let stem = target.file_stem().unwrap_or_default().to_string_lossy();
    let extension = target.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    let (mut free, mut number) = (target.to_owned(), 1_u32);
    loop {
        match create(&free) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => return Ok((free, created?)),
        }
        number += 1;
        free = target.with_file_name(format!("{stem} {number}{extension}"));
    }
}

/// Flushes a file or a folder to disk. Windows flushes only files that are open for writing, and nothing here.
pub fn sync(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    fs::File::open(path)?.sync_all()
}
