//! The format of a dataset is found out from its files, and what COCO states beside outlines is read.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;
#[path = "common/photo.rs"]
mod photo;

use std::fs;

use common::{dataset, image, variants};
use datasets::model::{DatasetAnnotation, DatasetImage};
use datasets::{detect, read_coco_extents, read_detections};
use domain::geometry::{Orientation, Rect};
use domain::shape::Shape;
use photo::write_photo;

#[test]
fn every_format_that_is_read_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let images = (1..=3).map(|id| {
        let boxed = |label: &str, x: f64| DatasetAnnotation {
            confidence: Some(0.75),
            ..DatasetAnnotation::new(label, Shape::Box { rect: Rect::new(x, 10.0, x + 50.0, 60.0) })
        };
        let found = image(id, &format!("day 1/{id}.jpg"));
        let path = folder.path().join("photos").join(&found.file_name);
        write_photo(&path, found.size.unwrap(), Orientation::Upright);
        DatasetImage { path: Some(path), annotations: vec![boxed("cup", 5.0), boxed("cat", 90.0)], ..found }
    });
    let mut written = dataset(images.collect());
    written.info.run = None;
    for variant in variants() {
        let id = variant.format.descriptor().id;
        if id.starts_with("toy") || !(variant.is_readable() || id == "coco-detections") {
            continue;
        }
        // Neither the name of the file nor its extension says what it is.
        let path = folder.path().join(format!("dataset {}", variant.name.len()));
        variant.write(&written, &path).unwrap();
        assert_eq!(detect(&path).map(|format| format.descriptor().id), Some(id), "{}", variant.name);
        if path.is_dir() { fs::remove_dir_all(&path).unwrap() } else { fs::remove_file(&path).unwrap() }
    }
    fs::write(folder.path().join("notes.txt"), "no dataset").unwrap();
    assert!(detect(&folder.path().join("notes.txt")).is_none() && detect(&folder.path().join("absent")).is_none());
    // It can be written, but holds no annotations that could be read.
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(detect(&folder.path().join("empty")).is_none());
}

#[test]
fn coco_states_boxes_areas_and_detections() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.json");
    fs::write(&path, r#"{"annotations": [{"bbox": [1, 2, 30, 40], "area": 7.5}, {"area": null}], "images": []}"#)
        .unwrap();
    let extents = read_coco_extents(&path).unwrap();
    assert_eq!(extents[0].bounds, Some(Rect::new(1.0, 2.0, 31.0, 42.0)));
    assert_eq!((extents[0].area, extents[1].bounds, extents[1].area), (Some(7.5), None, None));

    let list = r#"[{"image_id": 4, "category_id": 9, "bbox": [1, 2, 3, 4], "score": 0.9, "id": 1}]"#;
    fs::write(&path, list).unwrap();
    let mut read = Vec::new();
    read_detections(&path, |found| {
        read.push(found);
        Ok(())
    })
    .unwrap();
    assert_eq!((read[0].image, read[0].category, read[0].rect), (4, 9, Rect::new(1.0, 2.0, 4.0, 6.0)));
    assert!((read[0].score - 0.9).abs() < 1e-15);
    fs::write(&path, r#"[{"image_id": 4}]"#).unwrap();
    assert!(read_detections(&path, |_| Ok(())).unwrap_err().to_string().contains("category_id"));
}
