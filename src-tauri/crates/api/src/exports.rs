//! Exports in progress, by the number that a window gave them, and what they wrote.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use domain::export::ExportProgress;
use engine::dataset::ExportTask;

use crate::tasks::{ListedTask, Tasks, lock};
use crate::{Api, ApiError, ApiResult, ErrorCode};

#[derive(Debug, Default)]
pub struct Exports {
    tasks: Arc<Tasks<ExportTask>>,
    /// The files and folders that were written where the user chose.
    written: Mutex<HashSet<PathBuf>>,
}

impl Api {
    /// Lists an export, and cancels an earlier one of the same number.
    pub(crate) fn list_export(&self, number: u32) -> ListedTask<ExportTask> {
        let task = if self.front_end.is_read_only { ExportTask::of_viewer() } else { ExportTask::default() };
        self.exports.tasks.list(number, task)
    }

    pub(crate) fn export_progress(&self, number: u32) -> Option<ExportProgress> {
        self.exports.tasks.find(number).map(|task| task.progress())
    }

    pub(crate) fn cancel_export(&self, number: u32) {
        // A window gives all its exports one number: only the one that is going on is meant.
        if let Some(task) = self.exports.tasks.find(number) {
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
