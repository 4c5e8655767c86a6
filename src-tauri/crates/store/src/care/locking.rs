//! Locks of a library. A process holds a shared lock on the file beside the database while it has the library open. Replacing
//! the library, or moving its pages, needs an exclusive lock.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::replacing;
use crate::{Result, StoreError, opening};

/// How long to wait for other processes, which may be about to end.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between attempts.
const INTERVAL: Duration = Duration::from_millis(10);

/// The lock of a process that has a library open. Other processes may have it open too.
#[derive(Debug)]
pub struct SharedLock {
    library: PathBuf,
    file: File,
}

impl SharedLock {
    /// Completes or undoes first what a killed process left half done.
    pub fn of(library: &Path) -> Result<Self> {
        let lock = Self { library: library.to_owned(), file: open(library)? };
        loop {
            if replacing::has_unfinished(library) && is_locked(lock.file.try_lock()).map_err(lock.failed())? {
                let recovered = replacing::recover(library);
                lock.file.unlock().map_err(lock.failed())?;
                recovered?;
            }
            lock.share()?;
            if !replacing::is_interrupted(library) {
                return Ok(lock);
            }
            lock.file.unlock().map_err(lock.failed())?;
        }
    }

    /// Does `work` while no other process has the library open.
    ///
    /// # Errors
    ///
    /// If another process, or this one a second time, has it open.
    pub fn alone<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.file.unlock().map_err(self.failed())?;
        let done = match is_locked(self.file.try_lock()) {
            Ok(true) => {
                let done = work();
                self.file.unlock().map_err(self.failed())?;
                done
            }
            Ok(false) => Err(StoreError::InUse { path: self.library.clone() }),
            Err(error) => Err(self.failed()(error)),
        };
        self.share()?;
        done
    }

    fn share(&self) -> Result<()> {
        wait(&self.library, || is_locked(self.file.try_lock_shared()))
    }

    fn failed(&self) -> impl Fn(io::Error) -> StoreError + use<> {
        StoreError::file(&self.library)
    }
}

/// The lock of a process that replaces a library. No process has it open.
#[derive(Debug)]
pub struct ExclusiveLock {
    library: PathBuf,
    _file: File,
}

impl ExclusiveLock {
    /// Completes or undoes first what a killed process left half done.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if a process has the library open.
    pub fn of(library: &Path) -> Result<Self> {
        let file = open(library)?;
        wait(library, || is_locked(file.try_lock()))?;
        replacing::recover(library)?;
        Ok(Self { library: library.to_owned(), _file: file })
    }

    /// An empty private folder for what takes the place of the library.
    pub fn new_folder(&self) -> Result<PathBuf> {
        let folder = replacing::new_folder(&self.library);
        files::create_private_folder(&folder).map_err(StoreError::file(&folder))?;
        Ok(folder)
    }

    /// Puts the database in [`ExclusiveLock::new_folder`] in the place of the library, and the files and folders `names` there
    /// in the place of those in `folder`. What was there is kept in a folder beside the database, named after `aside`, which
    /// is returned. All of it is done, or nothing.
    pub fn replace(&self, folder: &Path, names: &[&str], aside: &str) -> Result<Option<PathBuf>> {
        replacing::replace(&self.library, folder, names, aside)
    }
}

impl Drop for ExclusiveLock {
    fn drop(&mut self) {
        if let Err(error) = replacing::recover(&self.library) {
            tracing::warn!(%error, "something unfinished stays beside the library");
        }
    }
}

/// The lock file stays, because removing it could give two processes a lock each.
fn open(library: &Path) -> Result<File> {
    let path = opening::companion(library, "-lock");
    files::open_own(&path).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly { path: library.to_owned() }
        }
        _ => StoreError::file(&path)(error),
    })
}

/// File systems without locks have no shared memory either, and are refused for that.
fn is_locked(outcome: std::result::Result<(), TryLockError>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn wait(library: &Path, is_locked: impl Fn() -> io::Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !is_locked().map_err(StoreError::file(library))? {
        if began.elapsed() > PATIENCE {
            return Err(StoreError::InUse { path: library.to_owned() });
        }
        sleep(INTERVAL);
    }
    Ok(())
}
