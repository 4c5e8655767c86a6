//! The images of a library for display: queries, cards and pixels.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::path::PathBuf;
use std::sync::Arc;

use domain::camera::Position;
use domain::ids::{CollectionId, ImageId};
use domain::import::SkippedFile;
use domain::layers::LayerScope;
use domain::library::{FilterCounts, ImageCard, ImageFileInfo, ImageInfo, LibraryOverview};
use domain::query::{Completion, ImageQuery, complete};
use prepare::ContentHash;
use store::Store;

use crate::check_index::{CheckIndex, MOMENT};
use crate::originals::{UnreadableOriginal, still_holds};
use crate::thumbnails::Thumbnails;
use crate::workers::Workers;
use crate::{EngineError, Result};

const VIEW_QUALITY: u8 = 90;

/// The size in which an image is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelEdge {
    Thumbnail,
    /// Maximum length of the longer side, in pixels.
    AtMost(u32),
    Full,
}

/// The images of a library.
pub struct Gallery {
    store: Arc<Store>,
    workers: Arc<Workers>,
    check_index: Arc<CheckIndex>,
    thumbnails: Arc<Thumbnails>,
}

impl Gallery {
    pub(crate) fn new(
        store: Arc<Store>,
        workers: Arc<Workers>,
        check_index: Arc<CheckIndex>,
        thumbnails: Arc<Thumbnails>,
    ) -> Self {
        Self { store, workers, check_index, thumbnails }
    }

    pub fn overview(&self, collection: Option<CollectionId>) -> Result<LibraryOverview> {
        Ok(self.store.read_blocking(|view| {
            Ok(LibraryOverview {
                collections: view.collections()?,
                smart_collections: view.smart_collections()?,
                counts: view.image_counts(collection)?,
                labels: view.label_counts(collection)?,
            })
        })?)
    }

    pub fn ids(&self, query: &ImageQuery) -> Result<Vec<ImageId>> {
        self.check_index.update_for_query(query)?;
        let working = self.workers.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.image_ids(query, &working))?)
    }

    /// The number of images for each filter combined with `query`. Likely mistakes are counted as far as they are known
    /// within a moment; the library's version increases as more are found.
    pub fn filter_counts(&self, query: &ImageQuery) -> Result<FilterCounts> {
        self.check_index.update_within(MOMENT)?;
        let working = self.workers.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.filter_counts(query, &working))?)
    }

    /// Completes the word at `cursor` in a search query.
    pub fn complete_query(&self, text: &str, cursor: u32) -> Result<Completion> {
        let vocabulary = self.store.read_blocking(|view| view.query_vocabulary())?;
        Ok(complete(text, cursor, &vocabulary))
    }

    /// Cards in the order of `ids`, with the annotations of `layers`; unknown ids are skipped.
    pub fn cards(&self, ids: &[ImageId], layers: &LayerScope) -> Result<Vec<ImageCard>> {
        let working = self.workers.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.image_cards(ids, layers, &working))?)
    }

    pub fn skipped_files(&self, collection: Option<CollectionId>) -> Result<Vec<SkippedFile>> {
        Ok(self.store.read_blocking(|view| view.skipped_files(collection))?)
    }

    /// Facts about an image and its files. Reads the file.
    pub fn info(&self, image: ImageId) -> Result<ImageInfo> {
        let (cards, files, hash, runs) = self.store.read_blocking(|view| {
            Ok((
                view.image_cards(&[image], &LayerScope::All, &[])?,
                view.files_of(image)?,
                view.image_hash(image)?,
                view.runs_of_image(image)?,
            ))
        })?;
        let gone = || EngineError::Original { image, detail: "the image is no longer in the library".into() };
        let card = cards.first().ok_or_else(gone)?;
        let files = files.into_iter().map(|(path, known)| ImageFileInfo {
            is_current: still_holds(&path, known, &hash),
            byte_len: known.byte_len,
            path: path.to_string_lossy().into_owned(),
        });
        Ok(ImageInfo {
            hash: ContentHash::from_bytes(hash).to_string(),
            size: card.size,
            taken: card.taken,
            camera: self.thumbnails.originals().camera(image),
            files: files.collect(),
            runs,
        })
    }

    /// Where a photo was taken; `None` if its file does not say.
    ///
    /// # Errors
    ///
    /// If no file with the image's content can be read.
    pub fn position(&self, image: ImageId) -> Result<Option<Position>> {
        self.thumbnails.originals().position(image).map_err(|unreadable| original_error(image, unreadable))
    }

    /// A file that still has the image's content.
    pub fn file(&self, image: ImageId) -> Result<PathBuf> {
        self.thumbnails.originals().find(image).map_err(|unreadable| original_error(image, unreadable))
    }

    /// An upright JPEG of `image`, without metadata.
    pub fn pixels(&self, image: ImageId, edge: PixelEdge) -> Result<Vec<u8>> {
        match edge {
            PixelEdge::Thumbnail => self.thumbnails.of(image),
            PixelEdge::AtMost(edge) => self.thumbnails.encoded(image, Some(edge), VIEW_QUALITY),
            PixelEdge::Full => self.thumbnails.encoded(image, None, VIEW_QUALITY),
        }
    }
}

fn original_error(image: ImageId, unreadable: UnreadableOriginal) -> EngineError {
    EngineError::Original { image, detail: unreadable.detail }
}
