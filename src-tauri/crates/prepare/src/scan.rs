//! Finds files in dropped folders. Nothing is opened: [`crate::ingest`] decides whether a file is an image.

use crate::leftovers::is_leftover;
use crate::natural_order;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use walkdir::WalkDir;

/// An entry found by a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannedPath {
    File(PathBuf),
    /// A leftover of a NAS system or an app, which is not imported.
    Leftover(PathBuf),
    /// Inaccessible, with the system's error in `detail`, or not a file: a named pipe, a device.
    Unreadable {
        path: PathBuf,
        detail: String,
    },
}

/// Options of a scan.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScanOptions {
    /// Whether to import leftovers of NAS systems and apps too.
    pub includes_leftovers: bool,
}

/// Walks `roots`, files or folders, and calls `found` for all entries, each folder in natural order of names.
///
/// Links inside folders are not followed; a root that is a link is. Hidden files and folders (names that begin with a
/// dot) inside folders are skipped; other file types are unreadable. A root is never hidden or a leftover, because it
/// was named explicitly. A folder is walked once, however often roots or mounts lead to it. Returns early once
/// `is_cancelled`.
pub fn scan(roots: &[PathBuf], options: ScanOptions, is_cancelled: &AtomicBool, found: &mut dyn FnMut(ScannedPath)) {
    let mut scan = Scan { options, walked: HashSet::new(), is_cancelled, found };
    for root in roots {
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => scan.folder(root),
            Ok(metadata) if metadata.is_file() => (scan.found)(ScannedPath::File(root.clone())),
            Ok(metadata) => scan.other(root.clone(), metadata.file_type()),
            Err(error) => (scan.found)(ScannedPath::Unreadable { path: root.clone(), detail: error.to_string() }),
        }
    }
}

struct Scan<'a> {
    options: ScanOptions,
    walked: HashSet<FolderId>,
    is_cancelled: &'a AtomicBool,
    found: &'a mut dyn FnMut(ScannedPath),
}

impl Scan<'_> {
    fn folder(&mut self, root: &Path) {
        let mut entries =
            WalkDir::new(root).sort_by(|a, b| natural_order::compare(a.file_name(), b.file_name())).into_iter();
        // Depth of the current leftover folder.
        let mut leftover_depth = None;
        while let Some(entry) = entries.next() {
            if self.is_cancelled.load(Ordering::Relaxed) {
                return;
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let detail = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    (self.found)(ScannedPath::Unreadable { path, detail });
                    continue;
                }
            };
            let is_root = entry.depth() == 0;
            // A root that is a link has the type of a link; it is known to lead to a folder.
            let is_folder = is_root || entry.file_type().is_dir();
            leftover_depth = leftover_depth.filter(|&depth| entry.depth() > depth);
            let begins_leftover = !is_root && leftover_depth.is_none() && is_leftover(entry.path());
            if is_folder && begins_leftover {
                leftover_depth = Some(entry.depth());
            }
            let is_leftover = begins_leftover || leftover_depth.is_some();
            let is_hidden = !is_root && !begins_leftover && is_hidden(entry.file_name());
            if is_folder {
                // An inaccessible folder is walked anyway, which gives the reason.
                let is_known =
                    fs::metadata(entry.path()).is_ok_and(|metadata| !self.walked.insert(folder_id(&entry, &metadata)));
                if is_hidden || is_known {
                    entries.skip_current_dir();
                }
            } else if entry.file_type().is_file() && !is_hidden {
                let path = entry.into_path();
                let is_file = !is_leftover || self.options.includes_leftovers;
                (self.found)(if is_file { ScannedPath::File(path) } else { ScannedPath::Leftover(path) });
            } else if !entry.file_type().is_symlink() && !is_hidden && !is_leftover {
                let kind = entry.file_type();
                self.other(entry.into_path(), kind);
            }
        }
    }

    /// A named pipe, for instance.
    fn other(&mut self, path: PathBuf, kind: FileType) {
        if let Some(kind) = files::other_kind(kind) {
            (self.found)(ScannedPath::Unreadable { path, detail: format!("{kind}, not a regular file") });
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Identifies a folder, whatever path leads to it.
#[cfg(unix)]
type FolderId = (u64, u64);

#[cfg(unix)]
fn folder_id(_: &walkdir::DirEntry, metadata: &Metadata) -> FolderId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
type FolderId = PathBuf;

#[cfg(not(unix))]
fn folder_id(entry: &walkdir::DirEntry, _: &Metadata) -> FolderId {
    fs::canonicalize(entry.path()).unwrap_or_else(|_| entry.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(roots: &[&Path]) -> Vec<ScannedPath> {
        let roots: Vec<PathBuf> = roots.iter().map(|&root| root.to_owned()).collect();
        let mut all = Vec::new();
        scan(&roots, ScanOptions::default(), &AtomicBool::new(false), &mut |found| all.push(found));
        all
    }

    /// Relative paths below `folder`; panics on unreadable entries.
    fn names(folder: &Path, found: &[ScannedPath]) -> Vec<String> {
        found
            .iter()
            .map(|found| match found {
                ScannedPath::File(path) => path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/"),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    }

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn folders_come_in_natural_order_without_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["day 2/img2.jpg", "day 2/img10.jpg", "day 10/a/deep.jpg", "day 10/IMG1.jpg", "zebra.jpg"];
        for file in files.iter().chain(&[".cache/img.jpg", "day 2/.img.jpg"]) {
            touch(&folder.path().join(file));
        }
        assert_eq!(names(folder.path(), &scanned(&[folder.path()])), files);
        // A hidden folder that is named explicitly is not hidden.
        assert_eq!(names(folder.path(), &scanned(&[&folder.path().join(".cache")])), [".cache/img.jpg"]);
    }

    #[test]
    fn leftovers_are_told_apart_unless_they_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let photos = [
            "IMG_1.jpg",
            "Photos Library.photoslibrary/originals/0/A.heic",
            "derivatives/mine.jpg",
            "my #recycle tips/bin.jpg",
        ];
        let leftovers = [
            "#recycle/old.jpg",
            "$RECYCLE.BIN/S-1/$R1.jpg",
            ".Trash-1000/files/gone.jpg",
            "._IMG_1.jpg",
            "@eaDir/IMG_1.jpg/SYNOPHOTO_THUMB_XL.jpg",
            "Catalog Previews.lrdata/0/preview.jpg",
            "Photos Library.photoslibrary/resources/derivatives/A/A_1_105_c.jpeg",
            "__MACOSX/IMG_1.jpg",
        ];
        for file in photos.iter().chain(&leftovers).chain(&[".cache/img.jpg"]) {
            touch(&folder.path().join(file));
        }
        let split = |options| {
            let (mut files, mut left) = (Vec::new(), Vec::new());
            scan(&[folder.path().to_owned()], options, &AtomicBool::new(false), &mut |found| match found {
                ScannedPath::File(path) => files.push(ScannedPath::File(path)),
                ScannedPath::Leftover(path) => left.push(ScannedPath::File(path)),
                ScannedPath::Unreadable { path, detail } => panic!("{}: {detail}", path.display()),
            });
            [files, left].map(|found| {
                let mut names = names(folder.path(), &found);
                names.sort();
                names
            })
        };
        let [files, left] = split(ScanOptions::default());
        assert_eq!(files, sorted(&photos));
        assert_eq!(left, sorted(&leftovers));
        let [files, left] = split(ScanOptions { includes_leftovers: true });
        assert_eq!(files, sorted(&[photos.as_slice(), &leftovers].concat()));
        assert_eq!(left, [""; 0]);

        // Named explicitly, they are imported.
        for (root, expected) in [
            ("#recycle", "#recycle/old.jpg"),
            ("._IMG_1.jpg", "._IMG_1.jpg"),
            (
                "Photos Library.photoslibrary/resources/derivatives",
                "Photos Library.photoslibrary/resources/derivatives/A/A_1_105_c.jpeg",
            ),
        ] {
            assert_eq!(names(folder.path(), &scanned(&[&folder.path().join(root)])), [expected]);
        }
    }

    #[test]
    fn overlapping_roots_are_walked_once_and_missing_ones_reported() {
        let folder = tempfile::tempdir().unwrap();
        touch(&folder.path().join("a/1.jpg"));
        touch(&folder.path().join("b/2.jpg"));
        let found = scanned(&[&folder.path().join("b"), folder.path()]);
        assert_eq!(names(folder.path(), &found), ["b/2.jpg", "a/1.jpg"]);
        let gone = folder.path().join("gone");
        assert!(matches!(&scanned(&[&gone])[..], [ScannedPath::Unreadable { path, .. }] if *path == gone));
    }

    #[test]
    fn cancelling_ends_the_scan() {
        let folder = tempfile::tempdir().unwrap();
        for index in 0..10 {
            touch(&folder.path().join(format!("{index}.jpg")));
        }
        let is_cancelled = AtomicBool::new(false);
        let mut count = 0;
        scan(&[folder.path().to_owned()], ScanOptions::default(), &is_cancelled, &mut |_| {
            count += 1;
            is_cancelled.store(count == 3, Ordering::Relaxed);
        });
        assert_eq!(count, 3);
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_odd_names_do_no_harm() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("photos");
        let odd = root.join(OsStr::from_bytes(b"caf\xE9.jpg"));
        touch(&odd);
        touch(&folder.path().join("elsewhere/other.jpg"));
        symlink(&root, root.join("loop")).unwrap();
        symlink(folder.path().join("elsewhere"), root.join("link")).unwrap();
        symlink(folder.path().join("elsewhere/other.jpg"), root.join("other.jpg")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let pipe = root.join("pipe.jpg");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let other = |name: &str, kind: &str| ScannedPath::Unreadable {
            path: root.join(name),
            detail: format!("{kind}, not a regular file"),
        };
        let (is_pipe, is_socket) = (other("pipe.jpg", "a named pipe"), other("socket", "a socket"));
        assert_eq!(scanned(&[&root]), [ScannedPath::File(odd.clone()), is_pipe.clone(), is_socket]);
        assert_eq!(scanned(&[&pipe]), [is_pipe]);
        // Reading a pipe would block forever.
        assert!(crate::ingest(&pipe, 100, &crate::fixtures::memory()).is_err());

        let (to_folder, to_file) = (folder.path().join("to folder"), folder.path().join("to file"));
        symlink(&root, &to_folder).unwrap();
        symlink(&odd, &to_file).unwrap();
        let inside = to_folder.join(odd.file_name().unwrap());
        let both = scanned(&[&to_file, &to_folder]);
        assert_eq!(both[..2], [ScannedPath::File(to_file), ScannedPath::File(inside)]);
    }

    #[cfg(unix)]
    #[test]
    fn unreadable_folders_are_reported() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let closed = folder.path().join("closed");
        touch(&closed.join("1.jpg"));
        touch(&folder.path().join("open/2.jpg"));
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        // Root can read everything.
        if fs::read_dir(&closed).is_err() {
            let found = scanned(&[folder.path()]);
            assert!(matches!(&found[0], ScannedPath::Unreadable { path, .. } if *path == closed));
            assert_eq!(names(folder.path(), &found[1..]), ["open/2.jpg"]);
        }
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
