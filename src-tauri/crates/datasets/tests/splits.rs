//! Datasets with several files of annotations, and images that share a name.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "common/files.rs"]
mod files;

use datasets::Dataset;
use datasets::model::DatasetSplit;
use files::{error, labelled, read, reasons, shapes};

fn splits(read: &Dataset) -> Vec<Option<DatasetSplit>> {
    read.images.iter().map(|image| image.split).collect()
}

const TRAIN: Option<DatasetSplit> = Some(DatasetSplit::Train);
const VALIDATION: Option<DatasetSplit> = Some(DatasetSplit::Validation);

#[test]
fn yolo_holds_images_that_differ_in_their_extension_and_text_files_named_like_lists() {
    let set = [
        ("data.yaml", "names: [cat, dog]\n"),
        ("labels/train/a.txt", "0 0.5 0.5 0.2 0.2\n"),
        ("labels/train/classes.txt", "1 0.5 0.5 0.2 0.2\n"),
        ("labels/train/shop_labels.txt", "1 0.5 0.5 0.2 0.2\n"),
        ("labels/classes.txt", "cat\ndog\n"),
    ];
    let images = ["a.jpg", "a.png", "classes.jpg", "shop_labels.jpg"].map(|name| format!("images/train/{name}"));
    let read = read("yolo", &set, &images.each_ref().map(|name| name.as_str()));
    let expected = [
        ("images/train/a.jpg", vec!["cat"]),
        ("images/train/a.png", vec!["cat"]),
        ("images/train/classes.jpg", vec!["dog"]),
        ("images/train/shop_labels.jpg", vec!["dog"]),
    ];
    assert_eq!(labelled(&read), expected);
}

#[test]
fn labels_of_datumaro_are_those_of_their_own_file() {
    let file = |labels: &str, item: &str| {
        format!(
            r#"{{"categories": {{"label": {{"labels": [{labels}]}}}}, "items": [{{"id": "{item}", "annotations": [
                {{"type": "bbox", "label_id": 0, "bbox": [1, 1, 2, 2]}}]}}]}}"#
        )
    };
    let (train, val) =
        (file(r#"{"name": "cat"}, {"name": "dog"}"#, "a"), file(r#"{"name": "dog"}, {"name": "cow"}"#, "b"));
    let read = read("datumaro", &[("annotations/train.json", &train), ("annotations/val.json", &val)], &[]);
    assert_eq!(labelled(&read), [("a", vec!["cat"]), ("b", vec!["dog"])]);
    assert_eq!(splits(&read), [TRAIN, VALIDATION]);
    let names: Vec<_> = read.info.labels.labels().iter().map(|label| (label.id, label.name.as_str())).collect();
    assert_eq!(names, [(1, "cat"), (2, "dog"), (3, "cow")]);
}

#[test]
fn annotations_of_voc_are_kept_apart_by_folder_and_folders_are_splits() {
    let xml = |label: &str| {
        format!(
            "<annotation><filename>1.jpg</filename><size><width>200</width><height>100</height></size><object>\
             <name>{label}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
        )
    };
    let (cat, dog) = (xml("cat"), xml("dog"));
    let expected = [("train/1.jpg", vec!["cat"]), ("val/1.jpg", vec!["dog"])];
    let found = read("voc", &[("train/Annotations/1.xml", &cat), ("val/Annotations/1.xml", &dog)], &[]);
    assert_eq!((labelled(&found), splits(&found)), (expected.to_vec(), vec![TRAIN, VALIDATION]));
    // Roboflow, with the XML files beside the images.
    let found = read("voc", &[("train/1.xml", &cat), ("valid/2.xml", &dog)], &[]);
    assert_eq!(splits(&found), [TRAIN, VALIDATION]);
    // Two years of the original, with their lists, and a negative without an XML file.
    let found = read(
        "voc",
        &[
            ("VOC2007/Annotations/1.xml", &cat),
            ("VOC2012/Annotations/1.xml", &dog),
            ("VOC2007/ImageSets/Main/train.txt", "1\n"),
            ("VOC2012/ImageSets/Main/val.txt", "1\n2\n"),
        ],
        &["VOC2007/JPEGImages/1.jpg", "VOC2012/JPEGImages/1.jpg", "VOC2012/JPEGImages/2.jpg"],
    );
    let expected = [("VOC2007/1.jpg", vec!["cat"]), ("VOC2012/1.jpg", vec!["dog"]), ("VOC2012/2.jpg", vec![])];
    assert_eq!((labelled(&found), splits(&found)), (expected.to_vec(), vec![TRAIN, VALIDATION, VALIDATION]));
}

#[test]
fn boxes_of_open_images_are_those_of_the_image_in_their_split() {
    let row = |label: &str| format!("ImageID,LabelName,XMin,XMax,YMin,YMax\na,{label},0,1,0,1\n");
    let (train, test) = (row("cat"), row("dog"));
    let boxes = [("annotations/train-annotations-bbox.csv", &*train), ("annotations/test-annotations-bbox.csv", &test)];
    let found = read("open-images", &boxes, &["test/a.jpg", "train/a.jpg"]);
    assert_eq!(labelled(&found), [("test/a.jpg", vec!["dog"]), ("train/a.jpg", vec!["cat"])]);
    // One image is the only one that can be meant, of two it is unclear which.
    let found = read("open-images", &boxes[..1], &["images/a.jpg"]);
    assert_eq!(labelled(&found), [("images/a.jpg", vec!["cat"])]);
    let said = error("open-images", &boxes[..1], &["day 1/a.jpg", "day 2/a.jpg"]);
    assert!(said.ends_with("ImageID: several images have this id"), "{said}");
}

#[test]
fn every_file_of_fiftyone_is_read() {
    let file = |class: &str| {
        format!(r#"{{"classes": ["{class}"], "labels": {{"a": [{{"label": 0, "bounding_box": [0, 0, 0.5, 0.5]}}]}}}}"#)
    };
    let (train, val) = (file("cat"), file("dog"));
    let set = [("train/labels.json", &*train), ("val/labels.json", &val), ("info.json", "{\"by\": \"a person\"}")];
    let found = read("fiftyone", &set, &["train/data/a.jpg", "val/data/a.png"]);
    assert_eq!(labelled(&found), [("train/a.jpg", vec!["cat"]), ("val/a.png", vec!["dog"])]);
    assert_eq!(splits(&found), [TRAIN, VALIDATION]);
    assert_eq!(shapes(&found.images[0]), [&files::rect(0.0, 0.0, 100.0, 50.0)]);
    assert!(reasons(&found).is_empty());
    assert_eq!(error("fiftyone", &set[2..], &[]), "labels.json: this file is missing");
}
