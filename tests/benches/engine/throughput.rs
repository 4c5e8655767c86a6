//! How close a run comes to what its latency allows, and what a request costs in processor time beside Anthropic's own
//! client doing the same.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use simulator::{Eyes, Latency, Limits, Options, Simulator};

use crate::figure::Figure;
use crate::measured::{MODEL, annotate, import, look, shown, wall_seconds, watch};
use crate::photos;

const UNLIMITED: u32 = 1_000_000_000;

pub fn options(first_byte: Duration) -> Options {
    Options {
        latency: Latency { first_byte: first_byte.into(), ..Latency::default() },
        limits: Limits {
            requests_per_minute: UNLIMITED,
            input_tokens_per_minute: UNLIMITED,
            output_tokens_per_minute: UNLIMITED,
            are_announced: false,
            ..Limits::default()
        },
        eyes: Eyes::Closed { annotations: 5 },
        ..Options::default()
    }
}

/// Twenty photos, 2.1 seconds each, four at a time: five rounds.
pub async fn classic() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    photos::noise(&photos, 20, 320, 240);
    let server = Simulator::start(options(Duration::from_millis(2_100))).await.unwrap();
    let watched = watched(annotate(folder.path(), &photos, &server, &["--concurrency", "4"])).await;
    assert!(watched.is_success);
    let (wall, ideal) = (wall_seconds(&server.ledger()), 10.5);
    let detail = format!("{wall:.2} s of {ideal} s; one after the other 42.0 s");
    vec![Figure::new("20 images at 2.1 s, 4 at a time: wall / ideal", wall / ideal, 1.03, detail)]
}

/// A thousand requests of about 100 KB at 500 ms, 32 at a time.
pub async fn against_the_sdk() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    photos::noise(&photos, 1_000, 300, 250);
    import(folder.path(), &photos).await;
    let first_byte = Duration::from_millis(500);
    let server = Simulator::start(options(first_byte)).await.unwrap();
    let ours = watched(annotate(folder.path(), &photos, &server, &["--concurrency", "32"])).await;
    assert!(ours.is_success, "{}", String::from_utf8_lossy(&ours.stdout));
    let (wall, ideal) = (wall_seconds(&server.ledger()), 1_000_f64 / 32.0 * 0.5);
    let ideal = (ideal / 0.5).ceil() * 0.5;
    // The same again with every answer there: what all but asking takes.
    let idle = watched(annotate(folder.path(), &photos, &server, &["--concurrency", "32"])).await;
    let preparing = preparing_seconds(&photos);

    let server = Simulator::start(options(first_byte)).await.unwrap();
    let sdk = tokio::task::spawn_blocking({
        let (photos, url) = (photos.clone(), server.url());
        move || the_sdk(&photos, &url)
    });
    let sdk = sdk.await.unwrap();
    let sdk_wall = wall_seconds(&server.ledger());
    let asking = ours.used.cpu_seconds - idle.used.cpu_seconds - preparing;
    let detail = format!(
        "{:.2} s in all, {:.2} s without a request, {preparing:.2} s decoding and encoding; the SDK {:.2} s of requests, \
         {:.2} s in all",
        ours.used.cpu_seconds, idle.used.cpu_seconds, sdk.requests, sdk.in_all
    );
    vec![
        Figure::new(
            "1,000 requests of 100 KB at 500 ms, 32 at a time: wall / optimum",
            wall / ideal,
            1.05,
            format!("{wall:.2} s of {ideal} s; the SDK {sdk_wall:.2} s"),
        ),
        Figure::new("processor time of a request / the SDK's", asking / sdk.requests, 0.35, detail),
        Figure::new(
            "peak memory of the command line, MiB",
            ours.used.peak_mebibytes,
            60.0,
            format!("the SDK's process {:.0} MiB", sdk.peak_mebibytes),
        ),
    ]
}

/// Runs aside: the simulator shares this runtime.
pub async fn watched(mut command: Command) -> crate::measured::Watched {
    tokio::task::spawn_blocking(move || watch(&mut command)).await.unwrap()
}

/// Processor seconds that decoding and encoding all photos takes, on this thread.
fn preparing_seconds(photos: &Path) -> f64 {
    let this_thread = Path::new("/proc/thread-self");
    let before = look(this_thread).unwrap().cpu_seconds;
    for entry in std::fs::read_dir(photos).unwrap() {
        let decoded = prepare::decode(&entry.unwrap().path(), None, &prepare::DecodingMemory::default()).unwrap();
        prepare::encode_jpeg(&decoded.pixels, 90).unwrap();
    }
    look(this_thread).unwrap().cpu_seconds - before
}

struct Sdk {
    /// Processor seconds while requests were made.
    requests: f64,
    in_all: f64,
    peak_mebibytes: f64,
}

/// Anthropic's Python client with the same pictures, 32 at a time, streaming.
fn the_sdk(photos: &Path, url: &str) -> Sdk {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(root.join("build/sdk/bin/python"));
    command.arg(root.join("tests/benches/engine/sdk.py")).args([url, MODEL, "32", &shown(&photos)]);
    let watched = watch(&mut command);
    assert!(watched.is_success, "build/sdk is missing or failed: `make bench` sets it up");
    let said: Value = serde_json::from_slice(&watched.stdout).unwrap();
    Sdk {
        requests: said["request_cpu_seconds"].as_f64().unwrap(),
        in_all: watched.used.cpu_seconds,
        peak_mebibytes: watched.used.peak_mebibytes,
    }
}
