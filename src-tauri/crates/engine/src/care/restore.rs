//! Restores a library from a backup.
//!
//! No other process can open the library until it is done. The backup is unpacked and verified beside it first. Then files are only
//! renamed, in a way that is undone or completed if it is interrupted (`store::ExclusiveLock::replace`).

use std::path::{Path, PathBuf};

use domain::care::RestoredLibrary;
use store::ExclusiveLock;

use super::archive::BackupReader;
use super::shown;
use crate::clock::file_name_of_now;
use crate::layout::{self, BACKED_UP, DATABASE, Layout, SAMPLES, THUMBNAILS, UPLOADS};
use crate::library::Library;
use crate::{EngineError, Result, places, private};

/// Restores the backup at `archive` as the library with the database at `database`. With `replaces`, a library that is there
/// is kept aside.
pub fn restore_library(archive: &Path, database: &Path, replaces: bool) -> Result<RestoredLibrary> {
    let database = places::absolute(&layout::resolved(database)).map_err(EngineError::file(database))?;
    let is_there = Library::exists(&database);
    if is_there && !replaces {
        return Err(EngineError::LibraryExists(database));
    }
    if is_there {
        store::check_identity(&database)?;
    }
    let mut backup = BackupReader::open(archive)?;
    let parent = database.parent().unwrap_or(Path::new("/"));
    private::create_folder(parent).map_err(EngineError::file(parent))?;
    let lock = ExclusiveLock::of(&database)?;
    check_unused(is_there, &database)?;
    let new = lock.new_folder()?;
    backup.extract(&new)?;

    let folder = Layout::of(&database).folder().to_owned();
    let before = backup.manifest.folder.as_ref().map(PathBuf::from);
    // Only these are in the backup. Other photos are where they were.
    let moved: Vec<(PathBuf, PathBuf)> = before
        .iter()
        .flat_map(|before| [UPLOADS, SAMPLES].map(|name| (before.join(name), folder.join(name))))
        .collect();
    let new_database = new.join(DATABASE);
    let format = store::settle(&new_database, &moved)?;
    if is_there && let Err(error) = store::keep_spending(&new_database, &database) {
        tracing::warn!(%error, "what the library spent since the backup cannot be read");
    }
    // The rename must not become durable before the content.
    files::sync(&new_database).map_err(EngineError::file(&new_database))?;

    // Thumbnails are named by the content of photos, and fit every library.
    let names: Vec<&str> =
        BACKED_UP.into_iter().filter(|name| *name != THUMBNAILS || new.join(THUMBNAILS).exists()).collect();
    check_unused(is_there, &database)?;
    let aside = lock.replace(&folder, &names, &format!("replaced {}", file_name_of_now()))?;
    let manifest = backup.manifest;
    Ok(RestoredLibrary {
        database: shown(&database),
        format,
        files: u32::try_from(manifest.entries.len()).unwrap_or(u32::MAX),
        counts: manifest.counts,
        made_at: manifest.made_at,
        kept_aside: aside.as_deref().map(shown),
    })
}

/// An error while a program that does not know the lock has the library open.
fn check_unused(is_there: bool, database: &Path) -> Result<()> {
    if is_there && store::is_in_use(database) {
        return Err(EngineError::LibraryInUse { detail: "another process has it open: close it first".into() });
    }
    Ok(())
}
