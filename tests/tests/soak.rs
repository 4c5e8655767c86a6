//! An hour's work in minutes, as `make soak` does it: runs with failures, retries, pauses and resumes, imports, exports, review
//! and thumbnails in one process, and `fieldmark serve` on the same library with windows that come and go. Memory, open files
//! and threads of both processes stay the same once they are warm.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a step that cannot be taken fails the test, which shows figures"
)]

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::dataset::FormatId;
use domain::dataset_import::{DatasetImportRequest, ImportRole};
use domain::export::{ExportRequest, ExportScope};
use domain::ids::RunId;
use domain::layers::LayerScope;
use domain::model::ModelId;
use domain::plan::{ImageSelection, ResumeRequest, RunRequest};
use domain::query::ImageQuery;
use domain::review::{Decision, DecisionScope, Verdict};
use engine::dataset::ExportTask;
use engine::{ImportTask, PixelEdge};
use fieldmark_tests::bench::{Bench, COMPLETED, resume, with_concurrency};
use fieldmark_tests::binary;
use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One answer a second for an hour; the environment variable `HOURS` asks for more.
const ANSWERS_AN_HOUR: usize = 3_600;
const IMAGES: u32 = 120;
/// Images that are new in each round, until all are there.
const NEW_IMAGES: u32 = 40;
const WINDOWS: usize = 3;
const MODEL: &str = "claude-sonnet-5-5";

/// What a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    memory_kb: u64,
    files: u64,
    threads: u64,
}

impl fmt::Display for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:>6} kB, {:>3} files, {:>3} threads", self.memory_kb, self.files, self.threads)
    }
}

impl Held {
    fn by(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let memory_kb = line.trim().trim_end_matches(" kB").parse().unwrap();
        let count = |what| u64::try_from(fs::read_dir(format!("/proc/{process}/{what}")).unwrap().count()).unwrap();
        Self { memory_kb, files: count("fd"), threads: count("task") }
    }

    fn median(samples: &[Self]) -> Self {
        let of = |field: fn(&Self) -> u64| {
            let mut values: Vec<u64> = samples.iter().map(field).collect();
            values.sort_unstable();
            values[values.len() / 2]
        };
        Self { memory_kb: of(|held| held.memory_kb), files: of(|held| held.files), threads: of(|held| held.threads) }
    }
}

/// The second and the last third of the samples.
fn check_flat(process: &str, samples: &[Held]) {
    let third = samples.len() / 3;
    let [warm, last] = [&samples[third..2 * third], &samples[2 * third..]].map(Held::median);
    println!("{process}: {warm}, then {last}");
    assert!(last.memory_kb <= warm.memory_kb + (warm.memory_kb / 20).max(4 << 10), "{process}: memory grows");
    assert!(last.files <= warm.files + 3, "{process}: files stay open");
    assert!(last.threads <= warm.threads + 2, "{process}: threads stay");
}

/// A program that does not outlive the test, and the first address that it says.
struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start(mut command: Command) -> Self {
        let (output, written) = std::io::pipe().unwrap();
        command.stdin(Stdio::null()).stdout(written.try_clone().unwrap()).stderr(written);
        let child = command.spawn().unwrap();
        let (mut output, mut line) = (BufReader::new(output), String::new());
        while !line.contains("http://") {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended");
        }
        let address = line[line.find("http://").unwrap()..].split_whitespace().next().unwrap().to_owned();
        // Nothing else is read: it must not wait for a full pipe.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Self { child, address }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A window of `fieldmark serve` over plain HTTP.
struct Browser {
    host: String,
    cookie: String,
}

impl Browser {
    async fn sign_in(link: &str) -> Self {
        let (host, path) = link.trim_start_matches("http://").split_once('/').unwrap();
        let mut browser = Self { host: host.to_owned(), cookie: String::new() };
        let mut connection = browser.send("GET", &format!("/{path}"), "connection: close\r\n", "").await;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut browser.cookie);
        browser
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut connection = TcpStream::connect(&self.host).await.unwrap();
        let Self { host, cookie } = self;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\n{headers}\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    }

    /// Opens a stream and follows the library's changes in it, until the connection is dropped.
    async fn follow(&self) -> TcpStream {
        let mut connection = self.send("GET", "/api/stream", "", "").await;
        let opened = until(&mut connection, "event: opened").await;
        let name = opened.lines().find_map(|line| line.strip_prefix("data: ")).unwrap().trim().to_owned();
        let path = format!("/api/stream/{name}/1");
        let headers = "content-type: application/json\r\nconnection: close\r\n";
        let mut subscribing = self.send("POST", &path, headers, r#"{"name":"events","input":{}}"#).await;
        until(&mut subscribing, "204").await;
        until(&mut connection, "runs_changed").await;
        connection
    }
}

/// What has arrived when `text` is there.
async fn until(connection: &mut TcpStream, text: &str) -> String {
    let mut received = Vec::new();
    loop {
        let shown = String::from_utf8_lossy(&received).into_owned();
        if shown.contains(text) && shown.ends_with('\n') {
            return shown;
        }
        assert!(connection.read_buf(&mut received).await.unwrap() > 0, "{text} is missing in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: `make soak`"]
async fn an_hour_of_work_leaves_nothing_behind() {
    let mut simulate = Command::new(binary("fieldmark"));
    simulate.args(["simulate", "--port", "0", "--rpm", "1000000", "--chaos", "--no-retry-after"]);
    let simulator = Program::start(simulate);
    let bench = Bench::at(&simulator.address, "sk-any");
    // So that images fail, and are retried on request.
    let mut settings = bench.library.settings.stated().unwrap();
    settings.run.retry_attempts = 0;
    bench.library.settings.replace(&settings).unwrap();
    let mut serve = bench.fieldmark(&simulator.address, "sk-any");
    serve.args(["serve", "--port", "0"]);
    let served = Program::start(serve);
    let browser = Browser::sign_in(&served.address).await;

    let hours = std::env::var("HOURS").ok().and_then(|hours| hours.parse::<usize>().ok()).unwrap_or(1);
    let rounds = hours * ANSWERS_AN_HOUR / IMAGES as usize;
    let began = Instant::now();
    let (mut own, mut of_server, mut failed_at_first) = (Vec::new(), Vec::new(), 0);
    for round in 0..rounds {
        let mut windows = Vec::new();
        for _ in 0..WINDOWS {
            windows.push(browser.follow().await);
        }
        let run = annotate(&bench, round, &mut failed_at_first).await;
        look_and_decide(&bench).await;
        exchange(&bench, run).await;
        // The library stays as large as it is.
        bench.library.runs.undo(run).await.unwrap();
        drop(windows);
        tokio::time::sleep(Duration::from_millis(300)).await;
        own.push(Held::by(std::process::id()));
        of_server.push(Held::by(served.child.id()));
        println!("round {:>2}: {}; serve {}", round + 1, own[round], of_server[round]);
    }
    let runs = bench.library.history.runs().unwrap();
    let (done, retries): (u32, u32) =
        runs.iter().fold((0, 0), |(done, retries), run| (done + run.done, retries + run.retries));
    println!(
        "{done} answers in {} runs, {retries} retries, {failed_at_first} failed at first, {:.0?}",
        runs.len(),
        began.elapsed()
    );
    check_flat("the app", &own);
    check_flat("fieldmark serve", &of_server);
}

/// Adds images, and annotates all: with a pause half-way, and until none has failed.
async fn annotate(bench: &Bench, round: usize, failed_at_first: &mut u32) -> RunId {
    let first = u32::try_from(round).unwrap() * NEW_IMAGES;
    for index in (first..first + NEW_IMAGES).take_while(|index| *index < IMAGES) {
        write_png(&drawing(320 + index, 240).0, &bench.photos().join(format!("{index}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(MODEL.into()));
    let request = RunRequest { ignores_saved_answers: true, options: with_concurrency(4), ..request };
    let run = bench.library.runs.start(&request).await.unwrap();
    let mut progress = bench.library.runs.progress(run).unwrap();
    // What is returned would hold the snapshot. An error means that the run has ended.
    let _ended = progress.wait_for(|snapshot| snapshot.done >= 20).await.map(drop);
    bench.library.runs.pause(run);
    bench.end_of(run).await;
    while bench.library.runs.resume(ResumeRequest { accepts_repeats: true, ..ResumeRequest::of(run) }).await.is_ok() {
        bench.end_of(run).await;
    }
    *failed_at_first += bench.library.history.run(run).unwrap().failed;
    for _ in 0..20 {
        if bench.library.runs.resume(ResumeRequest { accepts_repeats: true, ..resume(run) }).await.is_err() {
            break;
        }
        assert_eq!(bench.end_of(run).await, COMPLETED);
    }
    assert_eq!(bench.library.history.run(run).unwrap().failed, 0);
    bench.library.insight.report(run).unwrap();
    run
}

async fn look_and_decide(bench: &Bench) {
    let query = ImageQuery::default();
    let ids = bench.library.images.ids(&query).unwrap();
    bench.library.images.filter_counts(&query).unwrap();
    let reject = Verdict::Reject { reason: None };
    for (place, &image) in ids.iter().take(30).enumerate() {
        for edge in [PixelEdge::Thumbnail, PixelEdge::AtMost(200)] {
            bench.library.images.pixels(image, edge).unwrap();
        }
        let verdict = if place % 3 == 0 { reject } else { Verdict::Accept };
        let decision = Decision { image, scope: DecisionScope::Image, verdict };
        bench.library.review.decide(decision, &LayerScope::All).await.unwrap();
        if place % 2 == 0 {
            bench.library.review.undo_latest(&LayerScope::All).await.unwrap();
        }
    }
    assert_eq!(bench.library.images.cards(&ids, &LayerScope::All).unwrap().len(), ids.len());
}

/// Exports the run in some formats, imports one of them as a layer, and undoes that.
async fn exchange(bench: &Bench, run: RunId) {
    for (format, name) in [("coco", "set.json"), ("csv", "set.csv"), ("yolo", "yolo")] {
        let path = bench.folder.path().join("exports").join(name);
        let request = ExportRequest::new(ExportScope::Run { run }, FormatId(format.into()));
        bench.library.datasets.export(&request, &path, &ExportTask::default()).unwrap();
        if format == "coco" {
            let path = path.to_string_lossy().into_owned();
            let role = ImportRole::Predictions;
            let request =
                DatasetImportRequest { path, format: None, role, collection: None, recipe: None, mapping: Vec::new() };
            bench.library.dataset_imports.import(request, &Arc::new(ImportTask::default())).await.unwrap();
            bench.library.review.undo_latest(&LayerScope::All).await.unwrap();
        }
        let path = bench.folder.path().join("exports");
        fs::remove_dir_all(path).unwrap();
    }
}
