//! Evaluations of runs and files, from the library and from the command line, with figures computed by hand or by pycocotools.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod sides;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use domain::compare::Side;
use domain::compare::choose::Sides;
use domain::dataset::FormatId;
use domain::dataset_import::{DatasetImportRequest, ImportRole};
use domain::evaluation::precision::DetectionCounts;
use domain::evaluation::report::{
    EvaluatedSource, EvaluationOptions, EvaluationReport, EvaluationRequest, NotEvaluated, NotEvaluatedReason,
    ThresholdSource, UnmeasuredReason,
};
use domain::export::{ExportRequest, ExportScope};
use domain::geometry::Rect;
use domain::ids::RunId;
use domain::layers::LayerScope;
use domain::review::{Decision, DecisionScope, Verdict};
use engine::dataset::ExportTask;
use engine::{Cancellation, EngineError, EvaluationSource};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::{LABELS, drawing};
use fieldmark_tests::repository;
use serde_json::{Value, json};
use simulator::{Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-any";

/// Three pictures of five shapes, all found.
async fn answered() -> (Running, Bench, RunId) {
    answered_on(3).await
}

async fn answered_on(pictures: u32) -> (Running, Bench, RunId) {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, pictures);
    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    (server, bench, run)
}

fn bbox(rect: Rect) -> [f64; 4] {
    [rect.x1, rect.y1, rect.width(), rect.height()]
}

/// A COCO dataset of objects by file name, with labels numbered as they come.
fn coco(images: &[(&str, Vec<(&str, Rect)>)]) -> Value {
    let mut labels: Vec<&str> =
        images.iter().flat_map(|(_, objects)| objects.iter().map(|(label, _)| *label)).collect();
    labels.sort_unstable();
    labels.dedup();
    let id_of = |label: &str| labels.iter().position(|known| *known == label).unwrap() + 1;
    let mut annotations = Vec::new();
    for (image, (_, objects)) in images.iter().enumerate() {
        for (label, rect) in objects {
            annotations.push(json!({"id": annotations.len() + 1, "image_id": image + 1, "category_id": id_of(label),
                "bbox": bbox(*rect), "area": rect.area(), "iscrowd": 0}));
        }
    }
    json!({
        "images": images.iter().enumerate().map(|(image, (name, _))| json!({"id": image + 1, "file_name": name,
            "width": 320 + image, "height": 240})).collect::<Vec<_>>(),
        "annotations": annotations,
        "categories": labels.iter().map(|label| json!({"id": id_of(label), "name": label})).collect::<Vec<_>>(),
    })
}

/// The truth of the first two pictures: on the first, yellow is elsewhere and magenta is not there; on the second, something is
/// there that the run did not look for.
fn truth() -> Value {
    let (_, mut first) = drawing(320, 240);
    first.retain(|(label, _)| *label != "magenta" && *label != "yellow");
    first.push(("yellow", Rect::new(200.0, 200.0, 240.0, 230.0)));
    let spelled = first.into_iter().map(|(label, rect)| (if label == "red" { "Red" } else { label }, rect)).collect();
    let (_, mut second) = drawing(321, 240);
    second.retain(|(label, _)| *label != "red");
    second.push(("Red", drawing(321, 240).1[0].1));
    second.push(("cyan", Rect::new(0.0, 0.0, 8.0, 8.0)));
    coco(&[("set/photos/0.png", spelled), ("set/photos/1.png", second)])
}

fn of_run(run: RunId) -> EvaluationSource {
    EvaluationSource::Library(Side::Run { run })
}

fn of_file(path: &Path) -> EvaluationSource {
    EvaluationSource::File { path: path.to_owned(), format: None }
}

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-9)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_judged_by_a_dataset_as_computed_by_hand() {
    let (server, bench, run) = answered().await;
    let path = bench.folder.path().join("truth.json");
    fs::write(&path, truth().to_string()).unwrap();
    let report = bench
        .library
        .evaluations
        .evaluate(&[of_run(run)], &of_file(&path), EvaluationOptions::default(), &Cancellation::default())
        .unwrap();
    let result = &report.results[0];
    assert!(report.is_ground_truth);
    assert_eq!((report.images, report.objects, result.detections, report.resamples), (2, 10, 10, 0));
    // The third picture is not in the dataset.
    assert_eq!(result.side.not_evaluated, [NotEvaluated { reason: NotEvaluatedReason::OnlyHere, images: 1 }]);
    assert_eq!(report.against.not_evaluated, []);
    // Wrong: yellow and magenta on the first. Missed: yellow on the first, cyan on the second.
    assert_eq!(result.counts, DetectionCounts { right: 8, wrong: 2, missed: 2 });
    assert!(close(result.precision, 0.8) && close(result.recall, 0.8) && close(result.f1, 0.8), "{result:?}");
    // Yellow: half of it found at a precision of a half, at 51 of the 101 recalls. Magenta: at a precision of a half. Cyan: 0.
    let ap50 = (3.0 + 0.5 * 51.0 / 101.0 + 0.5 + 0.0) / 6.0;
    assert!(close(result.coco.ap50, ap50), "{:?}, expected {ap50}", result.coco);
    let shared = result.per_label.iter().find(|label| label.label == "Red").unwrap();
    assert_eq!((shared.objects, shared.detections, shared.ap50), (2, 2, Some(1.0)), "in the spelling of the truth");
    let cyan = result.per_label.iter().find(|label| label.label == "cyan").unwrap();
    assert!(!cyan.is_in_result && close(cyan.ap50, 0.0), "{cyan:?}");
    assert_eq!(result.shared_labels, 5);
    assert_eq!((result.images_with_errors, result.worst.len()), (2, 2));
    // The first has three errors, the second one.
    let worst: Vec<_> = result.worst.iter().map(|image| (image.name.as_str(), image.counts.missed)).collect();
    assert_eq!(worst, [("0.png", 1), ("1.png", 1)]);
    assert_eq!(result.iou_histogram.iter().sum::<u32>(), 8);
    // Two of three pictures were paid for here: the third one does not count.
    let summary = bench.library.history.run(run).unwrap();
    let (paid, each) = (result.cost.paid.unwrap(), result.cost.per_box.unwrap());
    assert!(paid < summary.paid && paid.0 > summary.paid.0 / 2, "{paid:?} of {:?}", summary.paid);
    assert_eq!(each.0, paid.0.div_ceil(8));
    assert!(result.cost.seconds_per_correct_box.is_some_and(|seconds| seconds > 0.0));
    assert_eq!(result.threshold_source, ThresholdSource::BestF1);
    let missing = |figure: &str| result.unmeasured.iter().find(|each| each.figure == figure).map(|each| each.reason);
    assert_eq!(missing("tags"), Some(UnmeasuredReason::NoTags));
    assert_eq!([missing("ap50"), missing("dollars_per_correct_box")], [None, None]);

    // Nothing counts above the confidence of all.
    let options = EvaluationOptions { threshold: Some(1.0), ..EvaluationOptions::default() };
    let report =
        bench.library.evaluations.evaluate(&[of_run(run)], &of_file(&path), options, &Cancellation::default()).unwrap();
    assert_eq!(report.results[0].counts, DetectionCounts { right: 0, wrong: 0, missed: 10 });
    assert_eq!((report.results[0].precision, report.results[0].cost.per_box), (None, None));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_judged_by_its_answers_whatever_people_did_with_them() {
    let (server, bench, run) = answered().await;
    let cards = bench.cards();
    // One box of the first picture is rejected, the others are approved. The second picture is approved, the third is open.
    let red = cards[0].annotations.iter().find(|annotation| annotation.label == "red").unwrap();
    let decisions = [
        (cards[0].id, DecisionScope::Annotation { id: red.id }, Verdict::Reject { reason: None }),
        (cards[0].id, DecisionScope::Image, Verdict::Accept),
        (cards[1].id, DecisionScope::Image, Verdict::Accept),
    ];
    for (image, scope, verdict) in decisions {
        bench.library.review.decide(Decision { image, scope, verdict }, &LayerScope::All).await.unwrap();
    }
    let request = |evaluated: Side, against: Side| EvaluationRequest {
        evaluated: vec![evaluated],
        against,
        options: EvaluationOptions::default(),
    };
    let report =
        bench.library.evaluations.report(&request(Side::Run { run }, Side::Decided), &Cancellation::default()).unwrap();
    let result = &report.results[0];
    assert_eq!((report.images, report.objects), (2, 9));
    assert_eq!(result.counts, DetectionCounts { right: 9, wrong: 1, missed: 0 });
    assert_eq!(result.approved_from_it, 9, "its recall may be too high");
    assert_eq!(result.confusion.iter().filter(|cell| cell.truth.is_none()).map(|cell| cell.count).sum::<u32>(), 1);

    // People against the run: they have no confidence, no cost and no calibration.
    let report =
        bench.library.evaluations.report(&request(Side::Decided, Side::Run { run }), &Cancellation::default()).unwrap();
    let result = &report.results[0];
    assert!(!report.is_ground_truth);
    assert_eq!((result.detections, result.unscored, &result.calibration), (9, 9, &None));
    assert_eq!((result.cost.paid, result.cost.seconds), (None, None));
    assert!(result.unmeasured.iter().any(|each| each.reason == UnmeasuredReason::NotARun));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_shown_only_where_there_is_one() {
    let (server, bench, run) = answered_on(12).await;
    let less = bench.look_for("red, green, blue", MODEL).await;
    assert_eq!(bench.end_of(less).await, COMPLETED);
    let names: Vec<String> = (0..12).map(|number| format!("{number}.png")).collect();
    let whole: Vec<(&str, Vec<(&str, Rect)>)> =
        names.iter().zip(320..).map(|(name, width)| (name.as_str(), drawing(width, 240).1)).collect();
    let path = bench.folder.path().join("truth.json");
    fs::write(&path, coco(&whole).to_string()).unwrap();
    let sides = [of_run(run), of_run(less), of_run(run)];
    let evaluate = |options| {
        bench.library.evaluations.evaluate(&sides, &of_file(&path), options, &Cancellation::default()).unwrap()
    };
    let report = evaluate(EvaluationOptions::default());
    let [first, worse, same] = &report.results[..] else { panic!("three results") };
    assert_eq!((first.difference, first.intervals.is_some()), (None, true));
    let (worse, same) = (worse.difference.unwrap(), same.difference.unwrap());
    let recall = worse.recall.unwrap();
    assert!(recall.is_shown() && close(Some(recall.difference), -0.4), "{recall:?}");
    assert!(worse.ap50.unwrap().is_shown() && !same.ap50.unwrap().is_shown() && !same.recall.unwrap().is_shown());
    assert_eq!(evaluate(EvaluationOptions::default()), report, "the draws are the same each time");
    let none = evaluate(EvaluationOptions { resamples: Some(0), ..EvaluationOptions::default() });
    assert_eq!(none.results[0].intervals, None);
    assert!(none.results[1].difference.unwrap().recall.unwrap().interval.is_none());
    // Of nine images, no figure says whether it would differ on others.
    fs::write(&path, coco(&whole[..9]).to_string()).unwrap();
    let few = evaluate(EvaluationOptions::default());
    assert_eq!((few.images, few.images_with_objects, few.resamples, few.results[1].intervals), (9, 9, 0, None));
    let recall = few.results[1].difference.unwrap().recall.unwrap();
    assert!(close(Some(recall.difference), -0.4) && !recall.is_shown(), "{recall:?}");
    let reason = few.results[1].unmeasured.iter().find(|each| each.figure == "intervals").map(|each| each.reason);
    assert_eq!(reason, Some(UnmeasuredReason::TooFewImages));
    let none = evaluate(EvaluationOptions { resamples: Some(0), ..EvaluationOptions::default() });
    assert!(none.results[1].unmeasured.iter().all(|each| each.figure != "intervals"), "none were asked for");
    // Ten images are enough, but not for a label that only one of them has.
    let mut rare: Vec<(&str, Vec<(&str, Rect)>)> = whole[..10].to_vec();
    rare[1..].iter_mut().for_each(|(_, objects)| objects.retain(|(label, _)| *label != "yellow"));
    fs::write(&path, coco(&rare).to_string()).unwrap();
    let rare = evaluate(EvaluationOptions::default());
    let label = |name: &str| rare.results[1].per_label.iter().find(|label| label.label == name).unwrap();
    assert!(label("magenta").ap50_difference.unwrap().is_shown());
    let yellow = label("yellow").ap50_difference.unwrap();
    assert!(close(Some(yellow.difference), -1.0) && !yellow.is_shown(), "{yellow:?}");

    // Two runs agree on what both look for. The model takes the other shapes for one of its three labels.
    let report = bench
        .library
        .evaluations
        .evaluate(&[of_run(less)], &of_run(run), EvaluationOptions::default(), &Cancellation::default())
        .unwrap();
    assert!(!report.is_ground_truth);
    assert_eq!(report.results[0].counts, DetectionCounts { right: 36, wrong: 24, missed: 24 });
    let other = Bench::new();
    let nothing = other.library.evaluations.evaluate(
        &[of_file(&path)],
        &EvaluationSource::Library(Side::Decided),
        EvaluationOptions::default(),
        &Cancellation::default(),
    );
    assert!(matches!(nothing, Err(EngineError::NoCommonImages)), "{nothing:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_prints_the_report_and_fails_below_a_limit() {
    let (server, bench, run) = answered().await;
    let path = bench.folder.path().join("truth.json");
    fs::write(&path, truth().to_string()).unwrap();
    let evaluate = |arguments: &[&str]| {
        let mut command = bench.fieldmark(&server.url(), KEY);
        command.args(["evaluate", &run.to_string(), "--against", "truth.json"]).args(arguments).output().unwrap()
    };
    let printed = evaluate(&["--json", "--fail-under", "ap50=0.6", "--fail-under", "recall=0.8"]);
    assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
    let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
    for (key, expected) in
        [("precision", json!(0.8)), ("recall", json!(0.8)), ("images", json!(2)), ("others", json!([]))]
    {
        assert_eq!(document[key], expected, "{key}");
    }
    for key in ["ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar100", "f1", "per_label", "confusion"] {
        assert!(document.get(key).is_some(), "{key}");
    }
    assert_eq!(document["ap_large"], Value::Null);
    let reasons = document["unmeasured"].as_array().unwrap();
    assert!(reasons.contains(&json!({"figure": "ap_large", "reason": "no_objects_of_this_size"})), "{reasons:?}");

    // What is not measured does not reach a limit.
    let printed = evaluate(&["--fail-under", "ap50=0.6", "--fail-under", "f1=0.81", "--fail-under", "tags=0"]);
    assert_eq!(printed.status.code(), Some(1));
    let said = text(&printed.stderr);
    assert!(said.contains("f1 of run 1") && said.contains("0.8000, below 0.81"), "{said}");
    assert!(said.contains("tags of run 1") && said.contains("was not measured") && !said.contains("ap50"), "{said}");
    let report = text(&printed.stdout);
    assert!(report.contains("Red") && report.contains("\n\nWorst images, of "), "{report}");
    for (arguments, code) in [(&["--fail-under", "map=1"][..], 2), (&["--threshold", "2"], 2)] {
        assert_eq!(evaluate(arguments).status.code(), Some(code), "{arguments:?}");
    }
    let missing = bench.fieldmark(&server.url(), KEY).args(["evaluate", "9", "--against", "people"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2), "{}", text(&missing.stderr));
    server.stop().await;
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `fieldmark evaluate` without a library.
fn evaluate_files(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(fieldmark_tests::binary("fieldmark"))
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .arg("evaluate")
        .args(arguments)
        .output()
        .unwrap()
}

/// Objects with crowds and areas of outlines, and detections of them and of others: for the command line, and for
/// `tests/readers/evaluate.py`.
fn random_dataset(seed: u64) -> (Value, Value, Value) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut truth, mut detections) = (Vec::new(), Vec::new());
    for image in 0..40 {
        for _ in 0..random.u32(0..9) {
            let mut side = |from: u32, to: u32| f64::from(random.u32(from..to));
            let bounds = [side(0, 500), side(0, 400), side(5, 180), side(5, 180)];
            let label = random.u32(0..4);
            let area = bounds[2] * bounds[3] * (0.5 + random.f64() / 2.0);
            truth.push(json!({"image": image, "label": label, "bbox": bounds, "area": area, "is_crowd": random.u32(0..9) == 0}));
            for _ in 0..random.u32(0..3) {
                let moved = bounds.map(|side| (side + random.f64() * 10.0).max(1.0));
                let label = if random.u32(0..5) == 0 { random.u32(0..4) } else { label };
                let score = f64::from(random.u32(1..100)) / 100.0;
                detections.push(json!({"image": image, "label": label, "bbox": moved, "score": score}));
            }
        }
    }
    let annotations = truth.iter().enumerate().map(|(number, object)| {
        let crowd = u8::from(object["is_crowd"].as_bool().unwrap());
        json!({"id": number + 1, "image_id": object["image"].as_u64().unwrap() + 1, "bbox": object["bbox"],
            "category_id": object["label"].as_u64().unwrap() + 1, "area": object["area"], "iscrowd": crowd})
    });
    let instances = json!({
        "images": (1..=40).map(|id| json!({"id": id, "file_name": format!("{id}.jpg"), "width": 640, "height": 480})).collect::<Vec<_>>(),
        "annotations": annotations.collect::<Vec<_>>(),
        "categories": (1..=4).map(|id| json!({"id": id, "name": format!("label {id}")})).collect::<Vec<_>>(),
    });
    let results = detections.iter().map(|found| {
        json!({"image_id": found["image"].as_u64().unwrap() + 1, "category_id": found["label"].as_u64().unwrap() + 1,
            "bbox": found["bbox"], "score": found["score"]})
    });
    let results = Value::Array(results.collect());
    (instances, results, json!({"images": 40, "truth": truth, "detections": detections}))
}

#[test]
fn files_are_evaluated_as_by_pycocotools() {
    let folder = tempfile::tempdir().unwrap();
    let datasets: Vec<_> = (1..=3).map(random_dataset).collect();
    let python = repository("build/readers/bin/python");
    assert!(python.exists(), "{} is missing: `scripts/setup test` installs it", python.display());
    let (given, results) = (folder.path().join("given.json"), folder.path().join("results.json"));
    let all = Value::Array(datasets.iter().map(|(_, _, dataset)| dataset.clone()).collect());
    fs::write(&given, all.to_string()).unwrap();
    let run =
        Command::new(python).arg(repository("tests/readers/evaluate.py")).args([&given, &results]).output().unwrap();
    assert!(run.status.success(), "{}", text(&run.stderr));
    let expected: Vec<Value> = serde_json::from_slice(&fs::read(&results).unwrap()).unwrap();
    for ((instances, detections, _), expected) in datasets.iter().zip(expected) {
        fs::write(folder.path().join("instances.json"), instances.to_string()).unwrap();
        fs::write(folder.path().join("detections.json"), detections.to_string()).unwrap();
        let printed = evaluate_files(folder.path(), &["detections.json", "--against", "instances.json", "--json"]);
        assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
        let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let keys = [
            "ap",
            "ap50",
            "ap75",
            "ap_small",
            "ap_medium",
            "ap_large",
            "ar1",
            "ar10",
            "ar100",
            "ar_small",
            "ar_medium",
            "ar_large",
        ];
        for (key, figure) in keys.iter().zip(expected["figures"].as_array().unwrap()) {
            let (found, figure) = (document[key].as_f64().unwrap_or(-1.0), figure.as_f64().unwrap());
            assert!((found - figure).abs() < 1e-6, "{key}: {found}, pycocotools {figure}");
        }
        assert_eq!(document["images"], 40);
    }
    // A list of detections says nothing without its dataset.
    let printed = evaluate_files(folder.path(), &["instances.json", "--against", "detections.json"]);
    assert_eq!(printed.status.code(), Some(1), "{}", text(&printed.stderr));
    assert!(text(&printed.stderr).contains("COCO dataset"), "{}", text(&printed.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_in_any_format_agrees_with_its_run() {
    let (server, bench, run) = answered().await;
    for format in engine::dataset::formats().filter(|format| format.is_readable || format.id == "coco-detections") {
        let path = bench.folder.path().join(format!("{}.{}", format.id, format.package.extension().unwrap_or("d")));
        let request = ExportRequest::new(ExportScope::Run { run }, FormatId(format.id.into()));
        bench.library.datasets.export(&request, &path, &ExportTask::default()).unwrap();
        let against = if format.id == "coco-detections" { bench.folder.path().join("coco.json") } else { path.clone() };
        let side = if against == path { of_run(run) } else { of_file(&path) };
        let report = bench
            .library
            .evaluations
            .evaluate(&[side], &of_file(&against), EvaluationOptions::default(), &Cancellation::default())
            .unwrap();
        let EvaluatedSource::File { format: recognized, .. } = &report.against.source else { panic!("a file") };
        let expected = if against == path { format.id } else { "coco" };
        assert_eq!(recognized, expected);
        let right = DetectionCounts { right: 15, wrong: 0, missed: 0 };
        assert_eq!((report.images, report.results[0].counts), (3, right), "{}", format.id);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_layer_is_a_truth_or_predictions_as_it_was_imported() {
    let (server, bench, run) = answered().await;
    let path = bench.folder.path().join("truth.json");
    let mut dataset = truth();
    dataset["annotations"][0]["iscrowd"] = json!(1);
    fs::write(&path, dataset.to_string()).unwrap();
    let import = |role| DatasetImportRequest {
        path: path.to_string_lossy().into_owned(),
        format: None,
        role,
        collection: None,
        recipe: None,
        mapping: Vec::new(),
    };
    let layer = async |role| {
        bench.library.dataset_imports.import(import(role), &Arc::default()).await.unwrap().layer.unwrap().id
    };
    let against = layer(ImportRole::GroundTruth).await;
    let evaluate = |evaluated: RunId, against: EvaluationSource| {
        let options = EvaluationOptions::default();
        bench.library.evaluations.evaluate(&[of_run(evaluated)], &against, options, &Cancellation::default()).unwrap()
    };
    let by_layer = evaluate(run, of_run(against));
    assert!(by_layer.is_ground_truth, "{:?}", by_layer.against);
    assert_eq!((by_layer.images, by_layer.objects, by_layer.crowds), (2, 9, 1));
    let by_file = evaluate(run, of_file(&path));
    assert_eq!(by_layer.results[0].counts, by_file.results[0].counts);
    // The exported layer has its crowds for other evaluators too.
    let exported = bench.folder.path().join("exported.json");
    let request = ExportRequest {
        layers: Some(LayerScope::of_run(against)),
        ..ExportRequest::new(ExportScope::Library, FormatId("coco".into()))
    };
    bench.library.datasets.export(&request, &exported, &ExportTask::default()).unwrap();
    let by_exported = evaluate(run, of_file(&exported));
    assert_eq!((by_exported.objects, by_exported.crowds), (by_layer.objects, by_layer.crowds));
    assert_eq!(by_exported.results[0].counts, by_layer.results[0].counts);
    let (of_layer, of_file) = (by_layer.results[0].coco, by_file.results[0].coco);
    assert!(close(of_layer.ap, of_file.ap.unwrap()) && close(of_layer.ap50, of_file.ap50.unwrap()), "{of_layer:?}");

    let predicted = layer(ImportRole::Predictions).await;
    let report = evaluate(predicted, of_run(against));
    assert_eq!((report.results[0].counts.missed, report.results[0].coco.ap50), (0, Some(1.0)));
    assert!(!evaluate(run, of_run(predicted)).is_ground_truth);
    let sides = Sides { first: Side::Run { run }, second: Side::Run { run: against } };
    let pairs = bench.library.review.compare_image(bench.cards()[1].id, sides).unwrap();
    assert_eq!(pairs.iter().filter(|pair| pair.pair.first.is_some() && pair.pair.second.is_some()).count(), 5);
    server.stop().await;
}

#[test]
fn a_report_is_read_from_its_json() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let [one, other] = ["one.json", "other.json"].map(|name| folder.path().join(name));
    let box_at = |x: f64| Rect::new(x, 0.0, x + 40.0, 40.0);
    fs::write(&one, coco(&[("a.jpg", vec![("cat", box_at(0.0)), ("dog", box_at(100.0))])]).to_string()).unwrap();
    fs::write(&other, coco(&[("a.jpg", vec![("cat", box_at(4.0)), ("cat", box_at(200.0))])]).to_string()).unwrap();
    let options = EvaluationOptions { threshold: Some(0.5), ..EvaluationOptions::default() };
    let report = bench
        .library
        .evaluations
        .evaluate(&[of_file(&other)], &of_file(&one), options, &Cancellation::default())
        .unwrap();
    assert_eq!(report.results[0].counts, DetectionCounts { right: 1, wrong: 1, missed: 1 });
    assert_eq!(report.results[0].unscored, 2);
    let json = serde_json::to_string(&report).unwrap();
    let read: EvaluationReport = serde_json::from_str(&json).unwrap();
    assert_eq!((read.labels, &read.results[0].unmeasured), (report.labels, &report.results[0].unmeasured));
    assert_eq!(
        (read.results[0].counts, read.results[0].side.clone()),
        (report.results[0].counts, report.results[0].side.clone())
    );
}
