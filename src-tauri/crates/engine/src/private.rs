//! Files and folders that only their owner may read: what a library and a person's consents are made of.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another process may take to change a file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Creates a folder, and those above it that are missing.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file of the library for writing, empty; creates it when there is none. Links are not followed.
pub fn create_file(path: &Path) -> io::Result<File> {
    let file = files::open_own(path)?;
    file.set_len(0)?;
    Ok(file)
}

/// Takes the exclusive lock at `path`; other processes wait until it is dropped.
pub fn lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let file = files::open_own(path)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(fs::TryLockError::WouldBlock) => return Err(ErrorKind::ResourceBusy.into()),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Removes other users' permissions from a file, or from a folder with all that is in it. A folder that is private already is
/// not looked through. Links are not followed. What is not ours to change stays as it is.
pub fn make_private(path: &Path) {
    #[cfg(unix)]
    if let Err(error) = unix::make_private(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::debug!(%error, path = %path.display(), "others may still read it");
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Removes other users' permissions from a folder alone. What is not ours to change stays as it is.
pub fn make_folder_private(folder: &Path) {
    #[cfg(unix)]
    if let Err(error) = unix::narrow(folder) {
        tracing::debug!(%error, path = %folder.display(), "others may still read it");
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Whether every name in `folder` is one of the library's `own`.
pub fn holds_only(folder: &Path, is_own: impl Fn(&str) -> bool) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().all(|entry| entry.file_name().to_str().is_some_and(&is_own))
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Permissions};
    use std::io;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    const OTHERS: u32 = 0o077;
    /// Folders such as `/tmp`, which everyone shares.
    const STICKY: u32 = 0o1000;

    pub fn make_private(path: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        if metadata.is_symlink() || metadata.permissions().mode() & OTHERS == 0 {
            return Ok(());
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(path)? {
                make_private(&entry?.path())?;
            }
        }
        narrow(path)
    }

    pub fn narrow(path: &Path) -> io::Result<()> {
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & OTHERS == 0 || mode & STICKY != 0 {
            return Ok(());
        }
        fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))
    }
}
