//! Where output files outside of the library may be written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prepare::ContentHash;
use store::Store;

use crate::layout::Layout;
use crate::{EngineError, Result};

/// The paths that no output may overwrite.
pub struct Outputs {
    store: Arc<Store>,
    layout: Arc<Layout>,
}

impl Outputs {
    pub(crate) fn new(store: Arc<Store>, layout: Arc<Layout>) -> Self {
        Self { store, layout }
    }

    /// Writes a whole file, unless that must not be overwritten.
    pub fn write(&self, path: &Path, content: &[u8]) -> Result<()> {
        self.check(path)?;
        files::write(path, content).map_err(EngineError::file(path))
    }

    /// Refuses a path that output must not overwrite: an original, a file of the library, a folder.
    ///
    /// # Errors
    /// [`EngineError::UnfitTarget`] with the reason.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn check(&self, path: &Path) -> Result<()> {
        let unfit = |reason| Err(EngineError::UnfitTarget { path: path.to_owned(), reason });
        if path.file_name().is_none() {
            return unfit("it is not a file name");
        }
        let absolute = std::path::absolute(path).map_err(EngineError::file(path))?;
        match fs::metadata(&absolute) {
            Ok(there) if there.is_dir() => return unfit("it is a folder"),
            // Nothing in a device or a pipe can be overwritten.
            Ok(there) if !there.is_file() => return Ok(()),
            _ => {}
        }
        let canonical = resolved(&absolute);
        if self.layout.is_database_file(&canonical) || canonical == resolved(&self.layout.settings_file()) {
            return unfit("it is a file of the library");
        }
        // Compares contents, since links to an original and copies of it have other paths.
        let content = ContentHash::of_file(&absolute).ok();
        let is_original = self.store.read_blocking(|view| {
            Ok(view.is_original(&absolute)?
                || view.is_original(&canonical)?
                || match &content {
                    Some(content) => view.has_content(*content.as_bytes())?,
                    None => false,
                })
        })?;
        if is_original { unfit("it is a photo in the library, which is never changed") } else { Ok(()) }
    }
}

/// The file that writing to `path` changes, with all links resolved.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
    })
}
