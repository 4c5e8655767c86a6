//! The metrics of runs, from the outside, against the simulator: each is measured, and covers only the images that were sent.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::time::Duration;

use domain::ids::RunId;
use domain::metrics::{Baseline, FEWEST_ALONE, RunMetrics};
use domain::model::ModelId;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use fieldmark_tests::bench::{Bench, COMPLETED, with_concurrency};
use fieldmark_tests::pictures::LABELS;
use keys::Concurrency;
use serde_json::Value;
use simulator::{Latency, Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-any";
/// Long compared with everything that this machine does for an image.
const LATENCY: Duration = Duration::from_millis(300);

async fn simulate(latency: Duration) -> Running {
    let latency = Latency { first_byte: latency.into(), ..Latency::default() };
    Simulator::start(Options { latency, ..Options::default() }).await.unwrap()
}

async fn request(bench: &Bench, concurrency: u32) -> RunRequest {
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()));
    RunRequest { ignores_saved_answers: true, options: with_concurrency(concurrency), ..request }
}

async fn figures(bench: &Bench, run: RunId) -> RunMetrics {
    assert_eq!(bench.end_of(run).await, COMPLETED);
    bench.library.insight.report(run).unwrap().metrics.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_speed_up_is_that_of_two_real_runs() {
    const IMAGES: u32 = 24;
    let server = simulate(LATENCY).await;
    let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
    let sequential = bench.library.runs.start(&request(&bench, 1).await).await.unwrap();
    let sequential = figures(&bench, sequential).await;
    let own = sequential.speedup.unwrap();
    assert_eq!((sequential.concurrency, own.factor, own.saved_millis), (1, 1.0, 0.0));
    assert!(sequential.parallelism.unwrap() <= 1.0, "one in flight, however many were prepared beside it");

    // The same images, some of them alone, and then four concurrently.
    let run = bench.library.runs.start(&request(&bench, 1).await).await.unwrap();
    let mut progress = bench.library.runs.progress(run).unwrap();
    let alone = u32::try_from(FEWEST_ALONE).unwrap();
    progress.wait_for(|snapshot| snapshot.done >= alone).await.unwrap();
    bench.library.runs.pause(run);
    bench.end_of(run).await;
    bench.library.runs.change_concurrency(run, Concurrency::Exactly(4)).await.unwrap();
    bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
    let parallel = figures(&bench, run).await;
    let measured = parallel.speedup.unwrap();
    let Baseline::AloneImages { images } = measured.baseline else { panic!("{measured:?}") };
    assert!(images >= alone && images < IMAGES, "{measured:?}");
    assert_eq!((parallel.asked, parallel.concurrency), (IMAGES, 4));
    assert!((measured.factor - measured.sequential_millis / parallel.wall_millis).abs() < 1e-9, "{measured:?}");
    // Another load of the machine changes one of two runs; a wrong figure is off by more.
    let real = sequential.wall_millis / parallel.wall_millis;
    assert!((0.5..2.0).contains(&(measured.factor / real)), "{} by this run alone, {real} by both", measured.factor);
    assert!((measured.saved_millis - (measured.sequential_millis - parallel.wall_millis)).abs() < 1e-6);

    // Always four in flight: there is no sequential baseline to compare with.
    let run = bench.library.runs.start(&request(&bench, 4).await).await.unwrap();
    let parallel = figures(&bench, run).await;
    assert_eq!((parallel.concurrency, parallel.speedup), (4, None));
    let parallelism = parallel.parallelism.unwrap();
    assert!(parallelism > 2.0 && parallelism <= 4.0, "no more than were in flight: {parallelism}");
    let classic = serde_json::to_value(bench.library.insight.classic_metrics(run).unwrap()).unwrap();
    assert_eq!(classic["benchmarks"], Value::Array(Vec::new()));
    assert_eq!((&classic["metrics"]["timeSaved"], &classic["metrics"]["batchSize"]), (&Value::Null, &IMAGES.into()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_images_that_were_asked_about_are_in_the_figures() {
    let server = simulate(Duration::from_millis(40)).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 6);
    let first = bench.library.runs.start(&request(&bench, 2).await).await.unwrap();
    figures(&bench, first).await;

    // Twelve images: six have saved answers, one cannot be read.
    for name in ["a", "b", "c", "d", "e", "f"] {
        let (picture, _) = fieldmark_tests::pictures::drawing(420 + u32::from(name.as_bytes()[0]), 300);
        fieldmark_tests::pictures::write_png(&picture, &bench.photos().join(format!("{name}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    fs::remove_file(bench.photos().join("a.png")).unwrap();
    let again = RunRequest { ignores_saved_answers: false, ..request(&bench, 2).await };
    let run = bench.library.runs.start(&again).await.unwrap();
    let metrics = figures(&bench, run).await;
    assert_eq!((metrics.asked, metrics.answered, metrics.reused, metrics.unread), (5, 5, 6, 1));
    assert!((metrics.images_per_second - 5.0 / (metrics.wall_millis / 1000.0)).abs() < 1e-9);
    assert!(metrics.p50_millis >= 40.0, "neither a reused answer nor a missing file is fast: {}", metrics.p50_millis);
    assert!((metrics.success_rate - 1.0).abs() < f64::EPSILON);
    // A very short run has a concurrency too.
    assert_eq!(metrics.concurrency, 2);

    let summary = bench.library.history.run(run).unwrap();
    let idle = bench.library.history.progress(run).unwrap();
    assert_eq!(summary.asked, 5);
    assert_eq!((idle.p50_millis, idle.concurrency), (summary.p50_millis, 2));
    assert!((idle.rate_per_minute - summary.rate_per_minute.unwrap()).abs() < 1e-9);
    assert!((summary.rate_per_minute.unwrap() - metrics.images_per_second * 60.0).abs() < 1e-6);

    let classic = serde_json::to_value(bench.library.insight.classic_metrics(run).unwrap()).unwrap();
    let extra = &classic["fieldmark"];
    assert_eq!(
        (&classic["metrics"]["batchSize"], &extra["reused"], &extra["unread"]),
        (&5.into(), &6.into(), &1.into())
    );
    assert_eq!(extra["failures"][0]["kind"], "file_missing");
    // By the rule of 28 pixels per token, each side rounded up: pictures of 517 to 522 by 300 pixels.
    assert_eq!(extra["imageTokens"].as_u64(), Some(5 * 19 * 11));
    assert!(extra["promptTokens"].as_u64() > extra["imageTokens"].as_u64());
    assert!(extra["thinkingTokens"].is_u64() && extra["cacheReadTokens"].is_u64(), "{extra}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_is_listed() {
    let server = simulate(Duration::ZERO).await;
    let bench = Bench::with_pictures(&server.url(), KEY, 6);
    for index in 0..3 {
        fs::remove_file(bench.photos().join(format!("{index}.png"))).unwrap();
    }
    let run = bench.library.runs.start(&request(&bench, 2).await).await.unwrap();
    figures(&bench, run).await;
    let said = |further: &[&str]| {
        let said = bench.fieldmark(&server.url(), KEY).args(["report", "latest"]).args(further).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    };
    let (report, failures) = (said(&[]), said(&["--failures"]));
    let document: Value = serde_json::from_str(&said(&["--failures", "--json"])).unwrap();
    assert_eq!(document.as_array().unwrap().len(), 3);
    for index in 0..3 {
        let path = bench.photos().join(format!("{index}.png")).display().to_string();
        for said in [&report, &failures] {
            assert_eq!(said.matches(&path).count(), 1, "{said}");
        }
        let failed = document.as_array().unwrap().iter().find(|image| image["path"] == path.as_str()).unwrap();
        assert_eq!((failed["kind"].as_str(), failed["requests"].as_u64()), (Some("file_missing"), Some(0)));
    }
    assert!(report.contains("success     100.0 % of 3 images sent"), "{report}");
    server.stop().await;
}
