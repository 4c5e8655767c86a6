//! Finds an image's original. Originals are only read. Their owner may move or change them, so an image that was
//! imported from several paths is read from any that still has it.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use domain::camera::{Camera, Position};
use domain::geometry::{ImageRegion, PixelSize};
use domain::ids::ImageId;
use domain::run_state::FailureKind;
use prepare::{ContentHash, Decoded, DecodingMemory, Pixels};
use store::{KnownFile, Store};

/// Why an original could not be used.
#[derive(Debug, Clone)]
pub struct UnreadableOriginal {
    pub kind: FailureKind,
    pub detail: String,
}

/// Length and modification time, which identify a file without reading it.
pub fn fingerprint(path: &Path) -> std::io::Result<KnownFile> {
    let metadata = fs::metadata(path)?;
    let modified_at = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or_default();
    Ok(KnownFile { byte_len: metadata.len(), modified_at })
}

/// Whether the file at `path` still has the content `hash`; `known` is its earlier fingerprint. The file is read only
/// if its length is unchanged and its modification time is not.
pub fn still_holds(path: &Path, known: KnownFile, hash: &[u8; 32]) -> bool {
    let is_content = || ContentHash::of_file(path).is_ok_and(|found| found.as_bytes() == hash);
    fingerprint(path).is_ok_and(|file| file == known || (file.byte_len == known.byte_len && is_content()))
}

/// The originals of a library's images.
pub struct Originals {
    store: Arc<Store>,
    /// Shared by all decoding in progress.
    memory: DecodingMemory,
}

impl Originals {
    pub fn new(store: Arc<Store>, memory: DecodingMemory) -> Self {
        Self { store, memory }
    }

    /// Decodes the original of `image`, upright, with a long edge of at most `max_edge`. Blocks.
    pub fn decode(&self, image: ImageId, max_edge: Option<u32>) -> Result<Decoded, UnreadableOriginal> {
        let path = self.find(image)?;
        prepare::decode(&path, max_edge, &self.memory).map_err(|reason| unreadable(&path, &reason))
    }

    /// Decodes the original of `image` and passes each of `regions`, upright, with a long edge of at most `max_edge`, to
    /// `each`, unless it is not `size` large. Returns its size. Blocks.
    pub fn decode_regions(
        &self,
        (image, size): (ImageId, PixelSize),
        regions: &[ImageRegion],
        max_edge: impl Fn(PixelSize) -> u32,
        each: impl FnMut(ImageRegion, Pixels),
    ) -> Result<PixelSize, UnreadableOriginal> {
        let path = self.find(image)?;
        let decoded = prepare::decode_regions(&path, size, regions, max_edge, &self.memory, each);
        decoded.map_err(|reason| unreadable(&path, &reason))
    }

    /// What the camera recorded; `None` also if no file can be read.
    pub fn camera(&self, image: ImageId) -> Option<Camera> {
        prepare::camera(&self.find(image).ok()?, &self.memory).ok().flatten()
    }

    /// Where the photo was taken; `None` if its file does not say.
    pub fn position(&self, image: ImageId) -> Result<Option<Position>, UnreadableOriginal> {
        let path = self.find(image)?;
        prepare::position(&path, &self.memory).map_err(|reason| unreadable(&path, &reason))
    }

    /// A path that still has the content of `image`.
    pub fn find(&self, image: ImageId) -> Result<PathBuf, UnreadableOriginal> {
        let broken = |error: store::StoreError| UnreadableOriginal {
            kind: FailureKind::FileUnreadable,
            detail: error.to_string(),
        };
        let (files, hash) =
            self.store.read_blocking(|view| Ok((view.files_of(image)?, view.image_hash(image)?))).map_err(broken)?;
        let mut unavailable = UnreadableOriginal { kind: FailureKind::FileMissing, detail: String::new() };
        for (path, known) in files {
            if still_holds(&path, known, &hash) {
                return Ok(path);
            }
            if let Err(error) = fingerprint(&path) {
                unavailable.detail = format!("{}: {error}", path.display());
                continue;
            }
            unavailable = UnreadableOriginal {
                kind: FailureKind::FileUnreadable,
                detail: format!("{}: no longer the image that was imported", path.display()),
            };
        }
        Err(unavailable)
    }
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> UnreadableOriginal {
    UnreadableOriginal { kind: FailureKind::FileUnreadable, detail: format!("{}: {reason}", path.display()) }
}
