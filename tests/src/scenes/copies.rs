//! Copies of a library: the database is copied, thumbnails and photos are shared, as nothing changes them.

use std::fs;
use std::path::{Path, PathBuf};

use super::Done;

/// The database, which owns its folder by this name.
pub const DATABASE: &str = "library.sqlite";
/// The folder of thumbnails in a library.
pub const THUMBNAILS: &str = "thumbs";

/// A copied library.
#[derive(Debug, Clone)]
pub struct Copied {
    pub database: PathBuf,
}

/// Copies the library in `from` to `to`. Its thumbnails are those of the template, named by content, so that a library that adds
/// some changes none for another.
pub fn copy(from: &Path, to: &Path) -> Done<Copied> {
    fs::create_dir_all(to)?;
    let database = to.join(DATABASE);
    fs::copy(from.join(DATABASE), &database)?;
    let thumbnails = fs::canonicalize(from.join(THUMBNAILS))?;
    link(&thumbnails, &to.join(THUMBNAILS))?;
    Ok(Copied { database })
}

#[cfg(unix)]
fn link(original: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

#[cfg(windows)]
fn link(original: &Path, link: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(original, link)
}
