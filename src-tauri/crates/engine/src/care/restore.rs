//! Puts a library from a backup in its place.
//!
//! The backup is unpacked and verified beside the library first. Then files are only renamed, and the database last: until
//! then, the library that was there is there, and all of it is there or in the folder that keeps it aside.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use domain::care::RestoredLibrary;

use super::archive::BackupReader;
use super::{own_files, shown};
use crate::clock::file_name_of_now;
use crate::layout::{self, BACKED_UP, DATABASE, Layout, THUMBNAILS};
use crate::library::Library;
use crate::{EngineError, Result, places, private};

/// Restores the backup at `archive` as the library with the database at `database`. With `replaces`, a library that is there
/// is kept aside.
pub fn restore_library(archive: &Path, database: &Path, replaces: bool) -> Result<RestoredLibrary> {
    let database = &layout::resolved(database);
    let layout = Layout::of(database);
    let is_there = Library::exists(database);
    if is_there && !replaces {
        return Err(EngineError::LibraryExists(database.clone()));
    }
    let mut backup = BackupReader::open(archive)?;
    if is_there && (super::repair::is_worked_on(&layout) || store::is_in_use(database)) {
        return Err(EngineError::LibraryInUse { detail: "another process has it open: close it first".into() });
    }
    let absolute = places::absolute(database).map_err(EngineError::file(database))?;
    let parent = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    private::create_folder(&parent).map_err(EngineError::file(&parent))?;
    let unpacked =
        tempfile::Builder::new().prefix(".restore-").tempdir_in(&parent).map_err(EngineError::file(&parent))?;
    backup.extract(unpacked.path())?;

    let folder = places::absolute(layout.folder()).map_err(EngineError::file(layout.folder()))?;
    let before = backup.manifest.folder.as_ref().map(PathBuf::from);
    let new_database = unpacked.path().join(DATABASE);
    let format = store::settle(&new_database, before.as_deref().map(|before| (before, folder.as_path())))?;
    // The rename must not become durable before the content.
    sync(&new_database)?;

    let aside = Aside::beside(&absolute, &folder);
    if is_there {
        aside.keep_database(&absolute)?;
    }
    private::create_folder(&folder).map_err(EngineError::file(&folder))?;
    for name in BACKED_UP {
        let new = unpacked.path().join(name);
        if name == THUMBNAILS && !new.exists() {
            // They are named by the content of photos, and fit every library.
            continue;
        }
        aside.keep(&folder, name)?;
        if new.exists() {
            let target = folder.join(name);
            fs::rename(&new, &target).map_err(EngineError::file(target))?;
        }
    }
    sync(&folder)?;
    for ending in ["-wal", "-shm"] {
        // Of the library that was there: kept aside, and fatal beside another database.
        let mut companion = absolute.clone().into_os_string();
        companion.push(ending);
        match fs::remove_file(&companion) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(EngineError::file(PathBuf::from(companion))(error));
            }
            _ => {}
        }
    }
    fs::rename(&new_database, &absolute).map_err(EngineError::file(&absolute))?;
    sync(&parent)?;
    let manifest = backup.manifest;
    Ok(RestoredLibrary {
        database: shown(&absolute),
        format,
        files: u32::try_from(manifest.entries.len()).unwrap_or(u32::MAX),
        counts: manifest.counts,
        made_at: manifest.made_at,
        kept_aside: aside.is_used().then(|| shown(&aside.folder)),
    })
}

/// Nothing on Windows, which flushes only files that are open for writing.
fn sync(path: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(EngineError::file(path))
}

/// The folder that keeps the library that was there, laid out like the library itself.
struct Aside {
    folder: PathBuf,
    /// For files other than the database.
    own: PathBuf,
}

impl Aside {
    fn beside(database: &Path, folder: &Path) -> Self {
        let parent = database.parent().unwrap_or(Path::new("/"));
        let name = format!("replaced {}", file_name_of_now());
        let mut aside = parent.join(&name);
        for number in 2_u32.. {
            if !aside.exists() {
                break;
            }
            aside = parent.join(format!("{name} {number}"));
        }
        let own = folder.strip_prefix(parent).map_or_else(|_| aside.clone(), |inside| aside.join(inside));
        Self { folder: aside, own }
    }

    fn is_used(&self) -> bool {
        self.folder.exists()
    }

    /// Another name for the database and its log, which stay in place until the new one replaces them.
    fn keep_database(&self, database: &Path) -> Result<()> {
        private::create_folder(&self.folder).map_err(EngineError::file(&self.folder))?;
        for path in [database.to_owned(), own_files::log_of(database)] {
            let Some(name) = path.file_name() else { continue };
            let kept = self.folder.join(name);
            if path.exists() {
                fs::hard_link(&path, &kept)
                    .or_else(|_| fs::copy(&path, &kept).map(drop))
                    .map_err(EngineError::file(&kept))?;
                sync(&kept)?;
            }
        }
        sync(&self.folder)
    }

    fn keep(&self, folder: &Path, name: &str) -> Result<()> {
        let own = folder.join(name);
        if !own.exists() {
            return Ok(());
        }
        private::create_folder(&self.own).map_err(EngineError::file(&self.own))?;
        fs::rename(&own, self.own.join(name)).map_err(EngineError::file(own))
    }
}
