//! Exports of real answers, read back by independent programs.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use domain::annotation::{Origin, RejectReason, ReviewState, Shape, Status};
use domain::dataset::{Feature, FormatId};
use domain::export::{AnnotationSelection, ExportRequest, ExportScope, Exported};
use domain::geometry::{Point, Rect};
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::library::ImageCard;
use domain::model::ModelId;
use domain::plan::{ImageSelection, RunRequest};
use domain::review::{AnnotationChange, AnnotationContent, Decision, DecisionScope, ImageEdit, Verdict};
use engine::EngineError;
use engine::dataset::ExportTask;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::LABELS;
use fieldmark_tests::{repository, sample, stored_with_orientation};
use serde_json::{Value, json};
use simulator::{Fault, Options, Simulator};

const EVERYTHING: AnnotationSelection = AnnotationSelection { is_reviewed_only: false, includes_rejected: true };
const FORMATS: [&str; 4] = ["coco", "coco-detections", "jsonl", "csv"];
const REVIEWED: AnnotationSelection = AnnotationSelection { is_reviewed_only: true, includes_rejected: false };

fn export_of(run: RunId, format: &str, annotations: AnnotationSelection) -> ExportRequest {
    ExportRequest { annotations, ..ExportRequest::new(ExportScope::Run { run }, FormatId(format.into())) }
}

fn export_to(bench: &Bench, request: &ExportRequest, path: &Path) -> Result<Exported, EngineError> {
    bench.library.datasets.export(request, path, &ExportTask::default())
}

/// Upright and rotated photos, one whose name looks like a formula, and one on which nothing is found; all annotated by the
/// embedded model.
async fn answered() -> (Bench, RunId) {
    let bench = Bench::new();
    let nested = bench.photos().join("day 1");
    fs::create_dir(&nested).unwrap();
    for orientation in [1, 3, 5, 6, 8] {
        let cat = stored_with_orientation("chelsea.jpg", orientation);
        fs::write(nested.join(format!("cat-{orientation}.jpg")), cat).unwrap();
    }
    fs::copy(sample("coffee.jpg"), bench.photos().join("=1+1.jpg")).unwrap();
    fs::copy(sample("astronaut.jpg"), bench.photos().join("astronaut, \"1999\".jpg")).unwrap();
    image::RgbImage::from_pixel(320, 200, image::Rgb([120, 140, 160])).save(bench.photos().join("fog.png")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    (bench, run)
}

/// Accepts the annotations of one image, rejects one of another, confirms the fog as empty, moves a box and draws one.
async fn review(bench: &Bench) {
    let cards = bench.cards();
    let card = |name: &str| cards.iter().find(|card| card.name == name).unwrap();
    let fog = card("fog.png");
    assert!(fog.annotations.is_empty(), "{:?}", fog.annotations);
    let decide =
        |image, scope, verdict| bench.library.review.decide(Decision { image, scope, verdict }, &LayerScope::All);
    decide(card("cat-6.jpg").id, DecisionScope::Image, Verdict::Accept).await.unwrap();
    decide(fog.id, DecisionScope::Image, Verdict::Accept).await.unwrap();
    let cup = card("=1+1.jpg");
    let scope = DecisionScope::Annotation { id: cup.annotations[0].id };
    decide(cup.id, scope, Verdict::Reject { reason: Some(RejectReason::WrongLabel) }).await.unwrap();

    let cat = card("cat-6.jpg");
    let content = |label: &str, shape| AnnotationContent { label: label.into(), shape, attributes: BTreeMap::new() };
    let outline = [(30.0, 40.0), (90.5, 40.0), (60.0, 100.0)].map(|(x, y)| Point::new(x, y));
    let changes = vec![
        AnnotationChange::Change {
            id: cat.annotations[0].id,
            content: content(&cat.annotations[0].label, Shape::Box { rect: Rect::new(10.25, 20.0, 200.0, 250.5) }),
        },
        AnnotationChange::Add { content: content("whiskers", Shape::Box { rect: Rect::new(0.0, 0.0, 64.0, 48.0) }) },
        AnnotationChange::Add { content: content("ear", Shape::Polygon { points: outline.to_vec() }) },
        AnnotationChange::Add { content: content("nose", Shape::Point { at: Point::new(120.0, 80.5) }) },
        AnnotationChange::Add { content: content("indoors", Shape::ImageTag) },
        AnnotationChange::Add { content: content("caption", Shape::Caption { text: "=a cat, at rest".into() }) },
    ];
    bench.library.review.edit(ImageEdit { image: cat.id, changes }, &LayerScope::All).await.unwrap();
}

/// The content of the library, for the readers to compare with.
fn held(bench: &Bench) -> Value {
    let images = bench.cards().into_iter().map(|card| {
        let on_its_side = ["cat-5.jpg", "cat-6.jpg", "cat-8.jpg"].contains(&card.name.as_str());
        let size = [card.size.width, card.size.height];
        let stored = if on_its_side { [size[1], size[0]] } else { size };
        let file = if card.name.starts_with("cat") { format!("day 1/{}", card.name) } else { card.name.clone() };
        json!({"id": card.id, "file": file, "size": size, "stored_size": stored, "review": card.review,
            "annotations": annotations(&card)})
    });
    let mut categories: Vec<String> =
        bench.library.recipes.all().unwrap()[0].recipe.labels.iter().map(|label| label.name.clone()).collect();
    // By name: labels that users have added.
    categories.extend(["caption", "ear", "indoors", "nose", "whiskers"].map(String::from));
    json!({"images": images.collect::<Vec<_>>(), "categories": categories})
}

fn annotations(card: &ImageCard) -> Vec<Value> {
    let annotations = card.annotations.iter().map(|annotation| {
        let bbox = annotation.shape.bounds().map(|rect| [rect.x1, rect.y1, rect.width(), rect.height()]);
        let area = annotation.shape.area();
        let origin = if annotation.origin == Origin::Person { "person" } else { "run" };
        json!({"annotation": annotation.id, "label": annotation.label, "bbox": bbox, "area": area, "shape": annotation.shape.kind(),
            "confidence": annotation.confidence, "status": annotation.status, "origin": origin})
    });
    annotations.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn independent_readers_find_what_the_library_holds() {
    let (bench, run) = answered().await;
    review(&bench).await;
    let cards = bench.cards();
    for status in [Status::Proposed, Status::Edited, Status::Rejected] {
        assert!(
            cards.iter().flat_map(|card| &card.annotations).any(|annotation| annotation.status == status),
            "{status:?}"
        );
    }
    assert!(cards.iter().any(|card| card.review == ReviewState::ConfirmedEmpty));

    let out = bench.folder.path().join("exports");
    let export = |format, annotations, name: &str| {
        export_to(&bench, &export_of(run, format, annotations), &out.join(name)).unwrap()
    };
    let standing = AnnotationSelection::default();
    let exported = export("coco", standing, "annotations.coco.json");
    assert_eq!(exported.images, 8);
    assert_eq!(exported.folder.as_deref(), bench.photos().to_str());
    let detected = export("coco-detections", standing, "annotations.coco-detections.json");
    let without_form = [Feature::Points, Feature::ImageTags, Feature::Captions].map(|feature| exported.lost(feature));
    assert_eq!(without_form, [1; 3], "a point, a tag and a caption");
    let without_score = detected.lost(Feature::UnscoredAnnotations);
    assert_eq!((detected.annotations, without_score), (exported.annotations - 2, 2), "a drawn annotation has no score");
    export("jsonl", EVERYTHING, "annotations.jsonl");
    export("csv", standing, "annotations.csv");
    export("coco", REVIEWED, "reviewed.coco.json");
    fs::write(out.join("library.json"), held(&bench).to_string()).unwrap();
    let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 6, "nothing unfinished is left: {left:?}");

    let python = repository("build/readers/bin/python");
    assert!(python.exists(), "{} is missing: `scripts/setup test` installs it", python.display());
    let read = Command::new(python).arg(repository("tests/readers/check.py")).arg(&out).output().unwrap();
    let said = [read.stdout, read.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(read.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_images_are_exported_with_their_failure_where_the_format_has_a_place_for_it() {
    let bench = Bench::new();
    for name in ["chelsea.jpg", "coffee.jpg", "rocket.jpg"] {
        fs::copy(sample(name), bench.photos().join(name)).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    fs::remove_file(bench.photos().join("coffee.jpg")).unwrap();
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);

    let out = bench.folder.path().join("annotations");
    let export = |format, annotations| {
        let exported = export_to(&bench, &export_of(run, format, annotations), &out).unwrap();
        (exported.images, exported.failed_images)
    };
    let standing = AnnotationSelection::default();
    assert_eq!(export("jsonl", standing), (2, 1));
    let lines: Vec<Value> =
        fs::read_to_string(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failures: Vec<_> = lines.iter().map(|line| (line["file_name"].as_str().unwrap(), &line["failure"])).collect();
    assert_eq!(failures[..2], [("chelsea.jpg", &Value::Null), ("rocket.jpg", &Value::Null)]);
    assert_eq!(failures[2].0, "coffee.jpg");
    assert_eq!((&failures[2].1["kind"], &failures[2].1["requests"]), (&json!("file_missing"), &json!(0)));
    assert!(!failures[2].1["message"].as_str().unwrap().is_empty());

    assert_eq!(export("csv", standing), (2, 1));
    let mut rows = csv::Reader::from_path(&out).unwrap();
    let rows: Vec<BTreeMap<String, String>> = rows.deserialize().map(Result::unwrap).collect();
    let failed: Vec<_> = rows.iter().filter(|row| row["failure"] == "file_missing").collect();
    assert_eq!(
        (failed.len(), failed[0]["file_name"].as_str(), failed[0]["annotation"].as_str()),
        (1, "coffee.jpg", "")
    );
    assert!(rows.iter().any(|row| row["failure"].is_empty() && !row["annotation"].is_empty()));

    // A negative is an image that was checked: no other image is in a training set.
    assert_eq!(export("coco", standing), (2, 0));
    let nothing = export_to(&bench, &export_of(run, "csv", REVIEWED), &out);
    assert!(matches!(nothing, Err(EngineError::NothingToExport(_))), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_run_of_the_same_recipe_takes_nothing_from_the_export_of_an_earlier_one() {
    let (bench, first) = answered().await;
    let out = bench.folder.path().join("export");
    let export = |run, format| {
        let request = export_of(run, format, AnnotationSelection::default());
        let exported = export_to(&bench, &request, &out).unwrap();
        (exported, fs::read_to_string(&out).unwrap())
    };
    // Label, box and confidence of each annotation, by image.
    let found = |run| -> Vec<Vec<Value>> {
        let (_, lines) = export(run, "jsonl");
        let images = lines.lines().map(|line| {
            let image: Value = serde_json::from_str(line).unwrap();
            let annotations = image["annotations"].as_array().unwrap().iter().map(|annotation| {
                assert_eq!((&annotation["run"], &annotation["status"]), (&json!(run), &json!("proposed")));
                json!([annotation["label"], annotation["bbox"], annotation["confidence"]])
            });
            annotations.collect()
        });
        images.collect()
    };
    let before = (found(first), FORMATS.map(|format| export(first, format).0));
    let (_, detections) = export(first, "coco-detections");
    assert!(before.0.iter().any(|annotations| !annotations.is_empty()));

    let recipe = bench.library.recipes.all().unwrap()[0].id;
    let request = RunRequest::of(ImageSelection::All, recipe, ModelId("nanodet-g-416".into()));
    let second = bench.library.runs.start(&RunRequest { ignores_saved_answers: true, ..request }).await.unwrap();
    assert_eq!(bench.end_of(second).await, COMPLETED);
    assert!(
        bench
            .cards()
            .iter()
            .flat_map(|card| &card.annotations)
            .all(|annotation| annotation.origin == Origin::Run { run: second })
    );
    assert_eq!((found(first), FORMATS.map(|format| export(first, format).0)), before);
    assert_eq!(export(first, "coco-detections").1, detections);
    assert_eq!(found(second), before.0);

    // The review of the first run shows what the first run found, and so do the pictures of its report.
    let cards = bench.cards();
    let ids: Vec<ImageId> = cards.iter().map(|card| card.id).collect();
    let reviewed = bench.library.images.cards(&ids, &LayerScope::of_run(first)).unwrap();
    let count = |cards: &[ImageCard]| cards.iter().map(|card| card.annotations.len()).sum::<usize>();
    assert_eq!(count(&reviewed), before.0.iter().map(Vec::len).sum::<usize>());
    assert_eq!(count(&cards), count(&reviewed), "all layers show one of the two");
    assert!(
        reviewed
            .iter()
            .flat_map(|card| &card.annotations)
            .all(|annotation| annotation.origin == Origin::Run { run: first })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_takes_the_place_of_no_photo_and_leaves_nothing_half_written() {
    let (bench, run) = answered().await;
    let request = export_of(run, "coco", AnnotationSelection::default());
    let refused = |path: &Path| {
        let before = fs::read(path).ok();
        let outcome = export_to(&bench, &request, path);
        assert!(matches!(outcome, Err(EngineError::UnfitTarget { .. })), "{}: {outcome:?}", path.display());
        assert!(before == fs::read(path).ok(), "{} is as it was", path.display());
    };
    let original = bench.photos().join("fog.png");
    refused(&original);
    refused(&bench.photos());
    let library = bench.folder.path().join("library");
    refused(&library.join("library.sqlite"));
    refused(&library.join("settings.toml"));
    #[cfg(unix)]
    for (name, target) in [("photo.json", &original), ("library.json", &library.join("library.sqlite"))] {
        let link = bench.folder.path().join(name);
        std::os::unix::fs::symlink(target, &link).unwrap();
        refused(&link);
    }
    let copy = bench.folder.path().join("copy.png");
    fs::copy(&original, &copy).unwrap();
    refused(&copy);

    // Nothing is reviewed yet: the existing file stays, and no unfinished file is left beside it.
    let out = bench.folder.path().join("exports");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("annotations.json"), "the last one").unwrap();
    let nothing = ExportRequest { annotations: REVIEWED, ..request.clone() };
    let outcome = export_to(&bench, &nothing, &out.join("annotations.json"));
    assert!(matches!(outcome, Err(EngineError::NothingToExport(_))), "{outcome:?}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(out.join("annotations.json")).unwrap(), "the last one");
}

/// The file name of an image, whether it is missing, and its other paths.
type ImageNames = (String, bool, Vec<String>);

#[tokio::test(flavor = "multi_thread")]
async fn an_export_names_the_files_of_its_run_that_are_still_there() {
    let bench = Bench::new();
    let [backup, train] = ["backup", "train"].map(|name| bench.photos().join(name));
    for (folder, name, photo) in [
        (&backup, "1.jpg", "chelsea.jpg"),
        (&backup, "2.jpg", "coffee.jpg"),
        (&train, "1.jpg", "chelsea.jpg"),
        (&train, "2.jpg", "coffee.jpg"),
        (&train, "3.jpg", "astronaut.jpg"),
        (&train, "4.jpg", "rocket.jpg"),
    ] {
        fs::create_dir_all(folder).unwrap();
        fs::copy(sample(photo), folder.join(name)).unwrap();
    }
    bench.library.imports.run(std::slice::from_ref(&backup)).unwrap();
    let images = bench.library.imports.run(std::slice::from_ref(&train)).unwrap().images;
    let recipe = bench.library.recipes.all().unwrap()[0].id;
    let model = ModelId("nanodet-g-416".into());
    let request = RunRequest {
        paths: vec![train.clone()],
        ..RunRequest::of(ImageSelection::Images { ids: images.clone() }, recipe, model.clone())
    };
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);

    let out = bench.folder.path().join("annotations.jsonl");
    let names = |run| -> (Option<String>, Vec<ImageNames>) {
        let exported = export_to(&bench, &export_of(run, "jsonl", EVERYTHING), &out).unwrap();
        let lines = fs::read_to_string(&out).unwrap();
        let images = lines.lines().map(|line| {
            let image: Value = serde_json::from_str(line).unwrap();
            let others = image["other_paths"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().into());
            (image["file_name"].as_str().unwrap().into(), image["missing"].as_bool().unwrap(), others.collect())
        });
        let mut images: Vec<_> = images.collect();
        images.sort();
        assert_eq!(exported.missing as usize, images.iter().filter(|(_, missing, _)| *missing).count());
        (exported.folder, images)
    };
    let copies = |name: &str| vec![backup.join(name).to_str().unwrap().to_owned()];
    let expected = |name: &str, others: Vec<String>| (name.to_owned(), false, others);
    let (folder, images_of_run) = names(run);
    assert_eq!(folder.as_deref(), train.to_str());
    let all = [
        expected("1.jpg", copies("1.jpg")),
        expected("2.jpg", copies("2.jpg")),
        expected("3.jpg", vec![]),
        expected("4.jpg", vec![]),
    ];
    assert_eq!(images_of_run, all);

    // The copy replaces a file that is gone; an image without a copy is missing; a file whose content has changed counts as
    // gone.
    fs::remove_file(train.join("2.jpg")).unwrap();
    fs::remove_file(train.join("3.jpg")).unwrap();
    fs::copy(sample("flower.jpg"), train.join("4.jpg")).unwrap();
    let (folder, images_of_run) = names(run);
    assert_eq!(folder.as_deref(), bench.photos().to_str());
    let left = [
        expected("backup/2.jpg", vec![]),
        expected("train/1.jpg", vec!["backup/1.jpg".into()]),
        ("train/3.jpg".into(), true, vec![]),
        ("train/4.jpg".into(), true, vec![]),
    ];
    assert_eq!(images_of_run, left);

    // A run on a collection is a run on the collection's folder.
    let collection =
        bench.library.images.overview(None).unwrap().collections.into_iter().find(|each| each.name == "train");
    let of_collection = RunRequest { collection: collection.map(|each| each.id), paths: Vec::new(), ..request };
    let of_collection = RunRequest { images: ImageSelection::Images { ids: images[..1].to_vec() }, ..of_collection };
    let again = bench.library.runs.start(&of_collection).await.unwrap();
    assert_eq!(bench.end_of(again).await, COMPLETED);
    assert_eq!(names(again).1, [expected("1.jpg", copies("1.jpg"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_is_tried_and_each_failure_is_named() {
    const IMAGES: u32 = 3;
    let server = Simulator::start(Options::default()).await.unwrap();
    server.script(vec![Fault::Refusal; IMAGES as usize]);
    let bench = Bench::with_pictures(&server.url(), "sk-any", IMAGES);
    let told = bench
        .fieldmark(&server.url(), "sk-any")
        .args(["annotate", "photos", "--labels", LABELS, "--model", "claude-sonnet-5-5", "--yes"])
        .args(["--export", "coco=set.json", "--export", "coco-detections=found.json", "--export", "jsonl=all.jsonl"])
        .output()
        .unwrap();
    server.stop().await;
    let said = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(3), "all images failed: {said}");
    assert!(
        said.contains("--export coco=set.json was not written: ")
            && said.contains("--export coco-detections=found.json was"),
        "{said}"
    );
    let lines = fs::read_to_string(bench.folder.path().join("all.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), IMAGES as usize);
}
