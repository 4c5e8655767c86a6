//! Writes a library into one file, while it may be used.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use domain::care::{BackupState, LastBackup, WrittenBackup};
use serde::{Deserialize, Serialize};

use super::archive::{BackupWriter, Manifest};
use super::own_files::OwnFiles;
use super::{Care, own_files, shown};
use crate::clock::{file_name_of_now, is_file_name_of_time, now_millis};
use crate::layout::{ATTRIBUTION, DATABASE, METRICS, SAMPLES, SETTINGS_FILE, THUMBNAILS, UPLOADS};
use crate::{EngineError, Result, places, private};

/// The name of a backup, around its time.
const NAME_START: &str = "fieldmark-";
const NAME_END: &str = ".zip";
/// Upper bound for the record of the last backup.
const MAX_RECORD_BYTES: u64 = 1 << 16;

impl Care {
    /// Writes a backup to `out`: the database, settings, metrics, uploaded and sample photos, and thumbnails if asked.
    pub fn back_up(&self, out: &Path, with_thumbnails: bool) -> Result<WrittenBackup> {
        self.outputs.check(out)?;
        self.check_outside(out)?;
        let absolute = std::path::absolute(out).map_err(EngineError::file(out))?;
        let beside = absolute.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(beside).map_err(EngineError::file(beside))?;
        files::remove_abandoned(beside);
        let copy = self.store.copy()?;
        // Of the copy, because others may write meanwhile.
        let (format, counts, known) =
            store::read_only(copy.path(), |view| Ok((view.format()?, view.library_counts()?, view.file_paths()?)))?;
        let folder = places::absolute(self.layout.folder()).map_err(EngineError::file(self.layout.folder()))?;
        let made_at = now_millis();
        let manifest = Manifest::new(made_at, format, folder.to_str().map(ToOwned::to_owned), counts);
        let failed = || EngineError::file(out);
        let mut backup = BackupWriter::begin(out, manifest).map_err(failed())?;
        backup.add(DATABASE.into(), copy.path(), true).map_err(failed())?;
        drop(copy);
        self.store.forget_copies();
        for (name, path) in [(SETTINGS_FILE, self.layout.settings_file()), (ATTRIBUTION, self.layout.attribution())] {
            match backup.add(name.into(), &path, true) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(EngineError::file(path)(error)),
                _ => {}
            }
        }
        let mut folders = vec![
            (METRICS, self.layout.metrics(), true),
            (SAMPLES, self.layout.samples(), false),
            (UPLOADS, self.layout.uploads(), false),
        ];
        if with_thumbnails {
            folders.push((THUMBNAILS, self.layout.thumbnails(), false));
        }
        let (mut missing, mut links) = (Vec::new(), Vec::new());
        for (folder, path, is_compressed) in folders {
            let found = own_files::below(&path)?;
            links.extend(found.links.iter().map(|link| name_in(folder, &path, link)));
            missing.extend(missing_below(folder, &path, &known, &found)?);
            for file in found.files {
                let Some(name) = file.name else {
                    let source = std::io::Error::new(ErrorKind::InvalidFilename, "its name is no text");
                    return Err(EngineError::File { path: file.path, source });
                };
                match backup.add(format!("{folder}/{name}"), &file.path, is_compressed) {
                    // Metrics and thumbnails are replaced while the library is used.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    added => added.map_err(EngineError::file(file.path))?,
                }
            }
        }
        let manifest = backup.finish().map_err(failed())?;
        let path = shown(out);
        // One for a browser is a backup when it is downloaded.
        if out.parent() != Some(&self.layout.ready_exports()) {
            self.record(&BackupRecord { made_at, path: path.clone(), is_download: false })?;
        }
        Ok(WrittenBackup {
            path,
            byte_len: own_files::byte_len(out),
            files: u32::try_from(manifest.entries.len()).unwrap_or(u32::MAX),
            counts,
            has_thumbnails: with_thumbnails,
            missing,
            links,
        })
    }

    /// A file name for a backup that is made now.
    #[must_use]
    pub fn backup_name(&self) -> String {
        format!("{NAME_START}{}{NAME_END}", file_name_of_now().replace(' ', "-"))
    }

    /// Notes that a browser downloads the file `name` of the prepared exports, if that is a backup.
    pub fn note_download(&self, name: &str) -> Result<()> {
        let time = name.strip_prefix(NAME_START).and_then(|rest| rest.strip_suffix(NAME_END));
        if !time.is_some_and(|time| is_file_name_of_time(time, b'-')) {
            return Ok(());
        }
        let made_at = fs::metadata(self.layout.ready_exports().join(name)).and_then(|metadata| metadata.modified());
        let since = made_at.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let made_at = u64::try_from(since.as_millis()).unwrap_or_default();
        self.record(&BackupRecord { made_at, path: name.to_owned(), is_download: true })
    }

    pub(super) fn last_backup(&self) -> Option<LastBackup> {
        let record = files::read(&self.layout.last_backup(), MAX_RECORD_BYTES).ok()?;
        let BackupRecord { made_at, path, is_download } = serde_json::from_slice(&record).ok()?;
        let state = if is_download {
            BackupState::Downloaded
        } else if Path::new(&path).exists() {
            BackupState::There
        } else {
            BackupState::Gone
        };
        Some(LastBackup { made_at, path, state })
    }

    fn record(&self, record: &BackupRecord) -> Result<()> {
        let (folder, path) = (self.layout.backups(), self.layout.last_backup());
        private::create_folder(&folder).map_err(EngineError::file(folder))?;
        let json = serde_json::to_vec(record).map_err(|error| EngineError::file(&path)(error.into()))?;
        files::write_private(&path, &json).map_err(EngineError::file(path))
    }

    /// Refuses a target in a folder that a backup holds: it would hold a part of itself.
    fn check_outside(&self, out: &Path) -> Result<()> {
        let layout = &self.layout;
        let target = canonical(out)?;
        let folders = [layout.metrics(), layout.samples(), layout.uploads(), layout.thumbnails()];
        for folder in folders {
            if target.starts_with(canonical(&folder)?) {
                let reason = "a backup cannot be in a folder that is backed up";
                return Err(EngineError::UnfitTarget { path: out.to_owned(), reason });
            }
        }
        Ok(())
    }
}

/// What is kept of the last backup, as JSON.
#[derive(Serialize, Deserialize)]
struct BackupRecord {
    made_at: u64,
    path: String,
    #[serde(default)]
    is_download: bool,
}

/// `path` without links, as far as it exists.
fn canonical(path: &Path) -> Result<PathBuf> {
    let absolute = places::absolute(path).map_err(EngineError::file(path))?;
    let there = absolute.ancestors().find_map(|above| Some((fs::canonicalize(above).ok()?, above)));
    let Some((resolved, above)) = there else { return Ok(absolute) };
    Ok(absolute.strip_prefix(above).map_or_else(|_| absolute.clone(), |rest| resolved.join(rest)))
}

/// `path`, which is below `folder`, as the name of an entry in the archive's folder `name`.
fn name_in(name: &str, folder: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(folder).unwrap_or(path).iter().map(OsStr::to_string_lossy);
    [name.into()].into_iter().chain(inside).collect::<Vec<_>>().join("/")
}

/// The originals that the library knows below `folder` and that are not among the files found there.
fn missing_below(name: &str, folder: &Path, known: &[PathBuf], found: &OwnFiles) -> Result<Vec<String>> {
    let absolute = places::absolute(folder).map_err(EngineError::file(folder))?;
    let bases = [canonical(folder)?, absolute];
    let found: HashSet<String> = found.files.iter().map(|file| name_in(name, folder, &file.path)).collect();
    let inside = known.iter().filter_map(|path| bases.iter().find_map(|base| path.strip_prefix(base).ok()));
    let missing: BTreeSet<String> = inside.map(|inside| name_in(name, folder, inside)).collect();
    Ok(missing.into_iter().filter(|name| !found.contains(name)).collect())
}
