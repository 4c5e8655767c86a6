//! Generated test pictures.

use crate::{Decoded, DecodingMemory, Pixels, encode_jpeg};
use domain::geometry::PixelSize;
use domain::import::SkipReason;
use image::{DynamicImage, ImageFormat, RgbImage};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const RED: [u8; 3] = [220, 40, 40];
pub(crate) const GREEN: [u8; 3] = [40, 200, 60];
pub(crate) const BLUE: [u8; 3] = [50, 60, 210];
pub(crate) const YELLOW: [u8; 3] = [230, 220, 50];

/// Red top left, green top right, blue bottom left, yellow bottom right.
pub(crate) fn quarters(width: u32, height: u32) -> Pixels {
    let rgb = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => YELLOW,
        })
        .collect();
    Pixels { size: PixelSize::new(width, height), rgb }
}

/// Smooth colors with texture, different everywhere, and hard to compress.
pub(crate) fn scenery(width: u32, height: u32) -> Pixels {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the sine keeps it from 0 to 255")]
    let wave = |phase: f64| (127.5 + 127.5 * phase.sin()) as u8;
    let rgb = (0..height)
        .flat_map(|y| (0..width).map(move |x| (f64::from(x), f64::from(y))))
        .flat_map(|(x, y)| [wave(x / 37.0 + y / 91.0), wave(x / 53.0 - y / 29.0), wave((x * y).sqrt() / 23.0)])
        .collect();
    Pixels { size: PixelSize::new(width, height), rgb }
}

pub(crate) fn rgb_image(pixels: &Pixels) -> DynamicImage {
    RgbImage::from_raw(pixels.size.width, pixels.size.height, pixels.rgb.clone()).unwrap().into()
}

pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Enough for all test pictures.
pub(crate) fn memory() -> DecodingMemory {
    DecodingMemory::of(1 << 30)
}

pub(crate) fn decode(path: &Path, max_edge: Option<u32>) -> Result<Decoded, SkipReason> {
    crate::decode(path, max_edge, &memory())
}

pub(crate) fn jpeg(pixels: &Pixels) -> Vec<u8> {
    encode_jpeg(pixels, 92).unwrap()
}

/// A big-endian TIFF directory with only this orientation.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    tiff.extend(orientation.to_be_bytes());
    tiff.extend([0; 6]);
    tiff
}

/// EXIF as cameras write it, little-endian: a directory that points to the photo's, which has the capture time.
pub(crate) fn exif_taken(clock: &str, sub_second: Option<&str>, offset: Option<&str>) -> Vec<u8> {
    let texts = [(0x9003_u16, Some(clock)), (0x9011, offset), (0x9291, sub_second)];
    let texts: Vec<_> =
        texts.into_iter().filter_map(|(tag, text)| text.map(|text| (tag, format!("{text}\0")))).collect();
    let entry = |tag: u16, kind: u16, count: usize, value: [u8; 4]| {
        let count = u32::try_from(count).unwrap().to_le_bytes();
        [tag.to_le_bytes().as_slice(), &kind.to_le_bytes(), &count, &value].concat()
    };
    let photo = 8 + 2 + 2 * 12 + 4;
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend(entry(0x0112, 3, 1, [1, 0, 0, 0]));
    tiff.extend(entry(0x8769, 4, 1, u32::try_from(photo).unwrap().to_le_bytes()));
    tiff.extend([0; 4]);
    tiff.extend(u16::try_from(texts.len()).unwrap().to_le_bytes());
    let mut elsewhere = Vec::new();
    for (tag, text) in &texts {
        let place = photo + 2 + texts.len() * 12 + 4 + elsewhere.len();
        let mut value = u32::try_from(place).unwrap().to_le_bytes();
        if text.len() > 4 {
            elsewhere.extend(text.bytes());
        } else {
            value = [0; 4];
            value[..text.len()].copy_from_slice(text.as_bytes());
        }
        tiff.extend(entry(*tag, 2, text.len(), value));
    }
    tiff.extend([0; 4]);
    tiff.extend(elsewhere);
    tiff
}

/// Inserts a marker segment after the start of the image.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &len, payload, &jpeg[2..]].concat()
}

pub(crate) fn with_orientation(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    with_exif(jpeg, &exif(orientation))
}

pub(crate) fn with_exif(jpeg: &[u8], exif: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xE1, &[b"Exif\0\0", exif].concat())
}

/// A file in a temporary folder.
pub(crate) fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples").join(name)
}

pub(crate) fn pixel(pixels: &Pixels, x: u32, y: u32) -> [u8; 3] {
    let start = 3 * (y as usize * pixels.size.width as usize + x as usize);
    pixels.rgb[start..start + 3].try_into().unwrap()
}

/// Which of the four colors of [`quarters`] is in each corner: top left, top right, bottom left, bottom right.
pub(crate) fn corners(pixels: &Pixels) -> [[u8; 3]; 4] {
    let (right, bottom) = (pixels.size.width - 1, pixels.size.height - 1);
    [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(x, y)| {
        let seen = pixel(pixels, x, y);
        let distance = |color: &[u8; 3]| -> u32 { color.iter().zip(seen).map(|(a, b)| u32::from(a.abs_diff(b))).sum() };
        let nearest = [RED, GREEN, BLUE, YELLOW].into_iter().min_by_key(distance).unwrap();
        assert!(distance(&nearest) < 40, "{seen:?} at ({x}, {y}) is none of the colours");
        nearest
    })
}

/// Peak signal-to-noise ratio in decibels; above 40 pictures look identical.
pub(crate) fn peak_signal_to_noise(a: &Pixels, b: &Pixels) -> f64 {
    assert_eq!(a.size, b.size);
    let squares: f64 = a.rgb.iter().zip(&b.rgb).map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2)).sum();
    10.0 * (255.0_f64.powi(2) * f64::from(u32::try_from(a.rgb.len()).unwrap()) / squares).log10()
}
