//! Input of a dataset: a file, a folder, or the files in a ZIP archive. Nothing is unpacked to disk.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use domain::dataset::Package;
use zip::ZipArchive;

use crate::entries::{INDEX, has_extension, is_of_system, split_named};
use crate::error::{DatasetError, FileLocation, Result};

/// Largest file that is held in memory as a whole, in bytes.
pub const MOST_TEXT: u64 = 1 << 28;

/// Input of a dataset.
pub struct Input {
    place: InputPlace,
}

enum InputPlace {
    File(PathBuf),
    Folder(PathBuf),
    Archive { files: Box<ZipArchive<BufReader<File>>>, top: String },
}

impl Input {
    /// A dataset that is a folder may also be in an archive, or be its only annotation file.
    ///
    /// # Errors
    ///
    /// If `path` does not contain a dataset of this kind.
    pub fn open(package: Package, path: &Path) -> io::Result<Self> {
        let place = if matches!(package, Package::File { .. }) {
            files::open(path)?;
            InputPlace::File(path.to_owned())
        } else if fs::metadata(path)?.is_dir() {
            InputPlace::Folder(path.to_owned())
        } else if is_archive(path)? {
            let archive = ZipArchive::new(BufReader::new(files::open(path)?.0)).map_err(io::Error::from)?;
            let names: Vec<&str> = archive.file_names().filter(|name| is_part(name)).collect();
            let top = top_folder(&names).to_owned();
            InputPlace::Archive { files: Box::new(archive), top }
        } else if package == Package::Folder {
            InputPlace::File(path.to_owned())
        } else {
            return Err(ErrorKind::InvalidData.into());
        };
        Ok(Self { place })
    }

    /// The file of a single-file dataset, from its beginning.
    pub fn file(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        match &self.place {
            InputPlace::File(path) => Ok(Box::new(BufReader::with_capacity(1 << 16, files::open(path)?.0))),
            InputPlace::Folder(_) | InputPlace::Archive { .. } => Err(io::Error::other("the dataset is not one file")),
        }
    }

    /// Sorted file names in a folder or archive, with slashes on every system, or that of a single file. Links are not
    /// followed. Files that systems add are left out, and so is a folder around everything in an archive.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        match &self.place {
            InputPlace::File(path) => names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned())),
            InputPlace::Folder(folder) => list(folder, "", &mut names)?,
            InputPlace::Archive { files, top } => {
                names.extend(files.file_names().filter_map(|name| name.strip_prefix(&**top)).map(ToOwned::to_owned));
            }
        }
        names.retain(|name| is_part(name));
        names.sort();
        Ok(names)
    }

    /// A file by its name among [`Input::names`].
    pub fn entry(&mut self, name: &str) -> Result<Box<dyn BufRead + '_>> {
        match &mut self.place {
            InputPlace::File(path) => Ok(Box::new(BufReader::new(files::open(path)?.0))),
            InputPlace::Folder(folder) => {
                if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
                    return Err(DatasetError::UnsafeName(name.to_owned()));
                }
                Ok(Box::new(BufReader::new(files::open(&folder.join(name))?.0)))
            }
            InputPlace::Archive { files, top } => {
                let file = files.by_name(&format!("{top}{name}")).map_err(io::Error::from)?;
                Ok(Box::new(BufReader::new(file)))
            }
        }
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
