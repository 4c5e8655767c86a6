//! Output of a dataset: a file, a folder or an archive, which appears complete or not at all.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read as _, Write};
use std::path::Path;

use domain::dataset::Package;
use domain::export::UnreadableFile;
use domain::geometry::{ImageRegion, PixelSize};
use files::{WholeFile, WholeFolder};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::error::{DatasetError, Result};
use crate::pictures::{DrawnShape, PictureEncoding, Pictures};

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
    /// Whether [`crate::write_everything`] writes the index, instead of the format.
    pub keeps_everything: bool,
    /// The files of images as the format named them, if it did not write the index: by image.
    pub(crate) files: HashMap<u64, String>,
    /// Before every name; empty, or with a slash at its end.
    prefix: String,
    /// Where [`Output::file`] leads in a folder or archive, and whether that file was begun.
    file_entry: Option<(String, bool)>,
    /// Lower-case names in a folder or archive, because some file systems ignore case.
    names: HashSet<String>,
    /// Files that appear with a dataset of one file.
    beside: Vec<WholeFile>,
    /// For formats that make pictures.
    pub pictures: Option<Box<dyn Pictures>>,
    unreadable: Vec<UnreadableFile>,
}

enum Target {
    File(WholeFile),
    Folder { folder: WholeFolder, entry: Option<BufWriter<File>> },
    Archive(Box<ZipWriter<StreamWriter<WholeFile>>>),
    Measured(MeasuredOutput),
}

/// The files of a dataset that was written without a disk.
#[derive(Debug, Default)]
pub struct MeasuredOutput {
    /// Names and lengths in bytes, uncompressed. Links take no space. One file has no name.
    pub files: Vec<(String, u64)>,
    /// The beginning of the first file with content, and its name.
    pub sample: Option<(String, Vec<u8>)>,
    /// Whether some lengths are estimated: those of pictures, which are not made.
    pub is_estimated: bool,
}

/// Length of [`MeasuredOutput::sample`] in bytes.
const SAMPLE_LEN: usize = 512;

impl Write for MeasuredOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.files.is_empty() {
            self.files.push((String::new(), 0));
        }
        if let Some((name, byte_len)) = self.files.last_mut() {
            *byte_len += bytes.len() as u64;
            let (of, sample) = self.sample.get_or_insert_with(|| (name.clone(), Vec::new()));
            if of == name {
                sample.extend(bytes.iter().take(SAMPLE_LEN.saturating_sub(sample.len())));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    /// Begins the file or folder at `path`, which appears with [`Output::finish`].
    pub fn begin(package: Package, path: &Path) -> io::Result<Self> {
        let target = match package {
            Package::Folder => Target::Folder { folder: WholeFolder::begin(path)?, entry: None },
            Package::File { .. } | Package::Archive { .. } => return Self::of_file(package, WholeFile::begin(path)?),
        };
        Ok(Self::of_target(target))
    }

    fn of_target(target: Target) -> Self {
        Self {
            target,
            image_placement: ImagePlacement::default(),
            keeps_everything: false,
            files: HashMap::new(),
            prefix: String::new(),
            file_entry: None,
            names: HashSet::new(),
            beside: Vec::new(),
            pictures: None,
            unreadable: Vec::new(),
        }
    }

    /// An output that writes nothing and measures its files.
    #[must_use]
    pub fn measured() -> Self {
        Self::of_target(Target::Measured(MeasuredOutput::default()))
    }

    /// What was measured; `None` if the output is written.
    #[must_use]
    pub fn into_measured(self) -> Option<MeasuredOutput> {
        match self.target {
            Target::Measured(measured) => Some(measured),
            _ => None,
        }
    }

    /// From now on, names are in this folder of the folder or archive; empty for the whole.
    pub fn enter(&mut self, folder: &str) {
        self.prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    }

    /// From now on, a single-file dataset is the file `name` of the folder or archive.
    pub fn set_file_name(&mut self, name: &str) {
        self.file_entry = Some((name.to_owned(), false));
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
        Ok(Self::of_target(target))
    }

    /// The file of a single-file dataset.
    pub fn file(&mut self) -> io::Result<&mut dyn Write> {
        if let Some((name, is_begun)) = self.file_entry.as_mut()
            && !*is_begun
        {
            *is_begun = true;
            let name = name.clone();
            return self.entry(&name).map_err(io::Error::other);
        }
        let is_entry = self.file_entry.is_some();
        match &mut self.target {
            Target::File(file) => Ok(file),
            Target::Measured(measured) => Ok(measured),
            Target::Folder { entry: Some(entry), .. } if is_entry => Ok(entry),
            Target::Archive(archive) if is_entry => Ok(archive),
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
        let name = &self.claim(name)?;
        match &mut self.target {
            Target::File(_) => Err(io::Error::other("the dataset is one file").into()),
            Target::Measured(measured) => {
                measured.files.push((name.clone(), 0));
                Ok(measured)
            }
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

    /// The image files that are neither copied nor made into pictures, because they could not be read, each once.
    #[must_use]
    pub fn unreadable(&self) -> &[UnreadableFile] {
        &self.unreadable
    }

    fn note_unreadable(&mut self, original: &Path, reason: String) {
        let path = original.to_string_lossy();
        if self.unreadable.iter().all(|known| known.path != path) {
            self.unreadable.push(UnreadableFile { path: path.into_owned(), reason });
        }
    }

    /// Continues the file of the last [`Output::entry`].
    pub fn more(&mut self) -> io::Result<&mut dyn Write> {
        match &mut self.target {
            Target::Folder { entry: Some(entry), .. } => Ok(entry),
            Target::Archive(archive) => Ok(archive),
            Target::Measured(measured) => Ok(measured),
            Target::File(_) | Target::Folder { entry: None, .. } => Err(io::Error::other("no file was begun")),
        }
    }

    /// The content of an image file, for formats that hold it in a file of theirs. `None` if image files are left in place,
    /// and for one that cannot be read, which is noted. An output that is measured adds its length to the file.
    pub fn image_content(&mut self, original: &Path) -> Option<Vec<u8>> {
        if self.image_placement == ImagePlacement::Left {
            return None;
        }
        let measured = match &mut self.target {
            Target::Measured(measured) => Some(measured),
            _ => None,
        };
        let read = files::open(original).and_then(|(mut file, metadata)| {
            if let Some(measured) = measured {
                measured.is_estimated = true;
                measured.files.last_mut().into_iter().for_each(|(_, byte_len)| *byte_len += metadata.len());
                return Ok(None);
            }
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            Ok(Some(content))
        });
        read.unwrap_or_else(|error| {
            self.note_unreadable(original, error.to_string());
            None
        })
    }

    /// Adds an image file at `name` in a folder or archive, according to [`Output::image_placement`]. One that cannot be
    /// read is noted.
    pub fn image_file(&mut self, original: &Path, name: &str) -> Result<()> {
        if self.image_placement == ImagePlacement::Left {
            return Ok(());
        }
        self.end_entry()?;
        let (mut file, byte_len) = match files::open(original).and_then(|(file, _)| Ok((file.metadata()?.len(), file)))
        {
            Ok((byte_len, file)) => (file, byte_len),
            Err(error) => {
                self.note_unreadable(original, error.to_string());
                return Ok(());
            }
        };
        let name = &self.claim(name)?;
        match &mut self.target {
            Target::File(_) => return Err(io::Error::other("the dataset is one file").into()),
            Target::Measured(measured) => {
                let is_copied = self.image_placement == ImagePlacement::Copied;
                measured.files.push((name.clone(), if is_copied { byte_len } else { 0 }));
            }
            Target::Folder { folder, .. } => {
                let path = folder.path().join(name);
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                let is_linked =
                    self.image_placement == ImagePlacement::HardLinked && fs::hard_link(original, &path).is_ok();
                if !is_linked {
                    io::copy(&mut file, &mut File::create_new(path)?)?;
                }
            }
            Target::Archive(archive) => {
                // Already compressed.
                archive.start_file(name, archived(CompressionMethod::Stored)).map_err(io::Error::from)?;
                io::copy(&mut file, archive)?;
            }
        }
        Ok(())
    }

    /// Adds a finished file that appears with the dataset, and before it: a dataset that is there is complete.
    pub fn add_beside(&mut self, file: WholeFile) {
        self.beside.push(file);
    }

    /// The file of a dataset of one file that was begun with [`Output::of_file`], unfinished.
    #[must_use]
    pub fn into_file(self) -> Option<WholeFile> {
        match self.target {
            Target::File(file) => Some(file),
            _ => None,
        }
    }

    /// Adds parts of the image file `original` of this size to a folder or archive, each with its name. Returns whether
    /// the file can be read; otherwise notes it.
    pub fn crops(
        &mut self,
        original: &Path,
        size: PixelSize,
        parts: &[(ImageRegion, String)],
        encoding: PictureEncoding,
    ) -> Result<bool> {
        let regions: Vec<ImageRegion> = parts.iter().map(|(region, _)| *region).collect();
        if let Target::Measured(measured) = &mut self.target {
            measured.is_estimated |= !parts.is_empty();
            for (region, name) in parts {
                self.estimate(name, encoding.usual_len(region.size))?;
            }
            return Ok(true);
        }
        if parts.is_empty() {
            return Ok(true);
        }
        let mut names = parts.iter().map(|(_, name)| name);
        self.made(original, |out, maker| {
            maker.crops(original, size, &regions, encoding, &mut |crop| match names.next() {
                Some(name) => Ok(out.picture(name)?.write_all(crop)?),
                None => Ok(()),
            })
        })
    }

    /// Adds the image file `original` of this size with `shapes` drawn on it to a folder or archive. Notes one that cannot
    /// be read.
    pub fn overlay(
        &mut self,
        original: &Path,
        name: &str,
        size: PixelSize,
        shapes: &[DrawnShape],
        max_edge: Option<u32>,
    ) -> Result<()> {
        if let Target::Measured(measured) = &mut self.target {
            measured.is_estimated = true;
            let size = max_edge.map_or(size, |edge| size.fit_within(edge));
            return self.estimate(name, PictureEncoding::Jpeg.usual_len(size));
        }
        self.made(original, |out, maker| {
            let overlay = maker.overlay(original, size, shapes, max_edge)?;
            Ok(out.picture(name)?.write_all(&overlay)?)
        })
        .map(drop)
    }

    /// Whether `original` can be read by `make`.
    fn made(&mut self, original: &Path, make: impl FnOnce(&mut Self, &dyn Pictures) -> Result<()>) -> Result<bool> {
        let missing = || io::Error::new(ErrorKind::Unsupported, "pictures cannot be made here");
        let maker = self.pictures.take().ok_or_else(missing)?;
        let outcome = make(self, &*maker);
        self.pictures = Some(maker);
        match outcome {
            Err(DatasetError::Unreadable(reason)) => {
                self.note_unreadable(original, reason);
                Ok(false)
            }
            outcome => outcome.map(|()| true),
        }
    }

    /// [`Output::entry`] for what is already compressed.
    fn picture(&mut self, name: &str) -> Result<&mut dyn Write> {
        if !matches!(self.target, Target::Archive(_)) {
            return self.entry(name);
        }
        let name = self.claim(name)?;
        let Target::Archive(archive) = &mut self.target else { return Err(DatasetError::UnsafeName(name)) };
        archive.start_file(name, archived(CompressionMethod::Stored)).map_err(io::Error::from)?;
        Ok(archive)
    }

    fn estimate(&mut self, name: &str, byte_len: u64) -> Result<()> {
        let name = self.claim(name)?;
        if let Target::Measured(measured) = &mut self.target {
            measured.files.push((name, byte_len));
        }
        Ok(())
    }

    /// Moves the dataset to its path and flushes it to disk.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_entry()?;
        match self.target {
            Target::File(file) => {
                self.beside.push(file);
                WholeFile::finish_all(self.beside)
            }
            Target::Folder { folder, .. } => folder.finish(),
            Target::Archive(archive) => archive.finish()?.into_inner().finish(),
            Target::Measured(_) => Ok(()),
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

    /// The name in the whole dataset.
    fn claim(&mut self, name: &str) -> Result<String> {
        let name = format!("{}{name}", self.prefix);
        let is_safe = !name.contains(['\\', ':', '\0']) && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if is_safe && self.names.insert(name.to_lowercase()) { Ok(name) } else { Err(DatasetError::UnsafeName(name)) }
    }
}

/// Without a timestamp, so that equal datasets are equal files.
fn archived(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method).last_modified_time(zip::DateTime::default())
}
