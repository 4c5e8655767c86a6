//! Where a dataset is written: a file, a folder or an archive, which appears whole or not at all.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use domain::dataset::Package;
use files::{WholeFile, WholeFolder};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::error::{DatasetError, Result};

/// What becomes of the files of the images. In an archive they are copied unless they are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImagePlacement {
    /// They stay where they are, and the dataset names them.
    #[default]
    Left,
    Copied,
    /// A second name for the same file, which takes no room; a copy where the file system has no such names.
    HardLinked,
}

/// Where a dataset is written.
pub struct Output {
    target: Target,
    pub image_placement: ImagePlacement,
    /// Names in a folder or archive, in lower case: not every file system tells cases apart.
    names: HashSet<String>,
}

enum Target {
    File(WholeFile),
    Folder { folder: WholeFolder, entry: Option<BufWriter<File>> },
    Archive(Box<ZipWriter<StreamWriter<WholeFile>>>),
}

impl Output {
    /// Begins the file or folder at `path`. Nothing is there until [`Output::finish`].
    pub fn begin(package: Package, path: &Path) -> io::Result<Self> {
        let target = match package {
            Package::Folder => Target::Folder { folder: WholeFolder::begin(path)?, entry: None },
            Package::File { .. } | Package::Archive { .. } => return Self::of_file(package, WholeFile::begin(path)?),
        };
        Ok(Self { target, image_placement: ImagePlacement::default(), names: HashSet::new() })
    }

    /// As [`Output::begin`], into a file that is begun already.
    ///
    /// # Errors
    /// For a format whose datasets are folders.
    pub fn of_file(package: Package, file: WholeFile) -> io::Result<Self> {
        let target = match package {
            Package::File { .. } => Target::File(file),
            Package::Archive { .. } => Target::Archive(Box::new(ZipWriter::new_stream(file))),
            Package::Folder => return Err(io::Error::new(ErrorKind::IsADirectory, "the format is a folder of files")),
        };
        Ok(Self { target, image_placement: ImagePlacement::default(), names: HashSet::new() })
    }

    /// The only file of a dataset that is one file.
    pub fn file(&mut self) -> io::Result<&mut dyn Write> {
        match &mut self.target {
            Target::File(file) => Ok(file),
            Target::Folder { .. } | Target::Archive(_) => Err(io::Error::other("the dataset is not one file")),
        }
    }

    /// Begins the file `name` of a folder or archive; the one before it is done. `name` has slashes on every system.
    ///
    /// # Errors
    /// For a name that leads out of the dataset, or that a file of it has already.
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

    /// Puts the file of an image at `name` in a folder or archive, as [`Output::image_placement`] says.
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
                // Compressed already.
                archive.start_file(name, archived(CompressionMethod::Stored)).map_err(io::Error::from)?;
                io::copy(&mut file, archive)?;
            }
        }
        Ok(())
    }

    /// Puts the dataset in its place. It is on disk when this returns.
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

/// Without a time, so that the same dataset is the same file.
fn archived(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method).last_modified_time(zip::DateTime::default())
}
