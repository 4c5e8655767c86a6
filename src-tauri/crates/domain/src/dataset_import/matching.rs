//! Which image of the library an image of a file is: by the content that the file states, otherwise by its path, then by
//! its name and size. What fits several images equally well is not guessed, and neither is which of several images of a
//! file an image is.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::sizing::{ImageFromFile, SizeFit};
use crate::geometry::{Orientation, PixelSize};
use crate::ids::ImageId;
use crate::recipe::composed;
use crate::similar::PerceptualHash;

/// How an image was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchMethod {
    Path,
    NameAndSize,
    Hash,
}

/// An image that images of a file are matched with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchableImage {
    pub id: ImageId,
    /// Upright.
    pub size: Option<PixelSize>,
    pub orientation: Orientation,
    /// BLAKE3.
    pub hash: Option<[u8; 32]>,
    /// Of the file.
    pub byte_len: Option<u64>,
    pub perceptual_hash: Option<PerceptualHash>,
}

/// An image of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedImage<'a> {
    /// Relative or absolute, with slashes or backslashes; perhaps without its extension.
    pub path: &'a str,
    pub size: Option<PixelSize>,
    /// BLAKE3.
    pub hash: Option<[u8; 32]>,
}

/// The result of looking for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundImage {
    Matched(MatchedImage),
    /// Several fit equally well, another image of the file fits this one as well, or the file states another content: at
    /// most [`MOST_LISTED`] of them.
    Ambiguous(Vec<ImageId>),
    Unmatched,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedImage {
    pub image: ImageId,
    pub method: MatchMethod,
    /// How much of the path is the same: folders above the file, or [`CERTAIN`].
    pub strength: usize,
}

/// The whole path or the content is the same.
pub const CERTAIN: usize = usize::MAX;
/// Images that are listed where several fit equally well.
pub const MOST_LISTED: usize = 5;

impl FoundImage {
    const fn matched(image: ImageId, method: MatchMethod, strength: usize) -> Self {
        Self::Matched(MatchedImage { image, method, strength })
    }
}

/// Leaves each image of the library to one image of the file: the one whose match is the strongest. Where several are
/// equally strong, none is matched.
pub fn settle_claims(found: &mut [FoundImage]) {
    let mut claims: HashMap<ImageId, (usize, u32)> = HashMap::new();
    for each in &*found {
        let FoundImage::Matched(MatchedImage { image, strength, .. }) = each else { continue };
        let (strongest, count) = claims.entry(*image).or_insert((*strength, 0));
        if strength > strongest {
            (*strongest, *count) = (*strength, 1);
        } else if strength == strongest {
            *count += 1;
        }
    }
    for each in found {
        if let FoundImage::Matched(MatchedImage { image, strength, .. }) = *each
            && claims[&image] != (strength, 1)
        {
            *each = FoundImage::Ambiguous(vec![image]);
        }
    }
}

/// A file of an image, among those of the same name.
#[derive(Debug)]
struct Place {
    /// From the file upward, in lower case, each with a slash after it.
    folders: String,
    image: ImageId,
}

/// Images by what a file may state about them.
#[derive(Debug, Default)]
pub struct MatchIndex {
    images: HashMap<ImageId, MatchableImage>,
    /// By file name, in the order of their folders: files whose paths end alike are neighbors.
    by_name: HashMap<String, Vec<Place>>,
    /// File names by themselves without extension, in lower case.
    names_by_stem: HashMap<String, BTreeSet<String>>,
    /// By whole paths, and by paths relative to a collection.
    by_path: HashMap<String, BTreeSet<ImageId>>,
    by_hash: HashMap<[u8; 32], BTreeSet<ImageId>>,
    /// A path of each image, to name it.
    path_of: HashMap<ImageId, String>,
    byte_lens: HashSet<u64>,
}

/// A file of an image.
#[derive(Debug, Clone, Copy)]
pub struct MatchableFile<'a> {
    pub image: ImageId,
    pub path: &'a str,
    /// The folder of a collection that contains it, if any.
    pub root: Option<&'a str>,
}

impl MatchIndex {
    pub fn add_image(&mut self, image: MatchableImage) {
        if let Some(hash) = image.hash {
            self.by_hash.entry(hash).or_default().insert(image.id);
        }
        self.byte_lens.extend(image.byte_len);
        self.images.insert(image.id, image);
    }

    /// Adds a file of an image. [`MatchIndex::sort`] follows the last one.
    pub fn add_file(&mut self, file: MatchableFile<'_>) {
        let MatchableFile { image, path, root } = file;
        let path = normalized(path);
        let relative = root.map(normalized).and_then(|root| {
            path.strip_prefix(root.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/')).map(ToOwned::to_owned)
        });
        let name = file_name(&path);
        self.names_by_stem.entry(stem(name).to_lowercase()).or_default().insert(name.to_owned());
        self.by_name.entry(name.to_owned()).or_default().push(Place { folders: folders_upward(&path), image });
        self.path_of.entry(image).or_insert_with(|| path.clone());
        for path in relative.into_iter().chain([path]) {
            self.by_path.entry(path).or_default().insert(image);
        }
    }

    pub fn sort(&mut self) {
        for places in self.by_name.values_mut() {
            places.sort_unstable_by(|one, other| one.folders.cmp(&other.folders));
        }
    }

    #[must_use]
    pub fn image(&self, id: ImageId) -> Option<&MatchableImage> {
        self.images.get(&id)
    }

    /// Whether an image has a file of this length. Without one, no hash of such a file can match.
    #[must_use]
    pub fn has_byte_len(&self, byte_len: u64) -> bool {
        self.byte_lens.contains(&byte_len)
    }

    /// A path of the image, to name it.
    #[must_use]
    pub fn path_of(&self, id: ImageId) -> Option<&str> {
        self.path_of.get(&id).map(String::as_str)
    }

    /// The upright size of the image that a file names; `None` if the name does not tell which.
    #[must_use]
    pub fn size_by_name(&self, path: &str) -> Option<PixelSize> {
        match self.find(WantedImage { path, size: None, hash: None }) {
            FoundImage::Matched(MatchedImage { image, .. }) => self.image(image)?.size,
            FoundImage::Ambiguous(_) | FoundImage::Unmatched => None,
        }
    }

    /// The image that `wanted` is. A stated hash decides; where the library lacks it, what is found by name and has
    /// another hash is not certain.
    #[must_use]
    pub fn find(&self, wanted: WantedImage<'_>) -> FoundImage {
        let by_name = self.find_by_name(wanted);
        let Some(hash) = wanted.hash else { return by_name };
        let named = match by_name {
            FoundImage::Matched(found) => Some(found),
            FoundImage::Ambiguous(_) | FoundImage::Unmatched => None,
        };
        let Some(same) = self.by_hash.get(&hash) else {
            let other = named.filter(|named| self.image(named.image).is_some_and(|image| image.hash.is_some()));
            return other.map_or(by_name, |other| FoundImage::Ambiguous(vec![other.image]));
        };
        if let Some(named) = named.filter(|named| same.contains(&named.image)) {
            return FoundImage::matched(named.image, named.method, CERTAIN);
        }
        match only(same.iter().copied()) {
            Some(image) => FoundImage::matched(image, MatchMethod::Hash, CERTAIN),
            None => FoundImage::Ambiguous(same.iter().take(MOST_LISTED).copied().collect()),
        }
    }

    fn find_by_name(&self, wanted: WantedImage<'_>) -> FoundImage {
        let path = normalized(wanted.path);
        let named = self.named(file_name(&path));
        let (strength, by_path) = self.by_longest_end(&path, &named);
        if let Some(image) = only(by_path.images()) {
            return FoundImage::matched(image, MatchMethod::Path, strength);
        }
        // Among equal paths the size decides, otherwise among equal names.
        let fitting = if by_path.images().next().is_some() {
            self.fitting(by_path.images(), wanted.size)
        } else {
            self.fitting(named.iter().copied().flatten().map(|place| place.image), wanted.size)
        };
        if let [image] = fitting[..] {
            return FoundImage::matched(image, MatchMethod::NameAndSize, 0);
        }
        if fitting.is_empty() { FoundImage::Unmatched } else { FoundImage::Ambiguous(fitting) }
    }

    /// The files with this name, by their exact names. Names in another case count if no other do.
    fn named(&self, name: &str) -> Vec<&[Place]> {
        let has_extension = stem(name).len() < name.len();
        let of_stem = |stem: &str| -> Vec<&String> {
            self.names_by_stem.get(&stem.to_lowercase()).into_iter().flatten().collect()
        };
        let mut names = of_stem(stem(name));
        if has_extension {
            names.retain(|own| own.to_lowercase() == name.to_lowercase());
            if names.is_empty() {
                // A dot may be part of a name without extension.
                names = of_stem(name);
            }
        }
        let is_exact = |own: &&String| *own == name || (!has_extension && stem(own) == name);
        if names.iter().any(is_exact) {
            names.retain(is_exact);
        }
        names.into_iter().filter_map(|name| self.by_name.get(name)).map(Vec::as_slice).collect()
    }

    /// The files whose path ends like `path`, for the longest end: the whole of it, as relative to a collection, or at
    /// least the name and a folder; and how much that is.
    fn by_longest_end<'a>(&'a self, path: &str, named: &[&'a [Place]]) -> (usize, Candidates<'a>) {
        if let Some(whole) = self.by_path.get(path) {
            return (CERTAIN, Candidates::Whole(whole));
        }
        let folders = folders_upward(path);
        // Of all files of a name, a neighbor of the path's place in their order has the most in common with it.
        let in_common = |places: &&[Place]| {
            let next = places.partition_point(|place| place.folders < folders);
            let neighbors = [next.checked_sub(1), Some(next)].into_iter().flatten().filter_map(|at| places.get(at));
            neighbors.map(|place| folders_in_common(&place.folders, &folders)).max().unwrap_or(0)
        };
        let most = named.iter().map(in_common).max().unwrap_or(0);
        let Some((last, _)) = most.checked_sub(1).and_then(|last| folders.match_indices('/').nth(last)) else {
            return (0, Candidates::Ends(Vec::new()));
        };
        let end = &folders[..=last];
        let with_end = |places: &&'a [Place]| {
            let from = places.partition_point(|place| *place.folders < *end);
            let len = places[from..].partition_point(|place| place.folders.starts_with(end));
            &places[from..from + len]
        };
        (most, Candidates::Ends(named.iter().map(with_end).collect()))
    }

    /// Those of `candidates` that may have been annotated at this size; otherwise those of its aspect ratio. At most
    /// [`MOST_LISTED`].
    fn fitting(&self, candidates: impl Iterator<Item = ImageId>, stated: Option<PixelSize>) -> Vec<ImageId> {
        let (mut exact, mut scaled) = (BTreeSet::new(), BTreeSet::new());
        for image in candidates {
            let Some(MatchableImage { size, orientation, .. }) = self.images.get(&image) else { continue };
            let fit = match size {
                Some(size) => ImageFromFile::new(stated, *size, *orientation).map(|map| map.fit),
                None => Some(SizeFit::Upright),
            };
            match fit {
                Some(SizeFit::Upright | SizeFit::Stored) => {
                    exact.insert(image);
                    if exact.len() == MOST_LISTED {
                        break;
                    }
                }
                Some(SizeFit::Scaled | SizeFit::StoredScaled) if scaled.len() < MOST_LISTED => {
                    scaled.insert(image);
                }
                Some(_) | None => {}
            }
        }
        let fitting = if exact.is_empty() { scaled } else { exact };
        fitting.into_iter().collect()
    }
}

/// Images whose path fits.
enum Candidates<'a> {
    Whole(&'a BTreeSet<ImageId>),
    Ends(Vec<&'a [Place]>),
}

impl Candidates<'_> {
    /// An image comes once for each of its files.
    fn images(&self) -> impl Iterator<Item = ImageId> {
        let (whole, ends) = match self {
            Self::Whole(whole) => (Some(*whole), None),
            Self::Ends(ends) => (None, Some(ends)),
        };
        let of_ends = ends.into_iter().flatten().copied().flatten().map(|place| place.image);
        whole.into_iter().flatten().copied().chain(of_ends)
    }
}

/// The image that all are.
fn only(mut images: impl Iterator<Item = ImageId>) -> Option<ImageId> {
    let first = images.next()?;
    images.all(|image| image == first).then_some(first)
}

/// A path with slashes, without `.` and `..` at its beginning, in Unicode normalization form C.
fn normalized(path: &str) -> String {
    let path = composed(path).replace('\\', "/");
    let mut rest = path.as_str();
    while let Some(after) = rest.strip_prefix("./").or_else(|| rest.strip_prefix("../")) {
        rest = after;
    }
    rest.to_owned()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A name without the extension of an image.
fn stem(name: &str) -> &str {
    const LONGEST_EXTENSION: usize = 5;
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= LONGEST_EXTENSION => stem,
        _ => name,
    }
}

/// The folders of a path from the file upward, in lower case, each with a slash after it.
fn folders_upward(path: &str) -> String {
    let folders = path.split('/').rev().skip(1).filter(|folder| !folder.is_empty());
    folders.flat_map(|folder| [folder.to_lowercase(), "/".to_owned()]).collect()
}

/// The number of folders at the beginning that are the same.
fn folders_in_common(one: &str, other: &str) -> usize {
    one.split_terminator('/').zip(other.split_terminator('/')).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests;
