//! Reads a file for the library: a single read gives its identity, size and thumbnail, and decodes all of its data, so
//! that a truncated photo is found on import and not during a paid run.

use crate::decode::{DecodeSource, decode_stored, guarded, read_file};
use crate::file::ImageFile;
use crate::header::damaged;
use crate::{ContentHash, DecodingMemory, encode_jpeg, exif, jpeg, perceptual_hash, png, raster};
use domain::camera::{Camera, Position};
use domain::geometry::{Orientation, PixelSize};
use domain::import::{ImageFormat, SkipReason};
use domain::similar::PerceptualHash;
use domain::taken::Taken;
use std::path::Path;

/// Small enough to store thousands, good enough to judge a photo.
const THUMBNAIL_QUALITY: u8 = 82;

/// EXIF is at the beginning of a JPEG, in one segment of at most 64 KiB; other segments of that size may precede it.
const METADATA_LEN: u64 = 256 << 10;

/// What the library stores about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    pub hash: ContentHash,
    pub byte_len: u64,
    pub format: ImageFormat,
    /// How the file stores the picture; sizes and thumbnail are upright already.
    pub orientation: Orientation,
    /// Upright size of the original.
    pub size: PixelSize,
    /// `None` if the file does not say.
    pub taken: Option<Taken>,
    pub perceptual_hash: PerceptualHash,
    /// A JPEG without metadata, upright.
    pub thumbnail: Vec<u8>,
}

/// Reads the file at `path` once. The thumbnail's long edge is at most `thumbnail_edge` pixels. Waits until enough
/// memory is free.
///
/// Of an animation only the first frame is decoded and verified.
pub fn ingest(path: &Path, thumbnail_edge: u32, memory: &DecodingMemory) -> Result<Ingested, SkipReason> {
    guarded(|| {
        let DecodeSource { format, bytes, memory: _memory } = DecodeSource::read(path, Some(thumbnail_edge), memory)?;
        let stored = decode_stored(format, &bytes, Some(thumbnail_edge))?;
        let (taken, orientation) = (stored.taken, stored.orientation);
        let size = orientation.upright_size(stored.size);
        let pixels = stored.into_upright(Some(thumbnail_edge))?;
        Ok(Ingested {
            hash: ContentHash::of(&bytes),
            byte_len: bytes.len() as u64,
            format,
            orientation,
            size,
            taken,
            perceptual_hash: perceptual_hash(&pixels),
            thumbnail: encode_jpeg(&pixels, THUMBNAIL_QUALITY).map_err(damaged)?,
        })
    })
}

/// The capture time of a photo that is already in a library. Of a JPEG only the beginning is read.
pub fn taken(path: &Path, memory: &DecodingMemory) -> Result<Option<Taken>, SkipReason> {
    from_exif(path, memory, exif::taken)
}

/// What the camera recorded about itself and its settings. Of a JPEG only the beginning is read.
pub fn camera(path: &Path, memory: &DecodingMemory) -> Result<Option<Camera>, SkipReason> {
    from_exif(path, memory, exif::camera)
}

/// Where the photo was taken, if the camera recorded it.
pub fn position(path: &Path, memory: &DecodingMemory) -> Result<Option<Position>, SkipReason> {
    from_exif(path, memory, exif::position)
}

fn from_exif<T>(
    path: &Path,
    memory: &DecodingMemory,
    read: impl Fn(&[u8]) -> Option<T> + std::panic::RefUnwindSafe,
) -> Result<Option<T>, SkipReason> {
    guarded(|| {
        let file = ImageFile::open(path)?;
        match file.format {
            ImageFormat::Jpeg => Ok(jpeg::exif(&file.read_start(METADATA_LEN)?).and_then(&read)),
            // These two cannot store it.
            ImageFormat::Gif | ImageFormat::Bmp => Ok(None),
            // In the others it may be anywhere, even at the end.
            ImageFormat::Tiff | ImageFormat::Png | ImageFormat::WebP => {
                let (format, bytes, _memory) = read_file(path, memory)?;
                Ok(match format {
                    ImageFormat::Tiff => read(&bytes),
                    ImageFormat::Png => png::exif_block(&bytes).as_deref().and_then(&read),
                    _ => raster::exif_block(format, &bytes).as_deref().and_then(&read),
                })
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, BLUE, GREEN, RED, YELLOW, corners, memory};
    use crate::perceptual_hash_of_thumbnail;
    use std::fs;

    #[test]
    fn one_reading_tells_all() {
        let bytes = fixtures::with_orientation(&fixtures::jpeg(&fixtures::quarters(1200, 801)), 6);
        let (folder, path) = fixtures::file(&bytes);
        let ingested = ingest(&path, 256, &memory()).unwrap();
        assert_eq!(ingested.byte_len, bytes.len() as u64);
        assert_eq!(ingested.format, ImageFormat::Jpeg);
        assert_eq!(ingested.orientation, Orientation::NeedsClockwise90);
        assert_eq!(ingested.size, PixelSize::new(801, 1200));
        assert_eq!(fs::read(&path).unwrap(), bytes);

        let thumbnail_path = folder.path().join("thumbnail");
        fs::write(&thumbnail_path, &ingested.thumbnail).unwrap();
        let thumbnail = fixtures::decode(&thumbnail_path, None).unwrap().pixels;
        assert_eq!(thumbnail.size, PixelSize::new(171, 256));
        assert_eq!(corners(&thumbnail), [BLUE, RED, YELLOW, GREEN]);

        let copy = folder.path().join("a copy");
        fs::copy(&path, &copy).unwrap();
        assert_eq!(ingest(&copy, 256, &memory()).unwrap(), ingested);
    }

    #[test]
    fn when_a_photo_was_taken_is_read_on_import_and_later() {
        let exif = fixtures::exif_taken("2026:05:14 10:32:05", Some("25"), Some("+02:00"));
        let expected = Taken { clock_millis: 1_778_754_725_250, minutes_ahead_of_utc: Some(120) };
        let plain = fixtures::jpeg(&fixtures::scenery(900, 600));
        let dated = fixtures::with_exif(&plain, &exif);
        // Printer colour profiles are as large as this, and come first.
        let profile = vec![0x20; 60_000];
        let profiled = [0xE2, 0xE2, 0xE2].iter().fold(dated.clone(), |jpeg, &marker| {
            fixtures::with_segment(&jpeg, marker, &[b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat())
        });
        for (bytes, expected) in [(&dated, Some(expected)), (&profiled, Some(expected)), (&plain, None)] {
            let (_folder, path) = fixtures::file(bytes);
            assert_eq!(ingest(&path, 256, &memory()).unwrap().taken, expected);
            assert_eq!(taken(&path, &memory()), Ok(expected));
            assert_eq!(&fs::read(&path).unwrap(), bytes);
        }
        // For a known photo, only its beginning is read.
        let (_folder, path) = fixtures::file(&dated[..dated.len() / 2]);
        assert_eq!(taken(&path, &memory()), Ok(Some(expected)));
        let (_folder, path) = fixtures::file(b"Dear diary");
        assert_eq!(taken(&path, &memory()), Err(SkipReason::NotAnImage));
    }

    #[test]
    fn real_photos_are_taken() {
        for name in ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"] {
            let ingested = ingest(&fixtures::sample(name), 384, &memory()).unwrap();
            assert_eq!(ingested.byte_len, fs::metadata(fixtures::sample(name)).unwrap().len());
            assert!(ingested.thumbnail.len() < 60_000, "{name}: {} bytes", ingested.thumbnail.len());
            // Old libraries compute hashes from their thumbnails.
            let later = perceptual_hash_of_thumbnail(&ingested.thumbnail, &memory()).unwrap();
            assert!(ingested.perceptual_hash.distance(later) <= 2, "{name}: {:?}, {later:?}", ingested.perceptual_hash);
        }
    }
}
