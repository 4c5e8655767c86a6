//! The command line at work, watched from the outside.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use engine::{Library, Surroundings};
use simulator::{Ledger, Running};

/// The model that is asked; which one makes no difference here.
pub const MODEL: &str = "claude-haiku-5-5";
pub const LABELS: &str = "red, green, blue";
/// Between two looks at a process: its last figures are at most so old.
const LOOK: Duration = Duration::from_millis(20);
/// Of Linux, on every machine.
const TICKS_A_SECOND: f64 = 100.0;
const MEBIBYTE: f64 = 1024.0;

/// What a process used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    pub cpu_seconds: f64,
    pub peak_mebibytes: f64,
}

/// A process that was watched until its end.
pub struct Watched {
    pub used: Used,
    pub is_success: bool,
    pub stdout: Vec<u8>,
}

/// The released command line, beside this program.
pub fn fieldmark() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let path = this.ancestors().nth(2).unwrap().join("fieldmark");
    assert!(path.exists(), "{} is missing: `make bench` builds it", path.display());
    path
}

/// A library in `folder`, opened by this process, whose Claude is at `url`.
pub async fn library(folder: &Path, url: &str) -> Arc<Library> {
    let library = Library::open(&database(folder), Surroundings::only(url, "sk-any")).unwrap();
    library.settings.agree_to(url.trim_start_matches("http://")).unwrap();
    library
}

/// Takes photos into the library in `folder`, so that a run of them has nothing else to do.
pub async fn import(folder: &Path, photos: &Path) {
    let library = library(folder, "http://127.0.0.1:1").await;
    let photos = photos.to_owned();
    tokio::task::spawn_blocking(move || library.imports.run(&[photos]).map(drop)).await.unwrap().unwrap();
}

pub fn database(folder: &Path) -> PathBuf {
    folder.join("library.sqlite")
}

/// `fieldmark annotate` on `photos`, against `server`.
pub fn annotate(folder: &Path, photos: &Path, server: &Running, further: &[&str]) -> Command {
    let mut command = Command::new(fieldmark());
    command.arg("annotate").arg(photos).args(["--labels", LABELS, "--model", MODEL, "--yes", "--json"]);
    command.args(further).arg("--db").arg(database(folder));
    command.env("ANTHROPIC_BASE_URL", server.url()).env("ANTHROPIC_API_KEY", "sk-any").env_remove("CONCURRENCY");
    command
}

/// Runs a command to its end.
pub fn watch(command: &mut Command) -> Watched {
    let output = tempfile::NamedTempFile::new().unwrap();
    let stdout = Stdio::from(output.reopen().unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null()).spawn().unwrap();
    let folder = PathBuf::from(format!("/proc/{}", child.id()));
    let mut used = Used::default();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        used = look(&folder).unwrap_or(used);
        sleep(LOOK);
    };
    Watched { used, is_success: status.success(), stdout: fs::read(output.path()).unwrap() }
}

/// What a process has used so far, from `/proc`.
pub fn look(folder: &Path) -> Option<Used> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The second field may contain blanks; it ends with the last parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Used { cpu_seconds: ticks / TICKS_A_SECOND, peak_mebibytes: kibibytes / MEBIBYTE })
}

/// Seconds from the first request's arrival to the end of the last answer, by the simulator's clock.
pub fn wall_seconds(ledger: &Ledger) -> f64 {
    let begin = ledger.billed.iter().map(|entry| entry.arrived_millis).min().unwrap_or_default();
    let end = ledger.billed.iter().filter_map(|entry| entry.handed_over_millis).max().unwrap_or_default();
    seconds(end - begin)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a benchmark")]
pub fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

/// A path as an argument, for messages.
pub fn shown(path: &impl AsRef<OsStr>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}
