//! Writing whole folders: one appears under its name with everything that belongs in it, or not at all.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::write::folder_of;

/// A folder that is being filled. Dropped before [`WholeFolder::finish`], it leaves nothing behind.
pub struct WholeFolder {
    filling: TempDir,
    target: PathBuf,
}

impl WholeFolder {
    /// Begins the folder at `target`; makes the folders above it.
    ///
    /// # Errors
    /// Where something is at `target` already, except for an empty folder: files that came from elsewhere would be lost, or
    /// would be mixed with the new ones.
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

    /// Where its files are written until it is finished.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.filling.path()
    }

    /// Puts the folder in its place. It is on disk when this returns.
    pub fn finish(self) -> io::Result<()> {
        check_empty(&self.target)?;
        sync_all_in(self.path())?;
        match fs::remove_dir(&self.target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(self.path(), &self.target)?;
        // The name that it was filled under is gone.
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

/// One call for the whole file system where there is one: a call for each of thousands of files takes minutes.
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

/// Windows flushes only files that are open for writing, and a linked original is not opened for that.
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

        // An empty folder is as good as none.
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

        // Files that came while the folder was filled.
        let target = outside.path().join("dataset");
        let folder = WholeFolder::begin(&target).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("theirs"), "kept").unwrap();
        assert_eq!(folder.finish().unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        assert_eq!(fs::read_to_string(target.join("theirs")).unwrap(), "kept");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 2);
    }
}
