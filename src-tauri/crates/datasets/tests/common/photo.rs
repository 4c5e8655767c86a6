//! Photos for tests.

use std::fs;
use std::path::Path;

use domain::geometry::{Orientation, PixelSize};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};

/// A photo of this upright size, stored so that a reader must apply `orientation`.
pub fn write_photo(path: &Path, size: PixelSize, orientation: Orientation) {
    let gradient = |x: u32, y: u32| Rgb([x, y, x + y].map(|value| u8::try_from(value % 256).unwrap()));
    let upright = DynamicImage::from(RgbImage::from_fn(size.width, size.height, gradient));
    let stored = match orientation {
        Orientation::NeedsClockwise90 => upright.rotate270(),
        Orientation::NeedsCounterClockwise90 => upright.rotate90(),
        Orientation::Rotated180 => upright.rotate180(),
        _ => upright,
    };
    // A TIFF header with one directory of one entry, the orientation.
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation.exif(), 0, 0, 0, 0, 0, 0]);
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 90);
    encoder.set_exif_metadata(exif).unwrap();
    let rgb = stored.to_rgb8();
    encoder.write_image(rgb.as_raw(), rgb.width(), rgb.height(), image::ExtendedColorType::Rgb8).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, jpeg).unwrap();
}
