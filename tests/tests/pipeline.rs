//! Import, quote, run, review and report by the engine, on real photos with the embedded detector.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::annotation::{RejectReason, ReviewState, Shape, Status};
use domain::compare::choose::Sides;
use domain::compare::{Agreement, Side};
use domain::geometry::Rect;
use domain::import::{ImportProgress, SkipReason};
use domain::layers::LayerScope;
use domain::library::ImageCard;
use domain::model::UnsupportedCapability;
use domain::plan::{ImageSelection, RunRequest};
use domain::query::{ImageOrder, ImageQuery, Share, parse};
use domain::review::audit::AuditRequest;
use domain::review::checks::Check;
use domain::review::{
    AnnotationChange, AnnotationContent, BulkEditResult, Decision, DecisionScope, ImageEdit, Verdict,
};
use domain::run_state::{FailureKind, RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED, resume};
use fieldmark_tests::{lay_out_photos, sample, stored_with_orientation, taken_at};

fn best<'a>(card: &'a ImageCard, label: &str) -> Option<(&'a Shape, f32)> {
    card.annotations
        .iter()
        .filter(|annotation| annotation.label == label)
        .map(|annotation| (&annotation.shape, annotation.confidence.unwrap_or_default()))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_sit_on_the_cat_in_every_exif_orientation() {
    // Chelsea's head fills most of the photo; measured by eye on the upright sample.
    const CAT: Rect = Rect::new(0.0, 0.0, 392.0, 300.0);
    let bench = Bench::new();
    for orientation in 1..=8 {
        let path = bench.photos().join(format!("cat-{orientation}.jpg"));
        fs::write(path, stored_with_orientation("chelsea.jpg", orientation)).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let cards = bench.cards();
    assert_eq!(cards.len(), 8);
    for card in cards {
        assert_eq!((card.size.width, card.size.height), (451, 300), "{} is upright", card.name);
        let Some((Shape::Box { rect }, confidence)) = best(&card, "cat") else { panic!("no cat on {}", card.name) };
        assert!(rect.iou(CAT) > 0.75, "{}: {rect:?} at {confidence}", card.name);
    }
}

#[test]
fn photos_are_dated_on_import_and_those_from_before_on_the_next() {
    let bench = Bench::new();
    for (name, clock) in [("flower.jpg", "2026:05:14 10:32:05"), ("china.jpg", "2025:12:31 23:59:59")] {
        fs::write(bench.photos().join(name), taken_at(name, clock)).unwrap();
    }
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let names = |conditions: &str| -> Vec<String> {
        let conditions = parse(conditions).unwrap();
        let query = ImageQuery { conditions, order: ImageOrder::Taken, ..ImageQuery::default() };
        let ids = bench.library.images.ids(&query).unwrap();
        bench.library.images.cards(&ids, &LayerScope::All).unwrap().into_iter().map(|card| card.name).collect()
    };
    assert_eq!(names(""), ["china.jpg", "flower.jpg", "coffee.jpg"]);
    assert_eq!(names("taken:2026-05"), ["flower.jpg"]);

    // As in a library from before the date was stored.
    let database = rusqlite::Connection::open(bench.folder.path().join("library/library.sqlite")).unwrap();
    database.execute("UPDATE images SET taken_at = NULL, is_taken_read = 0", []).unwrap();
    assert_eq!(names("taken:<2027"), [""; 0]);
    let again = bench.library.imports.run(&[bench.photos()]).unwrap();
    assert_eq!((again.progress.added, again.progress.known), (0, 3));
    assert_eq!(names(""), ["china.jpg", "flower.jpg", "coffee.jpg"]);
    let unread: u32 =
        database.query_row("SELECT count(*) FROM images WHERE NOT is_taken_read", [], |row| row.get(0)).unwrap();
    assert_eq!(unread, 0, "the one that does not say is not asked again");
}

#[test]
fn leftovers_are_counted_and_imported_only_where_they_are_asked_for() {
    let bench = Bench::new();
    let thumbnails = bench.photos().join("@eaDir/coffee.jpg");
    fs::create_dir_all(&thumbnails).unwrap();
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    fs::copy(sample("flower.jpg"), thumbnails.join("SYNOPHOTO_THUMB_XL.jpg")).unwrap();
    fs::write(bench.photos().join("IMG_1.HEIC"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();

    let imported = bench.library.imports.run(&[bench.photos()]).unwrap();
    let counts = |progress: &ImportProgress| (progress.found, progress.added, progress.skipped, progress.leftovers);
    assert_eq!(counts(&imported.progress), (2, 1, 1, 1));
    assert_eq!(imported.skipped[0].reason, SkipReason::NotSupported { format: "HEIC".into(), detail: None });

    let named = bench.library.imports.run(&[bench.photos().join("@eaDir")]).unwrap();
    assert_eq!(counts(&named.progress), (1, 1, 0, 0));

    let mut settings = bench.library.settings.stated().unwrap();
    settings.import.includes_leftovers = true;
    bench.library.settings.replace(&settings).unwrap();
    let all = bench.library.imports.run(&[bench.photos()]).unwrap();
    assert_eq!(counts(&all.progress), (3, 0, 1, 0));
}

#[test]
fn a_library_in_a_folder_of_photos_does_not_import_its_own_files() {
    let bench = Bench::new();
    let folder = bench.library.folder().to_owned();
    fs::copy(sample("coffee.jpg"), folder.join("coffee.jpg")).unwrap();
    for added in [1, 0] {
        let imported = bench.library.imports.run(std::slice::from_ref(&folder)).unwrap();
        assert_eq!((imported.progress.found, imported.progress.added, imported.progress.skipped), (1, added, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_becomes_reviewed_annotations_and_a_report() {
    let bench = Bench::new();
    let nested = bench.photos().join("a/b");
    fs::create_dir_all(&nested).unwrap();
    fs::copy(sample("chelsea.jpg"), nested.join("chelsea.jpg")).unwrap();
    fs::copy(sample("chelsea.jpg"), bench.photos().join("the same again.jpg")).unwrap();
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    fs::write(bench.photos().join("empty.jpg"), []).unwrap();
    fs::write(bench.photos().join("notes.txt"), "not a photo").unwrap();
    let whole = fs::read(sample("rocket.jpg")).unwrap();
    fs::write(bench.photos().join("truncated.jpg"), &whole[..whole.len() / 2]).unwrap();

    let imported = bench.library.imports.run(&[bench.photos()]).unwrap();
    assert_eq!((imported.progress.found, imported.progress.added, imported.progress.known), (6, 2, 1));
    let mut reasons: Vec<_> = imported.skipped.iter().map(|file| (name(&file.path), &file.reason)).collect();
    reasons.sort_by_key(|(name, _)| *name);
    assert!(
        matches!(
            reasons[..],
            [
                ("empty.jpg", SkipReason::Empty),
                ("notes.txt", SkipReason::NotAnImage),
                ("truncated.jpg", SkipReason::Damaged { .. })
            ]
        ),
        "{reasons:?}"
    );
    // The second import reads nothing twice and adds nothing.
    let again = bench.library.imports.run(&[bench.photos()]).unwrap();
    assert_eq!((again.progress.added, again.progress.known, again.progress.skipped), (0, 3, 3));

    let quote = bench.quote(0);
    assert_eq!((quote.image_count, &quote.suggested_model), (2, &quote.models[0].model.id));
    assert!(quote.models[0].can_run && quote.models[0].time.is_some());
    assert_eq!(quote.models[0].cost.unwrap().at_most, domain::money::PicoDollars::ZERO);

    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    let metrics = report.metrics.unwrap();
    assert_eq!((report.summary.done, report.summary.failed, metrics.asked), (2, 0, 2));
    assert!(metrics.parallelism.unwrap() > 0.0);
    assert!(metrics.p50_millis <= metrics.p95_millis && metrics.p95_millis <= metrics.p99_millis);

    let written = |name: &str| -> serde_json::Value {
        let file = bench.folder.path().join("library/metrics").join(name);
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    };
    let classic = written("batch-annotation-metrics.json");
    assert_eq!(written(&format!("run-{run}.json")), classic);
    // It has the keys of the published schema, in every part.
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(keys(&classic), keys(&schema["properties"]));
    for (part, definition) in [("metrics", "ClassicRun"), ("fieldmark", "MetricsExtra")] {
        assert_eq!(keys(&classic[part]), keys(&schema["$defs"][definition]["properties"]), "{part}");
    }
    for key in [
        "timestamp",
        "batchSize",
        "concurrency",
        "totalDuration",
        "averageTaskDuration",
        "throughput",
        "successRate",
        "retryRate",
        "errorRate",
        "p50Duration",
        "p95Duration",
        "p99Duration",
    ] {
        assert!(!classic["metrics"][key].is_null(), "{key}");
    }
    let measured = metrics.speedup.is_some();
    assert_eq!(classic["benchmarks"].as_array().unwrap().len(), usize::from(measured), "only what was measured");
    assert_eq!(classic["metrics"]["batchSize"], 2);

    let cat = bench.cards().into_iter().find(|card| best(card, "cat").is_some()).expect("a cat");
    let accept = Decision { image: cat.id, scope: DecisionScope::Image, verdict: Verdict::Accept };
    let decided = bench.library.review.decide(accept, &LayerScope::All).await.unwrap();
    assert_eq!(decided.image.review, ReviewState::Reviewed);
    assert!(decided.image.annotations.iter().all(|annotation| annotation.status == Status::Accepted));

    // Undoing the run withdraws the undecided proposals and keeps the user's decisions.
    let undecided = bench.library.history.run(run).unwrap().undecided_count;
    assert_eq!(bench.library.runs.undo(run).await.unwrap(), undecided);
    let annotations: Vec<_> = bench.cards().into_iter().flat_map(|card| card.annotations).collect();
    assert!(!annotations.is_empty() && annotations.iter().all(|annotation| annotation.status == Status::Accepted));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failure_stops_nothing_and_can_be_tried_again() {
    let bench = Bench::new();
    lay_out_photos(&bench.photos(), 8);
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let gone = bench.photos().join("day 1/IMG_0003.jpg");
    let kept = bench.folder.path().join("elsewhere.jpg");
    fs::rename(&gone, &kept).unwrap();
    fs::copy(sample("rocket.jpg"), bench.photos().join("day 1/IMG_0004.jpg")).unwrap();

    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let report = bench.library.insight.report(run).unwrap();
    assert_eq!((report.summary.done, report.summary.failed), (6, 2));
    let mut kinds: Vec<_> = report.failures.iter().map(|group| (group.kind, group.count)).collect();
    kinds.sort();
    assert_eq!(kinds, [(FailureKind::FileMissing, 1), (FailureKind::FileUnreadable, 1)]);
    let failed: Vec<_> = report.failed_images.iter().map(|image| (image.kind, image.path.as_deref())).collect();
    assert_eq!(failed[0], (FailureKind::FileMissing, gone.to_str()));
    assert_eq!((failed.len(), failed[1].0), (2, FailureKind::FileUnreadable));
    // Neither was sent.
    let metrics = report.metrics.unwrap();
    assert_eq!((metrics.asked, metrics.unread, metrics.success_rate), (6, 2, 1.0));

    fs::rename(&kept, &gone).unwrap();
    bench.library.runs.resume(resume(run)).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.failed), (7, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_goes_on_where_it_was() {
    let bench = Bench::new();
    lay_out_photos(&bench.photos(), 30);
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = bench.start("nanodet-g-416").await;
    let mut progress = bench.library.runs.progress(run).unwrap();
    progress.wait_for(|snapshot| snapshot.done > 0).await.unwrap();
    bench.library.runs.pause(run);
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::Paused });
    let paused = bench.library.history.run(run).unwrap();
    assert!(paused.waiting > 0 && paused.done > 0, "{paused:?}");

    bench.library.runs.resume(resume(run)).await.unwrap();
    assert!(bench.library.runs.resume(resume(run)).await.is_err(), "a run is worked on once");
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.done, summary.waiting, summary.retries), (30, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipe_beyond_the_model_says_so_before_it_is_run() {
    let bench = Bench::new();
    fs::copy(sample("chelsea.jpg"), bench.photos().join("cat.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let birds = bench.quote(1);
    assert!(!birds.models[0].can_run);
    assert!(matches!(
        birds.models[0].unsupported_capabilities[0],
        UnsupportedCapability::Attributes { are_required: true, .. }
    ));

    let typed = bench.library.recipes.save_typed("cat, bicycle bell").await.unwrap();
    let quote = bench.quote_of(typed.id);
    assert!(quote.models[0].can_run);
    assert_eq!(
        quote.models[0].unsupported_capabilities,
        [UnsupportedCapability::UnknownLabels { labels: vec!["bicycle bell".into()] }]
    );

    let model = quote.models[0].model.id.clone();
    let birds = bench.library.recipes.all().unwrap()[1].id;
    let request = RunRequest::of(ImageSelection::All, birds, model);
    assert!(bench.library.runs.start(&request).await.is_err());
}

#[test]
fn a_cancelled_import_keeps_what_it_has() {
    let bench = Bench::new();
    lay_out_photos(&bench.photos(), 60);
    let library = Arc::clone(&bench.library);
    let photos = bench.photos();
    let importing = std::thread::spawn(move || library.imports.run(&[photos]).unwrap());
    while !importing.is_finished() {
        bench.library.imports.cancel();
    }
    let imported = importing.join().unwrap();
    assert!(imported.progress.is_cancelled && imported.progress.is_finished);
    assert_eq!(bench.cards().len(), imported.images.len());
    assert!(imported.images.len() < 60);
}

fn name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_compared_with_what_people_decided_although_a_later_run_replaced_its_annotations() {
    let bench = Bench::new();
    fs::copy(sample("chelsea.jpg"), bench.photos().join("chelsea.jpg")).unwrap();
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let first = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(first).await, COMPLETED);
    let second = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(second).await, COMPLETED);

    let [first, second] = [first, second].map(|run| Side::Run { run });
    let with_people = Sides { first, second: Side::Decided };
    let alike = bench.library.review.compare_sides(Sides { first, second }).unwrap();
    assert_eq!((alike.images, alike.things.differences()), (2, 0), "the same model says the same: {alike:?}");
    assert!(alike.things.agreed >= 2, "{alike:?}");
    let untouched = bench.library.review.compare_sides(with_people).unwrap();
    assert_eq!(untouched.images, 0, "nothing is reviewed yet");

    // One is relabeled, one that was not detected is drawn, the rest are rejected.
    let card = bench.cards().into_iter().find(|card| card.name == "coffee.jpg").unwrap();
    let cup = card.annotations.iter().find(|annotation| annotation.label == "cup").unwrap();
    let content = |label: &str, shape: &Shape| AnnotationContent {
        label: label.into(),
        shape: shape.clone(),
        attributes: std::collections::BTreeMap::new(),
    };
    let corner = Shape::Box { rect: Rect::new(1.0, 1.0, 30.0, 20.0) };
    let mut changes = vec![
        AnnotationChange::Change { id: cup.id, content: content("mug", &cup.shape) },
        AnnotationChange::Add { content: content("napkin", &corner) },
    ];
    let rejected = Verdict::Reject { reason: Some(RejectReason::NotThere) };
    let others: Vec<_> = card.annotations.iter().filter(|annotation| annotation.id != cup.id).collect();
    changes.extend(others.iter().map(|annotation| AnnotationChange::Decide { id: annotation.id, verdict: rejected }));
    bench.library.review.edit(ImageEdit { image: card.id, changes }, &LayerScope::All).await.unwrap();
    let accept = Decision { image: card.id, scope: DecisionScope::Image, verdict: Verdict::Accept };
    bench.library.review.decide(accept, &LayerScope::All).await.unwrap();

    let pairs = bench.library.review.compare_image(card.id, with_people).unwrap();
    let of = |agreement| {
        pairs.iter().map(|chosen| &chosen.pair).filter(|pair| pair.agreement == agreement).collect::<Vec<_>>()
    };
    let relabelled = of(Agreement::Relabelled);
    assert_eq!(relabelled.len(), 1, "{pairs:?}");
    let labels = [&relabelled[0].first, &relabelled[0].second].map(|side| side.as_ref().unwrap().label.as_str());
    assert_eq!(labels, ["cup", "mug"]);
    assert_eq!(of(Agreement::OnlyFirst).len(), others.len());
    assert_eq!(of(Agreement::OnlySecond)[0].second.as_ref().unwrap().label, "napkin");
    let compared = bench.library.review.compare_sides(with_people).unwrap();
    assert_eq!((compared.images, compared.differing), (1, vec![card.id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn likely_mistakes_are_repaired_and_certain_annotations_accepted_after_a_look_at_a_sample() {
    let bench = Bench::new();
    for photo in ["chelsea.jpg", "coffee.jpg", "rocket.jpg"] {
        fs::copy(sample(photo), bench.photos().join(photo)).unwrap();
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let card = bench.cards().into_iter().find(|card| card.name == "rocket.jpg").unwrap();
    let (width, height) = (f64::from(card.size.width), f64::from(card.size.height));
    let shape = Shape::Box { rect: Rect::new(0.0, 0.0, width, height - 1.0) };
    let whole = AnnotationContent { label: "table".into(), shape, attributes: std::collections::BTreeMap::new() };
    let everything = ImageQuery::default();
    let huge = || {
        let counts = bench.library.images.filter_counts(&everything).unwrap();
        counts.checks.iter().find(|count| count.filter == Check::Huge).map_or(0, |count| count.count)
    };
    let found_by_the_model = huge();
    let edit = ImageEdit { image: card.id, changes: vec![AnnotationChange::Add { content: whole }] };
    let drawn = bench.library.review.edit(edit, &LayerScope::All).await.unwrap().annotations[0];
    assert_eq!(huge(), found_by_the_model + 1);
    let findings = bench.library.review.findings(card.id, &LayerScope::All).unwrap();
    assert!(findings.iter().any(|finding| finding.check == Check::Huge && finding.annotation == drawn), "{findings:?}");
    let uncertain = ImageQuery { order: ImageOrder::Uncertainty, ..everything.clone() };
    assert_eq!(bench.library.images.ids(&uncertain).unwrap().len(), 3);
    let extent = bench.library.review.repair_extent(Check::Huge, &everything).unwrap();
    let annotations = found_by_the_model + 1;
    assert_eq!((extent.annotations, extent.decided, extent.reviewed), (annotations, 1, 0), "drawing reviews no image");
    assert!((1..=annotations).contains(&extent.images), "{extent:?}");
    let spared = bench.library.review.repair(Check::Huge, &everything, true).await.unwrap();
    assert_eq!(spared.annotations, found_by_the_model, "what was drawn stays");
    assert_eq!(huge(), 1);
    if found_by_the_model > 0 {
        bench.library.review.undo_latest(&LayerScope::All).await.unwrap().unwrap();
    }
    let swept = bench.library.review.repair(Check::Huge, &everything, false).await.unwrap();
    assert_eq!(swept, BulkEditResult { images: found_by_the_model + 1, annotations: found_by_the_model + 1 });
    assert_eq!(huge(), 0);
    bench.library.review.undo_latest(&LayerScope::All).await.unwrap().unwrap();
    assert_eq!(huge(), found_by_the_model + 1);

    let request = AuditRequest {
        query: everything.clone(),
        label: "cat".into(),
        threshold: Share(0.3),
        sample: 50,
        error_limit: Share(0.05),
    };
    let audit = bench.library.review.begin_audit(request.clone()).await.unwrap();
    assert_eq!(audit.proposals as usize, audit.sample.len(), "all of them, where there are few");
    assert_eq!(audit.error_rate, None);
    let scope = DecisionScope::Annotation { id: audit.sample[0].annotation };
    let right = Decision { image: audit.sample[0].image, scope, verdict: Verdict::Accept };
    bench.library.review.decide(right, &LayerScope::All).await.unwrap();
    let rate = bench.library.review.audit(audit.id).unwrap().error_rate.unwrap();
    assert_eq!((rate.judged, rate.wrong), (1, 0));
    assert!((rate.at_most - 0.95).abs() < 1e-6, "one right one says next to nothing: {}", rate.at_most);
    let accepted = bench.library.review.accept_audited(audit.id).await.unwrap();
    assert_eq!(accepted.accepted, Some(audit.proposals - 1));
    let nothing_left = bench.library.review.begin_audit(request).await;
    assert!(matches!(nothing_left, Err(engine::EngineError::NothingToAudit)), "{nothing_left:?}");
}
