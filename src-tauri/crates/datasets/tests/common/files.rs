//! Datasets of other programs, as folders and archives of short files.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use datasets::model::DatasetImage;
use datasets::{Dataset, FormatOptions, Input, find};
use domain::geometry::{Point, Rect};
use domain::shape::Shape;

/// What is read of `path`, and the error if any.
pub fn attempt(id: &str, path: &Path, options: &[(&str, &str)]) -> (Dataset, Option<String>) {
    let (format, mut read) = (find(id).unwrap(), Dataset::default());
    let options = FormatOptions::new(format.descriptor(), options.iter().copied()).unwrap();
    let mut input = Input::open(format.descriptor().package, path).unwrap();
    let ended = format.read(&mut input, &options, &mut read).err();
    (read, ended.map(|error| error.to_string()))
}

pub fn read_with(id: &str, path: &Path, options: &[(&str, &str)]) -> Dataset {
    let (read, error) = attempt(id, path, options);
    assert_eq!(error, None, "{id}");
    read
}

/// A folder of these text files, and of images of 200 by 100 pixels.
pub fn folder(files: &[(&str, &str)], images: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for name in images {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::RgbImage::new(200, 100).save(path).unwrap();
    }
    folder
}

pub fn read(id: &str, files: &[(&str, &str)], images: &[&str]) -> Dataset {
    read_with(id, folder(files, images).path(), &[])
}

/// The error of reading a folder of these text files.
pub fn error(id: &str, files: &[(&str, &str)], images: &[&str]) -> String {
    attempt(id, folder(files, images).path(), &[]).1.unwrap_or_else(|| panic!("nothing is wrong with {files:?}"))
}

/// A ZIP archive of these files.
pub fn archive(path: &Path, files: &[(&str, &[u8])]) {
    let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

pub fn rect(x1: f64, y1: f64, x2: f64, y2: f64) -> Shape {
    Shape::Box { rect: Rect::new(x1, y1, x2, y2) }
}

pub fn point(x: f64, y: f64) -> Shape {
    Shape::Point { at: Point::new(x, y) }
}

pub fn polygon(corners: &[(f64, f64)]) -> Shape {
    Shape::Polygon { points: corners.iter().map(|&(x, y)| Point::new(x, y)).collect() }
}

pub fn shapes(image: &DatasetImage) -> Vec<&Shape> {
    image.annotations.iter().map(|annotation| &annotation.shape).collect()
}

pub fn labels(image: &DatasetImage) -> Vec<&str> {
    image.annotations.iter().map(|annotation| annotation.label.as_str()).collect()
}

/// Names of the images, with the labels of their annotations.
pub fn labelled(read: &Dataset) -> Vec<(&str, Vec<&str>)> {
    read.images.iter().map(|image| (image.file_name.as_str(), labels(image))).collect()
}

pub fn reasons(read: &Dataset) -> Vec<&str> {
    read.skipped.iter().map(|skipped| skipped.reason).collect()
}
