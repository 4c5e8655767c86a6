//! Files of images in a dataset folder: their names, and the index that leads back from them.
//!
//! File names of a library may hold characters that are not allowed in a folder or that differ only in case. So each
//! image gets a name in the dataset, and [`INDEX`] keeps its number, original name, size and split. Other programs
//! ignore that file, and datasets of other programs do not have it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use domain::geometry::PixelSize;
use serde::{Deserialize, Serialize};

use crate::error::{FileLocation, Result};
use crate::format::DatasetSource;
use crate::input::Input;
use crate::model::{DatasetImage, DatasetSplit};
use crate::output::{ImagePlacement, Output};
use crate::paths::{INDEX, beside, file_part, is_inside, is_of_system, stem};

/// Longest part of a name, in bytes. File systems allow 255, of which extensions and numbers need some.
const LONGEST_PART: usize = 180;
/// Characters that Windows does not allow.
const NOT_IN_NAMES: [char; 8] = ['<', '>', ':', '"', '|', '?', '*', '\\'];

/// The name of an image within a dataset, such as `day 1/cat.jpg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName {
    pub name: String,
    /// Length without the extension.
    stem_len: usize,
}

impl EntryName {
    /// Without the extension.
    pub fn stem(&self) -> &str {
        &self.name[..self.stem_len]
    }

    /// The last part of the name.
    pub fn file(&self) -> &str {
        file_part(&self.name)
    }
}

/// Assigns names: equal images in equal order get equal names.
#[derive(Default)]
pub struct EntryNames {
    /// Without extension, in lower case.
    taken: HashSet<String>,
    /// Whether folders become a part of the name, for formats without them.
    is_flat: bool,
    /// A folder that has a meaning in the format.
    reserved: Option<&'static str>,
}

impl EntryNames {
    pub fn without_folder(reserved: &'static str) -> Self {
        Self { reserved: Some(reserved), ..Self::default() }
    }

    /// `stem` is the name of an annotation file.
    pub fn without_stem(stem: &str) -> Self {
        Self { taken: [stem.to_owned()].into(), ..Self::default() }
    }

    pub fn flat() -> Self {
        Self { is_flat: true, ..Self::default() }
    }

    /// A name that is allowed on every system, and unique without its extension.
    pub fn name(&mut self, image: &DatasetImage) -> EntryName {
        let mut parts: Vec<String> = image.file_name.split(['/', '\\']).map(allowed_part).collect();
        for part in parts.iter_mut().rev().skip(1).filter(|part| Some(part.as_str()) == self.reserved) {
            part.push('_');
        }
        let separator = if self.is_flat { "_" } else { "/" };
        let mut name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator);
        if name.is_empty() {
            name = format!("image-{}", image.id);
        }
        let stem_len = stem(&name).len();
        let (mut stem, extension) = (name[..stem_len].to_owned(), name[stem_len..].to_owned());
        while !self.taken.insert(stem.to_lowercase()) {
            stem = format!("{stem}-{}", image.id);
        }
        EntryName { name: format!("{stem}{extension}"), stem_len: stem.len() }
    }
}

/// A name of a file or folder that is allowed on every system; empty if nothing of it is.
pub fn allowed_part(part: &str) -> String {
    let allowed = |c: char| if c.is_control() || NOT_IN_NAMES.contains(&c) { '_' } else { c };
    let part: String = part.chars().map(allowed).collect();
    let part = part.trim().trim_end_matches(['.', ' ']);
    let reserved = if is_device(part) || is_of_system(part) { format!("_{part}") } else { String::new() };
    let part = if reserved.is_empty() { part } else { &*reserved };
    if part.len() <= LONGEST_PART {
        return part.to_owned();
    }
    let (stem, extension) = part.split_at(stem(part).len());
    let extension = if extension.len() <= 10 { extension } else { "" };
    let mut end = LONGEST_PART - extension.len();
    while !stem.is_char_boundary(end.min(stem.len())) {
        end -= 1;
    }
    format!("{}{extension}", &stem[..end.min(stem.len())])
}

/// Whether Windows takes a name for a device, with any extension.
fn is_device(part: &str) -> bool {
    let name = part.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_numbered = |device: &str| {
        let number = name.strip_prefix(device).map(|number| number.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['1'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}']))
    };
    matches!(&*name, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || is_numbered("COM") || is_numbered("LPT")
}

/// A line of the index.
#[derive(Serialize, Deserialize)]
struct IndexLine<'a> {
    /// Path of the image's file in the dataset; `None` if the format left the image out.
    file: Option<Cow<'a, str>>,
    image: u64,
    file_name: Cow<'a, str>,
    width: Option<u32>,
    height: Option<u32>,
    split: Option<DatasetSplit>,
}

/// Writes the index and, if they are not left in place, the image files. `names` and `folder` are those that the
/// annotations were written with.
pub fn write_images(
    source: &dyn DatasetSource,
    out: &mut Output,
    mut names: EntryNames,
    folder: impl Fn(&DatasetImage) -> String,
) -> Result<()> {
    let mut index = Vec::new();
    for image in source.images() {
        let image = image?;
        let file = folder(&image) + &names.name(&image).name;
        if let Some(path) = image.path.as_ref().filter(|_| out.image_placement != ImagePlacement::Left) {
            out.image_file(path, &file)?;
        }
        if out.keeps_everything {
            out.files.insert(image.id, file);
            continue;
        }
        let line = IndexLine {
            file: Some(Cow::Owned(file)),
            image: image.id,
            file_name: Cow::Borrowed(&image.file_name),
            width: image.size.map(|size| size.width),
            height: image.size.map(|size| size.height),
            split: image.split,
        };
        serde_json::to_writer(&mut index, &line).map_err(io::Error::from)?;
        index.push(b'\n');
    }
    if !out.keeps_everything {
        out.entry(INDEX)?.write_all(&index)?;
    }
    Ok(())
}

/// The index of a dataset; empty for those of other programs.
#[derive(Default)]
pub struct ImageIndex {
    /// Position and content by path without extension.
    lines: HashMap<String, (usize, IndexLine<'static>)>,
    /// The largest number given to an image.
    last: u64,
    /// The folder of the dataset; `None` in an archive.
    folder: Option<PathBuf>,
}

impl ImageIndex {
    pub fn read(input: &mut Input) -> Result<Self> {
        let mut index = Self { folder: input.folder().map(Path::to_owned), ..Self::default() };
        let (mut place, mut numbers, mut renumbered) = (0, HashSet::new(), Vec::new());
        // A split may be a folder with an index of its own.
        for name in input.names()?.iter().filter(|name| file_part(name) == INDEX) {
            for (number, line) in input.entry(name)?.lines().enumerate() {
                let location = || FileLocation::file(name.as_str()).at(number as u64 + 1);
                let mut line: IndexLine<'static> =
                    serde_json::from_str(&line?).map_err(|error| location().malformed(error.to_string()))?;
                if line.image >= u64::MAX / 2 {
                    return Err(location().malformed("the number of an image is too large"));
                }
                index.last = index.last.max(line.image);
                let Some(file) = &line.file else { continue };
                let file = beside(name, file);
                let stem = stem(&file).to_owned();
                line.file = Some(file.into());
                // Of parts that were written independently of each other.
                if !numbers.insert(line.image) {
                    renumbered.push(stem.clone());
                }
                index.lines.insert(stem, (place, line));
                place += 1;
            }
        }
        for stem in renumbered {
            index.last += 1;
            if let Some((_, line)) = index.lines.get_mut(&stem) {
                line.image = index.last;
            }
        }
        Ok(index)
    }

    /// The position of an image in the dataset as it was written, by its path without extension; images that are not in the
    /// index come last.
    pub fn position(&self, stem: &str) -> usize {
        self.lines.get(stem).map_or(usize::MAX, |(place, _)| *place)
    }

    /// All files in the index, without extension, in their order.
    pub fn stems(&self) -> Vec<&str> {
        let mut stems: Vec<_> = self.lines.iter().map(|(stem, (place, _))| (*place, stem.as_str())).collect();
        stems.sort_unstable();
        stems.into_iter().map(|(_, stem)| stem).collect()
    }

    /// The image with the path `stem` in the dataset, without extension. One that is not in the index gets the next number,
    /// and `file_name`, `size` and `split` as its format states them.
    pub fn image(
        &mut self,
        stem: &str,
        file_name: &str,
        size: Option<PixelSize>,
        split: Option<DatasetSplit>,
    ) -> DatasetImage {
        let Some((_, line)) = self.lines.get(stem) else { return self.unlisted(file_name, size, split) };
        DatasetImage {
            id: line.image,
            file_name: line.file_name.clone().into_owned(),
            size: line.width.zip(line.height).map(|(width, height)| PixelSize::new(width, height)).or(size),
            split: line.split,
            path: line.file.as_deref().and_then(|file| self.path_of(file)),
            ..DatasetImage::default()
        }
    }

    /// Where the file of an image is, if the dataset has it.
    fn path_of(&self, file: &str) -> Option<PathBuf> {
        let path = self.folder.as_deref().filter(|_| is_inside(file))?.join(file);
        path.is_file().then_some(path)
    }

    /// An image that is not in the index, with the next number.
    pub fn unlisted(&mut self, file_name: &str, size: Option<PixelSize>, split: Option<DatasetSplit>) -> DatasetImage {
        self.last += 1;
        DatasetImage { id: self.last, file_name: file_name.to_owned(), size, split, ..DatasetImage::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_everywhere_and_unique_without_extension() {
        let mut names = EntryNames::default();
        let long = "x".repeat(300) + ".jpg";
        let of = [
            "a.jpg",
            "A.png",
            "/d/a.jpg",
            "../a.jpg",
            "d\\a:?.jpg",
            "line\nbreak\0.jpg",
            " . ",
            "b.tar.gz",
            ".hidden",
            long.as_str(),
            // Windows has no files with these names, and readers leave out the last.
            "nul.jpg",
            "Aux/com1.tar.gz",
            "COM\u{b2}.png",
            "console/com10.jpg",
            "._a.jpg",
            "__MACOSX/a.jpg",
        ];
        let assigned: Vec<EntryName> = of
            .iter()
            .zip(1..)
            .map(|(name, id)| names.name(&DatasetImage { id, file_name: (*name).into(), ..DatasetImage::default() }))
            .collect();
        let told: Vec<(&str, &str)> = assigned[..9].iter().map(|entry| (entry.name.as_str(), entry.stem())).collect();
        assert_eq!(
            told,
            [
                ("a.jpg", "a"),
                ("A-2.png", "A-2"),
                ("d/a.jpg", "d/a"),
                ("a-4.jpg", "a-4"),
                ("d/a__.jpg", "d/a__"),
                ("line_break_.jpg", "line_break_"),
                ("image-7", "image-7"),
                ("b.tar.gz", "b.tar"),
                (".hidden", ".hidden"),
            ]
        );
        assert_eq!((assigned[9].name.len(), &assigned[9].name[176..]), (180, ".jpg"));
        let reserved: Vec<&str> = assigned[10..].iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(
            reserved,
            ["_nul.jpg", "_Aux/_com1.tar.gz", "_COM\u{b2}.png", "console/com10.jpg", "_._a.jpg", "___MACOSX/a.jpg"]
        );
    }
}
