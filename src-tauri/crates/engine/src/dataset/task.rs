//! An export that is in progress: how far it is, and cancelling it.

use std::sync::Mutex;

use domain::export::{ExportPhase, ExportProgress};

use crate::Result;
use crate::cancellation::Cancellation;
use crate::sync::lock;

/// An export in progress.
#[derive(Debug, Default)]
pub struct ExportTask {
    progress: Mutex<ExportProgress>,
    cancellation: Cancellation,
    /// Whether the split is not remembered, because the export must not change the library.
    is_of_viewer: bool,
}

impl AsRef<Cancellation> for ExportTask {
    fn as_ref(&self) -> &Cancellation {
        &self.cancellation
    }
}

impl ExportTask {
    /// An export that changes nothing in the library.
    #[must_use]
    pub fn of_viewer() -> Self {
        Self { is_of_viewer: true, ..Self::default() }
    }

    #[must_use]
    pub fn progress(&self) -> ExportProgress {
        *lock(&self.progress)
    }

    /// Ends the export with [`crate::EngineError::Cancelled`]. Nothing of it stays.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }

    pub(super) fn remembers_split(&self) -> bool {
        !self.is_of_viewer
    }

    /// Begins a phase, or another pass over the images.
    pub(super) fn begin(&self, phase: ExportPhase, total: u32) -> Result<()> {
        *lock(&self.progress) = ExportProgress { phase, done: 0, total };
        self.cancellation.check()
    }

    /// An image more is done.
    pub(super) fn step(&self) -> Result<()> {
        lock(&self.progress).done += 1;
        self.cancellation.check()
    }
}
