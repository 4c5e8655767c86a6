//! Normalizes paths, so that every file has a single path.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// The absolute form of `path`. Every `..` is resolved, so that `../photos` is the same folder as its plain path. Other
/// links are kept, except those that a `..` leaves.
pub fn absolute(path: &Path) -> io::Result<PathBuf> {
    let mut resolved = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        if part != Component::ParentDir {
            resolved.push(part);
        } else if let Ok(folder) = fs::canonicalize(&resolved) {
            resolved = folder;
            resolved.pop();
        } else {
            // A missing folder cannot be a link.
            resolved.push(part);
        }
    }
    Ok(resolved)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn one_folder_has_one_path() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("photos/may")).unwrap();
        fs::create_dir(root.join("elsewhere")).unwrap();
        symlink(root.join("photos/may"), root.join("elsewhere/link")).unwrap();
        let seen = |path: &str| absolute(&root.join(path)).unwrap();
        for path in ["photos", "elsewhere/../photos", "./elsewhere/.././photos/", "photos/may/..", "elsewhere/link/.."]
        {
            assert_eq!(seen(path), root.join("photos"), "{path}");
        }
        // Named links and missing files stay as they are.
        assert_eq!(seen("elsewhere/link"), root.join("elsewhere/link"));
        assert_eq!(seen("gone/../photos"), root.join("gone/../photos"));
    }
}
