//! The command line killed at random moments, over and over, and once more with everything lost that was not synced, as by
//! a power cut: what was settled is billed, what was billed is settled or said to be possible, and nothing settled is lost
//! or asked about again.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use simulator::{Ledger, Simulator};

use crate::figure::Figure;
use crate::measured::{annotate, database};
use crate::photos;
use crate::throughput::options;

const KILLS: usize = 100;
const IMAGES: u32 = 60;
const LATENCY: Duration = Duration::from_millis(120);
const LATEST_MILLIS: u64 = 900;

const FILES: [&str; 2] = ["library.sqlite", "library.sqlite-wal"];

/// The width of the picture that was sent, which tells one image from another here.
type Width = u64;

#[derive(Default)]
struct Books {
    /// Ids of the answers that are on disk, and about which image.
    settled: HashMap<String, Width>,
    /// Requests without an answer that may be billed, an image each.
    possible: HashMap<Width, usize>,
    /// Images with marks or failures.
    finished: HashSet<Width>,
}

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Killed,
    PowerCut,
}

pub async fn at_random_moments() -> Vec<Figure> {
    vec![
        ended("killed at random moments: answers lost or paid twice", End::Killed).await,
        ended("power cut at random moments: answers lost or paid twice", End::PowerCut).await,
    ]
}

async fn ended(name: &str, end: End) -> Figure {
    let disk = tempfile::tempdir().unwrap();
    let forgetful = forgetful_disk(disk.path());
    let mut random = fastrand::Rng::with_seed(3);
    let (mut kills, mut wrong, mut answers, mut possible) = (0, Vec::new(), 0, 0);
    while kills < KILLS {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        for index in 0..IMAGES {
            // Widths tell them apart.
            photos::noise(&photos.join(index.to_string()), 1, 200 + 2 * index, 120);
        }
        let server = Simulator::start(options(LATENCY)).await.unwrap();
        let mut last = Books::default();
        loop {
            let mut command = if database(folder.path()).exists() && !last.settled.is_empty() {
                resumed(&annotate(folder.path(), &photos, &server, &[]), folder.path())
            } else {
                annotate(folder.path(), &photos, &server, &["--concurrency", "4"])
            };
            if end == End::PowerCut {
                command.env("LD_PRELOAD", &forgetful);
            }
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            sleep(Duration::from_millis(random.u64(30..LATEST_MILLIS)));
            let has_ended = child.try_wait().unwrap().is_some();
            if !has_ended {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                if end == End::PowerCut {
                    lose_what_was_not_synced(folder.path());
                }
            }
            // What is under way over there is billed already.
            let books = read(folder.path());
            wrong.extend(complaints(&last, &books, &server.ledger()));
            last = books;
            if has_ended || kills >= KILLS {
                break;
            }
        }
        answers += last.settled.len();
        possible += last.possible.values().sum::<usize>();
        server.stop().await;
    }
    wrong.iter().take(5).for_each(|complaint| println!("{complaint}"));
    let detail = format!("{kills} kills, {answers} answers settled, {possible} requests possibly billed");
    Figure::new(name, count(wrong.len()), 0.0, detail)
}

/// A disk, to be preloaded, that remembers what was synced.
fn forgetful_disk(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/engine/power.c");
    let library = folder.join("power.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status().unwrap();
    assert!(built.success());
    library
}

fn lose_what_was_not_synced(folder: &Path) {
    for name in FILES {
        let (file, durable) = (folder.join(name), folder.join(format!("{name}.durable")));
        if durable.exists() {
            std::fs::copy(durable, file).unwrap();
        } else if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
    // It holds nothing that is not in the other two.
    let _none = std::fs::remove_file(folder.join("library.sqlite-shm"));
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The same surroundings for `fieldmark resume`.
fn resumed(annotate: &Command, folder: &Path) -> Command {
    let mut command = Command::new(annotate.get_program());
    command.args(["resume", "--yes", "--db"]).arg(database(folder));
    for (name, value) in annotate.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Everything in the ledger of a library that nobody has open.
fn read(folder: &Path) -> Books {
    // A copy: opening the library itself would tidy it up.
    let copy = tempfile::tempdir().unwrap();
    for name in FILES.into_iter().filter(|name| folder.join(name).exists()) {
        std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    let Ok(connection) = Connection::open(database(copy.path())) else { return Books::default() };
    let mut books = Books::default();
    let Ok(mut statement) = connection.prepare(
        "SELECT raw_answer, attempts.state = 'sent' OR may_be_billed, width, jobs.state <> 'waiting'
         FROM attempts JOIN jobs ON jobs.id = job_id JOIN images ON images.id = image_id",
    ) else {
        return books;
    };
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, bool>(1)?, row.get::<_, u64>(2)?, row.get::<_, bool>(3)?))
    });
    for (raw_answer, is_possible, width, is_finished) in rows.unwrap().flatten() {
        match raw_answer {
            Some(raw_answer) => {
                let answer: Value = serde_json::from_str(&raw_answer).unwrap();
                books.settled.insert(answer["request_id"].as_str().unwrap().to_owned(), width);
            }
            None if is_possible => *books.possible.entry(width).or_default() += 1,
            None => {}
        }
        if is_finished {
            books.finished.insert(width);
        }
    }
    books
}

fn complaints(before: &Books, after: &Books, ledger: &Ledger) -> Vec<String> {
    let mut complaints = Vec::new();
    let billed: HashSet<&str> = ledger.billed.iter().map(|entry| entry.request_id.as_str()).collect();
    for id in before.settled.keys().filter(|id| !after.settled.contains_key(*id)) {
        complaints.push(format!("{id} was settled and is lost"));
    }
    for id in after.settled.keys().filter(|id| !billed.contains(id.as_str())) {
        complaints.push(format!("{id} is settled and was never billed"));
    }
    let mut possible = after.possible.clone();
    for entry in ledger.billed.iter().filter(|entry| !after.settled.contains_key(&entry.request_id)) {
        let width = entry.picture.map(|size| u64::from(size.width)).unwrap_or_default();
        match possible.get_mut(&width) {
            Some(left) if *left > 0 => *left -= 1,
            _ => complaints.push(format!("{} was billed for {width} and nobody knows of it", entry.request_id)),
        }
    }
    let mut answers: HashMap<Width, usize> = HashMap::new();
    after.settled.values().for_each(|width| *answers.entry(*width).or_default() += 1);
    for (width, count) in answers.iter().filter(|(_, count)| **count > 1) {
        complaints.push(format!("{count} answers about {width} were paid for"));
    }
    for width in before.finished.iter().filter(|width| !after.finished.contains(*width)) {
        complaints.push(format!("{width} was finished and is not any more"));
    }
    complaints
}
