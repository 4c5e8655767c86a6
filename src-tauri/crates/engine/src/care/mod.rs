//! Care for a library: what it takes, checks, backups, moved photos, cleaning up, repairing. Functions that work on a
//! library that must not be open, or cannot be opened, take its database.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod archive;
mod backup;
mod check;
mod own_files;
mod prune;
mod relink;
mod repair;
mod restore;

use std::path::Path;
use std::sync::Arc;

use domain::care::{LibraryCheck, LibraryInfo, LibrarySizes};
use store::Store;

use crate::changes::Changes;
use crate::layout::Layout;
use crate::outputs::Outputs;
use crate::workers::Workers;
use crate::{EngineError, Result};

pub use check::check_library;
pub use repair::repair_library;
pub use restore::restore_library;

/// Looks after an open library.
pub struct Care {
    store: Arc<Store>,
    layout: Arc<Layout>,
    changes: Changes,
    workers: Arc<Workers>,
    outputs: Arc<Outputs>,
}

impl Care {
    pub(crate) fn new(
        store: Arc<Store>,
        layout: Arc<Layout>,
        changes: Changes,
        workers: Arc<Workers>,
        outputs: Arc<Outputs>,
    ) -> Self {
        Self { store, layout, changes, workers, outputs }
    }

    /// Where the library is, what it takes and what is in it.
    pub fn info(&self) -> Result<LibraryInfo> {
        let (format, counts) = self.store.read_blocking(|view| Ok((view.format()?, view.library_counts()?)))?;
        let layout = &self.layout;
        let database = layout.database();
        let sizes = LibrarySizes {
            database: own_files::byte_len(database),
            log: own_files::byte_len(&store::companion(database, "-wal")),
            thumbnails: own_files::total(&layout.thumbnails()),
            uploads: own_files::total(&layout.uploads()) + own_files::total(&layout.samples()),
            exports: own_files::total(&layout.ready_exports()),
            metrics: own_files::total(&layout.metrics()),
            copies: store::copies(&layout.backups()).iter().map(|(_, path)| own_files::byte_len(path)).sum(),
        };
        Ok(LibraryInfo {
            database: shown(database),
            folder: shown(layout.folder()),
            format,
            sizes,
            counts,
            last_backup: self.last_backup(),
        })
    }

    /// Checks the library; nothing is changed.
    pub fn check(&self) -> Result<LibraryCheck> {
        check_library(self.layout.database())
    }

    /// An error while any process works on a run.
    fn check_idle(&self) -> Result<()> {
        match self.workers.runs_worked_on()?.first() {
            Some(run) => Err(EngineError::LibraryInUse { detail: format!("run {run} is in progress") }),
            None => Ok(()),
        }
    }
}

/// A path for people, absolute.
fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}
