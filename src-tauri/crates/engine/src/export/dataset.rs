//! A run's annotations as a dataset that other programs read, in any format of the registry. Images are read and written one
//! after the other, however many there are, in one look at the library.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use datasets::{DatasetError, FORMATS, Format, FormatOptions, Output};
use domain::dataset::{FormatDescriptor, FormatId, Package};
use domain::export::{ExportRequest, Exported, ReadyExport};
use domain::ids::RunId;
use files::WholeFile;
use prepare::ContentHash;

use super::source::RunDataset;
use crate::layout::READY_FOLDER;
use crate::library::Library;
use crate::{EngineError, Result, private};

/// Every format that there is, in the order in which people are shown them.
pub fn formats() -> impl Iterator<Item = &'static FormatDescriptor> {
    FORMATS.iter().map(|format| format.descriptor())
}

fn format_of(id: &FormatId) -> Result<&'static dyn Format> {
    datasets::find(&id.0).ok_or_else(|| EngineError::UnknownFormat(id.clone()))
}

impl Library {
    /// Writes to `path` what stands on the images that `run` has answered.
    pub fn export_run(&self, run: RunId, request: &ExportRequest, path: &Path) -> Result<Exported> {
        let package = format_of(&request.format)?.descriptor().package;
        self.check_dataset_target(package, path)?;
        let out = Output::begin(package, path).map_err(EngineError::file(path))?;
        self.write_dataset(run, request, out, path)
    }

    /// As [`Library::export_run`], into a file that is begun already; errors name it by `path`.
    pub fn write_export(&self, run: RunId, request: &ExportRequest, file: WholeFile, path: &Path) -> Result<Exported> {
        let package = format_of(&request.format)?.descriptor().package;
        let out = Output::of_file(package, file).map_err(EngineError::file(path))?;
        self.write_dataset(run, request, out, path)
    }

    fn write_dataset(&self, run: RunId, request: &ExportRequest, mut out: Output, path: &Path) -> Result<Exported> {
        let (run, format) = (self.run(run)?, format_of(&request.format)?);
        let failed = |error| match error {
            DatasetError::Io(source) => EngineError::File { path: path.to_owned(), source },
            DatasetError::Empty { images: 0, .. } => EngineError::NothingToExport(run.id),
            DatasetError::Empty { format, .. } => EngineError::NothingHeld { run: run.id, format },
            // The library's own, which came through the format.
            DatasetError::Owner(error) => match error.downcast() {
                Ok(error) => *error,
                Err(error) => EngineError::Dataset(DatasetError::Owner(error)),
            },
            error => EngineError::Dataset(error),
        };
        let exported = self.store.read_blocking(|view| {
            Ok(RunDataset::new(view, &run, request.annotations, format.descriptor()).and_then(|dataset| {
                let options = FormatOptions::new(format.descriptor(), []).map_err(failed)?;
                let written = datasets::write(format, &dataset, &options, &mut out).map_err(failed)?;
                Ok(Exported {
                    images: written.images,
                    failed_images: written.failed_images,
                    empty_images: written.empty_images,
                    annotations: written.annotations,
                    losses: written.losses,
                    missing: written.missing,
                    folder: dataset.files.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
                })
            }))
        })??;
        if exported.images + exported.failed_images == 0 {
            return Err(EngineError::NothingToExport(run.id));
        }
        out.finish().map_err(EngineError::file(path))?;
        Ok(exported)
    }

    /// Writes an export into the library's folder, to be looked at and carried away. The next one of the same takes its place.
    pub fn ready_export(&self, run: RunId, request: &ExportRequest) -> Result<ReadyExport> {
        let path = self.ready_export_path(run, request)?;
        let folder = self.folder().join(READY_FOLDER);
        private::create_folder(&folder).map_err(EngineError::file(&folder))?;
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(EngineError::file(&path))?;
        }
        let exported = self.export_run(run, request, &path)?;
        private::make_private(&path);
        let byte_len = byte_len(&path).map_err(EngineError::file(&path))?;
        Ok(ReadyExport { file_name: export_name(run, request)?, byte_len, exported })
    }

    /// Where [`Library::ready_export`] writes.
    pub fn ready_export_path(&self, run: RunId, request: &ExportRequest) -> Result<PathBuf> {
        Ok(self.folder().join(READY_FOLDER).join(export_name(run, request)?))
    }

    /// Removes the exports that are ready: whoever dragged one away has it.
    pub fn clear_ready_exports(&self) -> Result<()> {
        let folder = self.folder().join(READY_FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(EngineError::file(&folder)(error)),
            _ => Ok(()),
        }
    }

    /// Refuses a place that a dataset must not take. A folder is written where there is none, or an empty one.
    fn check_dataset_target(&self, package: Package, path: &Path) -> Result<()> {
        match package {
            Package::Folder if path.is_dir() => Ok(()),
            _ => self.check_export_target(path),
        }
    }

    /// Refuses a place that no output may take: that of an original, of the library itself, of a folder.
    pub fn check_export_target(&self, path: &Path) -> Result<()> {
        let unfit = |reason| Err(EngineError::UnfitTarget { path: path.to_owned(), reason });
        if path.file_name().is_none() {
            return unfit("it names no file");
        }
        let absolute = std::path::absolute(path).map_err(EngineError::file(path))?;
        match fs::metadata(&absolute) {
            Ok(there) if there.is_dir() => return unfit("it is a folder"),
            // A device or a pipe holds nothing that could be lost.
            Ok(there) if !there.is_file() => return Ok(()),
            _ => {}
        }
        let canonical = resolved(&absolute);
        if self.is_database_file(&canonical) || canonical == resolved(&self.settings.path()) {
            return unfit("it belongs to the library itself");
        }
        // Whatever its path: links to an original, and copies of one, have its content.
        let content = ContentHash::of_file(&absolute).ok();
        let is_original = self.store.read_blocking(|view| {
            Ok(view.is_original(&absolute)?
                || view.is_original(&canonical)?
                || match &content {
                    Some(content) => view.has_content(*content.as_bytes())?,
                    None => false,
                })
        })?;
        if is_original { unfit("it is a photo of the library, and originals are only read") } else { Ok(()) }
    }

    /// Whether the database, or a file that belongs to it, is at `path`.
    pub(crate) fn is_database_file(&self, path: &Path) -> bool {
        let Ok(database) = fs::canonicalize(self.store.path()) else { return false };
        ["", "-wal", "-shm"].iter().any(|ending| {
            let mut own = database.clone().into_os_string();
            own.push(ending);
            own == path
        })
    }
}

/// What is written to at `path`: it, or a folder on it, may be a link.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
    })
}

/// What an export is called where a person has not named it.
pub fn export_name(run: RunId, request: &ExportRequest) -> Result<String> {
    Ok(request.file_name(run, format_of(&request.format)?.descriptor().package))
}

/// Of a file, or of all files in a folder.
fn byte_len(path: &Path) -> std::io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() { fs::read_dir(path)?.map(|entry| byte_len(&entry?.path())).sum() } else { Ok(metadata.len()) }
}
