//! A run belongs to the process that holds its lock: a file lock, which the operating system takes back when the process
//! ends, however it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use domain::ids::RunId;

use crate::{EngineError, Result, private};

/// Held while a run is worked on.
pub struct RunLock(#[expect(dead_code, reason = "held, never read: closing it unlocks")] File);

impl RunLock {
    pub fn take(library: &Path, run: RunId) -> Result<Self> {
        let path = lock_path(library, run);
        if let Some(folder) = path.parent() {
            private::create_folder(folder).map_err(EngineError::file(folder))?;
        }
        let file = private::create_file(&path).map_err(EngineError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(EngineError::RunBusy(run)),
            Err(TryLockError::Error(source)) => Err(EngineError::File { path, source }),
        }
    }

    /// Whether some process works on `run`.
    pub fn is_held(library: &Path, run: RunId) -> bool {
        File::open(lock_path(library, run))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

fn lock_path(library: &Path, run: RunId) -> PathBuf {
    library.join("locks").join(format!("run-{run}.lock"))
}
