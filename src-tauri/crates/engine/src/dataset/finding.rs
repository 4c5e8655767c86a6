//! Finds the images of a file, before its annotations are read: which image of the library an image of the file is depends
//! on all others of the file.

use std::path::{Path, PathBuf};

use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use datasets::{DatasetError, Sink, SkippedPart};
use domain::dataset_import::matching::{FoundImage, MatchIndex, MatchableImage, WantedImage, settle_claims};
use domain::similar::NEAR_DISTANCE;
use prepare::{ContentHash, DecodingMemory};

use crate::{EngineError, Result};

/// Finds single images, by what the file states about them.
pub struct ImageFinder<'a> {
    pub index: &'a MatchIndex,
    /// Where the dataset's image files may be.
    pub folder: Option<PathBuf>,
    pub memory: &'a DecodingMemory,
}

impl ImageFinder<'_> {
    /// What is found of an image, regardless of the others of its file.
    pub fn find(&self, image: &DatasetImage) -> FoundImage {
        let mut found = FoundImage::Unmatched;
        for path in std::iter::once(&image.file_name).chain(&image.other_files) {
            let of_path = self.find_by(path, image);
            match of_path {
                FoundImage::Matched(_) => return of_path,
                FoundImage::Ambiguous(_) if found == FoundImage::Unmatched => found = of_path,
                FoundImage::Ambiguous(_) | FoundImage::Unmatched => {}
            }
        }
        found
    }

    fn find_by(&self, path: &str, image: &DatasetImage) -> FoundImage {
        let hash = image.hash.as_deref().and_then(hash_of);
        let wanted = WantedImage { path, size: image.size, hash };
        let found = self.index.find(wanted);
        if hash.is_some() {
            return found;
        }
        let Some((file, byte_len)) = self.file_beside(path, image.path.as_deref()) else { return found };
        let named = match found {
            FoundImage::Matched(named) => self.index.image(named.image).map(|known| (named, known)),
            FoundImage::Ambiguous(_) | FoundImage::Unmatched => None,
        };
        // The photo itself need not be read.
        if named.is_some_and(|(named, _)| self.index.path_of(named.image).is_some_and(|path| Path::new(path) == file)) {
            return found;
        }
        // No image of another length has the same content.
        if self.index.has_byte_len(byte_len)
            && let Ok(hash) = ContentHash::of_file(&file)
        {
            let same = self.index.find(WantedImage { hash: Some(*hash.as_bytes()), ..wanted });
            if named.is_none() || matches!(same, FoundImage::Matched(_)) {
                return same;
            }
        }
        match named {
            Some((named, known)) if !self.is_picture_of(known, &file) => FoundImage::Ambiguous(vec![named.image]),
            _ => found,
        }
    }

    /// Whether `file`, whose content is not that of `image`, shows the same, as a resized or newly compressed copy does. A
    /// copy that has lost its EXIF orientation does so too. What cannot be compared counts as the same.
    fn is_picture_of(&self, image: &MatchableImage, file: &Path) -> bool {
        let Some(known) = image.perceptual_hash else { return true };
        let hashes = prepare::perceptual_hashes_of_file(file, image.orientation, self.memory);
        hashes.map_or(true, |hashes| hashes.iter().any(|hash| hash.distance(known) <= NEAR_DISTANCE))
    }

    /// The image's file in the dataset, if there is one, and its length.
    fn file_beside(&self, file_name: &str, path: Option<&Path>) -> Option<(PathBuf, u64)> {
        let is_inside = !file_name.split(['/', '\\']).any(|part| part == "..") && !Path::new(file_name).is_absolute();
        let beside = self.folder.as_deref().filter(|_| is_inside);
        let places = beside.map(|folder| [folder.join(file_name), folder.join("images").join(file_name)]);
        let mut places = path.map(Path::to_owned).into_iter().chain(places.into_iter().flatten());
        places.find_map(|path| {
            let file = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
            Some((path, file.len()))
        })
    }
}

/// A hash that a file states.
pub fn hash_of(stated: &str) -> Option<[u8; 32]> {
    stated.parse::<ContentHash>().ok().map(|hash| *hash.as_bytes())
}

/// Passes an error of ours through the reader of a format, for [`unread`].
pub fn through_reader(error: EngineError) -> DatasetError {
    DatasetError::Owner(Box::new(error))
}

/// Why the dataset at `path` was not read to its end.
pub fn unread(path: &Path, error: DatasetError) -> EngineError {
    let source = match error {
        DatasetError::Owner(error) => match error.downcast() {
            Ok(error) => return *error,
            Err(error) => DatasetError::Owner(error),
        },
        DatasetError::Io(source) => return EngineError::File { path: path.to_owned(), source },
        source => source,
    };
    EngineError::UnreadDataset { path: path.to_owned(), source }
}

/// Where the image files of the dataset at `path` may be.
pub fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() { Some(path.to_owned()) } else { path.parent().map(Path::to_owned) }
}

/// Receives a dataset, of which it takes the images alone. `Watch` is called before each one.
pub struct FoundImages<'a, Watch> {
    finder: ImageFinder<'a>,
    found: Vec<FoundImage>,
    watch: Watch,
}

impl<'a, Watch: FnMut() -> Result<()>> FoundImages<'a, Watch> {
    pub fn new(finder: ImageFinder<'a>, watch: Watch) -> Self {
        Self { finder, found: Vec::new(), watch }
    }

    /// The images of the library, in the order of the file.
    pub fn finish(mut self) -> Vec<FoundImage> {
        settle_claims(&mut self.found);
        self.found
    }
}

impl<Watch: FnMut() -> Result<()>> Sink for FoundImages<'_, Watch> {
    fn begin(&mut self, _: DatasetInfo) -> datasets::Result<()> {
        Ok(())
    }

    fn image(&mut self, image: DatasetImage) -> datasets::Result<()> {
        (self.watch)().map_err(through_reader)?;
        self.found.push(self.finder.find(&image));
        Ok(())
    }

    fn annotation(&mut self, _: u64, _: DatasetAnnotation) -> datasets::Result<()> {
        Ok(())
    }

    fn skipped(&mut self, _: SkippedPart) {}
}
