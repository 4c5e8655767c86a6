//! Helpers that the tests share: real photos in every orientation, folders of them, and the binaries under test.

pub mod answering;
pub mod bench;
pub mod books;
pub mod desk;
pub mod pictures;
pub mod postgres;
pub mod scenes;
pub mod screen;
pub mod served;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageReader};

/// A folder of the repository.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).join(path)
}

/// The file of a sample photo.
#[must_use]
pub fn sample(name: &str) -> PathBuf {
    repository("samples").join(name)
}

/// A binary of this workspace, built before the tests run and with their profile.
///
/// # Panics
/// If it has not been built: `make test` builds it first.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    // target/debug/deps/test-0123, or target/debug/scenes, and target/debug/name
    let mut places = program.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    let path = places.find(|path| path.exists()).unwrap_or_default();
    assert!(path.exists(), "{name} is missing: build it first, with `make test`");
    path
}

/// The sample `name` stored so that a reader must apply EXIF `orientation` (1 to 8) to see it upright.
///
/// # Panics
/// If the sample cannot be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
pub fn stored_with_orientation(name: &str, orientation: u8) -> Vec<u8> {
    oriented_jpeg(&ImageReader::open(sample(name)).expect("sample").decode().expect("sample decodes"), orientation)
}

/// The picture `upright`, stored so that a reader must apply EXIF `orientation` (1 to 8) to see it upright.
#[must_use]
pub fn oriented_jpeg(upright: &DynamicImage, orientation: u8) -> Vec<u8> {
    let stored = match orientation {
        2 => upright.fliph(),
        3 => upright.rotate180(),
        4 => upright.flipv(),
        5 => upright.rotate90().fliph(),
        6 => upright.rotate270(),
        7 => upright.rotate270().fliph(),
        8 => upright.rotate90(),
        _ => upright.clone(),
    };
    with_segment(&jpeg(&stored), 0xe1, &exif(orientation))
}

/// The sample `name` as a camera writes it whose clock shows `clock`, such as `2026:05:14 10:32:05`.
///
/// # Panics
/// If the sample cannot be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
pub fn taken_at(name: &str, clock: &str) -> Vec<u8> {
    // One entry points to the directory of the photo, whose only entry points to the text after it.
    let mut block = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0".to_vec();
    block.extend([0x69, 0x87, 0x04, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]);
    block.extend([1, 0, 0x03, 0x90, 0x02, 0, 20, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]);
    block.extend([clock.as_bytes(), b"\0"].concat());
    with_segment(&fs::read(sample(name)).expect("sample"), 0xe1, &block)
}

/// `count` photos in `folder`, spread over nested folders: the samples with one comment each, so that all show the same things
/// but no two have the same content.
///
/// # Panics
/// If `folder` cannot be written.
#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
pub fn lay_out_photos(folder: &Path, count: usize) {
    const NAMES: [&str; 6] = ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg"];
    for index in 0..count {
        let photo = fs::read(sample(NAMES[index % NAMES.len()])).expect("sample");
        let folder = folder.join(format!("day {}", index / 20 + 1));
        fs::create_dir_all(&folder).expect("folder");
        let photo = with_segment(&photo, 0xfe, format!("copy {index}").as_bytes());
        fs::write(folder.join(format!("IMG_{index:04}.jpg")), photo).expect("photo");
    }
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
fn jpeg(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 92)).expect("encodes");
    bytes.into_inner()
}

/// Inserts a segment with `marker` right after the start of a JPEG.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// A little-endian EXIF block with only the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0".to_vec();
    // Tag 0x0112, type SHORT, one value; then no further directory.
    block.extend([0x12, 0x01, 0x03, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}
