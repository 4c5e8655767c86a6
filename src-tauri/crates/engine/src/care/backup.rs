//! Writes a library into one file, while it may be used.

use std::io::ErrorKind;
use std::path::Path;

use domain::care::{LastBackup, WrittenBackup};

use super::archive::{BackupWriter, Manifest};
use super::{Care, own_files, shown};
use crate::clock::now_millis;
use crate::layout::{ATTRIBUTION, DATABASE, METRICS, SAMPLES, SETTINGS_FILE, THUMBNAILS, UPLOADS};
use crate::{EngineError, Result, places, private};

impl Care {
    /// Writes a backup to `out`: the database, settings, metrics, uploaded and sample photos, and thumbnails if asked.
    pub fn back_up(&self, out: &Path, with_thumbnails: bool) -> Result<WrittenBackup> {
        self.outputs.check(out)?;
        let absolute = std::path::absolute(out).map_err(EngineError::file(out))?;
        let beside = absolute.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(beside).map_err(EngineError::file(beside))?;
        let copy = self.store.copy_into(beside)?;
        // Of the copy, because others may write meanwhile.
        let (format, counts) = store::read_only(copy.path(), |view| Ok((view.format()?, view.library_counts()?)))?;
        let folder = places::absolute(self.layout.folder()).map_err(EngineError::file(self.layout.folder()))?;
        let made_at = now_millis();
        let manifest = Manifest::new(made_at, format, folder.to_str().map(ToOwned::to_owned), counts);
        let failed = || EngineError::file(out);
        let mut backup = BackupWriter::begin(out, manifest).map_err(failed())?;
        backup.add(DATABASE.into(), copy.path(), true).map_err(failed())?;
        for (name, path) in [(SETTINGS_FILE, self.layout.settings_file()), (ATTRIBUTION, self.layout.attribution())] {
            match backup.add(name.into(), &path, true) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(EngineError::file(path)(error)),
                _ => {}
            }
        }
        let mut folders = vec![
            (METRICS, self.layout.metrics(), true),
            (SAMPLES, self.layout.samples(), false),
            (UPLOADS, self.layout.uploads(), false),
        ];
        if with_thumbnails {
            folders.push((THUMBNAILS, self.layout.thumbnails(), false));
        }
        for (folder, path, is_compressed) in folders {
            for file in own_files::below(&path) {
                let Some(name) = file.name else {
                    let source = std::io::Error::new(ErrorKind::InvalidFilename, "its name is no text");
                    return Err(EngineError::File { path: file.path, source });
                };
                match backup.add(format!("{folder}/{name}"), &file.path, is_compressed) {
                    // Metrics and thumbnails are replaced while the library is used.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    added => added.map_err(EngineError::file(file.path))?,
                }
            }
        }
        let manifest = backup.finish().map_err(failed())?;
        let path = shown(out);
        self.record(&LastBackup { made_at, path: path.clone() })?;
        Ok(WrittenBackup {
            path,
            byte_len: own_files::byte_len(out),
            files: u32::try_from(manifest.entries.len()).unwrap_or(u32::MAX),
            counts,
            has_thumbnails: with_thumbnails,
        })
    }

    fn record(&self, last: &LastBackup) -> Result<()> {
        let (folder, path) = (self.layout.backups(), self.layout.last_backup());
        private::create_folder(&folder).map_err(EngineError::file(folder))?;
        let json = serde_json::to_vec(last).map_err(|error| EngineError::file(&path)(error.into()))?;
        files::write_private(&path, &json).map_err(EngineError::file(path))
    }
}
