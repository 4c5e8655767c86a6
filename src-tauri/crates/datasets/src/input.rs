//! Input of a dataset: a file, a folder, or the files in a ZIP archive. Nothing is unpacked to disk.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use domain::dataset::Package;
use zip::ZipArchive;

use crate::error::{DatasetError, Result};

/// Input of a dataset.
pub struct Input {
    place: InputPlace,
}

enum InputPlace {
    File(PathBuf),
    Folder(PathBuf),
    Archive(Box<ZipArchive<BufReader<File>>>),
}

impl Input {
    /// # Errors
    ///
    /// If `path` does not contain a dataset of this kind.
    pub fn open(package: Package, path: &Path) -> io::Result<Self> {
        let place = match package {
            Package::File { .. } => {
                files::open(path)?;
                InputPlace::File(path.to_owned())
            }
            Package::Folder if fs::metadata(path)?.is_dir() => InputPlace::Folder(path.to_owned()),
            Package::Folder => return Err(ErrorKind::NotADirectory.into()),
            Package::Archive { .. } => {
                let archive = ZipArchive::new(BufReader::new(files::open(path)?.0)).map_err(io::Error::from)?;
                InputPlace::Archive(Box::new(archive))
            }
        };
        Ok(Self { place })
    }

    /// The file of a single-file dataset, from its beginning.
    pub fn file(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        match &self.place {
            InputPlace::File(path) => Ok(Box::new(BufReader::with_capacity(1 << 16, files::open(path)?.0))),
            InputPlace::Folder(_) | InputPlace::Archive(_) => Err(io::Error::other("the dataset is not one file")),
        }
    }

    /// Sorted file names in a folder or archive, with slashes on every system. Links are not followed.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        match &self.place {
            InputPlace::File(_) => {}
            InputPlace::Folder(folder) => list(folder, "", &mut names)?,
            InputPlace::Archive(archive) => {
                names.extend(archive.file_names().filter(|name| !name.ends_with('/')).map(ToOwned::to_owned));
            }
        }
        names.sort();
        Ok(names)
    }

    /// A file in a folder or archive, by its name among [`Input::names`].
    pub fn entry(&mut self, name: &str) -> Result<Box<dyn BufRead + '_>> {
        match &mut self.place {
            InputPlace::File(_) => Err(io::Error::other("the dataset is one file").into()),
            InputPlace::Folder(folder) => {
                if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
                    return Err(DatasetError::UnsafeName(name.to_owned()));
                }
                Ok(Box::new(BufReader::new(files::open(&folder.join(name))?.0)))
            }
            InputPlace::Archive(archive) => {
                Ok(Box::new(BufReader::new(archive.by_name(name).map_err(io::Error::from)?)))
            }
        }
    }
}

fn list(folder: &Path, before: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else if kind.is_file() {
            names.push(name);
        }
    }
    Ok(())
}
