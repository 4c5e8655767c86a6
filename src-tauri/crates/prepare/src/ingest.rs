//! Taking a file into the library: one read, after which its identity, size and thumbnail are known and the whole of
//! its data has been decoded once, so that a truncated photo is found on import and not during a paid run.

use crate::decode::{damaged, decode_stored};
use crate::{ContentHash, encode_jpeg, file, perceptual_hash};
use domain::geometry::{Orientation, PixelSize};
use domain::import::{ImageFormat, SkipReason};
use domain::similar::PerceptualHash;
use std::path::Path;

/// Small enough to keep thousands, good enough to judge a photo by.
const THUMBNAIL_QUALITY: u8 = 82;

/// What the library keeps of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    pub hash: ContentHash,
    pub byte_len: u64,
    pub format: ImageFormat,
    /// How the file stores the picture; sizes and thumbnail are upright already.
    pub orientation: Orientation,
    /// Upright size of the original.
    pub size: PixelSize,
    pub perceptual_hash: PerceptualHash,
    /// A JPEG without metadata, upright.
    pub thumbnail: Vec<u8>,
}

/// Reads the file at `path` once. The long edge of the thumbnail is at most `thumbnail_edge` pixels.
///
/// Of an animation only the first picture is decoded, and only that is known to be whole.
pub fn ingest(path: &Path, thumbnail_edge: u32) -> Result<Ingested, SkipReason> {
    let (format, bytes) = file::read(path)?;
    let stored = decode_stored(format, &bytes, Some(thumbnail_edge))?;
    let (orientation, size) = (stored.orientation, stored.orientation.upright_size(stored.size));
    let pixels = stored.into_upright(Some(thumbnail_edge))?;
    Ok(Ingested {
        hash: ContentHash::of(&bytes),
        byte_len: bytes.len() as u64,
        format,
        orientation,
        size,
        perceptual_hash: perceptual_hash(&pixels),
        thumbnail: encode_jpeg(&pixels, THUMBNAIL_QUALITY).map_err(damaged)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, BLUE, GREEN, RED, YELLOW, corners};
    use crate::{decode, perceptual_hash_of_thumbnail};
    use std::fs;

    #[test]
    fn one_reading_tells_all() {
        let bytes = fixtures::with_orientation(&fixtures::jpeg(&fixtures::quarters(1200, 801)), 6);
        let (folder, path) = fixtures::file(&bytes);
        let ingested = ingest(&path, 256).unwrap();
        assert_eq!(ingested.byte_len, bytes.len() as u64);
        assert_eq!(ingested.format, ImageFormat::Jpeg);
        assert_eq!(ingested.orientation, Orientation::NeedsClockwise90);
        assert_eq!(ingested.size, PixelSize::new(801, 1200));
        assert_eq!(fs::read(&path).unwrap(), bytes);

        let thumbnail_path = folder.path().join("thumbnail");
        fs::write(&thumbnail_path, &ingested.thumbnail).unwrap();
        let thumbnail = decode(&thumbnail_path, None).unwrap().pixels;
        assert_eq!(thumbnail.size, PixelSize::new(171, 256));
        assert_eq!(corners(&thumbnail), [BLUE, RED, YELLOW, GREEN]);

        let copy = folder.path().join("a copy");
        fs::copy(&path, &copy).unwrap();
        assert_eq!(ingest(&copy, 256).unwrap(), ingested);
    }

    #[test]
    fn real_photos_are_taken() {
        for name in ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"] {
            let ingested = ingest(&fixtures::sample(name), 384).unwrap();
            assert_eq!(ingested.byte_len, fs::metadata(fixtures::sample(name)).unwrap().len());
            assert!(ingested.thumbnail.len() < 60_000, "{name}: {} bytes", ingested.thumbnail.len());
            // A library from before hashes were kept has the thumbnails to make them from.
            let later = perceptual_hash_of_thumbnail(&ingested.thumbnail).unwrap();
            assert!(ingested.perceptual_hash.distance(later) <= 2, "{name}: {:?}, {later:?}", ingested.perceptual_hash);
        }
    }
}
