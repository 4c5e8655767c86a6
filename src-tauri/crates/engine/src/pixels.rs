//! Pixels for the window: thumbnails from the cache on disk, larger views from the original.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::io::Write;
use std::path::PathBuf;

use domain::ids::ImageId;
use prepare::ContentHash;

use crate::library::Library;
use crate::{EngineError, Result, private};

/// Long edge of a cached thumbnail, in pixels.
pub const THUMBNAIL_EDGE: u32 = 384;
const THUMBNAIL_QUALITY: u8 = 82;
const VIEW_QUALITY: u8 = 90;
/// Upper bound for a thumbnail file; a longer file is rejected.
const MAX_THUMBNAIL_BYTES: u64 = 4 << 20;

/// A size in which an image is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelEdge {
    Thumbnail,
    /// Long edge at most so many pixels.
    AtMost(u32),
    Full,
}

impl Library {
    /// An upright JPEG of `image`, without metadata.
    pub fn pixels(&self, image: ImageId, edge: PixelEdge) -> Result<Vec<u8>> {
        match edge {
            PixelEdge::Thumbnail => self.thumbnail(image),
            PixelEdge::AtMost(edge) => self.encoded_view(image, Some(edge), VIEW_QUALITY),
            PixelEdge::Full => self.encoded_view(image, None, VIEW_QUALITY),
        }
    }

    fn thumbnail(&self, image: ImageId) -> Result<Vec<u8>> {
        let hash = ContentHash::from_bytes(self.store.read_blocking(|view| view.image_hash(image))?);
        if let Ok(cached) = files::read(&self.thumbnail_path(hash), MAX_THUMBNAIL_BYTES) {
            return Ok(cached);
        }
        let jpeg = self.encoded_view(image, Some(THUMBNAIL_EDGE), THUMBNAIL_QUALITY)?;
        self.keep_thumbnail(hash, &jpeg)?;
        Ok(jpeg)
    }

    fn encoded_view(&self, image: ImageId, edge: Option<u32>, quality: u8) -> Result<Vec<u8>> {
        let decoded = self
            .decode_original(image, edge)
            .map_err(|unavailable| EngineError::Original { image, detail: unavailable.detail })?;
        Ok(prepare::encode_jpeg(&decoded.pixels, quality)?)
    }

    /// Puts a thumbnail into the cache; a reader sees all of it or nothing.
    pub(crate) fn keep_thumbnail(&self, hash: ContentHash, jpeg: &[u8]) -> Result<()> {
        let path = self.thumbnail_path(hash);
        let folder = path.parent().unwrap_or_else(|| self.folder());
        private::create_folder(folder).map_err(EngineError::file(folder))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(EngineError::file(folder))?;
        file.write_all(jpeg).map_err(EngineError::file(&path))?;
        file.persist(&path).map_err(|error| EngineError::File { path, source: error.error })?;
        Ok(())
    }

    /// Thumbnails are named by content and spread over 256 folders.
    fn thumbnail_path(&self, hash: ContentHash) -> PathBuf {
        let hex = hash.to_string();
        self.folder().join("thumbs").join(&hex[..2]).join(format!("{hex}.jpg"))
    }
}
