//! The log files of this user. Every process appends to the same file, which is rotated by size. Events of other
//! crates are written only at the level `error`, and everything is cleaned of secrets before it is on disk.

mod cleaning;
mod panics;
mod reading;
mod sessions;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

pub use cleaning::{clean, without_home};
pub use reading::{LogSummary, summary};
pub use sessions::Session;
pub use writer::{LogFiles, MAX_FILE_BYTES, MAX_FILES};

/// Names the folder of the log files.
pub const FOLDER_VARIABLE: &str = "FIELDMARK_LOGS";
/// The level of Fieldmark's own events in the log files: `error`, `warn`, `info`, `debug` or `trace`.
pub const LEVEL_VARIABLE: &str = "FIELDMARK_LOG_LEVEL";
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
const USUAL_LEVEL: &str = "info";
/// The crates whose events are written. Others may log headers and bodies of requests.
const OWN_CRATES: [&str; 15] = [
    "api",
    "datasets",
    "engine",
    "fieldmark",
    "fieldmark_desktop",
    "files",
    "keys",
    "local_models",
    "logs",
    "panic",
    "prepare",
    "providers",
    "publish",
    "serve",
    "store",
];

static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();

/// The folder of the log files: the variable's, otherwise the platform's; `None` without a home folder.
#[must_use]
pub fn folder() -> Option<&'static Path> {
    FOLDER.get_or_init(find_folder).as_deref()
}

fn find_folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(FOLDER_VARIABLE).filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let folders = directories::ProjectDirs::from("org", "", "fieldmark")?;
    if cfg!(target_os = "macos") {
        return Some(directories::BaseDirs::new()?.home_dir().join("Library/Logs/org.fieldmark"));
    }
    let state = folders.state_dir().or_else(|| folders.data_local_dir().parent());
    Some(state?.join("logs"))
}

/// Begins to log to the files and, as `RUST_LOG` says, to `terminal`. Panics are logged. `program` and its version are the first event.
pub fn begin<W>(program: &'static str, version: &str, terminal: W)
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let to_terminal = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(terminal);
    let to_files = folder().map(|folder| {
        let files = LogFiles::at(folder.to_owned());
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(files).with_filter(filter())
    });
    tracing_subscriber::registry().with(to_terminal.with_filter(EnvFilter::from_default_env())).with(to_files).init();
    panics::log_them();
    tracing::info!(program, version, system = std::env::consts::OS, machine = std::env::consts::ARCH, "started");
}

fn filter() -> EnvFilter {
    let asked = std::env::var(LEVEL_VARIABLE).unwrap_or_default().to_lowercase();
    let level = LEVELS.into_iter().find(|level| *level == asked).unwrap_or(USUAL_LEVEL);
    let others = if level == "off" { "off" } else { "error" };
    let own = OWN_CRATES.map(|name| format!("{name}={level}")).join(",");
    EnvFilter::new(format!("{others},{own}"))
}
