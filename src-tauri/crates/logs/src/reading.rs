//! What the log files hold: for diagnostics.

use std::path::{Path, PathBuf};

use crate::writer::{LogFiles, MAX_FILE_BYTES, MAX_FILES};

/// Errors that diagnostics show.
const MAX_ERRORS: usize = 20;
/// The target of panics, and the message of an unexpected end.
const CRASHES: [&str; 2] = [" panic: ", crate::sessions::UNEXPECTED];

/// What the log files hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSummary {
    pub folder: PathBuf,
    pub files: u32,
    pub bytes: u64,
    /// Why the folder cannot be written.
    pub problem: Option<String>,
    /// The latest warnings and errors, oldest first.
    pub errors: Vec<String>,
    /// The latest panic or unexpected end.
    pub last_crash: Option<String>,
}

/// Reads the log files in `folder`.
#[must_use]
pub fn summary(folder: &Path) -> LogSummary {
    let problem = files::create_private_folder(folder).and_then(|()| {
        let probe = folder.join(format!("probe-{}", std::process::id()));
        files::open_own(&probe)?;
        std::fs::remove_file(&probe)
    });
    let (mut bytes, mut count, mut errors, mut last_crash) = (0, 0, Vec::new(), None);
    for age in (0..MAX_FILES).rev() {
        let Ok(content) = files::read(&LogFiles::path(folder, age), 4 * MAX_FILE_BYTES) else { continue };
        bytes += content.len() as u64;
        count += 1;
        for record in String::from_utf8_lossy(&content).lines() {
            if CRASHES.iter().any(|crash| record.contains(crash)) {
                last_crash = Some(record.to_owned());
            }
            if is_error(record) {
                errors.push(record.to_owned());
            }
        }
    }
    errors.drain(..errors.len().saturating_sub(MAX_ERRORS));
    LogSummary {
        folder: folder.to_owned(),
        files: count,
        bytes,
        problem: problem.err().map(|error| error.to_string()),
        errors,
        last_crash,
    }
}

/// A record begins with the process, the time and the level.
fn is_error(record: &str) -> bool {
    matches!(record.split_whitespace().nth(2), Some("ERROR" | "WARN"))
}
