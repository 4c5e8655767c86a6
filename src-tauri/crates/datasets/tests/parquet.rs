//! Datasets as Parquet: images in the file, and damaged files.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;

use std::fs;
use std::path::Path;

use common::{Variant, image, variants};
use datasets::model::DatasetImage;
use datasets::{ImagePlacement, Output};
use domain::dataset::Package;

fn parquet() -> Variant {
    variants().into_iter().find(|variant| variant.name == "huggingface-parquet").unwrap()
}

const FILE: &str = "data/train-00000-of-00001.parquet";

#[test]
fn copied_images_are_in_the_file_and_others_are_not() {
    let (folder, variant) = (tempfile::tempdir().unwrap(), parquet());
    let photo = folder.path().join("photo.jpg");
    // Does not repeat itself, so that compression leaves it as it is.
    let content: Vec<u8> = (0..40_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    fs::write(&photo, &content).unwrap();
    let images = [photo, folder.path().join("gone.jpg")].into_iter().zip(1..).map(|(path, id)| DatasetImage {
        path: Some(path),
        annotations: vec![common::annotation("cup")],
        ..image(id, &format!("{id}.jpg"))
    });
    let source = common::dataset(images.collect());
    let export = |placement| {
        let path = folder.path().join(format!("{placement:?}"));
        let mut out = Output::begin(Package::Folder, &path).unwrap();
        out.image_placement = placement;
        datasets::write(variant.format, &source, &variant.options, &mut out).unwrap();
        let unreadable: Vec<_> = out.unreadable().iter().map(|file| file.path.clone()).collect();
        out.finish().unwrap();
        assert_eq!(common::files_at(&path).len(), 2, "the rows and the index");
        let read = variant.read(&path).unwrap();
        assert_eq!(read.images.iter().map(|image| image.annotations.len()).collect::<Vec<_>>(), [1, 1]);
        (fs::read(path.join(FILE)).unwrap(), unreadable)
    };
    let holds = |file: &[u8]| file.windows(64).any(|bytes| bytes == &content[80_000..80_064]);
    let (file, unreadable) = export(ImagePlacement::Copied);
    assert!(holds(&file));
    assert_eq!(unreadable, [folder.path().join("gone.jpg").to_string_lossy()]);
    let (file, unreadable) = export(ImagePlacement::Left);
    assert!(!holds(&file) && unreadable.is_empty());
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let (folder, variant) = (tempfile::tempdir().unwrap(), parquet());
    let images = (1..=20).map(|id| DatasetImage {
        annotations: vec![common::annotation("cup"), common::annotation("mug")],
        ..image(id, &format!("{id}.jpg"))
    });
    let path = folder.path().join("whole");
    variant.write(&common::dataset(images.collect()), &path).unwrap();
    let whole = fs::read(path.join(FILE)).unwrap();
    let read = |bytes: &[u8], path: &Path| {
        fs::write(path, bytes).unwrap();
        variant.read(path).map(|read| read.images.len())
    };
    let path = folder.path().join("damaged.parquet");
    assert_eq!(read(&whole, &path).unwrap(), 20);
    for len in (0..whole.len()).step_by(97) {
        assert!(read(&whole[..len], &path).is_err(), "cut at {len}");
    }
    let mut refused = 0;
    for at in (0..whole.len()).step_by(13) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        refused += u32::from(read(&damaged, &path).is_err());
    }
    assert!(refused > 10, "{refused} of {}", whole.len() / 13);
}
