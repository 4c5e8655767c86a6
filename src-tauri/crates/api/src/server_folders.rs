//! Folders of the machine that serves a browser: those that it was started with, and everything below them.

use std::fs;
use std::path::{Component, Path, PathBuf};

use domain::import::is_image_name;
use serde::Serialize;

use crate::{ApiError, ApiResult, ErrorCode};

/// A folder of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
pub struct ServerFolder {
    pub name: String,
    pub path: String,
}

/// What is in a folder of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
pub struct FolderListing {
    /// `None` for the list of the folders that may be used.
    pub path: Option<String>,
    /// The folder above; `None` if that is the list of the folders that may be used.
    pub parent: Option<String>,
    pub folders: Vec<ServerFolder>,
    /// Files directly in this folder whose names are those of images.
    pub images: u32,
}

/// The folder at `path`, or the list of `roots`. Blocks.
pub fn list(roots: &[PathBuf], path: Option<&str>) -> ApiResult<FolderListing> {
    let Some(path) = path else {
        let folders = roots.iter().map(|root| folder_at(root)).collect();
        return Ok(FolderListing { path: None, parent: None, folders, images: 0 });
    };
    let folder = resolve(roots, path)?;
    let failed = |error: std::io::Error| ApiError::new(ErrorCode::File, format!("{}: {error}", folder.display()));
    let (mut folders, mut images) = (Vec::new(), 0);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (name, Ok(kind)) = (entry.file_name(), entry.file_type()) else { continue };
        // Imports skip hidden files and links as well. A name that is not Unicode cannot be sent back.
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        if kind.is_dir() {
            folders.push(folder_at(&entry.path()));
        } else if kind.is_file() && is_image_name(name) {
            images += 1;
        }
    }
    folders.sort_by_cached_key(|folder| folder.name.to_lowercase());
    let parent = if roots.contains(&folder) { None } else { folder.parent().map(shown) };
    Ok(FolderListing { path: Some(shown(&folder)), parent, folders, images })
}

/// The folder or file at `path` without links, if it is one of `roots` or below one. Blocks.
pub fn resolve(roots: &[PathBuf], path: &str) -> ApiResult<PathBuf> {
    let outside = || ApiError::new(ErrorCode::OutsideRoots, format!("{path:?} is in no folder that may be used here"));
    let is_inside = |path: &Path| roots.iter().any(|root| path.starts_with(root));
    let named = Path::new(path);
    // Checked as it is written first, so that nothing is learned about paths outside.
    if path.contains('\0') || named.components().any(|part| part == Component::ParentDir) || !is_inside(named) {
        return Err(outside());
    }
    let resolved =
        fs::canonicalize(named).map_err(|error| ApiError::new(ErrorCode::File, format!("{path}: {error}")))?;
    if is_inside(&resolved) { Ok(resolved) } else { Err(outside()) }
}

fn folder_at(path: &Path) -> ServerFolder {
    ServerFolder {
        name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        path: shown(path),
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_below_the_roots_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for name in ["b", "A", ".hidden"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        for name in ["1.JPG", "2.png", "notes.txt", ".3.jpg"] {
            fs::write(root.join(name), "").unwrap();
        }
        let roots = [root.clone()];
        let all = list(&roots, None).unwrap();
        assert_eq!((all.path, all.parent, all.images), (None, None, 0));
        assert_eq!(all.folders, [folder_at(&root)]);
        let listed = list(&roots, Some(&shown(&root))).unwrap();
        assert_eq!((listed.parent, listed.images), (None, 2));
        assert_eq!(listed.folders, [folder_at(&root.join("A")), folder_at(&root.join("b"))]);
        assert_eq!(list(&roots, Some(&shown(&root.join("A")))).unwrap().parent, Some(shown(&root)));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_leads_out_of_the_roots() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = fs::canonicalize(folder.path()).unwrap();
        std::os::unix::fs::symlink(other.path(), root.join("link")).unwrap();
        let sibling = format!("{}-sibling", root.display());
        let above = format!("{}/../..", root.display());
        let link = shown(&root.join("link"));
        let nul = format!("{}\0", root.display());
        for path in ["/", "/etc", "", "relative", "..", &sibling, &above, &link, &nul] {
            assert_eq!(
                resolve(std::slice::from_ref(&root), path).unwrap_err().code,
                ErrorCode::OutsideRoots,
                "{path:?}"
            );
        }
        assert_eq!(resolve(&[], &shown(&root)).unwrap_err().code, ErrorCode::OutsideRoots);
    }
}
