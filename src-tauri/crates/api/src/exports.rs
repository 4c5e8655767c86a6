//! Exports in progress, by the number that a window gave them, and what they wrote.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::export::ExportProgress;
use engine::dataset::ExportTask;

use crate::{Api, ApiError, ApiResult, ErrorCode};

#[derive(Debug, Default)]
pub struct Exports {
    tasks: Mutex<HashMap<u32, Arc<ExportTask>>>,
    /// The files and folders that were written where the user chose.
    written: Mutex<HashSet<PathBuf>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An export that is listed until it is dropped.
pub struct ListedExport {
    api: Arc<Api>,
    number: u32,
    pub task: Arc<ExportTask>,
}

impl Drop for ListedExport {
    fn drop(&mut self) {
        let mut tasks = lock(&self.api.exports.tasks);
        if tasks.get(&self.number).is_some_and(|task| Arc::ptr_eq(task, &self.task)) {
            tasks.remove(&self.number);
        }
    }
}

impl Api {
    /// Lists an export, and cancels another one of the same number.
    pub(crate) fn list_export(self: &Arc<Self>, number: u32) -> ListedExport {
        let task = Arc::new(if self.front_end.is_read_only { ExportTask::of_viewer() } else { ExportTask::default() });
        if let Some(earlier) = lock(&self.exports.tasks).insert(number, Arc::clone(&task)) {
            earlier.cancel();
        }
        ListedExport { api: Arc::clone(self), number, task }
    }

    pub(crate) fn export_progress(&self, number: u32) -> Option<ExportProgress> {
        lock(&self.exports.tasks).get(&number).map(|task| task.progress())
    }

    pub(crate) fn cancel_export(&self, number: u32) {
        if let Some(task) = lock(&self.exports.tasks).get(&number) {
            task.cancel();
        }
    }

    pub(crate) fn record_export(&self, path: &Path) {
        lock(&self.exports.written).insert(path.to_owned());
    }

    /// A path that an export of this process was written to.
    pub(crate) fn written_export(&self, path: &str) -> ApiResult<PathBuf> {
        let path = PathBuf::from(path);
        if lock(&self.exports.written).contains(&path) {
            return Ok(path);
        }
        Err(ApiError::new(ErrorCode::InvalidInput, "no export was written there"))
    }
}
