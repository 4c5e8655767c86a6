//! Thumbnails from the disk cache, recreated from the original if missing.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::io::Write;
use std::sync::Arc;

use domain::ids::ImageId;
use prepare::ContentHash;
use store::Store;

use crate::layout::Layout;
use crate::originals::Originals;
use crate::{EngineError, Result, private};

/// Long edge of a cached thumbnail, in pixels.
pub const THUMBNAIL_EDGE: u32 = 384;
const THUMBNAIL_QUALITY: u8 = 82;
/// Upper bound for a thumbnail file; a longer file is rejected.
const MAX_THUMBNAIL_BYTES: u64 = 4 << 20;

/// The thumbnails of a library's images.
pub struct Thumbnails {
    store: Arc<Store>,
    layout: Arc<Layout>,
    originals: Arc<Originals>,
}

impl Thumbnails {
    pub fn new(store: Arc<Store>, layout: Arc<Layout>, originals: Arc<Originals>) -> Self {
        Self { store, layout, originals }
    }

    /// The originals that thumbnails are made of.
    pub fn originals(&self) -> &Originals {
        &self.originals
    }

    /// The thumbnail of `image`, an upright JPEG without metadata.
    pub fn of(&self, image: ImageId) -> Result<Vec<u8>> {
        let hash = ContentHash::from_bytes(self.store.read_blocking(|view| view.image_hash(image))?);
        if let Ok(cached) = files::read(&self.layout.thumbnail(hash), MAX_THUMBNAIL_BYTES) {
            return Ok(cached);
        }
        let jpeg = self.encoded(image, Some(THUMBNAIL_EDGE), THUMBNAIL_QUALITY)?;
        self.keep(hash, &jpeg)?;
        Ok(jpeg)
    }

    /// The original of `image` as an upright JPEG without metadata, long edge at most `edge`.
    pub fn encoded(&self, image: ImageId, edge: Option<u32>, quality: u8) -> Result<Vec<u8>> {
        let decoded = self
            .originals
            .decode(image, edge)
            .map_err(|unavailable| EngineError::Original { image, detail: unavailable.detail })?;
        Ok(prepare::encode_jpeg(&decoded.pixels, quality)?)
    }

    /// Stores a thumbnail in the cache, atomically for readers.
    pub fn keep(&self, hash: ContentHash, jpeg: &[u8]) -> Result<()> {
        let path = self.layout.thumbnail(hash);
        let folder = path.parent().unwrap_or_else(|| self.layout.folder());
        private::create_folder(folder).map_err(EngineError::file(folder))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(EngineError::file(folder))?;
        file.write_all(jpeg).map_err(EngineError::file(&path))?;
        file.persist(&path).map_err(|error| EngineError::File { path, source: error.error })?;
        Ok(())
    }
}
