//! Removes what nothing needs any more. Originals, annotations, answers and the ledger stay.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::care::{Pruned, PrunedFiles, PrunedKind};
use prepare::ContentHash;

use super::Care;
use super::check::stray_thumbnails;
use super::own_files::{self, OwnFile};
use crate::{EngineError, Result, places, uploads};

/// An upload that was changed within this time may be in progress, or not imported yet.
const UPLOAD_TIME: Duration = Duration::from_hours(24);
/// Names that are listed of each kind.
const LISTED: usize = 100;

impl Care {
    /// Removes files that nothing needs, and gives unused pages of the database back. With `is_dry_run`, nothing is changed.
    pub fn prune(&self, is_dry_run: bool) -> Result<Pruned> {
        self.check_idle()?;
        // Compacting keeps others from writing for seconds, and files of theirs may be in progress.
        if is_dry_run { self.remove_unneeded(true) } else { self.store.alone(|| self.remove_unneeded(false))? }
    }

    fn remove_unneeded(&self, is_dry_run: bool) -> Result<Pruned> {
        let layout = &self.layout;
        let hashes = self.store.read_blocking(|view| view.content_hashes())?;
        let old_copies = store::copies(&layout.backups()).into_iter().skip(1).map(|(_, path)| {
            let byte_len = own_files::byte_len(&path);
            OwnFile { path, name: None, byte_len, modified_at: None }
        });
        let (uploads, unused_uploads) = self.unused_uploads()?;
        let kinds = [
            (PrunedKind::Thumbnails, stray_thumbnails(layout, &hashes)?),
            (PrunedKind::Uploads, unused_uploads),
            (PrunedKind::Exports, own_files::below(&layout.ready_exports())?.files),
            (PrunedKind::Copies, old_copies.collect()),
        ];
        let mut pruned = Pruned { is_dry_run, ..Pruned::default() };
        for (kind, files) in kinds {
            let bytes = files.iter().map(|file| file.byte_len).sum();
            let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
            if !is_dry_run {
                files.iter().try_for_each(|file| remove(&file.path))?;
            }
            let names = files.iter().take(LISTED).map(|file| self.name_of(&file.path)).collect();
            pruned.removed.push(PrunedFiles { kind, files: count, bytes, names });
        }
        let bytes = if is_dry_run {
            self.store.read_blocking(|view| view.page_bytes())?.1
        } else {
            for upload in &uploads {
                remove_empty(upload);
            }
            self.compact()?
        };
        pruned.removed.push(PrunedFiles { kind: PrunedKind::Database, files: 0, bytes, names: Vec::new() });
        pruned.bytes = pruned.removed.iter().map(|removed| removed.bytes).sum();
        Ok(pruned)
    }

    /// The folders of uploads that are complete, and what in them is no image of the library, removed ones included: such as
    /// a text file, or a photo that cannot be read.
    fn unused_uploads(&self) -> Result<(Vec<PathBuf>, Vec<OwnFile>)> {
        let (mut complete, mut unused) = (Vec::new(), Vec::new());
        for folder in uploads::folders(&self.layout)? {
            let files = own_files::below(&folder)?.files;
            let changed = files
                .iter()
                .map(|file| file.modified_at)
                .chain([fs::metadata(&folder).and_then(|metadata| metadata.modified()).ok()]);
            if !changed.flatten().all(|time| time.elapsed().is_ok_and(|age| age > UPLOAD_TIME)) {
                continue;
            }
            for file in files {
                if !self.is_image(&file.path)? {
                    unused.push(file);
                }
            }
            complete.push(folder);
        }
        Ok((complete, unused))
    }

    /// Whether the file is an image of the library, wherever the library was when it was added.
    fn is_image(&self, path: &Path) -> Result<bool> {
        let absolute = places::absolute(path).map_err(EngineError::file(path))?;
        if self.store.read_blocking(|view| view.is_original(&absolute))? {
            return Ok(true);
        }
        let content = ContentHash::of_file(path).map_err(EngineError::file(path))?;
        Ok(self.store.read_blocking(|view| view.has_content(*content.as_bytes()))?)
    }

    /// From the library's folder, with slashes.
    fn name_of(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.layout.folder()).unwrap_or(path);
        inside.iter().map(OsStr::to_string_lossy).collect::<Vec<_>>().join("/")
    }

    /// Returns the bytes that were freed.
    fn compact(&self) -> Result<u64> {
        let size = || self.store.read_blocking(|view| view.page_bytes());
        let (before, _) = size()?;
        let log = store::companion(self.layout.database(), "-wal");
        let log_before = own_files::byte_len(&log);
        self.store.compact()?;
        let (after, _) = size()?;
        Ok((before + log_before).saturating_sub(after + own_files::byte_len(&log)))
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(EngineError::file(path)(error)),
        _ => Ok(()),
    }
}

/// Removes the folder and those in it, if they hold no file.
fn remove_empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}
