//! Repairs a library that no run works on. It may be too damaged to be opened.

use std::fs::{self, File};
use std::path::Path;

use domain::care::LibraryRepair;

use crate::clock::file_name_of_now;
use crate::layout::{self, Layout};
use crate::{EngineError, Result};

/// Repairs the library at `database`. A damaged file is kept beside it.
pub fn repair_library(database: &Path) -> Result<LibraryRepair> {
    let database = &layout::resolved(database);
    if is_worked_on(&Layout::of(database)) {
        return Err(EngineError::LibraryInUse { detail: "a run is in progress".into() });
    }
    let database = &std::path::absolute(database).map_err(EngineError::file(database))?;
    Ok(store::repair(database, &store::aside_of(database, &file_name_of_now()))?)
}

/// Whether any process works on a run, by the locks alone.
pub fn is_worked_on(layout: &Layout) -> bool {
    let entries = fs::read_dir(layout.locks()).into_iter().flatten().flatten();
    entries.filter_map(|entry| File::open(entry.path()).ok()).any(|file| file.try_lock_shared().is_err())
}
