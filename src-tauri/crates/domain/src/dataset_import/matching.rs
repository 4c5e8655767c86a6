//! Which image of the library an image of a file is: by its path, then by its name and size, then by its content. What
//! fits several images equally well is not guessed.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::sizing::{ImageFromFile, SizeFit};
use crate::geometry::{Orientation, PixelSize};
use crate::ids::ImageId;
use crate::recipe::composed;

/// How an image was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchMethod {
    Path,
    NameAndSize,
    Hash,
}

/// An image of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchableImage {
    pub id: ImageId,
    /// Upright.
    pub size: PixelSize,
    pub orientation: Orientation,
    /// BLAKE3.
    pub hash: [u8; 32],
    /// Of the file.
    pub byte_len: u64,
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
    Matched(ImageId, MatchMethod),
    /// Several fit equally well.
    Ambiguous(Vec<ImageId>),
    Unmatched,
}

/// A file of an image of the library.
#[derive(Debug)]
struct Place {
    image: ImageId,
    /// Parts of the path, composed as text.
    path: String,
    /// The length of the end of `path` that is relative to the image's collection.
    relative_len: usize,
}

/// The images of a library by what a file may state about them.
#[derive(Debug, Default)]
pub struct MatchIndex {
    images: HashMap<ImageId, MatchableImage>,
    places: Vec<Place>,
    /// Indices of `places` by file name without extension, in lower case.
    by_stem: HashMap<String, Vec<usize>>,
    by_hash: HashMap<[u8; 32], ImageId>,
    byte_lens: HashSet<u64>,
}

impl MatchIndex {
    pub fn add_image(&mut self, image: MatchableImage) {
        self.by_hash.insert(image.hash, image.id);
        self.byte_lens.insert(image.byte_len);
        self.images.insert(image.id, image);
    }

    /// Adds a file of an image. `root` is the folder of a collection that contains it, if any.
    pub fn add_file(&mut self, image: ImageId, path: &str, root: Option<&str>) {
        let path = normalized(path);
        let relative = root.map(normalized).and_then(|root| {
            path.strip_prefix(root.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/')).map(str::len)
        });
        let stem = stem(file_name(&path)).to_lowercase();
        self.by_stem.entry(stem).or_default().push(self.places.len());
        self.places.push(Place { image, relative_len: relative.unwrap_or(0), path });
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
        self.places.iter().find(|place| place.image == id).map(|place| place.path.as_str())
    }

    /// The upright size of the image that a file names; `None` if the name does not tell which.
    #[must_use]
    pub fn size_by_name(&self, path: &str) -> Option<PixelSize> {
        match self.find(WantedImage { path, size: None, hash: None }) {
            FoundImage::Matched(image, _) => self.image(image).map(|image| image.size),
            FoundImage::Ambiguous(_) | FoundImage::Unmatched => None,
        }
    }

    #[must_use]
    pub fn find(&self, wanted: WantedImage<'_>) -> FoundImage {
        let path = normalized(wanted.path);
        let named = self.named(&path);
        let by_path = images_by_path(&path, &named);
        if let [image] = by_path[..] {
            return FoundImage::Matched(image, MatchMethod::Path);
        }
        // Among equal paths the size decides, otherwise among equal names.
        let candidates: Vec<ImageId> =
            if by_path.is_empty() { distinct(named.iter().map(|place| place.image)) } else { by_path };
        let fitting = self.fitting(&candidates, wanted.size);
        if let [image] = fitting[..] {
            return FoundImage::Matched(image, MatchMethod::NameAndSize);
        }
        if let Some(image) = wanted.hash.and_then(|hash| self.by_hash.get(&hash)) {
            return FoundImage::Matched(*image, MatchMethod::Hash);
        }
        if fitting.is_empty() { FoundImage::Unmatched } else { FoundImage::Ambiguous(fitting) }
    }

    /// The files with the name of `path`. Names in another case count if no other do.
    fn named(&self, path: &str) -> Vec<&Place> {
        let name = file_name(path);
        let has_extension = stem(name).len() < name.len();
        let same_stem = |stem: &str| -> Vec<&Place> {
            let places = self.by_stem.get(&stem.to_lowercase()).into_iter().flatten();
            places.map(|place| &self.places[*place]).collect()
        };
        let mut named = same_stem(stem(name));
        if has_extension {
            named.retain(|place| file_name(&place.path).to_lowercase() == name.to_lowercase());
            if named.is_empty() {
                // A dot may be part of a name without extension.
                named = same_stem(name);
            }
        }
        let is_exact = |place: &&Place| {
            let own = file_name(&place.path);
            own == name || (!has_extension && stem(own) == name)
        };
        if named.iter().any(is_exact) {
            named.retain(is_exact);
        }
        named
    }

    /// Those of `candidates` that may have been annotated at this size; otherwise those of its aspect ratio.
    fn fitting(&self, candidates: &[ImageId], stated: Option<PixelSize>) -> Vec<ImageId> {
        let fit = |image: &ImageId| {
            let MatchableImage { size, orientation, .. } = self.images.get(image)?;
            ImageFromFile::new(stated, *size, *orientation).map(|map| map.fit)
        };
        let is_exact = |fit: SizeFit| matches!(fit, SizeFit::Upright | SizeFit::Stored);
        let exact: Vec<ImageId> = candidates.iter().copied().filter(|image| fit(image).is_some_and(is_exact)).collect();
        if !exact.is_empty() {
            return exact;
        }
        candidates.iter().copied().filter(|image| fit(image).is_some()).collect()
    }
}

/// The images whose path ends like `path`, for the longest end: the whole of it, as relative to a collection, or
/// at least the name and a folder.
fn images_by_path(path: &str, named: &[&Place]) -> Vec<ImageId> {
    let whole = named.iter().filter(|place| {
        let relative = &place.path[place.path.len() - place.relative_len..];
        relative == path || place.path == path
    });
    let whole = distinct(whole.map(|place| place.image));
    if !whole.is_empty() {
        return whole;
    }
    let common = |place: &&&Place| folders_in_common(path, &place.path);
    let longest = named.iter().map(|place| common(&place)).max().unwrap_or(0);
    if longest == 0 {
        return Vec::new();
    }
    distinct(named.iter().filter(|place| common(place) == longest).map(|place| place.image))
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

/// The number of folders above the file, counted from it, that two paths have in common.
fn folders_in_common(one: &str, other: &str) -> usize {
    let folders = |path: &str| -> Vec<String> { path.split('/').rev().skip(1).map(str::to_lowercase).collect() };
    let (one, other) = (folders(one), folders(other));
    one.iter().zip(&other).take_while(|(one, other)| one == other && !one.is_empty()).count()
}

fn distinct(images: impl Iterator<Item = ImageId>) -> Vec<ImageId> {
    images.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(files: &[(u32, &str, (u32, u32))]) -> MatchIndex {
        let mut index = MatchIndex::default();
        for &(id, path, (width, height)) in files {
            let (id, size) = (ImageId(id), PixelSize::new(width, height));
            let hash = [u8::try_from(id.0).unwrap(); 32];
            index.add_image(MatchableImage {
                id,
                size,
                orientation: Orientation::NeedsClockwise90,
                hash,
                byte_len: 10,
            });
            index.add_file(id, path, Some("/photos"));
        }
        index
    }

    fn wanted(path: &str, size: Option<(u32, u32)>) -> WantedImage<'_> {
        WantedImage { path, size: size.map(|(width, height)| PixelSize::new(width, height)), hash: None }
    }

    fn by(id: u32, method: MatchMethod) -> FoundImage {
        FoundImage::Matched(ImageId(id), method)
    }

    #[test]
    fn a_path_matches_as_a_whole_or_by_its_longest_end() {
        let index = index(&[
            (1, "/photos/a.jpg", (30, 40)),
            (2, "/photos/day 1/a.jpg", (30, 40)),
            (3, "/photos/day 2/a.jpg", (30, 40)),
            (4, "/photos/trip/day 2/a.jpg", (30, 40)),
            (5, "/photos/caf\u{e9}/b.jpg", (30, 40)),
        ]);
        for (path, id) in [
            ("a.jpg", 1),
            ("./a.jpg", 1),
            ("day 1/a.jpg", 2),
            ("images\\day 1\\a.jpg", 2),
            ("day 2/a.jpg", 3),
            ("trip/day 2/a.jpg", 4),
            ("/elsewhere/trip/day 2/a.jpg", 4),
            ("/photos/day 2/a.jpg", 3),
            ("cafe\u{301}/b.jpg", 5),
        ] {
            assert_eq!(index.find(wanted(path, None)), by(id, MatchMethod::Path), "{path}");
        }
        let both = FoundImage::Ambiguous(vec![ImageId(3), ImageId(4)]);
        assert_eq!(index.find(wanted("other/day 2/a.jpg", None)), both);
    }

    #[test]
    fn a_name_matches_with_its_size_upright_or_as_stored() {
        let index = index(&[
            (1, "/photos/x/a.jpg", (30, 40)),
            (2, "/photos/y/a.jpg", (50, 60)),
            (3, "/photos/y/b.JPG", (50, 60)),
            (4, "/photos/y/c.v2.png", (50, 60)),
        ]);
        let method = MatchMethod::NameAndSize;
        assert_eq!(index.find(wanted("train/a.jpg", Some((30, 40)))), by(1, method));
        assert_eq!(index.find(wanted("train/a.jpg", Some((60, 50)))), by(2, method), "the file states the stored size");
        assert_eq!(index.find(wanted("train/a.jpg", None)), FoundImage::Ambiguous(vec![ImageId(1), ImageId(2)]));
        assert_eq!(index.find(wanted("train/a.jpg", Some((37, 40)))), FoundImage::Unmatched);
        assert_eq!(index.find(wanted("train/a.jpg", Some((15, 20)))), by(1, method), "scaled");
        assert_eq!(index.find(wanted("b.jpg", None)), by(3, method), "in another case");
        assert_eq!(index.find(wanted("labels/b", Some((50, 60)))), by(3, method), "without its extension");
        assert_eq!(index.find(wanted("labels/c.v2", None)), by(4, method));
        assert_eq!(index.find(wanted("b.png", Some((50, 60)))), FoundImage::Unmatched);
    }

    #[test]
    fn the_content_decides_what_nothing_else_does() {
        let index = index(&[(1, "/photos/x/a.jpg", (30, 40)), (2, "/photos/y/a.jpg", (30, 40))]);
        let with = |path, hash: u8| index.find(WantedImage { hash: Some([hash; 32]), ..wanted(path, Some((30, 40))) });
        assert_eq!(with("a.jpg", 2), by(2, MatchMethod::Hash));
        assert_eq!(with("renamed.jpg", 1), by(1, MatchMethod::Hash));
        assert_eq!(with("x/a.jpg", 2), by(1, MatchMethod::Path));
        assert_eq!(with("renamed.jpg", 9), FoundImage::Unmatched);
    }

    #[test]
    fn two_files_of_one_image_are_no_conflict() {
        let mut index = index(&[(1, "/photos/x/a.jpg", (30, 40))]);
        index.add_file(ImageId(1), "/photos/copies/a.jpg", None);
        assert_eq!(index.find(wanted("a.jpg", None)), by(1, MatchMethod::NameAndSize));
    }

    proptest! {
        #[test]
        fn every_file_is_found_by_its_own_path(
            names in prop::collection::btree_set("[a-c]{1,2}(/[a-c]{1,2}){0,2}\\.(jpg|png)", 1..12),
            folder in "(/[a-c]{1,2}){0,2}",
        ) {
            let mut index = MatchIndex::default();
            for (id, name) in (1..).zip(&names) {
                let id = ImageId(id);
                let size = PixelSize::new(30, 40);
                index.add_image(MatchableImage { id, size, orientation: Orientation::Upright, hash: [0; 32], byte_len: 10 });
                index.add_file(id, &format!("/photos/{name}"), Some("/photos/"));
            }
            for (id, name) in (1..).zip(&names) {
                let found = FoundImage::Matched(ImageId(id), MatchMethod::Path);
                prop_assert_eq!(index.find(wanted(name, None)), found.clone());
                prop_assert_eq!(index.find(wanted(&format!("/photos/{name}"), None)), found.clone());
                // Elsewhere it is itself, or not decided, or another one that has more of the path in common.
                let elsewhere = format!("{folder}/{name}");
                match index.find(wanted(&elsewhere, None)) {
                    FoundImage::Unmatched => prop_assert!(false, "{} was not found", elsewhere),
                    FoundImage::Ambiguous(images) => prop_assert!(images.len() > 1),
                    FoundImage::Matched(image, _) => prop_assert!(image.0 as usize <= names.len()),
                }
            }
        }
    }
}
