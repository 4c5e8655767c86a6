//! Data cards of libraries with imported datasets: whose annotations are whose, and who reviewed what.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::dataset::FormatId;
use domain::dataset_import::{DatasetImportRequest, ImportRole};
use domain::export::{ExportRequest, ExportScope};
use domain::layers::LayerScope;
use domain::review::{Decision, DecisionScope, Verdict};
use domain::split::SplitRequest;
use engine::ImportTask;
use engine::dataset::ExportTask;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::sample;
use serde_json::{Value, json};

async fn import(bench: &Bench, name: &str, role: ImportRole, lines: &[Value]) {
    let path = bench.folder.path().join(name);
    fs::write(&path, lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")).unwrap();
    let path = path.to_string_lossy().into_owned();
    let request =
        DatasetImportRequest { path, format: None, role, collection: None, recipe: None, mapping: Vec::new() };
    let report = bench.library.dataset_imports.import(request, &Arc::new(ImportTask::default())).await.unwrap().report;
    assert_eq!(report.annotations, report.imported, "{report:?}");
}

/// An image of 600 x 400 or so, with cups of this status.
fn line(file_name: &str, review: &str, status: &str, cups: u32) -> Value {
    let cup =
        |number: u32| json!({"label": "cup", "shape": "box", "bbox": [10 * number + 1, 20, 30, 40], "status": status});
    let size = image::image_dimensions(sample(file_name)).unwrap();
    json!({"file_name": file_name, "width": size.0, "height": size.1, "review": review,
        "annotations": (0..cups).map(cup).collect::<Vec<_>>()})
}

fn card(folder: &Path) -> (Value, String) {
    let json = fs::read(folder.join("datacard.json")).unwrap();
    (serde_json::from_slice(&json).unwrap(), fs::read_to_string(folder.join("README.md")).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_annotations_are_credited_to_their_file_and_its_reviews_to_no_one_here() {
    let bench = Bench::new();
    let add = |names: &[&str]| {
        for name in names {
            fs::copy(sample(name), bench.photos().join(name)).unwrap();
        }
        bench.library.imports.run(&[bench.photos()]).unwrap();
    };
    add(&["coffee.jpg"]);
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let found = bench.cards().into_iter().find(|card| card.name == "coffee.jpg").unwrap();
    assert!(!found.annotations.is_empty());
    let decision = Decision { image: found.id, scope: DecisionScope::Image, verdict: Verdict::Accept };
    bench.library.review.decide(decision, &LayerScope::All).await.unwrap();
    // What no model has seen.
    add(&["astronaut.jpg", "chelsea.jpg", "rocket.jpg"]);
    let work = [line("astronaut.jpg", "reviewed", "accepted", 2), line("chelsea.jpg", "reviewed", "accepted", 1)];
    import(&bench, "work.jsonl", ImportRole::Work, &work).await;
    import(&bench, "other.jsonl", ImportRole::Predictions, &[line("rocket.jpg", "unreviewed", "proposed", 4)]).await;

    let request = ExportRequest {
        split: Some(SplitRequest { keeps_groups: false, ..SplitRequest::default() }),
        ..ExportRequest::new(ExportScope::Library, FormatId("voc".into()))
    };
    let path = bench.folder.path().join("exports/voc");
    let exported = bench.library.datasets.export(&request, &path, &ExportTask::default()).unwrap();
    let (card, page) = card(&path);
    let annotations = &card["annotations"];
    let of = |kinds: &[&str]| kinds.iter().map(|kind| annotations[*kind].as_u64().unwrap()).sum::<u64>();
    assert_eq!((of(&["count"]), of(&["accepted"])), (exported.annotations.into(), found.annotations.len() as u64));
    assert_eq!((of(&["imported"]), of(&["drawn", "ground_truth", "edited", "rejected"])), (7, 0), "{annotations}");
    assert_eq!(of(&["accepted", "imported", "undecided"]), of(&["count"]));
    let imports = card["imports"].as_array().unwrap();
    let told: Vec<_> =
        imports.iter().map(|import| (&import["name"], &import["role"], &import["annotations"])).collect();
    let (work, other) = (json!("work.jsonl"), json!("other.jsonl"));
    assert_eq!(told, [(&work, &json!("work"), &json!(3)), (&other, &json!("predictions"), &json!(4))]);
    assert!(imports.iter().all(|import| import["imported_at"].as_str().unwrap().starts_with("20")));
    assert!(
        page.contains("- Imported work.jsonl (`jsonl`) on 20") && page.contains("; imported 7, and 0 as"),
        "{page}"
    );
    assert_eq!(card["precision"]["judged"], json!(found.annotations.len()), "an import is no proposal of a model");

    let review =
        ["images", "reviewed", "one_by_one", "in_bulk", "imported"].map(|key| card["review"][key].as_u64().unwrap());
    assert_eq!(review, [4, 3, 1, 0, 2], "the import itself is no bulk edit of its first image: {page}");

    // Crops hold no captions, and no images without other annotations.
    add(&["flower.jpg"]);
    let mut tagged = line("flower.jpg", "reviewed", "accepted", 0);
    tagged["annotations"] = json!([{"label": "caption", "shape": "caption", "text": "a cup", "status": "accepted"}]);
    import(&bench, "tags.jsonl", ImportRole::Work, &[tagged]).await;
    let request = ExportRequest { format: FormatId("crops".into()), ..request };
    let path = bench.folder.path().join("exports/crops");
    let crops = bench.library.datasets.export(&request, &path, &ExportTask::default()).unwrap();
    let (of_crops, crops_page) = self::card(&path);
    let written = &of_crops["written"];
    assert_eq!((&written["images"], &written["annotations"]), (&json!(crops.images), &json!(crops.annotations)));
    assert_eq!((of_crops["images"]["count"].as_u64(), crops.images), (Some(5), 4), "{crops:?}");
    assert!(crops_page.contains("`crops` does not hold captions: 1 annotations are skipped"), "{crops_page}");
    let parts = crops.split.unwrap().parts;
    let [images, annotations] =
        [parts.iter().map(|part| part.images).sum(), parts.iter().map(|part| part.annotations).sum()];
    assert_eq!((images, annotations), (crops.images, crops.annotations), "only what is written is split");

    // Groups that no one has looked for are not counted.
    assert_eq!(card["split"]["groups"], Value::Null);
    assert!(page.contains("were not looked for"), "{page}");
}
