//! Replaces a library, or only its database, by another one.
//!
//! A record of what is moved is on disk before the first rename, and the rename of the database is the last. A process that
//! is killed before that has changed nothing: the next process that opens the library moves everything back. If it is killed
//! later, the next process completes the replacement.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::unfinished;
use crate::{Result, StoreError, opening, path_bytes};

/// The name of a new database among what is new.
pub const DATABASE: &str = "library.sqlite";
/// What takes the place of the library.
const NEW: &str = "new";
/// What was there before, laid out like a library.
const KEPT: &str = "kept";
const RECORD: &str = "replacing.json";
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// What is moved.
#[derive(Serialize, Deserialize)]
struct Replacement {
    /// The name of the folder that keeps what was there.
    aside: String,
    /// The folder with the files of the library, from that of its database, as bytes.
    files: Vec<u8>,
    /// Files and folders that were there before.
    old: Vec<String>,
    /// Those that are new.
    new: Vec<String>,
}

/// Places during a replacement.
struct Places {
    library: PathBuf,
    unfinished: PathBuf,
    /// The folder of the database.
    parent: PathBuf,
}

impl Places {
    fn of(library: &Path) -> Self {
        let parent = library.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { library: library.to_owned(), unfinished: unfinished::folder_of(library), parent: parent.to_owned() }
    }

    fn record(&self) -> PathBuf {
        self.unfinished.join(RECORD)
    }

    fn incoming(&self, name: &str) -> PathBuf {
        self.unfinished.join(NEW).join(name)
    }

    fn kept(&self) -> PathBuf {
        self.unfinished.join(KEPT)
    }

    fn kept_database(&self) -> PathBuf {
        self.kept().join(self.library.file_name().unwrap_or(OsStr::new(DATABASE)))
    }

    fn read_record(&self) -> Result<Option<Replacement>> {
        let path = self.record();
        match files::read(&path, MAX_RECORD_BYTES) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => {
                let json = read.map_err(StoreError::file(&path))?;
                serde_json::from_slice(&json).map(Some).map_err(|error| StoreError::file(&path)(error.into()))
            }
        }
    }
}

pub fn new_folder(library: &Path) -> PathBuf {
    unfinished::folder_of(library).join(NEW)
}

/// Whether something beside the library is unfinished.
pub fn has_unfinished(library: &Path) -> bool {
    unfinished::folder_of(library).exists()
}

/// Whether a replacement was begun and is not done.
pub fn is_interrupted(library: &Path) -> bool {
    Places::of(library).record().exists()
}

/// Undoes an interrupted replacement, or completes it if the new database is in its place. Removes all incomplete files. Needs
/// the exclusive lock.
pub fn recover(library: &Path) -> Result<()> {
    let places = Places::of(library);
    if let Some(replacement) = places.read_record()? {
        if places.incoming(DATABASE).exists() {
            roll_back(&places, &replacement)?;
        } else {
            complete(&places, &replacement)?;
        }
    }
    unfinished::remove_all(library)
}

pub fn replace(library: &Path, folder: &Path, names: &[&str], aside: &str) -> Result<Option<PathBuf>> {
    let places = Places::of(library);
    let inside = folder.strip_prefix(&places.parent).unwrap_or(Path::new(""));
    let which = |exists: &dyn Fn(&str) -> bool| {
        names.iter().filter(|name| exists(name)).map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    let replacement = Replacement {
        aside: aside.to_owned(),
        files: path_bytes::to_bytes(inside),
        old: which(&|name| fs::symlink_metadata(folder.join(name)).is_ok()),
        new: which(&|name| places.incoming(name).exists()),
    };
    let json = serde_json::to_vec(&replacement).map_err(|error| StoreError::file(&places.record())(error.into()))?;
    files::write_private(&places.record(), &json).map_err(StoreError::file(&places.record()))?;
    sync(&places.unfinished.join(NEW))?;

    files::create_private_folder(folder).map_err(StoreError::file(folder))?;
    let kept = places.kept().join(inside);
    for name in names {
        if replacement.old.iter().any(|old| old == name) {
            files::create_private_folder(&kept).map_err(StoreError::file(&kept))?;
            rename(&folder.join(name), &kept.join(name))?;
        }
        if replacement.new.iter().any(|new| new == name) {
            rename(&places.incoming(name), &folder.join(name))?;
        }
    }
    sync(folder)?;
    keep_database(&places)?;
    rename(&places.incoming(DATABASE), library)?;
    sync(&places.parent)?;
    let aside = complete(&places, &replacement)?;
    unfinished::remove_all(library)?;
    Ok(aside)
}

/// Another name for the database and its log. The database stays in place until the new one replaces it, which must never
/// have the log of this one beside it.
fn keep_database(places: &Places) -> Result<()> {
    let kept = places.kept_database();
    if opening::exists(&places.library) {
        files::create_private_folder(&places.kept()).map_err(StoreError::file(&kept))?;
        for ending in ["", "-wal"] {
            let (own, kept) = (opening::companion(&places.library, ending), opening::companion(&kept, ending));
            if own.exists() {
                link(&own, &kept)?;
            }
        }
        sync(&places.kept())?;
    }
    for ending in ["-wal", "-shm"] {
        let path = opening::companion(&places.library, ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(StoreError::file(&path)(error)),
            _ => {}
        }
    }
    sync(&places.parent)
}

fn roll_back(places: &Places, replacement: &Replacement) -> Result<()> {
    let inside = path_bytes::from_bytes(&replacement.files);
    let (folder, kept) = (places.parent.join(&inside), places.kept().join(&inside));
    for name in &replacement.new {
        if !places.incoming(name).exists() && folder.join(name).exists() {
            rename(&folder.join(name), &places.incoming(name))?;
        }
    }
    for name in &replacement.old {
        if fs::symlink_metadata(kept.join(name)).is_ok() {
            rename(&kept.join(name), &folder.join(name))?;
        }
    }
    let [log, own_log] = [places.kept_database(), places.library.clone()].map(|path| opening::companion(&path, "-wal"));
    if log.exists() && !own_log.exists() {
        link(&log, &own_log)?;
    }
    sync(&folder)?;
    sync(&places.parent)?;
    // Before the rest is removed: without the new database, the replacement would seem done.
    fs::remove_file(places.record()).map_err(StoreError::file(&places.record()))?;
    sync(&places.unfinished)
}

/// Gives what was there its place beside the database.
fn complete(places: &Places, replacement: &Replacement) -> Result<Option<PathBuf>> {
    let kept = places.kept();
    if !kept.exists() {
        return Ok(None);
    }
    let aside = files::first_free(&places.parent.join(&replacement.aside), |path| match fs::symlink_metadata(path) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => Ok(()),
    });
    let (aside, ()) = aside.map_err(StoreError::file(&places.parent))?;
    rename(&kept, &aside)?;
    sync(&places.parent)?;
    Ok(Some(aside))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(StoreError::file(to))
}

fn link(from: &Path, to: &Path) -> Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).and_then(|_| files::sync(to))).map_err(StoreError::file(to))
}

fn sync(folder: &Path) -> Result<()> {
    files::sync(folder).map_err(StoreError::file(folder))
}
