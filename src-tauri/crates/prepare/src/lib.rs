//! Everything that touches the pixels of a photo: finding files, reading them into the library, comparing them,
//! decoding and resizing them for a model, encoding, and drawing annotations on copies.
//!
//! Originals are only opened for reading. All functions are synchronous and for blocking threads: decoding waits until
//! memory is free (`memory`). No async, cache, network or state between calls. A panic in a decoder is an error of that
//! file.

#[cfg(test)]
mod bombs;
#[cfg(test)]
mod cases;
mod decode;
mod draw;
mod error;
mod exif;
mod file;
#[cfg(test)]
mod fixtures;
mod hash;
mod header;
mod ingest;
mod jpeg;
mod known_picture;
mod leftovers;
mod likeness;
mod machine;
mod memory;
mod natural_order;
mod perceptual_hash;
mod pixels;
mod png;
mod raster;
mod scan;
mod tiff;
mod webp;

pub use self::png::encode_png;
pub use decode::{Decoded, decode, decode_regions};
pub use draw::{DrawnAnnotation, draw_annotations};
pub use error::Error;
pub use hash::{ContentHash, ContentHasher};
pub use ingest::{Ingested, camera, ingest, position, taken};
pub use jpeg::encode_jpeg;
pub use known_picture::draw_known_picture;
pub use likeness::Glance;
pub use memory::{DecodingMemory, MemoryLimit};
pub use perceptual_hash::{perceptual_hash, perceptual_hash_of_thumbnail, perceptual_hashes_of_file};
pub use pixels::Pixels;
pub use scan::{ScanOptions, ScannedPath, scan};
