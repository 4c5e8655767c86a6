//! Writing whole folders: a folder appears complete or not at all.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::write::folder_of;

/// A folder being written. Dropping it before [`WholeFolder::finish`] leaves nothing behind.
pub struct WholeFolder {
    filling: TempDir,
    target: PathBuf,
}

impl WholeFolder {
    /// Begins the folder at `target`, creating its parents.
    ///
    /// # Errors
    ///
    /// If `target` exists, except as an empty folder: existing files would be lost or mixed with the new ones.
    pub fn begin(target: &Path) -> io::Result<Self> {
        check_empty(target)?;
        let parent = folder_of(target);
        fs::create_dir_all(parent)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fieldmark-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        Ok(Self { filling: builder.tempdir_in(parent)?, target: target.to_owned() })
    }

    /// The temporary folder for its files.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.filling.path()
    }

    /// Moves the folder to its path and flushes it to disk.
    pub fn finish(self) -> io::Result<()> {
        check_empty(&self.target)?;
        sync_all_in(self.path())?;
        match fs::remove_dir(&self.target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(self.path(), &self.target)?;
        // The temporary folder no longer exists.
        let _ = self.filling.keep();
        crate::write::sync_folder(folder_of(&self.target));
        Ok(())
    }
}

fn check_empty(target: &Path) -> io::Result<()> {
    match fs::read_dir(target).map(|mut entries| entries.next()) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(io::Error::new(ErrorKind::DirectoryNotEmpty, "it is a folder with files in it")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// One call for the whole file system: a call per file takes minutes for thousands of files.
#[cfg(target_os = "linux")]
fn sync_all_in(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fs::File::open(folder)?)?)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn sync_all_in(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all_in(&entry.path())?;
        } else {
            fs::File::open(entry.path())?.sync_all()?;
        }
    }
    Ok(())
}

/// Windows flushes only files that are open for writing, and hard-linked originals are never opened for writing.
#[cfg(not(unix))]
fn sync_all_in(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("new/dataset");
        let folder = WholeFolder::begin(&target).unwrap();
        fs::write(folder.path().join("data.yaml"), "names: []").unwrap();
        assert!(!target.exists());
        drop(folder);
        assert_eq!(fs::read_dir(outside.path().join("new")).unwrap().count(), 0);

        // An empty folder is replaced.
        fs::create_dir(&target).unwrap();
        let folder = WholeFolder::begin(&target).unwrap();
        fs::create_dir(folder.path().join("labels")).unwrap();
        fs::write(folder.path().join("labels/1.txt"), "").unwrap();
        folder.finish().unwrap();
        assert!(target.join("labels/1.txt").exists());
        assert_eq!(fs::read_dir(outside.path().join("new")).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_stays() {
        let outside = tempfile::tempdir().unwrap();
        let refused = |target: &Path| WholeFolder::begin(target).err().unwrap().kind();
        fs::write(outside.path().join("file"), "kept").unwrap();
        assert_eq!(refused(outside.path()), ErrorKind::DirectoryNotEmpty);
        assert_eq!(refused(&outside.path().join("file")), ErrorKind::NotADirectory);

        // Files that appeared meanwhile.
        let target = outside.path().join("dataset");
        let folder = WholeFolder::begin(&target).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("theirs"), "kept").unwrap();
        assert_eq!(folder.finish().unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        assert_eq!(fs::read_to_string(target.join("theirs")).unwrap(), "kept");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 2);
    }
}
