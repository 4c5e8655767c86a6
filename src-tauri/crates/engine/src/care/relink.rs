//! Finds originals again that were moved, by their size and content.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use domain::care::Relinked;
use domain::ids::ImageId;
use prepare::{ContentHash, ScanOptions, ScannedPath};
use store::{KnownFile, KnownOriginal};

use super::Care;
use super::check::{OriginalState, lost, state_of};
use crate::originals::fingerprint;
use crate::{EngineError, Result, places};

/// Images that are listed.
const LISTED: usize = 100;

/// An original that was found again.
struct Found {
    image: ImageId,
    from: Option<PathBuf>,
    to: PathBuf,
    file: KnownFile,
}

impl Care {
    /// Looks below `folder` for the originals that are missing. With `is_dry_run`, nothing is changed.
    pub fn relink(&self, folder: &Path, is_dry_run: bool) -> Result<Relinked> {
        if !folder.is_dir() {
            return Err(EngineError::NoFolder(folder.to_owned()));
        }
        let folder = places::absolute(folder).map_err(EngineError::file(folder))?;
        let mut missing = self.store.read_blocking(|view| view.originals())?;
        missing.retain(|original| state_of(original) != OriginalState::Present);
        let found = find(&missing, &folder);
        let images: HashSet<ImageId> = found.iter().map(|found| found.image).collect();
        missing.retain(|original| !images.contains(&original.image));
        let report = Relinked {
            found: u32::try_from(found.len()).unwrap_or(u32::MAX),
            missing_count: u32::try_from(missing.len()).unwrap_or(u32::MAX),
            missing: missing.iter().take(LISTED).map(lost).collect(),
            is_dry_run,
        };
        if !is_dry_run && !found.is_empty() {
            let roots = moved_roots(&self.store.read_blocking(|view| view.roots())?, &found);
            self.store.write_blocking(move |edit| {
                found
                    .iter()
                    .try_for_each(|found| edit.move_file(found.image, found.from.as_deref(), &found.to, found.file))?;
                roots.iter().try_for_each(|(from, to)| edit.move_root(from, to))
            })?;
            self.changes.record();
        }
        Ok(report)
    }
}

fn find(missing: &[KnownOriginal], folder: &Path) -> Vec<Found> {
    let mut by_content: HashMap<[u8; 32], &KnownOriginal> =
        missing.iter().map(|original| (original.hash, original)).collect();
    let sizes: HashSet<u64> = missing.iter().map(|original| original.byte_len).collect();
    let mut found = Vec::new();
    let options = ScanOptions { includes_leftovers: true };
    prepare::scan(&[folder.to_owned()], options, &AtomicBool::new(false), &mut |scanned| {
        let ScannedPath::File(path) = scanned else { return };
        let Ok(file) = fingerprint(&path) else { return };
        if !sizes.contains(&file.byte_len) {
            return;
        }
        let Ok(hash) = ContentHash::of_file(&path) else { return };
        // The first place of several.
        if let Some(original) = by_content.remove(hash.as_bytes()) {
            let from = closest(&original.files, &path);
            found.push(Found { image: original.image, from, to: path, file });
        }
    });
    found
}

/// The known place that has most in common with the new one, from the name up.
fn closest(files: &[(PathBuf, KnownFile)], to: &Path) -> Option<PathBuf> {
    let common = |path: &Path| path.iter().rev().zip(to.iter().rev()).take_while(|(a, b)| a == b).count();
    files.iter().map(|(path, _)| path).max_by_key(|path| common(path)).cloned()
}

/// Folders that are gone, where all that was found again of each is at one new place with the same names.
fn moved_roots(roots: &[PathBuf], found: &[Found]) -> Vec<(PathBuf, PathBuf)> {
    let place_of = |root: &Path, found: &Found| {
        let inside = found.from.as_ref()?.strip_prefix(root).ok()?.to_owned();
        let above = found.to.ancestors().nth(inside.iter().count());
        Some(above.filter(|_| found.to.ends_with(&inside)).map(Path::to_owned))
    };
    let gone = roots.iter().filter(|root| !root.exists());
    gone.filter_map(|root| {
        let mut places = found.iter().filter_map(|found| place_of(root, found));
        let first = places.next()??;
        places.all(|place| place.as_ref() == Some(&first)).then(|| (root.clone(), first))
    })
    .collect()
}
