//! Photos to send: distinct files, as small or as large as a benchmark needs.

use std::fs;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageReader, Rgb, RgbImage};

/// `count` pictures of noise, each of its own bytes, about as large as noise of this size gets.
pub fn noise(folder: &Path, count: usize, width: u32, height: u32) {
    fs::create_dir_all(folder).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for index in 0..count {
        let picture = RgbImage::from_fn(width, height, |_, _| Rgb([random.u8(..), random.u8(..), random.u8(..)]));
        write(&picture.into(), 90, &folder.join(format!("{index:05}.jpg")));
    }
}

/// `count` files of 12 megapixels: one photo, each time with another remark behind its end.
pub fn large(folder: &Path, count: usize) {
    fs::create_dir_all(folder).unwrap();
    let photo = ImageReader::open(sample("china.jpg")).unwrap().decode().unwrap();
    let first = folder.join("00000.jpg");
    write(&photo.resize_exact(4_000, 3_000, image::imageops::FilterType::Triangle), 60, &first);
    let bytes = fs::read(&first).unwrap();
    for index in 1..count {
        let with_remark = [&bytes[..], format!("copy {index}").as_bytes()].concat();
        fs::write(folder.join(format!("{index:05}.jpg")), with_remark).unwrap();
    }
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples").join(name)
}

fn write(picture: &DynamicImage, quality: u8, path: &Path) {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    fs::write(path, bytes).unwrap();
}
