//! Datasets as other programs write them: layouts, shapes and numbers that this program does not write.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "common/files.rs"]
mod files;
#[path = "common/photo.rs"]
mod photo;

use std::fs::File;
use std::io::Write;

use datasets::model::DatasetSplit;
use domain::geometry::{Orientation, PixelSize, Point};
use domain::shape::Shape;
use files::{folder, polygon, read, read_with, reasons, rect, shapes};
use photo::write_photo;

#[test]
fn masks_of_coco_become_outlines_and_what_is_lost_is_counted() {
    let annotation = |id: u32, is_crowd: u32, counts: &str| {
        format!(
            r#"{{"id": {id}, "image_id": 1, "category_id": 1, "iscrowd": {is_crowd}, "bbox": [1, 1, 2, 2],
                "segmentation": {{"size": [5, 4], "counts": {counts}}}}}"#
        )
    };
    // The square of two by two pixels at (1, 1), compressed and not; two pixels apart; a ring; a crowd.
    let annotations = [
        annotation(1, 0, "\"62304\""),
        annotation(2, 0, "[6, 2, 3, 2, 7]"),
        annotation(3, 0, "[0, 1, 18, 1]"),
        annotation(4, 0, "[0, 3, 2, 1, 1, 1, 2, 3, 7]"),
        annotation(5, 1, "[6, 2, 3, 2, 7]"),
    ];
    let text = format!(
        r#"{{"images": [{{"id": 1, "file_name": "a.jpg", "width": 4, "height": 5}}],
            "categories": [{{"id": 1, "name": "cup"}}], "annotations": [{}]}}"#,
        annotations.join(",")
    );
    let file = folder(&[("set.json", &text)], &[]);
    let read = read_with("coco", &file.path().join("set.json"), &[]);
    let square = polygon(&[(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0)]);
    let (first, last) = (
        polygon(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]),
        polygon(&[(3.0, 4.0), (4.0, 4.0), (4.0, 5.0), (3.0, 5.0)]),
    );
    let ring = polygon(&[(0.0, 0.0), (3.0, 0.0), (3.0, 3.0), (0.0, 3.0)]);
    let crowd = rect(1.0, 1.0, 3.0, 3.0);
    assert_eq!(shapes(&read.images[0]), [&square, &square, &first, &last, &ring, &crowd]);
    let groups: Vec<_> = read.images[0].annotations.iter().map(|annotation| annotation.group).collect();
    assert_eq!(groups, [None, None, Some(1), Some(1), None, None]);
    assert_eq!(
        reasons(&read),
        ["the holes of a mask are not supported", "the mask of a crowd is not supported; its box is read"]
    );
}

#[test]
fn yolo_is_read_in_other_layouts_with_confidences_and_key_points() {
    // Roboflow, without an index: names are paths, and negatives may have no file.
    let roboflow = read(
        "yolo",
        &[
            ("data.yaml", "train: ../train/images\nnames: ['cup', 'no']\n"),
            ("train/labels/a.txt", "1 0.5 0.5 0.1 0.2\n"),
            ("README.roboflow.txt", "exported\n"),
        ],
        &["train/images/a.png", "valid/images/b.png"],
    );
    let images: Vec<_> = roboflow.images.iter().map(|image| (image.file_name.as_str(), image.split)).collect();
    assert_eq!(
        images,
        [("train/images/a.png", Some(DatasetSplit::Train)), ("valid/images/b.png", Some(DatasetSplit::Validation)),]
    );
    assert_eq!(roboflow.images[0].size, Some(PixelSize::new(200, 100)));
    assert_eq!(
        (roboflow.images[0].annotations[0].label.as_str(), shapes(&roboflow.images[0])),
        ("no", vec![&rect(90.0, 40.0, 110.0, 60.0)])
    );

    // Darknet: text files beside the images. A prediction ends in its confidence.
    let darknet = read(
        "yolo",
        &[("classes.txt", "cup\n"), ("a.txt", "0 0.5 0.5 0.1 0.2 0.25\n7 0.1 0.1 0.2 0.1 0.2 0.4\n")],
        &["a.png"],
    );
    let annotations = &darknet.images[0].annotations;
    assert_eq!((annotations[0].label.as_str(), annotations[0].confidence), ("cup", Some(0.25)));
    assert_eq!(
        (annotations[1].label.as_str(), &annotations[1].shape),
        ("7", &polygon(&[(20.0, 10.0), (40.0, 10.0), (40.0, 40.0)]))
    );

    let pose = read(
        "yolo",
        &[
            ("data.yaml", "kpt_shape: [2, 3]\nnames: {0: cat}\n"),
            ("labels/train/a.txt", "0 0.5 0.5 0.1 0.2 0.5 0.5 2 0 0 0\n"),
        ],
        &["images/train/a.png"],
    );
    let point = Shape::Point { at: Point::new(100.0, 50.0) };
    assert_eq!(shapes(&pose.images[0]), [&rect(90.0, 40.0, 110.0, 60.0), &point]);
    assert!(pose.images[0].annotations.iter().all(|annotation| annotation.group == Some(1)));
    assert!(reasons(&pose).is_empty());

    // Four points are a rectangle only for oriented boxes.
    let four =
        folder(&[("data.yaml", "names: [a]\n"), ("labels/a.txt", "0 .1 .1 .2 .1 .2 .3 .1 .3\n")], &["images/a.png"]);
    for (task, is_box) in [("segment", false), ("obb", true)] {
        let read = read_with("yolo", four.path(), &[("task", task)]);
        assert_eq!(matches!(read.images[0].annotations[0].shape, Shape::Box { .. }), is_box, "{task}");
    }
}

#[test]
fn fractions_are_of_the_upright_image() {
    let folder = folder(&[("data.yaml", "names: [cup]\n"), ("labels/a.txt", "0 0.5 0.5 0.1 0.2\n")], &[]);
    write_photo(&folder.path().join("images/a.jpg"), PixelSize::new(40, 200), Orientation::NeedsClockwise90);
    let read = read_with("yolo", folder.path(), &[]);
    assert_eq!(read.images[0].size, Some(PixelSize::new(40, 200)));
    assert_eq!(shapes(&read.images[0]), [&rect(18.0, 80.0, 22.0, 120.0)]);
}

#[test]
fn cvat_is_read_from_an_archive_with_turned_boxes() {
    let xml = r#"<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><job><labels><label><name>cup</name></label></labels></job></meta>
<image id="3" name="sub/a &gt; b.png" width="200" height="100">
<box label="cup" occluded="1" xtl="80" ytl="40" xbr="120" ybr="60" rotation="90.0" z_order="0"></box>
<points label="cup" points="1,2;3,4.5"/><ellipse label="cup" cx="1" cy="2" rx="1" ry="1"/></image>
<image id="4" name="empty.png" width="10" height="20"/></annotations>"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("task.zip");
    let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
    archive.start_file("annotations.xml", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(xml.as_bytes()).unwrap();
    archive.finish().unwrap();
    let read = read_with("cvat", &path, &[]);
    let [first, empty] = &read.images[..] else { panic!("{:?}", read.images) };
    assert_eq!(
        (first.file_name.as_str(), empty.file_name.as_str(), empty.annotations.len()),
        ("sub/a > b.png", "empty.png", 0)
    );
    let Shape::Box { rect } = first.annotations[0].shape else { panic!("{first:?}") };
    for (found, expected) in [(rect.x1, 90.0), (rect.y1, 30.0), (rect.x2, 110.0), (rect.y2, 70.0)] {
        assert!((found - expected).abs() < 1e-9, "{rect:?}");
    }
    assert_eq!((first.annotations.len(), first.annotations[1].group), (3, first.annotations[2].group));
    assert_eq!(reasons(&read), ["lines, ellipses, cuboids and skeletons are not supported"]);
}

#[test]
fn annotations_of_label_studio_and_projects_of_via_are_read() {
    let tasks = r#"[{"id": 8, "data": {"image": "/data/upload/3/5f-a.png"}, "predictions": [17], "annotations": [{"result": [
        {"id": "x", "from_name": "label", "to_name": "image", "type": "rectanglelabels", "original_width": 200,
            "original_height": 100, "value": {"x": 10, "y": 10, "width": 20, "height": 40, "rotation": 0,
            "rectanglelabels": ["cup", "mug"]}},
        {"id": "y", "from_name": "mask", "to_name": "image", "type": "brushlabels", "value": {"rle": [1]}},
        {"id": "z", "from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["indoors"]}}]},
        {"was_cancelled": true, "result": []}]}]"#;
    let file = folder(&[("project.json", tasks)], &[]);
    let read = read_with("label-studio", &file.path().join("project.json"), &[]);
    let image = &read.images[0];
    assert_eq!((image.file_name.as_str(), image.size), ("3/5f-a.png", Some(PixelSize::new(200, 100))));
    let labels: Vec<_> = image.annotations.iter().map(|annotation| annotation.label.as_str()).collect();
    assert_eq!(labels, ["cup", "mug", "indoors"]);
    assert_eq!(image.annotations[1].shape, rect(20.0, 10.0, 60.0, 50.0));
    assert_eq!(reasons(&read), ["masks are not supported"]);

    let project = r#"{"_via_settings": {"ui": {}}, "_via_img_metadata": {"a.png12": {"filename": "a.png", "size": 12, "regions": {
        "0": {"shape_attributes": {"name": "rect", "x": 1, "y": 2, "width": 3, "height": 4},
            "region_attributes": {"class": "cup", "state": {"clean": true, "whole": true, "new": false}}},
        "1": {"shape_attributes": {"name": "circle", "cx": 1, "cy": 2, "r": 3}, "region_attributes": {}}},
        "file_attributes": {}}}}"#;
    let file = folder(&[("via_project.json", project)], &[]);
    let read = read_with("via", &file.path().join("via_project.json"), &[]);
    let annotation = &read.images[0].annotations[0];
    assert_eq!((annotation.label.as_str(), &annotation.shape), ("cup", &rect(1.0, 2.0, 4.0, 6.0)));
    assert_eq!(annotation.attributes["state"], domain::annotation::AttributeValue::Text("clean; whole".into()));
    assert_eq!(reasons(&read), ["circles and ellipses are not supported"]);
}
