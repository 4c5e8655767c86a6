//! Archives as people make them: with one folder around everything, and with the files that systems add.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "common/files.rs"]
mod files;

use std::fs;
use std::io::Cursor;

use datasets::Dataset;
use files::{archive, labelled, read_with, reasons};

fn image() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::new(20, 10).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// What is read of an archive of these text files and images.
fn zipped(id: &str, files: &[(&str, &str)], images: &[&str]) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    let (path, picture) = (folder.path().join("set.zip"), image());
    let files = files.iter().map(|(name, text)| (*name, text.as_bytes()));
    let files: Vec<_> = files.chain(images.iter().map(|name| (*name, &picture[..]))).collect();
    archive(&path, &files);
    read_with(id, &path, &[])
}

const YAML: &str = "names: [cat, dog]\n";
const OBJECT: &str = "1 0.5 0.5 0.2 0.2\n";

#[test]
fn the_folder_around_an_archive_is_not_part_of_its_names() {
    for top in ["birds/", "birds/set 1/", "train/", ""] {
        let [yaml, labels, picture] =
            ["data.yaml", "labels/train/a.txt", "images/train/a.png"].map(|name| format!("{top}{name}"));
        let read = zipped("yolo", &[(&yaml, YAML), (&labels, OBJECT)], &[&picture]);
        assert_eq!(labelled(&read), [("images/train/a.png", vec!["dog"])], "{top:?}");
    }
    let line =
        r#"{"file":"JPEGImages/a.jpg","image":7,"file_name":"day 1/a?.jpg","width":20,"height":10,"split":null}"#;
    let xml = "<annotation><filename>a.jpg</filename></annotation>";
    let read = zipped("voc", &[("set/fieldmark.jsonl", line), ("set/Annotations/a.xml", xml)], &[]);
    assert_eq!((read.images[0].id, read.images[0].file_name.as_str()), (7, "day 1/a?.jpg"));

    // Folders with a meaning stay.
    let read = zipped("voc", &[("train/1.xml", xml), ("train/2.xml", xml)], &[]);
    assert_eq!(read.images[0].file_name, "train/a.jpg");
    let read = zipped("labelme", &[("a/1.json", r#"{"shapes":[]}"#), ("b/2.json", r#"{"shapes":[]}"#)], &[]);
    assert_eq!(labelled(&read), [("a/1", vec![]), ("b/2", vec![])]);
}

#[test]
fn files_that_systems_add_are_left_out() {
    let added = ["__MACOSX/images/train/._a.png", "__MACOSX/labels/train/._a.txt", "images/train/._a.png"];
    let more = ["images/.DS_Store", "images/train/Thumbs.db"];
    let texts: Vec<_> = added.iter().chain(&more).map(|name| (*name, "\0\u{5}\u{16}\u{7}")).collect();
    let set = [("set/data.yaml", YAML), ("set/labels/train/a.txt", OBJECT)];
    let read = zipped("yolo", &[&texts[..], &set].concat(), &["set/images/train/a.png"]);
    assert_eq!(labelled(&read), [("images/train/a.png", vec!["dog"])]);
    assert!(reasons(&read).is_empty());

    let folder =
        files::folder(&[("data.yaml", YAML), ("._data.yaml", "\0\u{5}"), ("labels/._a.txt", "\0")], &["images/a.png"]);
    fs::write(folder.path().join("labels/a.txt"), OBJECT).unwrap();
    assert_eq!(labelled(&read_with("yolo", folder.path(), &[])), [("images/a.png", vec!["dog"])]);
}
