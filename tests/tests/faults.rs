//! The command line on a system that misbehaves: a quota that is used up, a wall clock that jumps, and sleep.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fieldmark_tests::bench::Bench;
use fieldmark_tests::books::Books;
use fieldmark_tests::pictures::LABELS;
use fieldmark_tests::repository;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use simulator::{Latency, Options, Running, Simulator};

const KEY: &str = "sk-any";
const IMAGES: u32 = 16;
const DAY: i64 = 86_400;
/// No run of these tests takes so long, and every jump of the clock is longer.
const LONGEST_MILLIS: f64 = 600_000.0;

/// A library whose programs are subject to faults.
struct Faulty {
    server: Running,
    bench: Bench,
    faults: PathBuf,
}

impl Faulty {
    async fn new() -> Self {
        let latency = Latency { first_byte: Duration::from_millis(250).into(), ..Latency::default() };
        let server = Simulator::start(Options { latency, ..Options::default() }).await.unwrap();
        let bench = Bench::with_pictures(&server.url(), KEY, IMAGES);
        let faults = bench.folder.path().join("faults");
        fs::create_dir(&faults).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(faults.join("faults.so"))
            .arg(repository("tests/fixtures/faults.c"))
            .status()
            .unwrap();
        assert!(built.success());
        Self { server, bench, faults }
    }

    fn database(&self) -> PathBuf {
        self.bench.folder.path().join("library/library.sqlite")
    }

    fn fieldmark(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.fieldmark(&self.server.url(), KEY);
        command.env("LD_PRELOAD", self.faults.join("faults.so")).env("FAULTS", &self.faults);
        command.env("QUOTA_OF", self.bench.folder.path().join("library"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn annotate(&self, more: &[&str]) -> Child {
        let mut command = self.fieldmark(&["annotate", "photos", "--labels", LABELS, "--yes", "--concurrency", "2"]);
        command.args(["--model", "claude-sonnet-5-5"]).args(more).spawn().unwrap()
    }

    fn set_clock(&self, seconds: i64) {
        // At once, so that no half of it is read.
        let new = self.faults.join("clock.new");
        fs::write(&new, seconds.to_string()).unwrap();
        fs::rename(new, self.faults.join("clock")).unwrap();
    }

    /// Waits until the server has answered so many requests.
    fn until_billed(&self, count: usize) {
        let began = Instant::now();
        while self.server.ledger().billed.len() < count {
            assert!(began.elapsed() < Duration::from_mins(1), "{count} answers");
            sleep(Duration::from_millis(20));
        }
    }

    /// Every bill is in the library, and no image was paid for twice.
    fn check_books(&self) {
        let books = Books::of_open(&self.database());
        assert_eq!(books.complaints(&Books::default(), &self.server.ledger()), Vec::<String>::new());
        assert_eq!(books.finished.len(), IMAGES as usize);
    }

    fn metrics(&self) -> Value {
        let path = self.bench.folder.path().join("library/metrics/batch-annotation-metrics.json");
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn signal(name: &str, to: &Child) {
    assert!(Command::new("kill").args([name, &to.id().to_string()]).status().unwrap().success());
}

/// Every number below `value` whose key names a duration.
fn durations(key: &str, value: &Value, found: &mut Vec<(String, f64)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| durations(key, value, found)),
        Value::Array(items) => items.iter().for_each(|value| durations(key, value, found)),
        Value::Number(number) if key.ends_with("Duration") => {
            found.push((key.to_owned(), number.as_f64().unwrap()));
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_is_a_full_disk() {
    let faulty = Faulty::new().await;
    let running = faulty.annotate(&[]);
    faulty.until_billed(3);
    fs::write(faulty.faults.join("quota"), "").unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(said(&output).contains("error: the disk is full"), "{}", said(&output));
    assert!(faulty.server.ledger().billed.len() < IMAGES as usize, "nothing more is sent");

    fs::remove_file(faulty.faults.join("quota")).unwrap();
    let output = faulty.fieldmark(&["resume", "--yes"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    faulty.check_books();
    faulty.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_changes_no_duration_no_order_and_no_bill() {
    let faulty = Faulty::new().await;
    let running = faulty.annotate(&["--budget", "5"]);
    for (answers, seconds) in [(3, -2 * DAY), (6, 40 * DAY), (9, -400 * DAY), (12, 0)] {
        faulty.until_billed(answers);
        faulty.set_clock(seconds);
    }
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    faulty.check_books();
    let (metrics, mut found) = (faulty.metrics(), Vec::new());
    durations("", &metrics, &mut found);
    assert!(!found.is_empty(), "{metrics}");
    let wrong: Vec<_> = found.iter().filter(|(_, millis)| !(0.0..LONGEST_MILLIS).contains(millis)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");

    // A run that begins when the clock is back in the past is still the newest.
    faulty.set_clock(-30 * DAY);
    let output = faulty.annotate(&["--fresh"]).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let listed = faulty.fieldmark(&["runs", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let ids: Vec<u64> =
        listed.as_array().unwrap_or_else(|| panic!("{listed}")).iter().map(|run| run["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [2, 1]);
    assert_eq!(faulty.server.ledger().billed.len(), 2 * IMAGES as usize);
    faulty.server.stop().await;
}

/// While a machine sleeps, its programs stand still, the wall clock goes on, and servers close their connections.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_survives_the_sleep_of_its_machine() {
    let faulty = Faulty::new().await;
    let running = faulty.annotate(&[]);
    faulty.until_billed(4);
    signal("-STOP", &running);
    // A run belongs to its process, also to one that stands still.
    let output = faulty.fieldmark(&["resume", "1", "--yes"]).output().unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    let port = faulty.server.address().port();
    let Faulty { server, bench, faults } = faulty;
    let before = server.ledger();
    server.stop().await;
    let latency = Latency { first_byte: Duration::from_millis(50).into(), ..Latency::default() };
    let server = Simulator::start(Options { port, latency, ..Options::default() }).await.unwrap();
    let faulty = Faulty { server, bench, faults };
    faulty.set_clock(8 * 3_600);
    signal("-CONT", &running);
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let books = Books::of_open(&faulty.database());
    assert_eq!(books.finished.len(), IMAGES as usize);
    // The second server counts its answers anew, so that they are told apart by their images.
    let connection = Connection::open_with_flags(faulty.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let answers = "SELECT count(*), count(DISTINCT job_id) FROM attempts WHERE raw_answer IS NOT NULL";
    let answers: (u32, u32) = connection.query_row(answers, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(answers, (IMAGES, IMAGES));
    let billed = before.billed.len() + faulty.server.ledger().billed.len();
    let possible: usize = books.possible.values().sum();
    assert!(billed <= IMAGES as usize + possible, "{billed} bills, of which {possible} may be of lost requests");
    let mut found = Vec::new();
    durations("", &faulty.metrics(), &mut found);
    assert!(found.iter().all(|(_, millis)| (0.0..LONGEST_MILLIS).contains(millis)), "{found:?}");
    faulty.server.stop().await;
}
