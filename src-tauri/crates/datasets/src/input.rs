//! Input of a dataset: a file, a folder, or the files in a ZIP archive. Nothing is unpacked to disk.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use domain::dataset::Package;
use domain::geometry::PixelSize;
use zip::ZipArchive;

use crate::error::{DatasetError, FileLocation, Result};
use crate::model::DatasetSplit;
use crate::paths::{EXPORTED_STEM, INDEX, file_part, has_extension, is_inside, is_of_system, split_named, stem};

/// The data card that exports put beside the files of a dataset.
pub const DATA_CARD: &str = "datacard.json";

/// Largest file that is held in memory as a whole, in bytes.
pub const MOST_TEXT: u64 = 1 << 28;

/// The upright size of an image by its name in the dataset; `None` if it is unknown.
pub type SizeLookup = Box<dyn Fn(&str) -> Option<PixelSize>>;

/// Input of a dataset.
pub struct Input {
    place: InputPlace,
    /// The file of a single-file dataset, by its name among [`Input::names`]. Splits may be files of their own.
    parts: Vec<DatasetPart>,
    /// The one of several `parts` that is read.
    part: Option<usize>,
    sizes: Option<SizeLookup>,
}

/// A file of a single-file dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatasetPart {
    pub(crate) name: String,
    pub(crate) split: Option<DatasetSplit>,
}

enum InputPlace {
    File(PathBuf),
    Folder(PathBuf),
    Archive { files: Box<ZipArchive<BufReader<File>>>, top: String, unpacked: Unpacked },
}

impl Input {
    /// A dataset may be in a folder or an archive with its images. One that is a folder may also be its only annotation
    /// file.
    ///
    /// # Errors
    ///
    /// If `path` does not contain a dataset of this kind.
    pub fn open(package: Package, path: &Path) -> io::Result<Self> {
        let place = if fs::metadata(path)?.is_dir() {
            InputPlace::Folder(path.to_owned())
        } else if is_archive(path)? {
            let (file, metadata) = files::open(path)?;
            let archive = ZipArchive::new(BufReader::new(file)).map_err(io::Error::from)?;
            let names: Vec<&str> = archive.file_names().filter(|name| is_part(name)).collect();
            let top = top_folder(&names).to_owned();
            let most = metadata.len().saturating_mul(MOST_UNPACKED_TIMES).max(LEAST_UNPACKED);
            InputPlace::Archive { files: Box::new(archive), top, unpacked: Unpacked { most, ..Unpacked::default() } }
        } else if matches!(package, Package::Archive { .. }) {
            return Err(ErrorKind::InvalidData.into());
        } else {
            InputPlace::File(path.to_owned())
        };
        let mut input = Self { place, parts: Vec::new(), part: None, sizes: None };
        if let Package::File { extension } = package {
            input.parts = match &input.place {
                InputPlace::File(path) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    vec![DatasetPart { name, split: None }]
                }
                InputPlace::Folder(_) | InputPlace::Archive { .. } => parts(&input.names()?, extension)?,
            };
        }
        Ok(input)
    }

    /// The input with the sizes of images that are elsewhere, for formats whose coordinates are fractions of them.
    #[must_use]
    pub fn with_sizes(self, sizes: impl Fn(&str) -> Option<PixelSize> + 'static) -> Self {
        Self { sizes: Some(Box::new(sizes)), ..self }
    }

    /// The size of an image that is elsewhere.
    ///
    /// # Errors
    ///
    /// If no sizes are given. `None`: they are, and that of this image is unknown.
    pub fn size_elsewhere(&self, image: &str) -> Result<Option<PixelSize>> {
        let sizes = self.sizes.as_ref();
        sizes.map(|sizes| sizes(image)).ok_or_else(|| DatasetError::UnknownSize { image: image.to_owned() })
    }

    /// The file of a single-file dataset, from its beginning.
    pub fn file(&mut self) -> Result<Box<dyn BufRead + '_>> {
        let part = match (&self.parts[..], self.part) {
            ([part], _) => part,
            ([], _) => return Err(io::Error::other("the dataset is not one file").into()),
            (parts, Some(place)) => &parts[place],
            // Image numbers, for one, mean something in one file only.
            ([first, ..], None) => {
                let problem = format!("its splits are files, such as {}: name one of them", first.name);
                return Err(io::Error::new(ErrorKind::InvalidData, problem).into());
            }
        };
        let name = part.name.clone();
        self.entry(&name)
    }

    /// The files of a single-file dataset: none, one, or one for each split.
    pub(crate) fn parts(&self) -> &[DatasetPart] {
        &self.parts
    }

    /// Makes [`Input::file`] that of the part at `place` of [`Input::parts`].
    pub(crate) fn select_part(&mut self, place: usize) {
        self.part = Some(place);
    }

    /// Sorted file names in a folder or archive, with slashes on every system, or that of a single file. Links are not
    /// followed. Files that systems add are left out, and so is a folder around everything in an archive.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        match &self.place {
            InputPlace::File(path) => names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned())),
            InputPlace::Folder(folder) => list(folder, "", &mut names)?,
            InputPlace::Archive { files, top, .. } => {
                names.extend(files.file_names().filter_map(|name| name.strip_prefix(&**top)).map(ToOwned::to_owned));
            }
        }
        names.retain(|name| is_part(name));
        names.retain(|name| name != DATA_CARD);
        names.sort();
        Ok(names)
    }

    /// A file by its name among [`Input::names`].
    pub fn entry(&mut self, name: &str) -> Result<Box<dyn BufRead + '_>> {
        match &mut self.place {
            InputPlace::File(path) => Ok(buffered(files::open(path)?.0)),
            InputPlace::Folder(folder) => {
                if !is_inside(name) {
                    return Err(DatasetError::UnsafeName(name.to_owned()));
                }
                Ok(buffered(files::open(&folder.join(name))?.0))
            }
            InputPlace::Archive { files, top, unpacked } => {
                let file = files.by_name(&format!("{top}{name}")).map_err(io::Error::from)?;
                unpacked.count(name, file.size())?;
                Ok(Box::new(BufReader::new(Bounded { left: file.size(), file })))
            }
        }
    }

    /// The folder that the dataset is in.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.place {
            InputPlace::Folder(folder) => Some(folder),
            InputPlace::File(_) | InputPlace::Archive { .. } => None,
        }
    }

    /// Where a file is on disk, by its name among [`Input::names`]; `None` in an archive.
    pub fn local_path(&self, name: &str) -> Result<Option<PathBuf>> {
        let path = match &self.place {
            InputPlace::File(path) => path.clone(),
            InputPlace::Folder(_) if !is_inside(name) => {
                return Err(DatasetError::UnsafeName(name.to_owned()));
            }
            InputPlace::Folder(folder) => folder.join(name),
            InputPlace::Archive { .. } => return Ok(None),
        };
        files::open(&path)?;
        Ok(Some(path))
    }

    /// The text of a file, by its name among [`Input::names`]. Annotations of one image and lists of labels are small, and
    /// an archive may expand to any size.
    pub fn text(&mut self, name: &str) -> Result<String> {
        let mut bytes = Vec::new();
        self.entry(name)?.take(MOST_TEXT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_TEXT {
            return Err(FileLocation::file(name).malformed("the file is too large"));
        }
        let text = String::from_utf8(bytes);
        let mut text = text.map_err(|_| FileLocation::file(name).malformed("not valid UTF-8"))?;
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Ok(text)
    }
}

/// The files of an archive may have so many times its size together. Text that repeats itself has up to a hundred times.
const MOST_UNPACKED_TIMES: u64 = 200;
/// Small archives may unpack to this size in any case, in bytes.
const LEAST_UNPACKED: u64 = 1 << 28;

/// What an archive unpacks to, by the sizes that it states.
#[derive(Default)]
struct Unpacked {
    most: u64,
    size: u64,
    /// Files that are counted. Formats read some several times.
    files: HashSet<String>,
}

impl Unpacked {
    fn count(&mut self, name: &str, size: u64) -> Result<()> {
        if !self.files.contains(name) {
            self.files.insert(name.to_owned());
            self.size = self.size.saturating_add(size);
        }
        if self.size > self.most {
            return Err(FileLocation::file(name).malformed("the archive unpacks to too many times its size"));
        }
        Ok(())
    }
}

/// A file of an archive, of the size that it states.
struct Bounded<R> {
    file: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        let left = self.left.checked_sub(count as u64);
        self.left =
            left.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "a file is larger than its archive says"))?;
        Ok(count)
    }
}

/// Folders that a format gives a meaning, in lower case.
const LAYOUT: [&str; 8] =
    ["images", "labels", "annotations", "data", "default", "jpegimages", "imagesets", "obj_train_data"];

/// The folder around everything in an archive, with its slash, that has no meaning in any format; otherwise empty. It is
/// what "Compress folder" adds.
fn top_folder<'a>(names: &[&'a str]) -> &'a str {
    let mut top = "";
    while let Some(folder) = names.first().and_then(|name| name[top.len()..].split_once('/')).map(|(folder, _)| folder)
    {
        let longer = &names[0][..=top.len() + folder.len()];
        let is_layout = LAYOUT.contains(&&*folder.to_ascii_lowercase()) || split_named(folder).is_some();
        let is_root = |name: &&str| {
            let name = &name[longer.len()..];
            name == INDEX || (!name.contains('/') && (has_extension(name, "yaml") || has_extension(name, "yml")))
        };
        if !names.iter().all(|name| name.starts_with(longer)) || (is_layout && !names.iter().any(is_root)) {
            break;
        }
        top = longer;
    }
    top
}

/// Whether a file belongs to a dataset, and was not added by macOS or Windows.
fn is_part(name: &str) -> bool {
    !name.ends_with('/') && !name.split('/').any(is_of_system)
}

/// Whether a file begins as ZIP archives do.
fn is_archive(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    files::open(path)?.0.take(4).read_to_end(&mut start)?;
    Ok(start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06"))
}

/// The file of a single-file dataset among `names`: the only one of its kind, the one that exports write, or one for each
/// split.
fn parts(names: &[String], extension: &str) -> io::Result<Vec<DatasetPart>> {
    let is_possible = |name: &&String| has_extension(name, extension) && file_part(name) != INDEX;
    let found: Vec<&str> = names.iter().filter(is_possible).map(String::as_str).collect();
    let exported = format!("{EXPORTED_STEM}.{extension}");
    let part = |name: &str, split| DatasetPart { name: name.to_owned(), split };
    match &found[..] {
        [name] => return Ok(vec![part(name, None)]),
        _ if found.contains(&&*exported) => return Ok(vec![part(&exported, None)]),
        [] => return Err(io::Error::new(ErrorKind::InvalidData, format!("there is no .{extension} file in it"))),
        [..] => {}
    }
    let splits: Vec<_> = found.iter().filter_map(|name| Some(part(name, Some(split_of_file(name)?)))).collect();
    let is_of_each_split = splits.len() == found.len()
        && splits.iter().enumerate().all(|(place, one)| splits[..place].iter().all(|other| other.split != one.split));
    if is_of_each_split {
        return Ok(splits);
    }
    Err(io::Error::new(
        ErrorKind::InvalidData,
        format!(
            "{} .{extension} files are in it, such as {} and {}: name one of them",
            found.len(),
            found[0],
            found[1]
        ),
    ))
}

/// The split that a file is named after, such as `train.json` or COCO's `instances_val2017.json`.
fn split_of_file(name: &str) -> Option<DatasetSplit> {
    let stem = stem(file_part(name));
    let stem = stem.strip_prefix("instances_").unwrap_or(stem);
    split_named(stem.trim_end_matches(|letter: char| letter.is_ascii_digit()))
}

fn buffered<'a>(file: File) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::with_capacity(1 << 16, file))
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(folder: &Path, files: &[(&str, usize)]) -> PathBuf {
        let path = folder.join("set.zip");
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        for (name, size) in files {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(&vec![b' '; *size]).unwrap();
        }
        archive.finish().unwrap();
        path
    }

    #[test]
    fn an_archive_unpacks_to_a_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("a", 1000), ("b", 1000)]);
        let mut input = Input::open(Package::Folder, &path).unwrap();
        let InputPlace::Archive { unpacked, .. } = &mut input.place else { panic!("it is an archive") };
        assert_eq!(unpacked.most, LEAST_UNPACKED);
        unpacked.most = 1999;
        for _ in 0..3 {
            assert_eq!(input.text("a").unwrap().len(), 1000);
        }
        let said = input.text("b").unwrap_err().to_string();
        assert_eq!(said, "b: the archive unpacks to too many times its size");
    }

    #[test]
    fn a_file_is_no_larger_than_its_archive_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("a", 1000)]);
        let mut bytes = fs::read(&path).unwrap();
        let start = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        // The size in the list of files.
        bytes[start + 24..start + 28].copy_from_slice(&10_u32.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        let said = Input::open(Package::Folder, &path).unwrap().text("a").unwrap_err().to_string();
        assert_eq!(said, "a file is larger than its archive says");
    }

    #[test]
    fn the_file_of_a_dataset_is_the_only_one_or_one_for_each_split() {
        let read = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            parts(&names, "json").map(|parts| parts.into_iter().map(|part| (part.name, part.split)).collect::<Vec<_>>())
        };
        let of = |name: &str, split| (name.to_owned(), split);
        let [train, val] = [DatasetSplit::Train, DatasetSplit::Validation].map(Some);
        assert_eq!(read(&["a.json", "b.jpg"]).unwrap(), [of("a.json", None)]);
        let coco = ["annotations/instances_train2017.json", "annotations/instances_val2017.json"];
        assert_eq!(read(&coco).unwrap(), [of(coco[0], train), of(coco[1], val)]);
        assert_eq!(read(&["train.json", "valid.json"]).unwrap(), [of("train.json", train), of("valid.json", val)]);
        for several in [&["train.json", "other.json"][..], &["train.json", "a/train.json"], &["b.jpg"]] {
            assert_eq!(read(several).unwrap_err().kind(), ErrorKind::InvalidData, "{several:?}");
        }
    }
}
