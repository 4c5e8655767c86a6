//! Output of a dataset: a file, a folder or an archive, which appears complete or not at all.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use domain::dataset::Package;
use files::{WholeFile, WholeFolder};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::error::{DatasetError, Result};

/// What to do with image files. In an archive they are copied unless left in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImagePlacement {
    /// They stay in place, and the dataset refers to them.
    #[default]
    Left,
    Copied,
    /// Hard links; copies if the file system does not support them.
    HardLinked,
}

/// Output of a dataset.
pub struct Output {
    target: Target,
    pub image_placement: ImagePlacement,
    /// Lower-case names in a folder or archive, because some file systems ignore case.
    names: HashSet<String>,
}

enum Target {
    File(WholeFile),
    Folder { folder: WholeFolder, entry: Option<BufWriter<File>> },
    Archive(Box<ZipWriter<StreamWriter<WholeFile>>>),
}

impl Output {
    /// Begins the file or folder at `path`, which appears with [`Output::finish`].
    pub fn begin(package: Package, path: &Path) -> io::Result<Self> {
        let target = match package {
            Package::Folder => Target::Folder { folder: WholeFolder::begin(path)?, entry: None },
            Package::File { .. } | Package::Archive { .. } => return Self::of_file(package, WholeFile::begin(path)?),
        };
        Ok(Self { target, image_placement: ImagePlacement::default(), names: HashSet::new() })
    }

    /// [`Output::begin`] with an open file.
    ///
    /// # Errors
    ///
    /// For a format whose datasets are folders.
    pub fn of_file(package: Package, file: WholeFile) -> io::Result<Self> {
        let target = match package {
            Package::File { .. } => Target::File(file),
            Package::Archive { .. } => Target::Archive(Box::new(ZipWriter::new_stream(file))),
            Package::Folder => return Err(io::Error::new(ErrorKind::IsADirectory, "the format is a folder of files")),
        };
        Ok(Self { target, image_placement: ImagePlacement::default(), names: HashSet::new() })
    }

    /// The file of a single-file dataset.
    pub fn file(&mut self) -> io::Result<&mut dyn Write> {
        match &mut self.target {
            Target::File(file) => Ok(file),
            Target::Folder { .. } | Target::Archive(_) => Err(io::Error::other("the dataset is not one file")),
        }
    }

    /// Begins the file `name` of a folder or archive, ending the previous one. `name` has slashes on every system.
    ///
    /// # Errors
    ///
    /// For a name outside of the dataset, or a duplicate.
    pub fn entry(&mut self, name: &str) -> Result<&mut dyn Write> {
        self.end_entry()?;
        self.claim(name)?;
        match &mut self.target {
            Target::File(_) => Err(io::Error::other("the dataset is one file").into()),
            Target::Folder { folder, entry } => {
                let path = folder.path().join(name);
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                Ok(entry.insert(BufWriter::new(File::create_new(path)?)))
            }
            Target::Archive(archive) => {
                archive.start_file(name, archived(CompressionMethod::Deflated)).map_err(io::Error::from)?;
                Ok(archive)
            }
        }
    }

    /// Adds an image file at `name` in a folder or archive, according to [`Output::image_placement`].
    pub fn image_file(&mut self, original: &Path, name: &str) -> Result<()> {
        if self.image_placement == ImagePlacement::Left {
            return Ok(());
        }
        self.end_entry()?;
        self.claim(name)?;
        match &mut self.target {
            Target::File(_) => return Err(io::Error::other("the dataset is one file").into()),
            Target::Folder { folder, .. } => {
                let path = folder.path().join(name);
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                let is_linked =
                    self.image_placement == ImagePlacement::HardLinked && fs::hard_link(original, &path).is_ok();
                if !is_linked {
                    let (mut file, _) = files::open(original)?;
                    io::copy(&mut file, &mut File::create_new(path)?)?;
                }
            }
            Target::Archive(archive) => {
                let (mut file, _) = files::open(original)?;
                // Already compressed.
                archive.start_file(name, archived(CompressionMethod::Stored)).map_err(io::Error::from)?;
                io::copy(&mut file, archive)?;
            }
        }
        Ok(())
    }

    /// Moves the dataset to its path and flushes it to disk.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_entry()?;
        match self.target {
            Target::File(file) => file.finish(),
            Target::Folder { folder, .. } => folder.finish(),
            Target::Archive(archive) => archive.finish()?.into_inner().finish(),
        }
    }

    fn end_entry(&mut self) -> io::Result<()> {
        if let Target::Folder { entry, .. } = &mut self.target
            && let Some(mut done) = entry.take()
        {
            done.flush()?;
        }
        Ok(())
    }

    fn claim(&mut self, name: &str) -> Result<()> {
        let is_safe = !name.contains(['\\', ':', '\0']) && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if is_safe && self.names.insert(name.to_lowercase()) {
            Ok(())
        } else {
            Err(DatasetError::UnsafeName(name.to_owned()))
        }
    }
}

/// Without a timestamp, so that equal datasets are equal files.
fn archived(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method).last_modified_time(zip::DateTime::default())
}
