//! How sides are read: files about images of another size, and runs as they answered.

use std::fs;

use domain::dataset::FormatId;
use domain::evaluation::precision::DetectionCounts;
use domain::evaluation::report::{EvaluationOptions, NotEvaluated, NotEvaluatedReason};
use domain::export::{ExportRequest, ExportScope};
use domain::layers::LayerScope;
use domain::review::{AnnotationChange, Decision, DecisionScope, ImageEdit, Verdict};
use engine::dataset::ExportTask;
use engine::{Cancellation, EngineError};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::drawing;
use fieldmark_tests::sample;
use serde_json::json;

use super::{answered, coco, of_file, of_run};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_about_copies_of_another_size_is_compared_in_the_pixels_of_the_library() {
    let (server, bench, run) = answered().await;
    let path = bench.folder.path().join("truth.json");
    let (_, objects) = drawing(320, 240);
    let mut dataset = coco(&[("copies/photos/0.png", objects), ("photos/1.png", drawing(321, 240).1)]);
    dataset["images"][0]["width"] = json!(640);
    dataset["images"][0]["height"] = json!(480);
    for annotation in dataset["annotations"].as_array_mut().unwrap().iter_mut().take(5) {
        for side in annotation["bbox"].as_array_mut().unwrap() {
            *side = json!(side.as_f64().unwrap() * 2.0);
        }
        annotation["area"] = json!(annotation["area"].as_f64().unwrap() * 4.0);
    }
    dataset["images"][1]["width"] = json!(999);
    fs::write(&path, dataset.to_string()).unwrap();
    for (evaluated, against) in [(of_run(run), of_file(&path)), (of_file(&path), of_run(run))] {
        let options = EvaluationOptions::default();
        let report =
            bench.library.evaluations.evaluate(&[evaluated], &against, options, &Cancellation::default()).unwrap();
        assert_eq!(report.results[0].counts, DetectionCounts { right: 5, wrong: 0, missed: 0 }, "{:?}", report.against);
        assert!(report.results[0].median_iou.unwrap() > 0.9);
        let of_file = if report.is_ground_truth { &report.against } else { &report.results[0].side };
        assert_eq!(of_file.not_evaluated, [NotEvaluated { reason: NotEvaluatedReason::OtherSize, images: 1 }]);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_run_is_judged_as_it_answered_although_its_answers_are_not_kept() {
    let bench = Bench::new();
    fs::copy(sample("astronaut.jpg"), bench.photos().join("astronaut.jpg")).unwrap();
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = bench.start("nanodet-g-416").await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let path = bench.folder.path().join("answer.jsonl");
    let request = ExportRequest::new(ExportScope::Run { run }, FormatId("jsonl".into()));
    bench.library.datasets.export(&request, &path, &ExportTask::default()).unwrap();
    let evaluate = || {
        let options = EvaluationOptions::default();
        let cancellation = Cancellation::default();
        bench.library.evaluations.evaluate(&[of_run(run)], &of_file(&path), options, &cancellation).unwrap()
    };
    let before = evaluate();
    assert!(
        before.results[0].counts.right > 1 && before.results[0].counts.wrong == 0,
        "{:?}",
        before.results[0].counts
    );
    for card in bench.cards() {
        for annotation in card.annotations {
            let scope = DecisionScope::Annotation { id: annotation.id };
            let decision = Decision { image: card.id, scope, verdict: Verdict::Accept };
            bench.library.review.decide(decision, &LayerScope::All).await.unwrap();
            let edit = ImageEdit { image: card.id, changes: vec![AnnotationChange::Remove { id: annotation.id }] };
            bench.library.review.edit(edit, &LayerScope::All).await.unwrap();
        }
    }
    assert_eq!(evaluate().results[0].counts, before.results[0].counts);
    let cancelled = Cancellation::default();
    cancelled.cancel();
    let ended =
        bench.library.evaluations.evaluate(&[of_run(run)], &of_file(&path), EvaluationOptions::default(), &cancelled);
    assert!(matches!(ended, Err(EngineError::Cancelled)), "{ended:?}");
}
