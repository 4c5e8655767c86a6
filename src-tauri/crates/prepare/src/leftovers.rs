//! Files that NAS systems, operating systems and photo apps leave between photos: thumbnails, recycle bins and metadata
//! copies. Importing them would duplicate photos or bring back deleted ones.

use std::path::Path;

/// Lower-case folder names: thumbnails, snapshots and recycle bins of Synology, QNAP, Windows and Apple.
const FOLDERS: [&str; 11] = [
    "@eadir",
    "#recycle",
    "@recycle",
    "#snapshot",
    "@recently-snapshot",
    ".@__thumb",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "__macosx",
];

/// Libraries of Apple's Photos, iPhoto and Aperture, which keep their photos in other folders than these.
const LIBRARY_EXTENSIONS: [&str; 4] = ["photoslibrary", "photolibrary", "aplibrary", "migratedphotolibrary"];
const LIBRARY_FOLDERS: [&str; 6] = ["resources", "previews", "thumbnails", "database", "private", "internal"];

/// Whether the file or folder at `path` is a leftover. Not called below such a folder.
pub(crate) fn is_leftover(path: &Path) -> bool {
    let name = lower_case(path.file_name().unwrap_or_default());
    FOLDERS.contains(&name.as_str())
        || name.starts_with(".trash")
        || name.starts_with("._")
        || has_extension(path, &["lrdata"])
        || (LIBRARY_FOLDERS.contains(&name.as_str())
            && path.parent().is_some_and(|folder| has_extension(folder, &LIBRARY_EXTENSIONS)))
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.contains(&lower_case(extension).as_str()))
}

fn lower_case(name: &std::ffi::OsStr) -> String {
    name.to_string_lossy().to_lowercase()
}
