//! Files and folders that only their owner may read: those of libraries, and the user's consents.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

pub use files::create_private_folder as create_folder;

/// How long to wait for another process to release a file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a file for writing, and creates or truncates it. Links are not followed.
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

/// Removes other users' permissions from a file, or from a folder and its contents. The contents of a folder that is
/// already private are not checked. Links are not followed. Files that we may not change are left as they are.
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

/// Removes other users' permissions from a folder, not its contents. Does nothing if we may not change it.
pub fn make_folder_private(folder: &Path) {
    #[cfg(unix)]
    if let Err(error) = unix::narrow(folder) {
        tracing::debug!(%error, path = %folder.display(), "others may still read it");
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Whether every name in `folder` satisfies `is_own`.
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
    /// The sticky bit of shared folders such as `/tmp`.
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
