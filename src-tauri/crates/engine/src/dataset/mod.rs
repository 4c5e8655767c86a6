//! Datasets in the formats of the registry: exports of a run's annotations, and imports.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod detection;
pub(crate) mod import;
mod intake;
mod label_map;
mod source;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasets::{DatasetError, FORMATS, Format, FormatOptions, Output};
use domain::dataset::{FormatDescriptor, FormatId, Package};
use domain::export::{ExportRequest, Exported, ReadyExport};
use domain::ids::RunId;
use files::WholeFile;
use store::Store;

pub use self::label_map::label_map;
use self::source::RunDataset;
use crate::layout::Layout;
use crate::outputs::Outputs;
use crate::run_history::RunHistory;
use crate::{EngineError, Result, private};

/// All formats, in display order.
pub fn formats() -> impl Iterator<Item = &'static FormatDescriptor> {
    FORMATS.iter().map(|format| format.descriptor())
}

fn format_of(id: &FormatId) -> Result<&'static dyn Format> {
    datasets::find(&id.0).ok_or_else(|| EngineError::UnknownFormat(id.clone()))
}

/// Exports a library's annotations.
pub struct Datasets {
    store: Arc<Store>,
    layout: Arc<Layout>,
    outputs: Arc<Outputs>,
    history: Arc<RunHistory>,
}

impl Datasets {
    pub(crate) fn new(store: Arc<Store>, layout: Arc<Layout>, outputs: Arc<Outputs>, history: Arc<RunHistory>) -> Self {
        Self { store, layout, outputs, history }
    }

    /// Writes the annotations on the answered images of `run` to `path`.
    pub fn export(&self, run: RunId, request: &ExportRequest, path: &Path) -> Result<Exported> {
        let package = format_of(&request.format)?.descriptor().package;
        self.check_target(package, path)?;
        let out = Output::begin(package, path).map_err(EngineError::file(path))?;
        self.write_dataset(run, request, out, path)
    }

    /// Like [`Datasets::export`], into a file that is already open; errors name it by `path`.
    pub fn write(&self, run: RunId, request: &ExportRequest, file: WholeFile, path: &Path) -> Result<Exported> {
        let package = format_of(&request.format)?.descriptor().package;
        let out = Output::of_file(package, file).map_err(EngineError::file(path))?;
        self.write_dataset(run, request, out, path)
    }

    fn write_dataset(&self, run: RunId, request: &ExportRequest, mut out: Output, path: &Path) -> Result<Exported> {
        let (run, format) = (self.history.run(run)?, format_of(&request.format)?);
        let failed = |error| match error {
            DatasetError::Io(source) => EngineError::File { path: path.to_owned(), source },
            DatasetError::Empty { images: 0, .. } => EngineError::NothingToExport(run.id),
            DatasetError::Empty { format, .. } => EngineError::NothingHeld { run: run.id, format },
            // The library's own error, passed through the format.
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

    /// Writes an export into the library folder, to preview it and drag it out. Replaces an earlier export of the same
    /// kind.
    pub fn ready(&self, run: RunId, request: &ExportRequest) -> Result<ReadyExport> {
        let path = self.ready_path(run, request)?;
        let folder = self.layout.ready_exports();
        private::create_folder(&folder).map_err(EngineError::file(&folder))?;
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(EngineError::file(&path))?;
        }
        let exported = self.export(run, request, &path)?;
        private::make_private(&path);
        let byte_len = byte_len(&path).map_err(EngineError::file(&path))?;
        Ok(ReadyExport { file_name: export_name(run, request)?, byte_len, exported })
    }

    /// The target of [`Datasets::ready`].
    pub fn ready_path(&self, run: RunId, request: &ExportRequest) -> Result<PathBuf> {
        Ok(self.layout.ready_exports().join(export_name(run, request)?))
    }

    /// Removes the exports in the library folder. Files that were dragged out are copies and are not affected.
    pub fn clear_ready(&self) -> Result<()> {
        let folder = self.layout.ready_exports();
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(EngineError::file(&folder)(error)),
            _ => Ok(()),
        }
    }

    /// Refuses a path that must not be overwritten. A folder must be new or empty.
    fn check_target(&self, package: Package, path: &Path) -> Result<()> {
        match package {
            Package::Folder if path.is_dir() => Ok(()),
            _ => self.outputs.check(path),
        }
    }
}

/// The default name of an export.
pub fn export_name(run: RunId, request: &ExportRequest) -> Result<String> {
    Ok(request.file_name(run, format_of(&request.format)?.descriptor().package))
}

/// The size of a file, or of all files in a folder.
fn byte_len(path: &Path) -> std::io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() { fs::read_dir(path)?.map(|entry| byte_len(&entry?.path())).sum() } else { Ok(metadata.len()) }
}
