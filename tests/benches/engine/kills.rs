//! The command line killed at random moments, over and over, and once more with everything lost that was not synced, as by
//! a power cut: what was settled is billed, what was billed is settled or said to be possible, and nothing settled is lost
//! or asked about again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use fieldmark_tests::books::{Books, LIBRARY_FILES};
use simulator::Simulator;

use crate::figure::Figure;
use crate::measured::{annotate, database};
use crate::photos;
use crate::throughput::options;

const KILLS: usize = 100;
const IMAGES: u32 = 60;
const LATENCY: Duration = Duration::from_millis(120);
const LATEST_MILLIS: u64 = 900;

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
            let books = Books::of_closed(&database(folder.path()));
            wrong.extend(books.complaints(&last, &server.ledger()));
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
    for name in LIBRARY_FILES {
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
