//! Exports of any scope, with their images, splits and data cards.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use datasets::model::DatasetSplit;
use datasets::{Dataset, FormatOptions, Input};
use domain::dataset::{FormatId, Package};
use domain::export::{AnnotationSelection, ExportPhase, ExportRequest, ExportScope, Exported, ImageFileMode};
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::model::ModelId;
use domain::plan::{ImageSelection, RunRequest};
use domain::query::{ImageQuery, parse};
use domain::review::{AnnotationChange, AnnotationContent, Decision, DecisionScope, ImageEdit, Verdict};
use domain::run_state::RunState;
use domain::shape::Shape;
use domain::split::{SplitPart, SplitRequest};
use engine::EngineError;
use engine::dataset::ExportTask;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::{lay_out_photos, repository, sample, taken_at};
use serde_json::{Value, json};

const PHOTOS: usize = 18;

/// The collections `photos`, answered by the embedded model, and `later`, which no model has seen.
async fn library() -> (Bench, RunId, Vec<ImageId>) {
    let bench = Bench::new();
    lay_out_photos(&bench.photos(), PHOTOS);
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = bench.start("nanodet-g-416").await;
    wait_for(&bench, run).await;
    let later = bench.folder.path().join("later");
    fs::create_dir(&later).unwrap();
    for (name, photo, clock) in
        [("1.jpg", "coffee.jpg", "2026:05:14 10:32:05"), ("2.jpg", "flower.jpg", "2026:05:14 10:32:06")]
    {
        fs::write(later.join(name), taken_at(photo, clock)).unwrap();
    }
    fs::copy(sample("rocket.jpg"), later.join("3.jpg")).unwrap();
    let images = bench.library.imports.run(&[later]).unwrap().images;
    (bench, run, images)
}

/// On a busy machine, a run may seem interrupted for a moment before its end is recorded.
async fn wait_for(bench: &Bench, run: RunId) {
    for _ in 0..1000 {
        match bench.end_of(run).await {
            RunState::Interrupted => tokio::time::sleep(Duration::from_millis(10)).await,
            state => return assert_eq!(state, COMPLETED),
        }
    }
    panic!("run {run} was interrupted");
}

fn request(scope: ExportScope, format: &str) -> ExportRequest {
    ExportRequest::new(scope, FormatId(format.into()))
}

fn export(bench: &Bench, request: &ExportRequest, name: &str) -> (PathBuf, Exported) {
    let path = bench.folder.path().join("exports").join(name);
    let exported = bench.library.datasets.export(request, &path, &ExportTask::default()).unwrap();
    (path, exported)
}

/// The files below `folder` with their content, sorted.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(at: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, folder, files);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(folder, folder, &mut files);
    files
}

async fn draw(bench: &Bench, image: ImageId, label: &str) {
    let rect = domain::geometry::Rect::new(10.0, 20.0, 110.0, 80.0);
    let content = AnnotationContent { label: label.into(), shape: Shape::Box { rect }, attributes: BTreeMap::new() };
    let edit = ImageEdit { image, changes: vec![AnnotationChange::Add { content }] };
    bench.library.review.edit(edit, &LayerScope::All).await.unwrap();
}

async fn accept(bench: &Bench, image: ImageId) {
    let decision = Decision { image, scope: DecisionScope::Image, verdict: Verdict::Accept };
    bench.library.review.decide(decision, &LayerScope::All).await.unwrap();
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_about_the_images_of_its_scope() {
    let (bench, run, later) = library().await;
    draw(&bench, later[0], "cup").await;
    let all = bench.library.images.ids(&ImageQuery::default()).unwrap();
    let collections = bench.library.images.overview(None).unwrap().collections;
    let collection = |name: &str| collections.iter().find(|each| each.name == name).unwrap().id;
    let names = |scope: ExportScope, change: fn(&mut ExportRequest)| -> (usize, Exported) {
        let mut request = request(scope, "jsonl");
        change(&mut request);
        let (path, exported) = export(&bench, &request, "export.jsonl");
        (fs::read_to_string(path).unwrap().lines().count(), exported)
    };
    let (count, exported) = names(ExportScope::Library, |_| {});
    assert_eq!((count, exported.unannotated), (PHOTOS + 1, 2), "an image that no model has seen is no negative");
    assert_eq!(names(ExportScope::Run { run }, |_| {}).0, PHOTOS);
    assert_eq!(names(ExportScope::Collection { id: collection("photos") }, |_| {}).0, PHOTOS);
    let (count, exported) = names(ExportScope::Collection { id: collection("later") }, |_| {});
    assert_eq!((count, exported.unannotated, exported.annotations), (1, 2, 1));
    assert_eq!(exported.folder.as_deref(), bench.folder.path().join("later").to_str());
    let conditions = parse("label:cup").unwrap();
    let cups = ImageQuery { conditions, ..ImageQuery::default() };
    let with_cups = bench.library.images.ids(&cups).unwrap().len();
    assert!(with_cups > 1 && with_cups < PHOTOS, "{with_cups}");
    assert_eq!(names(ExportScope::Query { query: cups }, |_| {}).0, with_cups);
    assert_eq!(names(ExportScope::Images { ids: all[..3].to_vec() }, |_| {}).0, 3);

    // Without a model's layers, its proposals and its negatives are not exported.
    let of_people = |request: &mut ExportRequest| request.layers = Some(LayerScope::Runs { runs: Vec::new() });
    let (count, exported) = names(ExportScope::Library, of_people);
    assert_eq!((count, exported.annotations), (1, 1));
    let (with_empty, exported) = names(ExportScope::Library, |_| {});
    let (without, _) = names(ExportScope::Library, |request| request.leaves_out_empty = true);
    assert_eq!(with_empty - without, exported.empty_images as usize);
    let decided = |request: &mut ExportRequest| {
        request.annotations = AnnotationSelection { is_reviewed_only: true, includes_rejected: false };
    };
    accept(&bench, all[0]).await;
    assert_eq!(names(ExportScope::Collection { id: collection("photos") }, decided).0, 1);
    let none = bench.library.datasets.export(
        &request(ExportScope::Images { ids: vec![later[1]] }, "coco"),
        &bench.folder.path().join("none.json"),
        &ExportTask::default(),
    );
    assert!(matches!(none, Err(EngineError::NothingToExport(None))), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_go_with_the_dataset_and_other_programs_find_them() {
    let (bench, _, _) = library().await;
    let originals = files_below(&bench.photos());
    let modes = || -> Vec<_> {
        originals.keys().map(|name| fs::metadata(bench.photos().join(name)).unwrap().permissions()).collect()
    };
    let before = modes();
    // The photos are copies of six, so that groups would leave a part without images.
    let split = Some(SplitRequest { seed: 3, keeps_groups: false, ..SplitRequest::default() });
    let with = |format: &str, images| ExportRequest { images, split, ..request(ExportScope::Library, format) };
    let (yolo, linked) = export(&bench, &with("yolo", ImageFileMode::Linked), "yolo");
    assert_eq!((linked.image_files, linked.folder), (ImageFileMode::Linked, None));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let image = files_below(&yolo).into_keys().find(|name| is_photo(name)).unwrap();
        assert_eq!(fs::metadata(yolo.join(image)).unwrap().nlink(), 2);
    }
    let (copied, _) = export(&bench, &with("yolo", ImageFileMode::Copied), "copied");
    let but_card = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        let mut files = files_below(folder);
        assert!(files.remove("README.md").is_some() && files.remove("datacard.json").is_some());
        files
    };
    assert!(but_card(&yolo) == but_card(&copied), "links and copies hold the same");
    let images: BTreeSet<Vec<u8>> =
        files_below(&copied).into_iter().filter(|(name, _)| is_photo(name)).map(|(_, bytes)| bytes).collect();
    assert_eq!(images, originals.values().cloned().collect());

    // A ZIP file, read by the library's own reader, and COCO with a file for each part.
    let (archive, zipped) = export(&bench, &with("yolo", ImageFileMode::Zipped), "yolo.zip");
    let mut back = Dataset::default();
    let mut input = Input::open(Package::Archive { extension: "zip" }, &archive).unwrap();
    let format = datasets::find("yolo").unwrap();
    let options = FormatOptions::new(format.descriptor(), []).unwrap();
    format.read(&mut input, &options, &mut back).unwrap();
    let boxes: usize = back.images.iter().map(|image| image.annotations.len()).sum();
    assert_eq!((back.images.len(), boxes), (PHOTOS, zipped.annotations as usize));
    let tests = back.images.iter().filter(|image| image.split == Some(DatasetSplit::Test)).count();
    assert_eq!(tests, zipped.split.as_ref().unwrap().parts[2].images as usize);
    let (_, coco) = export(&bench, &with("coco", ImageFileMode::Linked), "coco");
    assert_eq!((coco.images, coco.annotations), (zipped.images, zipped.annotations));

    let by_name: BTreeMap<String, usize> = bench
        .cards()
        .into_iter()
        .filter(|card| card.is_annotated)
        .map(|card| (card.name, card.annotations.len()))
        .collect();
    let exports = bench.folder.path().join("exports");
    fs::write(exports.join("library.json"), json!(by_name).to_string()).unwrap();
    let python = repository("build/readers/bin/python");
    assert!(python.exists(), "{} is missing: `scripts/setup test` installs it", python.display());
    let read = Command::new(python).arg(repository("tests/readers/placed.py")).arg(&exports).output().unwrap();
    let said = [read.stdout, read.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(read.status.success(), "{said}");

    // What a browser downloads is an archive, whatever was chosen.
    let ready = bench.library.datasets.ready(&with("yolo", ImageFileMode::Linked), &ExportTask::default()).unwrap();
    assert_eq!(ready.file_name, "library-yolo.zip");
    fs::remove_dir_all(&yolo).unwrap();
    assert!(files_below(&bench.photos()) == originals && modes() == before, "originals are only read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_is_remembered_and_tears_no_group() {
    let (bench, run, later) = library().await;
    let parts_of = |scope: ExportScope, shares: &str, seed, task: &ExportTask| {
        let split = SplitRequest { shares: shares.parse().unwrap(), seed, ..SplitRequest::default() };
        let request = ExportRequest { split: Some(split), ..request(scope, "open-images") };
        let path = bench.folder.path().join(format!("export-{}", fastrand::u64(..)));
        let exported = bench.library.datasets.export(&request, &path, task).unwrap();
        let mut parts = BTreeMap::new();
        for line in fs::read_to_string(path.join("fieldmark.jsonl")).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            parts.insert(line["image"].as_u64().unwrap(), line["split"].as_str().unwrap().to_owned());
        }
        (parts, exported.split.unwrap())
    };
    let task = ExportTask::default();
    let run_scope = || ExportScope::Run { run };
    let viewed = parts_of(run_scope(), "40/30/30", 5, &ExportTask::of_viewer());
    let (first, outcome) = parts_of(run_scope(), "40/30/30", 5, &task);
    assert_eq!((outcome.kept, viewed.1.kept, &viewed.0), (0, 0, &first), "a viewer's export is not remembered");
    // All copies of a photo are near-duplicates.
    assert_eq!(outcome.groups, Some(6));
    let cards = bench.cards();
    let group = |id: u64| {
        cards.iter().find(|card| u64::from(card.id.0) == id).unwrap().name[4..8].parse::<usize>().unwrap() % 6
    };
    let mut of_group: BTreeMap<usize, BTreeSet<&String>> = BTreeMap::new();
    for (id, part) in &first {
        of_group.entry(group(*id)).or_default().insert(part);
    }
    assert!(of_group.values().all(|parts| parts.len() == 1), "{of_group:?}");
    assert!(outcome.parts.iter().all(|part| part.images > 0), "{outcome:?}");

    // Other shares change nothing for images that were exported; new ones go where they lack.
    let (again, outcome) = parts_of(run_scope(), "10/10/80", 5, &task);
    assert_eq!((again, outcome.kept as usize), (first.clone(), PHOTOS));
    for image in &later {
        draw(&bench, *image, "cup").await;
    }
    let (grown, outcome) = parts_of(ExportScope::Library, "40/30/30", 5, &task);
    assert!(first.iter().all(|(image, part)| grown[image] == *part));
    assert_eq!((grown.len(), outcome.kept as usize), (PHOTOS + 3, PHOTOS));
    let shots = [later[0], later[1]].map(|image| &grown[&u64::from(image.0)]);
    assert_eq!(shots[0], shots[1], "shots of a burst");
    let (_, other) = parts_of(ExportScope::Library, "40/30/30", 6, &task);
    assert_eq!(other.kept, 0);
    assert_eq!(other.parts.iter().map(|part| part.part).collect::<Vec<_>>(), SplitPart::ALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_export_leaves_nothing() {
    let (bench, _, _) = library().await;
    let exports = bench.folder.path().join("exports");
    fs::create_dir(&exports).unwrap();
    let left = || fs::read_dir(&exports).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let split = Some(SplitRequest::default());
    for (format, images, name) in [
        ("yolo", ImageFileMode::Copied, "folder"),
        ("yolo", ImageFileMode::Zipped, "archive.zip"),
        ("coco", ImageFileMode::Left, "file.json"),
    ] {
        let request = ExportRequest { images, split, ..request(ExportScope::Library, format) };
        let cancelled = Arc::new(ExportTask::default());
        cancelled.cancel();
        let outcome = bench.library.datasets.export(&request, &exports.join(name), &cancelled);
        assert!(matches!(outcome, Err(EngineError::Cancelled)), "{outcome:?}");
        assert_eq!(left(), Vec::<std::ffi::OsString>::new());
        // While it writes.
        let task = Arc::new(ExportTask::default());
        let (library, target, writing) = (Arc::clone(&bench.library), exports.join(name), Arc::clone(&task));
        let export = std::thread::spawn(move || library.datasets.export(&request, &target, &writing));
        while !export.is_finished() && task.progress().phase != ExportPhase::Writing {
            std::thread::yield_now();
        }
        task.cancel();
        match export.join().unwrap() {
            Err(error) => {
                assert!(matches!(error, EngineError::Cancelled), "{error}");
                assert_eq!(left(), Vec::<std::ffi::OsString>::new());
            }
            Ok(_) => {
                let _ = fs::remove_file(exports.join(name)).or_else(|_| fs::remove_dir_all(exports.join(name)));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_of_one_file_appears_with_everything_beside_it_or_not_at_all() {
    let (bench, run, _) = library().await;
    let with = |license: &str| ExportRequest {
        data_card: Some(true),
        keeps_everything: true,
        license: license.into(),
        ..request(ExportScope::Run { run }, "coco")
    };
    let (path, _) = export(&bench, &with("first"), "beside/set.json");
    let folder = path.parent().unwrap().to_owned();
    let before = files_below(&folder);
    // Cancelled as soon as it does something else, at every such moment.
    for moment in 1.. {
        let task = Arc::new(ExportTask::default());
        let (library, target, writing, asked) =
            (Arc::clone(&bench.library), path.clone(), Arc::clone(&task), with("second"));
        let export = std::thread::spawn(move || library.datasets.export(&asked, &target, &writing));
        let (mut last, mut changes) = (task.progress(), 0);
        while !export.is_finished() && changes < moment {
            let progress = task.progress();
            changes += usize::from(progress.phase != last.phase || progress.done < last.done);
            last = progress;
        }
        let is_over = export.is_finished();
        task.cancel();
        let outcome = export.join().unwrap();
        let after = files_below(&folder);
        assert_eq!(after.len(), before.len());
        let rewritten = after.iter().filter(|(name, bytes)| before[*name] != **bytes).count();
        match outcome {
            Err(error) => assert!(matches!(error, EngineError::Cancelled) && rewritten == 0, "{rewritten}: {error}"),
            Ok(_) if is_over => break,
            Ok(_) => {}
        }
        for (name, bytes) in &before {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_library_is_read_before_photos_are_copied() {
    use std::io::Read as _;
    let (bench, _, later) = library().await;
    let pipe = bench.folder.path().join("pipe.zip");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let asked = ExportRequest { images: ImageFileMode::Zipped, ..request(ExportScope::Library, "yolo") };
    let (library, target) = (Arc::clone(&bench.library), pipe.clone());
    let export = std::thread::spawn(move || library.datasets.export(&asked, &target, &ExportTask::default()));
    let mut file = fs::File::open(&pipe).unwrap();
    file.read_exact(&mut [0]).unwrap();

    // The pipe is full, and the export waits. What is written now can be moved out of the log.
    draw(&bench, later[0], "cup").await;
    let connection = rusqlite::Connection::open(bench.library.folder().join("library.sqlite")).unwrap();
    let (is_busy, left): (bool, i64) =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((is_busy, left), (false, 0));
    assert!(!export.is_finished());
    std::io::copy(&mut file, &mut std::io::sink()).unwrap();
    export.join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_card_states_what_was_measured() {
    let (bench, run, _) = library().await;
    let cards = bench.cards();
    let found = cards.iter().find(|card| card.annotations.len() > 1).unwrap();
    let reject = DecisionScope::Annotation { id: found.annotations[0].id };
    let decision = Decision { image: found.id, scope: reject, verdict: Verdict::Reject { reason: None } };
    bench.library.review.decide(decision, &LayerScope::All).await.unwrap();
    accept(&bench, found.id).await;
    let asked = ExportRequest {
        license: "CC-BY-4.0".into(),
        split: Some(SplitRequest::default()),
        keeps_everything: true,
        ..request(ExportScope::Run { run }, "voc")
    };
    let (folder, exported) = export(&bench, &asked, "voc");
    let card = json_of(&folder.join("datacard.json"));
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!((&card["license"], &card["version"]), (&json!("CC-BY-4.0"), &json!(1)));
    assert_eq!(card["images"]["count"], json!(PHOTOS));
    assert_eq!(card["annotations"]["count"], json!(exported.annotations));
    assert_eq!(card["annotations"]["accepted"], json!(found.annotations.len() - 1));
    assert_eq!((&card["review"]["reviewed"], &card["review"]["one_by_one"]), (&json!(1), &json!(1)));
    let precision = &card["precision"];
    assert_eq!(precision["right"], json!(found.annotations.len() - 1));
    assert_eq!(precision["judged"], json!(found.annotations.len()));
    assert_eq!(card["audits"], json!([]));
    assert_eq!(card["gaps"]["undecided_runs"], json!([run]));
    assert_eq!(card["runs"][0]["model"], json!("nanodet-g-416"));
    assert!(page.contains("not measured") && page.contains("CC-BY-4.0"), "{page}");
    let in_parts: u64 =
        card["split"]["parts"].as_array().unwrap().iter().map(|part| part["images"].as_u64().unwrap()).sum();
    assert_eq!(in_parts, PHOTOS as u64);

    // What Pascal VOC cannot hold is beside it, for the reader of JSON Lines.
    let lines = fs::read_to_string(folder.join("fieldmark.jsonl")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        lines
            .iter()
            .flat_map(|line| line["annotations"].as_array().unwrap())
            .all(|each| each["confidence"].is_number())
    );
    let mut back = Dataset::default();
    let format = datasets::find("jsonl").unwrap();
    let options = FormatOptions::new(format.descriptor(), []).unwrap();
    let mut input = Input::open(format.descriptor().package, &folder.join("fieldmark.jsonl")).unwrap();
    format.read(&mut input, &options, &mut back).unwrap();
    assert_eq!(back.images.len(), PHOTOS);

    // Beside one file only when asked.
    let alone = request(ExportScope::Run { run }, "coco");
    export(&bench, &alone, "alone/set.json");
    assert_eq!(files_below(&bench.folder.path().join("exports/alone")).len(), 1);
    let accompanied = ExportRequest { data_card: Some(true), keeps_everything: true, ..alone };
    export(&bench, &accompanied, "beside/set.json");
    let names: Vec<String> = files_below(&bench.folder.path().join("exports/beside")).into_keys().collect();
    assert_eq!(names, ["set.datacard.json", "set.datacard.md", "set.fieldmark.jsonl", "set.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_the_export_does() {
    let (bench, run, _) = library().await;
    let recipe = bench.library.recipes.all().unwrap()[0].id;
    let other = RunRequest::of(ImageSelection::All, recipe, ModelId("nanodet-g-416".into()));
    let other = bench.library.runs.start(&RunRequest { ignores_saved_answers: true, ..other }).await.unwrap();
    wait_for(&bench, other).await;
    let asked = ExportRequest {
        images: ImageFileMode::Copied,
        split: Some(SplitRequest::default()),
        ..request(ExportScope::Run { run }, "yolo")
    };
    let target = bench.folder.path().join("exports/preview");
    let preview = bench.library.datasets.preview(&asked, Some(&target), &ExportTask::default()).unwrap();
    assert!(!target.exists());
    let (folder, exported) = export(&bench, &asked, "preview");
    assert_eq!(preview.exported, Exported { split: preview.exported.split.clone(), ..exported.clone() });
    assert_eq!(preview.exported.split.unwrap().parts, exported.split.unwrap().parts);
    let files = files_below(&folder);
    assert_eq!(preview.files as usize, files.len());
    let but_card = |len: u64, name: &str| if ["README.md", "datacard.json"].contains(&name) { 0 } else { len };
    let measured: u64 = preview
        .entries
        .iter()
        .filter(|entry| entry.name.ends_with('/') && entry.name.matches('/').count() == 1)
        .map(|entry| entry.byte_len)
        .sum::<u64>()
        + preview
            .entries
            .iter()
            .filter(|entry| !entry.name.contains('/'))
            .map(|entry| but_card(entry.byte_len, &entry.name))
            .sum::<u64>();
    let written: u64 = files.iter().map(|(name, bytes)| but_card(bytes.len() as u64, name)).sum();
    assert_eq!(measured, written);
    assert_eq!(preview.layers.iter().map(|layer| layer.run).collect::<Vec<_>>(), [Some(other), Some(run)]);
    assert!(preview.free_bytes.unwrap() > 0 && preview.is_folder && preview.file_name == format!("run-{run}-yolo"));
    let sample = preview.sample.unwrap();
    assert!(String::from_utf8_lossy(&files[&sample.name]).starts_with(&sample.text), "{sample:?}");
}

fn is_photo(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "jpg")
}
