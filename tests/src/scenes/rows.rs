//! Libraries with too many images to read a file for each: their rows are written directly. All images of a sample share one
//! original and one thumbnail, by hard links.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use domain::geometry::Orientation;
use engine::THUMBNAIL_EDGE;
use prepare::{DecodingMemory, Ingested};
use store::{KnownFile, NewImage, Store};

use super::photos::{PHOTOS, file_of, name_of, perceptual_hash, scattered, taken};
use super::{Collection, Done, Photos};

const WRITTEN_AT_ONCE: usize = 1_000;
/// When the library was made.
const ADDED_AT: u64 = 1_795_200_000_000;

/// A sample as all its images have it.
struct Source {
    original: PathBuf,
    thumbnail: PathBuf,
    file: KnownFile,
    read: Ingested,
}

/// Adds `collections` of `photos` to the library in `library`, with originals in `folder`.
pub fn add(store: &Store, photos: Photos, collections: &[Collection], folder: &Path, library: &Path) -> Done<()> {
    let sources = sources(folder)?;
    let thumbnails = library.join(super::copies::THUMBNAILS);
    for start in 0..=u8::MAX {
        fs::create_dir_all(thumbnails.join(format!("{start:02x}")))?;
    }
    for collection in collections {
        let root = folder.join(collection.name);
        fs::create_dir_all(&root)?;
        let mut rows = Vec::new();
        for image in collection.first..=collection.last {
            let source = &sources[(image as usize - 1) % PHOTOS.len()];
            let hash = hash_of(image);
            let path = root.join(name_of(image));
            fs::hard_link(&source.original, &path)?;
            let hex = hash.iter().fold(String::new(), |mut hex, byte| {
                // Writing to a string does not fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            fs::hard_link(&source.thumbnail, thumbnails.join(&hex[..2]).join(format!("{hex}.jpg")))?;
            let new = NewImage {
                hash,
                name: name_of(image),
                byte_len: source.file.byte_len,
                format: source.read.format,
                orientation: Orientation::Upright,
                size: source.read.size,
                perceptual_hash: perceptual_hash(image, photos.has_similar),
                taken: taken(image),
            };
            rows.push((new, path, source.file));
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(WRITTEN_AT_ONCE));
            let slice = std::mem::replace(&mut rows, rest);
            let (root, name) = (root.clone(), collection.name);
            store.write_blocking(move |edit| {
                let collection = edit.collection_at(&root, name, ADDED_AT)?;
                for (new, path, file) in &slice {
                    let (image, _) = edit.image_of_content(new, ADDED_AT)?;
                    edit.record_file(collection, image, path, *file)?;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Writes each sample once, beside the collections, and reads it as an import does.
fn sources(folder: &Path) -> Done<Vec<Source>> {
    let own = folder.join(".samples");
    fs::create_dir_all(&own)?;
    let memory = DecodingMemory::default();
    (1..)
        .zip(&PHOTOS)
        .map(|(image, photo)| {
            let (original, thumbnail) = (own.join(photo.file), own.join(format!("{}.thumbnail", photo.file)));
            fs::write(&original, file_of(image)?)?;
            let read = prepare::ingest(&original, THUMBNAIL_EDGE, &memory).map_err(|reason| reason.to_string())?;
            fs::write(&thumbnail, &read.thumbnail)?;
            let metadata = fs::metadata(&original)?;
            let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH)?;
            let file = KnownFile { byte_len: metadata.len(), modified_at: i64::try_from(modified.as_nanos())? };
            Ok(Source { original, thumbnail, file, read })
        })
        .collect()
}

/// A hash that no file has.
fn hash_of(image: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    for (salt, part) in (110..).zip(hash.chunks_exact_mut(4)) {
        part.copy_from_slice(&scattered(image, salt).to_le_bytes());
    }
    hash
}
