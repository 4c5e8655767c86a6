//! Imports of datasets: every role, matching, sizes, undo, and what is exported comes back.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod pictures;
mod refused;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::annotation::{Annotation, ReviewState, Status};
use domain::dataset::FormatId;
use domain::dataset_import::labels::LabelMapping;
use domain::dataset_import::{DatasetDryRun, DatasetImportRequest, DatasetPreview, ImportRole, ImportedDataset};
use domain::export::ImageFileMode::{Copied, Left, Zipped};
use domain::export::{AnnotationSelection, ExportRequest, ExportScope};
use domain::geometry::Rect;
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::query::ImageQuery;
use domain::split::SplitRequest;
use engine::dataset::{ExportTask, formats};
use engine::{EngineError, ImportTask};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::{sample, stored_with_orientation};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// Photos with EXIF orientations, one in a folder, and one on which a model finds nothing.
fn add_photos(bench: &Bench) {
    let nested = bench.photos().join("day 1");
    fs::create_dir(&nested).unwrap();
    for orientation in [1, 3, 5, 6, 8] {
        let cat = stored_with_orientation("chelsea.jpg", orientation);
        fs::write(nested.join(format!("cat-{orientation}.jpg")), cat).unwrap();
    }
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    fs::copy(sample("astronaut.jpg"), bench.photos().join("astronaut, \"1999\".jpg")).unwrap();
    image::RgbImage::from_pixel(320, 200, image::Rgb([120, 140, 160])).save(bench.photos().join("fog.png")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
}

fn with_photos() -> Bench {
    let bench = Bench::new();
    add_photos(&bench);
    bench
}

fn request(path: &Path, role: ImportRole) -> DatasetImportRequest {
    let path = path.to_string_lossy().into_owned();
    DatasetImportRequest { path, format: None, role, collection: None, recipe: None, mapping: Vec::new() }
}

async fn import(bench: &Bench, path: &Path, role: ImportRole) -> ImportedDataset {
    let imported = bench.library.dataset_imports.import(request(path, role), &Arc::default()).await.unwrap();
    assert_adds_up(&imported.report);
    imported
}

fn assert_adds_up(report: &DatasetPreview) {
    assert_eq!(report.annotations, report.imported + report.skipped(), "{report:?}");
    assert_eq!(
        report.images,
        report.matched.total() + report.unmatched.images + report.ambiguous.images + report.disagreeing.images
    );
}

/// The annotations that `layers` show, by image name.
fn shown(bench: &Bench, layers: &LayerScope) -> BTreeMap<String, Vec<Annotation>> {
    let ids = bench.library.images.ids(&ImageQuery::default()).unwrap();
    let cards = bench.library.images.cards(&ids, layers).unwrap();
    cards.into_iter().map(|card| (card.name, card.annotations)).collect()
}

fn coco(bench: &Bench, images: &[(&str, u32, u32)], annotations: &[(usize, &str, [f64; 4])]) -> PathBuf {
    let labels = ["cat", "cup", "junk"];
    let category = |label: &str| labels.iter().position(|one| *one == label).unwrap() + 1;
    let images = images.iter().enumerate().map(
        |(place, (name, width, height))| json!({"id": place, "file_name": name, "width": width, "height": height}),
    );
    let annotations = annotations.iter().enumerate().map(|(place, (image, label, bbox))| {
        json!({"id": place + 1, "image_id": image, "category_id": category(label), "bbox": bbox,
            "area": bbox[2] * bbox[3], "iscrowd": 0, "score": 0.5})
    });
    let categories = labels.iter().map(|label| json!({"id": category(label), "name": label}));
    let file = json!({"images": images.collect::<Vec<_>>(), "annotations": annotations.collect::<Vec<_>>(),
        "categories": categories.collect::<Vec<_>>()});
    let path = bench.folder.path().join("instances.json");
    fs::write(&path, file.to_string()).unwrap();
    path
}

fn rect(annotation: &Annotation) -> Rect {
    annotation.shape.bounds().unwrap()
}

/// Everything in the library that an import may change.
fn library_rows(bench: &Bench) -> Value {
    let cards = bench.cards();
    json!({"cards": cards, "layers": bench.library.dataset_imports.layers().unwrap()})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_comes_back_as_it_was() {
    let source = with_photos();
    let run = source.start("nanodet-g-416").await;
    assert_eq!(source.end_of(run).await, COMPLETED);
    let found = shown(&source, &LayerScope::of_run(run));
    assert!(found.values().flatten().count() > 4);
    let out = source.folder.path().join("exports");
    for format in formats().filter(|format| format.is_readable) {
        let request = ExportRequest {
            annotations: AnnotationSelection { is_reviewed_only: false, includes_rejected: true },
            ..ExportRequest::new(ExportScope::Run { run }, FormatId(format.id.into()))
        };
        let extension = format.package.extension().map_or(String::new(), |extension| format!(".{extension}"));
        let split = Some(SplitRequest { keeps_groups: false, ..SplitRequest::default() });
        for (images, extension, split) in
            [(Left, &*extension, None), (Copied, "", None), (Zipped, ".zip", None), (Left, "", split)]
        {
            let path = out.join(format!("{}-{images:?}-{}{extension}", format.id, split.is_some()));
            let request = ExportRequest { images, split, ..request.clone() };
            let written = source.library.datasets.export(&request, &path, &ExportTask::default()).unwrap();
            let parts = written.split.iter().flat_map(|split| &split.parts).filter(|part| part.images > 0);
            assert!(request.split.is_none() || parts.count() > 1, "{}", format.id);
            let target = with_photos();
            let imported = import(&target, &path, ImportRole::Predictions).await;
            let report = &imported.report;
            assert_eq!((report.format.0.as_str(), report.is_detected), (format.id, true));
            assert_eq!(report.matched.total(), report.images, "{report:?}");
            let layer = imported.layer.unwrap_or_else(|| panic!("{report:?}"));
            let back = shown(&target, &LayerScope::of_run(layer.id));
            for (name, annotations) in &found {
                let mut wanted: Vec<&Annotation> = annotations.iter().collect();
                let mut back: Vec<&Annotation> = back[name].iter().collect();
                let order = |one: &&Annotation| (one.label.clone(), format!("{:.0} {:.0}", rect(one).x1, rect(one).y1));
                wanted.sort_by_key(order);
                back.sort_by_key(order);
                assert_eq!(wanted.len(), back.len(), "{} {name}", format.id);
                for (one, other) in wanted.into_iter().zip(back) {
                    assert_eq!((&one.label, other.status), (&other.label, Status::Proposed));
                    let iou = rect(one).iou(rect(other));
                    assert!(iou > 0.98, "{} {name}: {:?} is not {:?}", format.id, rect(one), rect(other));
                    if let Some(confidence) = other.confidence {
                        assert!((confidence - one.confidence.unwrap()).abs() < 0.001, "{}", format.id);
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_the_same_upright_whichever_way_the_file_was_annotated() {
    let bench = with_photos();
    // Upright the photo is 451 x 300; an orientation of 6 stores it as 300 x 451, to be turned clockwise.
    let upright = coco(&bench, &[("day 1/cat-6.jpg", 451, 300)], &[(0, "cat", [100.0, 40.0, 60.0, 20.0])]);
    let first = import(&bench, &upright, ImportRole::Predictions).await;
    assert_eq!((first.report.rotated, first.report.scaled), (0, 0));
    // In stored pixels: x is y, and y is counted from the right edge of the upright image.
    let stored = coco(&bench, &[("day 1/cat-6.jpg", 300, 451)], &[(0, "cat", [40.0, 291.0, 20.0, 60.0])]);
    let second = import(&bench, &stored, ImportRole::Predictions).await;
    assert_eq!((second.report.rotated, second.report.scaled), (1, 0));
    let scaled = coco(&bench, &[("day 1/cat-6.jpg", 902, 600)], &[(0, "cat", [200.0, 80.0, 120.0, 40.0])]);
    let third = import(&bench, &scaled, ImportRole::Predictions).await;
    assert_eq!((third.report.rotated, third.report.scaled), (0, 1));
    for imported in [&first, &second, &third] {
        let layer = imported.layer.as_ref().unwrap().id;
        let boxes: Vec<Rect> = shown(&bench, &LayerScope::of_run(layer))["cat-6.jpg"].iter().map(rect).collect();
        assert_eq!(boxes, [Rect::new(100.0, 40.0, 160.0, 60.0)]);
    }
    let other = coco(&bench, &[("day 1/cat-6.jpg", 451, 301), ("day 1/cat-5.jpg", 99, 1)], &[(1, "cat", [1.0; 4])]);
    let report = bench
        .library
        .dataset_imports
        .preview(&request(&other, ImportRole::Predictions), &ImportTask::default())
        .unwrap()
        .report;
    assert_eq!((report.scaled, report.disagreeing.images, report.disagreeing.annotations), (1, 1, 1));
    assert_eq!(report.disagreeing.named[0].details, ["99 x 1", "451 x 300"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_an_import_does_and_changes_nothing() {
    let bench = with_photos();
    fs::create_dir(bench.photos().join("copy")).unwrap();
    let other = stored_with_orientation("chelsea.jpg", 8);
    fs::write(bench.photos().join("copy/fog.png"), other.iter().chain(b"more").copied().collect::<Vec<u8>>()).unwrap();
    image::RgbImage::from_pixel(320, 200, image::Rgb([9, 9, 9])).save(bench.photos().join("copy/fog.png")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let path = coco(
        &bench,
        &[
            ("coffee.jpg", 600, 400),
            ("elsewhere/cat-1.jpg", 451, 300),
            ("x/fog.png", 320, 200),
            ("nowhere.jpg", 10, 10),
            ("day 1/cat-3.jpg", 451, 300),
        ],
        &[
            (0, "cup", [10.0, 10.0, 50.0, 50.0]),
            (0, "cup", [-10.0, 10.0, 50.0, 50.0]),
            (0, "cup", [700.0, 10.0, 50.0, 50.0]),
            (0, "cup", [70.0, 10.0, 0.0, 50.0]),
            (0, "junk", [10.0, 10.0, 50.0, 50.0]),
            (1, "cat", [10.0, 10.0, 50.0, 50.0]),
            (2, "cat", [10.0, 10.0, 50.0, 50.0]),
            (3, "cat", [1.0, 1.0, 5.0, 5.0]),
        ],
    );
    let mapping = |from: &str, to: Option<&str>| LabelMapping { from: from.into(), to: to.map(Into::into) };
    let mapped = DatasetImportRequest {
        mapping: vec![mapping("cup", Some("Mug")), mapping("junk", None)],
        ..request(&path, ImportRole::GroundTruth)
    };
    let before = library_rows(&bench);
    let DatasetDryRun { report: preview, samples } =
        bench.library.dataset_imports.preview(&mapped, &ImportTask::default()).unwrap();
    assert_eq!(library_rows(&bench), before);
    assert_adds_up(&preview);
    let matched = preview.matched;
    assert_eq!((matched.by_path, matched.by_name_and_size, matched.by_hash), (2, 1, 0));
    assert_eq!((preview.unmatched.images, preview.unmatched.named[0].file_name.as_str()), (1, "nowhere.jpg"));
    assert_eq!((preview.ambiguous.images, preview.ambiguous.named[0].details.len()), (1, 2), "two images are fog.png");
    assert_eq!((preview.clipped, preview.outside, preview.unusable, preview.unmapped), (1, 1, 1, 1));
    assert_eq!((preview.imported, preview.library_images), (3, 3));
    let labels: Vec<_> =
        preview.labels.iter().map(|each| (each.name.as_str(), each.annotations, each.to.as_deref())).collect();
    assert_eq!(labels, [("cup", 4, Some("Mug")), ("cat", 3, Some("cat")), ("junk", 1, None)]);
    let imported = bench.library.dataset_imports.import(mapped, &Arc::default()).await.unwrap();
    assert_eq!(imported.report, preview);
    let layer = imported.layer.unwrap();
    assert_eq!((layer.image_count, layer.annotation_count, layer.undecided_count), (3, 3, 0));
    let cards = |bench: &Bench| {
        bench.cards().iter().map(|card| (card.id, card.review, card.annotations.len())).collect::<Vec<_>>()
    };
    assert!(cards(&bench).iter().all(|(_, review, count)| (*review, *count) == (ReviewState::Unreviewed, 0)));
    let truth = shown(&bench, &LayerScope::of_run(layer.id));
    assert_eq!(
        truth["coffee.jpg"].iter().map(|one| (one.label.as_str(), one.status)).collect::<Vec<_>>(),
        [("Mug", Status::GroundTruth); 2]
    );
    assert_eq!(rect(&truth["coffee.jpg"][1]), Rect::new(0.0, 10.0, 40.0, 60.0));
    // What the dry run showed on photos is what was imported.
    let ids: Vec<ImageId> = samples.iter().map(|sample| sample.image).collect();
    let cards = bench.library.images.cards(&ids, &LayerScope::of_run(layer.id)).unwrap();
    assert_eq!(cards.iter().map(|card| card.annotations.len()).sum::<usize>(), 3);
    for (sample, card) in samples.iter().zip(&cards) {
        let shown = sample.annotations.iter().map(|one| (&one.label, &one.shape));
        assert!(sample.size == card.size && shown.eq(card.annotations.iter().map(|one| (&one.label, &one.shape))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_found_by_its_content_where_its_name_says_nothing() {
    let bench = with_photos();
    let dataset = bench.folder.path().join("dataset");
    fs::create_dir_all(dataset.join("images")).unwrap();
    fs::copy(sample("coffee.jpg"), dataset.join("images/000001.jpg")).unwrap();
    let file = coco(&bench, &[("000001.jpg", 600, 400), ("000002.jpg", 600, 400)], &[(0, "cup", [1.0, 1.0, 9.0, 9.0])]);
    fs::rename(file, dataset.join("instances.json")).unwrap();
    let request = request(&dataset.join("instances.json"), ImportRole::Work);
    let report = bench.library.dataset_imports.preview(&request, &ImportTask::default()).unwrap().report;
    assert_eq!((report.matched.by_hash, report.unmatched.images, report.imported), (1, 1, 1));

    // Also where the dataset has other names for its files.
    import(&bench, &dataset, ImportRole::Work).await;
    let out = bench.folder.path().join("out");
    let format = FormatId("yolo".into());
    let request = ExportRequest { images: Copied, ..ExportRequest::new(ExportScope::Library, format) };
    bench.library.datasets.export(&request, &out, &ExportTask::default()).unwrap();
    let other = Bench::new();
    fs::copy(sample("coffee.jpg"), other.photos().join("IMG_0001.jpg")).unwrap();
    other.library.imports.run(&[other.photos()]).unwrap();
    let report = import(&other, &out, ImportRole::Work).await.report;
    assert_eq!((report.matched.by_hash, report.imported), (1, 1), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_yolo_need_no_images_beside_them() {
    let bench = with_photos();
    let dataset = bench.folder.path().join("yolo");
    fs::create_dir_all(dataset.join("labels/train")).unwrap();
    fs::write(dataset.join("data.yaml"), "names: [cup, cat]\n").unwrap();
    for name in ["coffee", "cat-6", "nowhere"] {
        fs::write(dataset.join(format!("labels/train/{name}.txt")), "0 0.5 0.5 0.5 0.25\n").unwrap();
    }
    let imported = import(&bench, &dataset, ImportRole::Predictions).await;
    let report = &imported.report;
    assert_eq!((report.format.0.as_str(), report.matched.by_name_and_size, report.unmatched.images), ("yolo", 2, 1));
    assert_eq!((report.imported, report.skipped.len()), (2, 1), "{:?}", report.skipped);
    let layer = shown(&bench, &LayerScope::of_run(imported.layer.unwrap().id));
    // In the upright photo of 600 x 400, and of 451 x 300 although the file stores it turned.
    assert_eq!(rect(&layer["coffee.jpg"][0]), Rect::new(150.0, 150.0, 450.0, 250.0));
    assert_eq!(rect(&layer["cat-6.jpg"][0]), Rect::new(112.75, 112.5, 338.25, 187.5));
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_work_is_accepted_and_not_added_twice_and_undo_takes_it_back() {
    let bench = with_photos();
    let path = coco(
        &bench,
        &[("coffee.jpg", 600, 400), ("fog.png", 320, 200)],
        &[(0, "cup", [10.0, 10.0, 50.0, 50.0]), (0, "cup", [100.0, 10.0, 50.0, 50.0])],
    );
    let before = library_rows(&bench);
    let work = import(&bench, &path, ImportRole::Work).await;
    let after = library_rows(&bench);
    let cards = bench.cards();
    let card = |name: &str| cards.iter().find(|card| card.name == name).unwrap();
    assert_eq!(card("coffee.jpg").review, ReviewState::Reviewed);
    assert_eq!(card("fog.png").review, ReviewState::ConfirmedEmpty);
    assert_eq!(card("coffee.jpg").annotations.iter().map(|one| one.status).collect::<Vec<_>>(), [Status::Accepted; 2]);
    assert!(bench.library.history.runs().unwrap().is_empty(), "an import is no run");
    assert!(bench.library.history.run(work.layer.unwrap().id).unwrap_err().is_missing());
    let undone = bench.library.review.undo_latest(&LayerScope::All).await.unwrap().unwrap();
    assert_eq!(undone.others, 1);
    assert_eq!(library_rows(&bench), before);
    bench.library.review.redo_latest(&LayerScope::All).await.unwrap().unwrap();
    assert_eq!(library_rows(&bench), after);
    let again = import(&bench, &path, ImportRole::Work).await;
    assert_eq!((again.report.already_here, again.report.imported), (2, 0));
    let predictions = import(&bench, &path, ImportRole::Predictions).await;
    assert_eq!(predictions.report.imported, 2, "a layer of predictions is whole");
    let nothing = coco(&bench, &[("nowhere.jpg", 1, 1)], &[]);
    assert_eq!(import(&bench, &nothing, ImportRole::Work).await.layer, None);
    assert_eq!(bench.library.dataset_imports.layers().unwrap().len(), 3);
}

fn rows(bench: &Bench, sql: &str) -> u32 {
    let path = bench.folder.path().join("library/library.sqlite");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What an import leaves is deleted while nothing else waits.
async fn wait_for_none(bench: &Bench, table: &str) {
    let patience = Instant::now();
    while rows(bench, &format!("SELECT count(*) FROM {table}")) > 0 {
        assert!(patience.elapsed() < Duration::from_mins(1), "rows of {table} are left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A file that takes a while to import.
fn large(bench: &Bench) -> PathBuf {
    let boxes: Vec<(usize, &str, [f64; 4])> =
        (0..60_000).map(|place| (0, "cup", [f64::from(place % 500), 10.0, 50.0, 50.0])).collect();
    coco(bench, &[("coffee.jpg", 600, 400)], &boxes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_leaves_nothing() {
    let bench = with_photos();
    let path = large(&bench);
    let (imports, task) = (bench.library.dataset_imports.clone(), Arc::new(ImportTask::default()));
    let importing = tokio::spawn({
        let (request, task) = (request(&path, ImportRole::Predictions), Arc::clone(&task));
        async move { imports.import(request, &task).await }
    });
    let mut progress = task.progress();
    progress.wait_for(|progress| progress.annotations > 1_000).await.unwrap();
    task.cancel();
    assert!(matches!(importing.await.unwrap(), Err(EngineError::Cancelled)));
    for table in ["imports", "imported_images", "parked_annotations", "annotations", "steps"] {
        wait_for_none(&bench, table).await;
    }
    // A task that is cancelled before it begins does not begin. Others are not cancelled with it.
    let again = bench.library.dataset_imports.import(request(&path, ImportRole::Predictions), &task).await;
    assert!(matches!(again, Err(EngineError::Cancelled)), "{again:?}");
    let small = coco(&bench, &[("coffee.jpg", 600, 400)], &[(0, "cup", [10.0, 10.0, 50.0, 50.0])]);
    import(&bench, &small, ImportRole::Predictions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_images_of_a_file_are_never_one_of_the_library() {
    let bench = with_photos();
    let cup = [10.0, 10.0, 50.0, 50.0];
    let path = coco(
        &bench,
        &[
            ("train/coffee.jpg", 600, 400),
            ("test/coffee.jpg", 600, 400),
            ("x/fog.png", 320, 200),
            ("fog.png", 320, 200),
        ],
        &[(0, "cup", cup), (1, "cup", cup), (2, "junk", cup), (3, "cat", cup)],
    );
    let preview = bench.library.dataset_imports.preview(&request(&path, ImportRole::Work), &ImportTask::default());
    let preview = preview.unwrap().report;
    assert_adds_up(&preview);
    assert_eq!((preview.matched.by_path, preview.ambiguous.images, preview.ambiguous.annotations), (1, 3, 3));
    let named: Vec<&str> = preview.ambiguous.named.iter().map(|image| image.file_name.as_str()).collect();
    assert_eq!(named, ["train/coffee.jpg", "test/coffee.jpg", "x/fog.png"]);
    assert!(preview.ambiguous.named[0].details[0].ends_with("coffee.jpg"));
    let imported = import(&bench, &path, ImportRole::Work).await;
    assert_eq!(imported.report, preview);
    let layer = shown(&bench, &LayerScope::of_run(imported.layer.unwrap().id));
    assert_eq!(layer["coffee.jpg"], []);
    assert_eq!(layer["fog.png"].iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), ["cat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_command_cancels_its_import() {
    let bench = with_photos();
    let path = large(&bench);
    let mut importing = bench.fieldmark_among(&[]);
    importing.arg("import").arg(&path).args(["--as", "work"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let importing = importing.spawn().unwrap();
    let patience = Instant::now();
    while rows(&bench, "SELECT count(*) FROM parked_annotations") == 0 {
        assert!(patience.elapsed() < Duration::from_mins(1), "nothing was written");
        std::thread::sleep(Duration::from_millis(2));
    }
    Command::new("kill").args(["-INT", &importing.id().to_string()]).status().unwrap();
    let ended = importing.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("cancelled: nothing was changed"), "{said}");
    assert_eq!(bench.library.dataset_imports.layers().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_is_as_if_it_had_not_been() {
    let bench = with_photos();
    let path = large(&bench);
    let before = library_rows(&bench);
    let mut importing = bench.fieldmark_among(&[]);
    importing.arg("import").arg(&path).args(["--as", "work"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut importing = importing.spawn().unwrap();
    let patience = Instant::now();
    while rows(&bench, "SELECT count(*) FROM parked_annotations") == 0 {
        assert!(patience.elapsed() < Duration::from_mins(1), "nothing was written");
        std::thread::sleep(Duration::from_millis(2));
    }
    importing.kill().unwrap();
    importing.wait().unwrap();
    assert_eq!(rows(&bench, "SELECT count(*) FROM annotations"), 0);
    assert_eq!(library_rows(&bench), before);
    let small = coco(&bench, &[("coffee.jpg", 600, 400)], &[(0, "cup", [10.0, 10.0, 50.0, 50.0])]);
    let output =
        bench.fieldmark_among(&[]).arg("import").arg(&small).args(["--as", "work", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(imported["layer"]["annotation_count"], 1);
    assert_eq!(imported["report"]["matched"]["by_path"], 1);
    assert_eq!(rows(&bench, "SELECT count(*) FROM parked_annotations"), 0, "what was left is removed");
    assert_eq!(rows(&bench, "SELECT count(*) FROM imports"), 1);
    assert_eq!(bench.library.dataset_imports.layers().unwrap()[0].id, RunId(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_imports_with_a_map_and_says_what_is_skipped() {
    let bench = with_photos();
    let path = coco(
        &bench,
        &[("coffee.jpg", 600, 400), ("nowhere.jpg", 1, 1)],
        &[(0, "cup", [10.0, 10.0, 50.0, 50.0]), (0, "junk", [10.0, 10.0, 50.0, 50.0])],
    );
    let map = bench.folder.path().join("labels.csv");
    fs::write(&map, "from,to\ncup,Mug\njunk,\ntypo,Mug\n").unwrap();
    let said = |dry: bool| {
        let mut import = bench.fieldmark_among(&[]);
        import.arg("import").arg(&path).args(["--as", "ground-truth", "--format", "coco", "--map"]).arg(&map);
        if dry {
            import.arg("--dry-run");
        }
        let output = import.output().unwrap();
        assert!(output.status.success());
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let [dry, warned] = said(true);
    assert!(dry.contains("skipped: 1 image with 0 annotations: not in the library\n    nowhere.jpg\n"), "{dry}");
    assert!(dry.contains("1 annotation on 1 image would be imported. Nothing has been changed."), "{dry}");
    assert!(warned.contains("the file has no label \"typo\" (--map)"), "{warned}");
    let [told, _] = said(false);
    assert!(told.contains("Imported 1 annotation on 1 image as ground truth: layer 1."), "{told}");
    let runs = bench.fieldmark_among(&[]).arg("runs").output().unwrap();
    assert!(String::from_utf8_lossy(&runs.stdout).contains("No runs yet"));
    let missing = bench.fieldmark_among(&[]).args(["import", "gone.json", "--as", "work"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
}
