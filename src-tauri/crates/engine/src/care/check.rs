//! Checks a library and only reads it: its file, and the files that it refers to.

use std::collections::HashSet;
use std::path::Path;
use std::str::FromStr;

use domain::care::{LibraryCheck, LostOriginal};
use prepare::ContentHash;
use store::KnownOriginal;

use super::own_files;
use crate::Result;
use crate::layout::{self, Layout};
use crate::originals::{fingerprint, still_holds};

/// Files that are listed of each kind.
const LISTED: usize = 100;

/// What has become of an original.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OriginalState {
    Present,
    /// At no place is a file.
    Missing,
    /// The files at its places have another content.
    Changed,
}

/// Checks the library at `database`, which may be open elsewhere.
pub fn check_library(database: &Path) -> Result<LibraryCheck> {
    let database = &layout::resolved(database);
    let mut check = store::check_file(database)?;
    if check.is_outdated || !check.damages.is_empty() {
        return Ok(check);
    }
    let (originals, hashes) = store::read_only(database, |view| Ok((view.originals()?, view.content_hashes()?)))?;
    for original in &originals {
        let (count, list) = match state_of(original) {
            OriginalState::Present => continue,
            OriginalState::Missing => (&mut check.missing_count, &mut check.missing),
            OriginalState::Changed => (&mut check.changed_count, &mut check.changed),
        };
        *count += 1;
        if list.len() < LISTED {
            list.push(lost(original));
        }
    }
    let strays = stray_thumbnails(&Layout::of(database), &hashes)?;
    check.stray_thumbnails = u32::try_from(strays.len()).unwrap_or(u32::MAX);
    Ok(check)
}

pub fn state_of(original: &KnownOriginal) -> OriginalState {
    if original.files.iter().any(|(path, known)| still_holds(path, *known, &original.hash)) {
        return OriginalState::Present;
    }
    let is_missing = original.files.iter().all(|(path, _)| fingerprint(path).is_err());
    if is_missing { OriginalState::Missing } else { OriginalState::Changed }
}

pub fn lost(original: &KnownOriginal) -> LostOriginal {
    let path = original.files.first().map_or_else(String::new, |(path, _)| path.to_string_lossy().into_owned());
    LostOriginal { name: original.name.clone(), path }
}

/// Thumbnails without an image in the library. They are generated again for images that return.
pub fn stray_thumbnails(layout: &Layout, hashes: &HashSet<[u8; 32]>) -> Result<Vec<own_files::OwnFile>> {
    let mut thumbnails = own_files::below(&layout.thumbnails())?.files;
    thumbnails.retain(|file| {
        let hash = file.path.file_stem().and_then(|stem| ContentHash::from_str(stem.to_str()?).ok());
        layout.is_written_by_library(&file.path) && hash.is_some_and(|hash| !hashes.contains(hash.as_bytes()))
    });
    Ok(thumbnails)
}
