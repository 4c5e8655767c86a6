//! Appends records to the log file, and rotates it. A record is one write to a file that is opened for appending, so that
//! the records of several processes do not mix. The file is opened for each record, so that no process keeps writing to one
//! that another process has rotated or removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tracing_subscriber::fmt::MakeWriter;

use crate::cleaning::clean;

/// Size at which the file is rotated.
pub const MAX_FILE_BYTES: u64 = 4 << 20;
/// Files that are kept, with the current one.
pub const MAX_FILES: usize = 5;
/// Longer records are cut off, so that nothing large is ever in a log.
const MAX_RECORD_BYTES: usize = 16 << 10;
const CURRENT: &str = "fieldmark.log";
const LOCK: &str = "rotation.lock";

/// The log files in a folder.
#[derive(Debug, Clone)]
pub struct LogFiles {
    folder: PathBuf,
    max_file_bytes: u64,
}

impl LogFiles {
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, max_file_bytes: MAX_FILE_BYTES }
    }

    /// The file at `age`: 0 is the current one.
    pub(crate) fn path(folder: &Path, age: usize) -> PathBuf {
        folder.join(if age == 0 { CURRENT.to_owned() } else { format!("fieldmark.{age}.log") })
    }

    /// Appends a record as one line, cleaned of secrets.
    ///
    /// # Errors
    /// If the folder or the file cannot be written.
    pub fn append(&self, record: &str) -> io::Result<()> {
        let mut line = clean(record.trim_end());
        if line.len() > MAX_RECORD_BYTES {
            line.truncate(line.floor_char_boundary(MAX_RECORD_BYTES));
            line.push_str(" [cut off]");
        }
        let line = format!("{} {line}\n", std::process::id());
        let current = Self::path(&self.folder, 0);
        let mut file = match open(&current) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                files::create_private_folder(&self.folder)?;
                open(&current)?
            }
            opened => opened?,
        };
        let bytes = file.metadata()?.len();
        if bytes + line.len() as u64 > self.max_file_bytes {
            if self.rotate()? {
                file = open(&current)?;
            } else if bytes > 2 * self.max_file_bytes {
                // Another process holds the lock for long: a log must not fill the disk.
                return Ok(());
            }
        }
        file.write_all(line.as_bytes())
    }

    /// Moves each file to the next age and removes the oldest; false if another process is doing that.
    fn rotate(&self) -> io::Result<bool> {
        let lock = files::open_own(&self.folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Another process may have rotated it before the lock was taken.
        let current = Self::path(&self.folder, 0);
        if fs::metadata(&current).is_ok_and(|file| file.len() * 2 < self.max_file_bytes) {
            return Ok(true);
        }
        for age in (1..MAX_FILES).rev() {
            match fs::rename(Self::path(&self.folder, age - 1), Self::path(&self.folder, age)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(true)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// One event. A log that cannot be written disturbs nothing.
pub struct Record<'a>(&'a LogFiles);

impl Write for Record<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.append(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFiles {
    type Writer = Record<'a>;

    fn make_writer(&'a self) -> Record<'a> {
        Record(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_at_the_same_time_keep_records_whole_and_the_size_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("state/logs");
        let max_file_bytes = 8 << 10;
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let files = LogFiles { folder: inside.clone(), max_file_bytes };
                scope.spawn(move || {
                    for number in 0..400 {
                        files.append(&format!("INFO writer {writer} number {number} {}", "words ".repeat(10))).unwrap();
                    }
                });
            }
        });
        let mut total = 0;
        for age in 0..MAX_FILES {
            let text = fs::read_to_string(LogFiles::path(&inside, age)).unwrap();
            total += text.len() as u64;
            assert!(text.lines().all(|line| line.contains("INFO writer") && line.ends_with("words")), "{text}");
        }
        assert!(!LogFiles::path(&inside, MAX_FILES).exists());
        assert!(total <= 2 * max_file_bytes * MAX_FILES as u64, "{total}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&inside), mode(&LogFiles::path(&inside, 0))), (0o700, 0o600));
        }
    }
}
