//! Removes what nothing needs any more. Originals, annotations, answers and the ledger stay.

use std::fs;
use std::path::Path;

use domain::care::{Pruned, PrunedFiles, PrunedKind};

use super::Care;
use super::check::stray_thumbnails;
use super::own_files::{self, OwnFile};
use crate::{EngineError, Result, places};

impl Care {
    /// Removes files that nothing needs, and gives unused pages of the database back. With `is_dry_run`, nothing is changed.
    pub fn prune(&self, is_dry_run: bool) -> Result<Pruned> {
        self.check_idle()?;
        let layout = &self.layout;
        let hashes = self.store.read_blocking(|view| view.content_hashes())?;
        let old_copies = store::copies(&layout.backups()).into_iter().skip(1).map(|(_, path)| {
            let byte_len = own_files::byte_len(&path);
            OwnFile { path, name: None, byte_len }
        });
        let kinds = [
            (PrunedKind::Thumbnails, stray_thumbnails(layout, &hashes)),
            (PrunedKind::Uploads, self.unused_uploads()?),
            (PrunedKind::Exports, own_files::below(&layout.ready_exports())),
            (PrunedKind::Copies, old_copies.collect()),
        ];
        let mut pruned = Pruned { is_dry_run, ..Pruned::default() };
        for (kind, files) in kinds {
            let bytes = files.iter().map(|file| file.byte_len).sum();
            let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
            if !is_dry_run {
                files.iter().try_for_each(|file| remove(&file.path))?;
            }
            pruned.removed.push(PrunedFiles { kind, files: count, bytes });
        }
        let bytes = if is_dry_run {
            self.store.read_blocking(|view| view.page_bytes())?.1
        } else {
            self.remove_empty_uploads();
            self.compact()?
        };
        pruned.removed.push(PrunedFiles { kind: PrunedKind::Database, files: 0, bytes });
        pruned.bytes = pruned.removed.iter().map(|removed| removed.bytes).sum();
        Ok(pruned)
    }

    /// Files that a browser uploaded and that are no image of the library, removed ones included: such as a text file, or a
    /// photo that cannot be read.
    fn unused_uploads(&self) -> Result<Vec<OwnFile>> {
        let folder = self.layout.uploads();
        let absolute = places::absolute(&folder).map_err(EngineError::file(&folder))?;
        let uploads = own_files::below(&absolute);
        self.store
            .read_blocking(|view| {
                let mut unused = Vec::new();
                for file in uploads {
                    if !view.is_original(&file.path)? {
                        unused.push(file);
                    }
                }
                Ok(unused)
            })
            .map_err(Into::into)
    }

    /// Folders of uploads without a file.
    fn remove_empty_uploads(&self) {
        for entry in fs::read_dir(self.layout.uploads()).into_iter().flatten().flatten() {
            // Fails where there are files.
            let _ = fs::remove_dir(entry.path());
        }
    }

    /// Returns the bytes that were freed.
    fn compact(&self) -> Result<u64> {
        let size = || self.store.read_blocking(|view| view.page_bytes());
        let (before, _) = size()?;
        let log = own_files::log_of(self.layout.database());
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
