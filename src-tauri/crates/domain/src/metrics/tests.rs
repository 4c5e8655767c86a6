use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs")
}

fn schema() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(ClassicMetrics)).unwrap();
    schema["title"] = "Metrics of a run of Fieldmark".into();
    schema
}

#[test]
fn the_published_schema_is_up_to_date() {
    let path = docs().join("metrics.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    } else {
        assert_eq!(fs::read_to_string(&path).unwrap().replace("\r\n", "\n"), text, "run with UPDATE_DOCS=1");
    }
}

/// The keys in the first column of the tables of a section of docs/metrics.md.
fn documented(section: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(docs().join("metrics.md")).unwrap();
    let text = page.split("\n## ").find(|part| part.starts_with(&format!("`{section}`"))).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    rows.flat_map(|cell| cell.split(',').map(|key| key.trim().trim_matches('`').to_owned())).collect()
}

#[test]
fn every_key_is_documented_and_every_documented_key_exists() {
    let schema = schema();
    for (section, definition) in [("metrics", "ClassicRun"), ("fieldmark", "MetricsExtra")] {
        let properties = schema["$defs"][definition]["properties"].as_object().unwrap();
        assert_eq!(documented(section), properties.keys().cloned().collect(), "{section}");
    }
}

#[test]
fn quantiles_interpolate() {
    let sorted: Vec<f64> = (1..=5).map(f64::from).collect();
    assert_eq!(quantile(&sorted, 0.5), Some(3.0));
    assert_eq!(quantile(&sorted, 0.95), Some(4.8));
    assert_eq!(quantile(&sorted, 1.0), Some(5.0));
    assert_eq!(quantile(&[], 0.5), None);
}

/// Four images in half a second, two at a time.
fn recorded() -> Recorded {
    Recorded {
        task_millis: vec![100.0, 300.0, 200.0, 400.0],
        answered: 3,
        retries: 1,
        wall_millis: 500.0,
        in_flight_millis: Some(900.0),
        concurrency: 2,
        ..Recorded::default()
    }
}

#[test]
fn figures_follow_from_what_was_recorded() {
    let metrics = recorded().metrics().unwrap();
    insta::assert_json_snapshot!(ClassicRun::new("2026-11-23T10:00:00Z".into(), &metrics), @r#"
    {
      "timestamp": "2026-11-23T10:00:00Z",
      "batchSize": 4,
      "concurrency": 2,
      "totalDuration": 500.0,
      "averageTaskDuration": 250.0,
      "throughput": 8.0,
      "successRate": 0.75,
      "retryRate": 0.25,
      "errorRate": 0.25,
      "p50Duration": 250.0,
      "p95Duration": 385.0,
      "p99Duration": 397.0,
      "parallelism": 1.8,
      "speedup": null,
      "timeSaved": null
    }
    "#);
    assert_eq!(ClassicBenchmark::measured(&metrics), None, "summed durations are no sequential run");
}

#[test]
fn what_was_never_asked_about_is_in_no_figure() {
    let plain = recorded().metrics().unwrap();
    let with_others = Recorded { reused: 60, propagated: 20, unread: 10, ..recorded() };
    let counted = RunMetrics { reused: 60, propagated: 20, unread: 10, ..plain };
    assert_eq!(with_others.metrics(), Some(counted));
    assert_eq!(Recorded { reused: 60, wall_millis: 10.0, ..Recorded::default() }.metrics(), None);
}

#[test]
fn a_speed_up_needs_images_that_ran_alone() {
    let speedup = |recorded: Recorded| recorded.metrics().unwrap().speedup;
    let sequential = speedup(Recorded { concurrency: 1, wall_millis: 1_100.0, ..recorded() }).unwrap();
    assert_eq!((sequential.factor, sequential.saved_millis, sequential.baseline), (1.0, 0.0, Baseline::ThisRun));
    assert_eq!(speedup(Recorded { alone_millis: vec![240.0; FEWEST_ALONE - 1], ..recorded() }), None);
    let alone = Recorded { alone_millis: vec![210.0, 230.0, 250.0, 270.0, 290.0], ..recorded() };
    let expected = Speedup {
        factor: 2.0,
        sequential_millis: 1_000.0,
        saved_millis: 500.0,
        baseline: Baseline::AloneImages { images: 5 },
    };
    assert_eq!(speedup(alone.clone()), Some(expected));
    assert_eq!(speedup(Recorded { held_millis: 300.0, ..alone.clone() }), None);
    let batch = Recorded { mode: RunMode::Batch, ..alone.clone() }.metrics().unwrap();
    assert_eq!((batch.parallelism, batch.speedup), (None, None));
    insta::assert_json_snapshot!(ClassicBenchmark::measured(&alone.metrics().unwrap()).unwrap().improvement, @r#"
    {
      "speedup": 2.0,
      "throughputIncrease": 100.0,
      "durationReduction": 50.0
    }
    "#);
}
