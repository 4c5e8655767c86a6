//! Exports that make pictures: crops of annotations, and copies with annotations drawn. The pictures are read back.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use domain::dataset::FormatId;
use domain::export::{ExportRequest, ExportScope, Exported, ImageFileMode};
use domain::geometry::{Point, Rect};
use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::query::ImageQuery;
use domain::review::{AnnotationChange, AnnotationContent, ImageEdit};
use domain::shape::Shape;
use domain::split::SplitRequest;
use engine::dataset::ExportTask;
use fieldmark_tests::bench::Bench;
use fieldmark_tests::oriented_jpeg;
use image::{DynamicImage, Rgb, RgbImage};

const WIDTH: u32 = 400;
const HEIGHT: u32 = 300;

/// Every part of it has its own color, without edges that JPEG would smear.
fn gradient() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let share = |at: u32, of: u32| u8::try_from(40 + at * 160 / of).unwrap();
        Rgb([share(x, WIDTH), share(y, HEIGHT), 90])
    })
}

/// A library with the gradient in several orientations, as the camera stored it, and as PNG.
fn library() -> (Bench, BTreeMap<String, ImageId>) {
    let bench = Bench::new();
    let upright = DynamicImage::ImageRgb8(gradient());
    for orientation in [1, 6, 8] {
        fs::write(bench.photos().join(format!("{orientation}.jpg")), oriented_jpeg(&upright, orientation)).unwrap();
    }
    upright.save(bench.photos().join("plain.png")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let ids = bench.library.images.ids(&ImageQuery::default()).unwrap();
    let cards = bench.library.images.cards(&ids, &LayerScope::All).unwrap();
    let ids = cards.into_iter().map(|card| (card.name, card.id)).collect();
    (bench, ids)
}

async fn draw(bench: &Bench, image: ImageId, label: &str, shape: Shape) {
    let content = AnnotationContent { label: label.into(), shape, attributes: BTreeMap::new() };
    let edit = ImageEdit { image, changes: vec![AnnotationChange::Add { content }] };
    bench.library.review.edit(edit, &LayerScope::All).await.unwrap();
}

fn rect(x1: f64, y1: f64, x2: f64, y2: f64) -> Shape {
    Shape::Box { rect: Rect::new(x1, y1, x2, y2) }
}

fn request(format: &str, options: &[(&str, &str)]) -> ExportRequest {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ExportRequest { options, ..ExportRequest::new(ExportScope::Library, FormatId(format.into())) }
}

/// The folder, and what was written.
fn export(bench: &Bench, request: &ExportRequest, name: &str) -> (PathBuf, Exported) {
    let path = bench.folder.path().join("exports").join(name);
    // What is said before is what is written, but for the length of pictures.
    let preview = bench.library.datasets.preview(request, Some(&path), &ExportTask::default()).unwrap();
    let exported = bench.library.datasets.export(request, &path, &ExportTask::default()).unwrap();
    assert_eq!(preview.exported, exported);
    assert!(preview.is_byte_len_estimated && preview.byte_len > 0);
    if path.is_dir() {
        assert_eq!(preview.files as usize, files_below(&path).len());
    }
    (path, exported)
}

fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}

fn difference(one: Rgb<u8>, other: Rgb<u8>) -> u8 {
    one.0.iter().zip(other.0).map(|(one, other)| one.abs_diff(other)).max().unwrap_or_default()
}

/// Whether a picture is this part of the gradient, as far as JPEG keeps it.
fn is_part(picture: &RgbImage, left: u32, top: u32, width: u32, height: u32) -> bool {
    let upright = gradient();
    picture.dimensions() == (width, height)
        && picture
            .enumerate_pixels()
            .all(|(x, y, pixel)| difference(*pixel, *upright.get_pixel(left + x, top + y)) <= 12)
}

fn opened(path: &Path) -> RgbImage {
    image::open(path).unwrap().to_rgb8()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crop_has_the_pixels_of_its_box_in_the_upright_photo() {
    let (bench, ids) = library();
    for id in ids.values() {
        draw(&bench, *id, "cup/mug", rect(220.0, 30.0, 320.0, 90.5)).await;
    }
    draw(&bench, ids["6.jpg"], "sky?", Shape::ImageTag).await;
    let corners = [(10.0, 200.0), (60.0, 200.0), (35.0, 260.0)].map(|(x, y)| Point::new(x, y));
    draw(&bench, ids["6.jpg"], "cup/mug", Shape::Polygon { points: corners.to_vec() }).await;
    draw(&bench, ids["6.jpg"], "cup/mug", Shape::Point { at: Point::new(1.0, 2.0) }).await;

    let (folder, exported) = export(&bench, &request("crops", &[("pictures", "png")]), "png");
    assert_eq!((exported.images, exported.annotations, exported.losses.len()), (4, 6, 1));
    let names = files_below(&folder);
    let crops: Vec<&str> = names.iter().map(String::as_str).filter(|name| name.starts_with("crops/")).collect();
    assert_eq!(
        crops,
        [
            "crops/cup_mug/1-1.png",
            "crops/cup_mug/6-1.png",
            "crops/cup_mug/6-3.png",
            "crops/cup_mug/8-1.png",
            "crops/cup_mug/plain-1.png",
            "crops/sky_/6-2.png"
        ]
    );
    for name in ["1-1", "6-1", "8-1", "plain-1"] {
        let crop = opened(&folder.join(format!("crops/cup_mug/{name}.png")));
        assert!(is_part(&crop, 220, 30, 100, 61), "{name}: {:?}", crop.dimensions());
    }
    assert!(is_part(&opened(&folder.join("crops/cup_mug/6-3.png")), 10, 200, 50, 60));
    assert!(is_part(&opened(&folder.join("crops/sky_/6-2.png")), 0, 0, WIDTH, HEIGHT));

    // The index leads back to the photo.
    let mut index = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    let columns = index.headers().unwrap().clone();
    let cell =
        |row: &csv::StringRecord, name: &str| row[columns.iter().position(|column| column == name).unwrap()].to_owned();
    let rows: Vec<csv::StringRecord> = index.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6);
    let row = rows.iter().find(|row| cell(row, "file") == "crops/cup_mug/6-1.png").unwrap();
    let of = ["file_name", "label", "status", "origin", "x", "height", "crop_x", "crop_y", "crop_width", "crop_height"];
    let of = of.map(|name| cell(row, name));
    assert_eq!(of, ["6.jpg", "cup/mug", "accepted", "person", "220.0", "60.5", "220", "30", "100", "61"]);

    // With a margin, as JPEG, in parts, with the photos, in one file.
    let split = Some(SplitRequest { keeps_groups: false, ..SplitRequest::default() });
    let options = [("margin", "10"), ("index", "jsonl")];
    let split = ExportRequest { images: ImageFileMode::Copied, split, ..request("crops", &options) };
    let (folder, _) = export(&bench, &split, "parts");
    let names = files_below(&folder);
    let crop = names.iter().find(|name| name.ends_with("cup_mug/6-1.jpg")).unwrap();
    assert!(is_part(&opened(&folder.join(crop)), 210, 23, 120, 74));
    assert!(names.iter().any(|name| name.starts_with("images/") && name.ends_with("/6.jpg")), "{names:?}");
    let index = fs::read_to_string(folder.join("index.jsonl")).unwrap();
    assert_eq!(index.lines().count(), 6);
    assert!(index.contains(&format!("\"file\":\"{crop}\"")) && index.contains("\"split\":\"train\""), "{index}");
    let zipped = ExportRequest { images: ImageFileMode::Zipped, ..request("crops", &[]) };
    assert_eq!(export(&bench, &zipped, "crops.zip").1.annotations, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_differs_from_the_photo_at_the_outlines_alone() {
    let (bench, ids) = library();
    let corners = [(40.0, 200.0), (140.0, 200.0), (90.0, 280.0)].map(|(x, y)| Point::new(x, y));
    let shapes = [
        rect(220.0, 60.0, 360.0, 160.0),
        Shape::Polygon { points: corners.to_vec() },
        Shape::Point { at: Point::new(60.0, 60.0) },
    ];
    for (shape, label) in shapes.iter().zip(["cup", "mug", "spot"]) {
        draw(&bench, ids["6.jpg"], label, shape.clone()).await;
    }
    draw(&bench, ids["1.jpg"], "cup", rect(0.0, 0.0, 1.0, 1.0)).await;
    let (folder, exported) = export(&bench, &request("overlays", &[]), "overlays");
    assert_eq!((exported.images, exported.annotations, exported.unannotated), (2, 4, 2));
    let overlay = opened(&folder.join("overlays/6.jpg"));
    let upright = gradient();
    assert_eq!(overlay.dimensions(), (WIDTH, HEIGHT));
    // Lines, labels above them, and what JPEG smears around them.
    let near = [
        (204, 32, 376, 76),
        (204, 144, 376, 176),
        (204, 32, 236, 176),
        (344, 32, 376, 176),
        (24, 168, 156, 300),
        (44, 24, 130, 76),
    ];
    let is_near = |x: u32, y: u32| {
        near.iter().any(|&(left, top, right, bottom)| (left..right).contains(&x) && (top..bottom).contains(&y))
    };
    for (x, y, pixel) in overlay.enumerate_pixels().filter(|(x, y, _)| !is_near(*x, *y)) {
        assert!(difference(*pixel, *upright.get_pixel(x, y)) <= 16, "({x}, {y}): {pixel:?}");
    }
    for (x, y) in [(220, 120), (359, 120), (300, 159), (90, 200), (115, 240), (65, 240), (60, 60)] {
        // JPEG mixes the colors of neighboring pixels, so the dark casing of a line counts as well.
        let is_drawn = |x: u32, y: u32| difference(*overlay.get_pixel(x, y), *upright.get_pixel(x, y)) > 40;
        let is_near = (x - 2..=x + 2).any(|x| (y - 2..=y + 2).any(|y| is_drawn(x, y)));
        assert!(is_near, "({x}, {y})");
    }
    // Within the outlines is the photo.
    for (x, y) in [(290, 110), (90, 235)] {
        assert!(difference(*overlay.get_pixel(x, y), *upright.get_pixel(x, y)) <= 16, "({x}, {y})");
    }
    assert_ne!(overlay.get_pixel(220, 120), overlay.get_pixel(60, 60), "labels have colors of their own");

    let (folder, _) = export(&bench, &request("overlays", &[("long-edge", "1024")]), "small");
    assert_eq!(opened(&folder.join("overlays/6.jpg")).dimensions(), (WIDTH, HEIGHT), "nothing is enlarged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_is_gone_has_no_picture_and_one_that_is_damaged_is_named() {
    let (bench, ids) = library();
    for id in ids.values() {
        draw(&bench, *id, "cup", rect(220.0, 30.0, 320.0, 90.0)).await;
    }
    fs::remove_file(bench.photos().join("8.jpg")).unwrap();
    let (folder, exported) = export(&bench, &request("crops", &[]), "crops");
    assert_eq!((exported.images, exported.annotations, exported.missing), (4, 4, 1));
    assert_eq!(fs::read_dir(folder.join("crops/cup")).unwrap().count(), 3);
    let index = fs::read_to_string(folder.join("index.csv")).unwrap();
    assert!(index.lines().any(|line| line.starts_with(",,220,30,100,60,") && line.contains("8.jpg")), "{index}");

    // A damaged photo, and one of another size, are named, and the others are exported.
    let rewrite = |name: &str, content: &dyn Fn(&[u8]) -> Vec<u8>| {
        let path = bench.photos().join(name);
        let (whole, modified) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        let mut content = content(&whole);
        // As it was, so that the file counts as the one that was imported.
        content.resize(whole.len(), 0);
        fs::write(&path, content).unwrap();
        fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let damaged = rewrite("6.jpg", &|whole| whole[..200].to_vec());
    let resized = rewrite("1.jpg", &|_| {
        let mut small = Vec::new();
        DynamicImage::new_rgb8(8, 4).write_to(&mut std::io::Cursor::new(&mut small), image::ImageFormat::Jpeg).unwrap();
        small
    });
    for (format, pictures) in [("crops", "crops/cup"), ("overlays", "overlays")] {
        let folder = bench.folder.path().join("exports").join(format!("{format}-broken"));
        let exported = bench.library.datasets.export(&request(format, &[]), &folder, &ExportTask::default()).unwrap();
        let mut unreadable: Vec<&str> = exported.unreadable.iter().map(|file| &*file.path).collect();
        unreadable.sort_unstable();
        assert_eq!((unreadable, exported.images, exported.missing), (vec![&*resized, &*damaged], 4, 1), "{exported:?}");
        assert!(exported.unreadable.iter().any(|file| file.reason == "its size has changed"), "{exported:?}");
        assert_eq!(fs::read_dir(folder.join(pictures)).unwrap().count(), 1);
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(page.contains("2 image files could not be read"), "{page}");
    }
    let index = fs::read_to_string(bench.folder.path().join("exports/crops-broken/index.csv")).unwrap();
    let named = index.lines().filter(|line| line.starts_with("crops/cup/")).count();
    assert_eq!((named, index.lines().count()), (1, 5), "{index}");
}
