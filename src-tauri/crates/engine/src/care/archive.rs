//! The one file of a backup: a ZIP archive with a manifest, in which every entry is listed with its hash.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::care::LibraryCounts;
use files::WholeFile;
use prepare::ContentHash;
use serde::{Deserialize, Serialize};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::layout::{ATTRIBUTION, DATABASE, METRICS, SAMPLES, SETTINGS_FILE, THUMBNAILS, UPLOADS};
use crate::{EngineError, Result};

pub const MANIFEST: &str = "manifest.json";
/// Upper bound for a manifest: a million entries.
const MAX_MANIFEST_BYTES: u64 = 256 << 20;
/// The version of the manifest.
const VERSION: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    fieldmark_backup: u32,
    /// Milliseconds since the Unix epoch.
    pub made_at: u64,
    program: String,
    /// Of the database.
    pub format: u32,
    /// Where the library had its files, if that is text: photos in it are found in the new folder.
    pub folder: Option<String>,
    pub counts: LibraryCounts,
    pub entries: Vec<BackupEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct BackupEntry {
    pub name: String,
    pub byte_len: u64,
    /// Nanoseconds since the Unix epoch.
    pub modified_at: Option<u64>,
    hash: String,
}

impl Manifest {
    pub fn new(made_at: u64, format: u32, folder: Option<String>, counts: LibraryCounts) -> Self {
        let program = env!("CARGO_PKG_VERSION").into();
        Self { fieldmark_backup: VERSION, made_at, program, format, folder, counts, entries: Vec::new() }
    }
}

/// A backup being written.
pub struct BackupWriter {
    archive: ZipWriter<StreamWriter<WholeFile>>,
    pub manifest: Manifest,
}

impl BackupWriter {
    pub fn begin(out: &Path, manifest: Manifest) -> io::Result<Self> {
        Ok(Self { archive: ZipWriter::new_stream(WholeFile::begin_private(out)?), manifest })
    }

    pub fn add(&mut self, name: String, path: &Path, is_compressed: bool) -> io::Result<()> {
        let (mut file, metadata) = files::open(path)?;
        self.archive.start_file(&*name, options(is_compressed))?;
        let (mut hasher, mut byte_len) = (ContentHash::hasher(), 0);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            byte_len += count as u64;
            self.archive.write_all(&buffer[..count])?;
        }
        let modified_at = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        self.manifest.entries.push(BackupEntry {
            name,
            byte_len,
            modified_at: modified_at.and_then(|since| u64::try_from(since.as_nanos()).ok()),
            hash: hasher.finish().to_string(),
        });
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<Manifest> {
        let json = serde_json::to_vec(&self.manifest)?;
        self.archive.start_file(MANIFEST, options(true))?;
        self.archive.write_all(&json)?;
        self.archive.finish()?.into_inner().finish()?;
        Ok(self.manifest)
    }
}

fn options(is_compressed: bool) -> SimpleFileOptions {
    let method = if is_compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    // A file may grow while it is read.
    SimpleFileOptions::default().compression_method(method).large_file(true)
}

/// A backup that is read. Nothing in it is trusted.
pub struct BackupReader {
    path: PathBuf,
    archive: ZipArchive<File>,
    pub manifest: Manifest,
}

impl BackupReader {
    pub fn open(path: &Path) -> Result<Self> {
        let (file, _) = files::open(path).map_err(EngineError::file(path))?;
        let unfit = |detail: String| EngineError::UnfitBackup { path: path.to_owned(), detail };
        let mut archive = ZipArchive::new(file).map_err(|error| unfit(error.to_string()))?;
        let mut json = Vec::new();
        {
            let entry = archive.by_name(MANIFEST).map_err(|_| unfit("it is no backup of a library".into()))?;
            let read = entry.take(MAX_MANIFEST_BYTES).read_to_end(&mut json);
            read.map_err(|error| unfit(error.to_string()))?;
        }
        let manifest: Manifest = serde_json::from_slice(&json).map_err(|error| unfit(error.to_string()))?;
        if manifest.fieldmark_backup != VERSION {
            return Err(unfit("it was written by a newer Fieldmark".into()));
        }
        if let Some(entry) = manifest.entries.iter().find(|entry| !is_expected(&entry.name)) {
            return Err(unfit(format!("it holds {:?}, which is no file of a library", entry.name)));
        }
        if !manifest.entries.iter().any(|entry| entry.name == DATABASE) {
            return Err(unfit("it holds no database".into()));
        }
        Ok(Self { path: path.to_owned(), archive, manifest })
    }

    /// Writes the files of the backup into `folder`, and verifies each.
    pub fn extract(&mut self, folder: &Path) -> Result<()> {
        let unfit = |detail: String| EngineError::UnfitBackup { path: self.path.clone(), detail };
        for entry in &self.manifest.entries {
            let target = folder.join(&entry.name);
            let parent = target.parent().unwrap_or(folder);
            crate::private::create_folder(parent).map_err(EngineError::file(parent))?;
            let packed = self.archive.by_name(&entry.name);
            let packed = packed.map_err(|error| unfit(format!("{}: {error}", entry.name)))?;
            let file = crate::private::create_file(&target).map_err(EngineError::file(&target))?;
            // No more than was announced.
            let hash = copy_hashed(packed.take(entry.byte_len + 1), &file);
            let (hash, byte_len) = hash.map_err(|error| unfit(format!("{}: {error}", entry.name)))?;
            if hash != entry.hash || byte_len != entry.byte_len {
                return Err(unfit(format!("{} is damaged", entry.name)));
            }
            let modified_at = entry.modified_at.map(|since| UNIX_EPOCH + Duration::from_nanos(since));
            file.set_modified(modified_at.unwrap_or_else(SystemTime::now)).map_err(EngineError::file(&target))?;
            file.sync_all().map_err(EngineError::file(&target))?;
        }
        Ok(())
    }
}

fn copy_hashed(mut from: impl Read, mut to: &File) -> io::Result<(String, u64)> {
    let (mut hasher, mut byte_len, mut buffer) = (ContentHash::hasher(), 0, vec![0; 1 << 16]);
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((hasher.finish().to_string(), byte_len));
        }
        hasher.update(&buffer[..count]);
        byte_len += count as u64;
        to.write_all(&buffer[..count])?;
    }
}

/// Whether `name` is that of a file that a library has, below its folder on this system. Backups of other systems may hold
/// names that this one does not allow.
fn is_expected(name: &str) -> bool {
    let separators: &[char] = if cfg!(windows) { &['\\', ':', '\0'] } else { &['\0'] };
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(separators);
    let is_safe = name.split('/').all(is_plain);
    let first = name.split('/').next().unwrap_or_default();
    let is_known = if name.contains('/') {
        [METRICS, SAMPLES, UPLOADS, THUMBNAILS].contains(&first)
    } else {
        [DATABASE, SETTINGS_FILE, ATTRIBUTION].contains(&name)
    };
    is_safe && is_known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_library_are_expected() {
        for name in ["library.sqlite", "settings.toml", "uploads/2026/a.jpg", "thumbs/ab/x.jpg", "Samples/china.jpg"] {
            assert!(is_expected(name), "{name}");
        }
        // Names of files only where no drive or folder is meant.
        for name in ["uploads/12:30.jpg", "uploads/..\\x"] {
            assert_eq!(is_expected(name), cfg!(not(windows)), "{name}");
        }
        for name in ["../x", "/etc/passwd", "uploads/../../x", "uploads//x", "C:x", "hooks.toml", "uploads", ""] {
            assert!(!is_expected(name), "{name}");
        }
    }
}
