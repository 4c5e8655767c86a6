//! Datasets of every format, read by independent programs with the same boxes; and datasets of those programs, imported.
//!
//! `tests/readers/formats.py` has the programs. It compares what they read with `truth.json`, and writes datasets with
//! them, which are read here.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;
#[path = "common/photo.rs"]
mod photo;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Variant, dataset, variants};
use datasets::model::{DatasetAnnotation, DatasetImage, DatasetSplit, StoredImage};
use datasets::{Dataset, DatasetSource, FormatOptions, ImagePlacement, Input, Output, Projection, find};
use domain::geometry::{Orientation, PixelSize, Point, Rect};
use domain::shape::Shape;
use photo::write_photo;
use serde_json::{Value, json};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

/// Photos with names and labels that are difficult to quote, an image without annotations, and turned photos.
fn photos(folder: &Path) -> Dataset {
    let turned = Orientation::NeedsClockwise90;
    let of = [
        ("day 1/cat.jpg", Orientation::Upright, Some(DatasetSplit::Train)),
        ("day 1/turned.jpg", turned, Some(DatasetSplit::Train)),
        ("day 2/cat.jpg", Orientation::NeedsCounterClockwise90, Some(DatasetSplit::Validation)),
        ("caf\u{e9}, =1+1 & 'more'.jpg", Orientation::Rotated180, Some(DatasetSplit::Train)),
        ("fog.jpg", Orientation::Upright, Some(DatasetSplit::Train)),
    ];
    let labels = ["cup", "traffic light", "7 & more", "=bell, \"red\""];
    let images = of.into_iter().zip(1..).map(|((name, orientation, split), id)| {
        let size = PixelSize::new(320, 200 + 8 * u32::try_from(id).unwrap());
        let path = folder.join(name);
        write_photo(&path, size, orientation);
        let mut annotations = Vec::new();
        for (number, label) in labels.iter().enumerate().filter(|_| name != "fog.jpg") {
            let left = 10.0 + 30.0 * f64::from(u32::try_from(number).unwrap());
            let rect = Rect::new(left, 20.5, left + 25.25, 60.0 + f64::from(u32::try_from(id).unwrap()));
            annotations.push(DatasetAnnotation {
                confidence: (number % 2 == 0).then_some(0.75),
                ..DatasetAnnotation::new(*label, Shape::Box { rect })
            });
        }
        if id < 3 {
            let points = [(150.0, 100.0), (210.5, 110.0), (190.0, 170.25), (140.0, 160.0)];
            let points = points.map(|(x, y)| Point::new(x, y)).to_vec();
            annotations.push(DatasetAnnotation::new("cup", Shape::Polygon { points }));
        }
        DatasetImage {
            id,
            file_name: name.into(),
            size: Some(size),
            stored: Some(StoredImage { size: orientation.upright_size(size), orientation }),
            split,
            path: Some(path),
            annotations,
            ..DatasetImage::default()
        }
    });
    let mut photos = dataset(images.collect());
    photos.info.run = None;
    photos
}

fn boxes(image: &DatasetImage) -> Vec<Value> {
    let boxes = image.annotations.iter().filter_map(|annotation| {
        let rect = annotation.shape.bounds()?;
        let points = match &annotation.shape {
            Shape::Polygon { points } => points.iter().map(|point| [point.x, point.y]).collect(),
            _ => Vec::new(),
        };
        Some(json!({"label": annotation.label, "box": [rect.x1, rect.y1, rect.x2, rect.y2], "points": points}))
    });
    boxes.collect()
}

fn truth(source: &Dataset, variant: &Variant) -> Value {
    let projection = Projection::new(source, variant.format.holds(&variant.options));
    let images = projection.images().map(|image| {
        let image = image.unwrap();
        let size = image.size.unwrap();
        json!({"id": image.id, "file_name": image.file_name, "size": [size.width, size.height], "boxes": boxes(&image)})
    });
    json!({"images": images.collect::<Vec<_>>()})
}

#[test]
fn independent_programs_read_what_was_written_and_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(&folder.path().join("photos"));
    // Formats of pictures have no boxes to read back, and none of the programs reads key points of YOLO.
    let has_boxes = |variant: &&Variant| !variant.format.descriptor().writes_pictures() && variant.name != "yolo-pose";
    for variant in variants().iter().filter(has_boxes).filter(|variant| find(variant.format.descriptor().id).is_some())
    {
        let path = folder.path().join("written").join(&variant.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut out = Output::begin(variant.format.descriptor().package, &path).unwrap();
        out.image_placement = ImagePlacement::Copied;
        datasets::write(variant.format, &photos, &variant.options, &mut out).unwrap();
        out.finish().unwrap();
        fs::write(folder.path().join(format!("{}.truth.json", variant.name)), truth(&photos, variant).to_string())
            .unwrap();
    }

    let python = repository("build/readers/bin/python");
    assert!(python.exists(), "{} is missing: `scripts/setup test` installs it", python.display());
    let read = Command::new(python).arg(repository("tests/readers/formats.py")).arg(folder.path()).output().unwrap();
    let said = [read.stdout, read.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(read.status.success(), "{said}");

    let made: Value = serde_json::from_slice(&fs::read(folder.path().join("made.json")).unwrap()).unwrap();
    for made in made.as_array().unwrap() {
        let text = |name: &str| made[name].as_str().unwrap();
        let format = find(text("format")).unwrap();
        let mut back = Dataset::default();
        let mut input = Input::open(format.descriptor().package, Path::new(text("path"))).unwrap();
        let chosen = made["options"].as_object().unwrap().iter();
        let chosen = chosen.map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        let options = FormatOptions::new(format.descriptor(), chosen).unwrap();
        format.read(&mut input, &options, &mut back).unwrap_or_else(|error| panic!("{}: {error}", text("by")));
        assert_eq!(found(&back), expected(&made["images"]), "{} by {}", text("format"), text("by"));
    }
    assert!(made.as_array().unwrap().len() >= 10);
}

/// Label and box, to the hundredth of a pixel, by the last part of the image's name; images without boxes too.
type Found = BTreeMap<String, Vec<(String, [i64; 4])>>;

#[expect(clippy::cast_possible_truncation, reason = "pixels")]
fn rounded(sides: [f64; 4]) -> [i64; 4] {
    sides.map(|side| (side * 100.0).round() as i64)
}

fn found(back: &Dataset) -> Found {
    let images = back.images.iter().map(|image| {
        let mut boxes: Vec<_> = image
            .annotations
            .iter()
            .filter_map(|annotation| {
                let rect = annotation.shape.bounds()?;
                Some((annotation.label.clone(), rounded([rect.x1, rect.y1, rect.x2, rect.y2])))
            })
            .collect();
        boxes.sort();
        let name = image.file_name.rsplit('/').next().unwrap();
        (name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(), boxes)
    });
    images.collect()
}

fn expected(images: &Value) -> Found {
    let images = images.as_object().unwrap().iter().map(|(name, boxes)| {
        let boxes = boxes.as_array().unwrap().iter().map(|found| {
            let sides: Vec<f64> = found[1].as_array().unwrap().iter().map(|side| side.as_f64().unwrap()).collect();
            (found[0].as_str().unwrap().to_owned(), rounded(sides.try_into().unwrap()))
        });
        let mut boxes: Vec<_> = boxes.collect();
        boxes.sort();
        (name.clone(), boxes)
    });
    images.collect()
}
