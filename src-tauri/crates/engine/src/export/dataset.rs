//! A run's marks as a file that other programs read. Images are read and written one after the other, however many there
//! are, in one look at the library.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use domain::export::{ExportFormat, ExportRequest, Exported, ReadyExport};
use domain::ids::RunId;
use domain::run::RunSummary;
use files::WholeFile;
use prepare::ContentHash;
use store::View;

use super::record::{Answers, ImageRecord, MarkRecord};
use super::{coco, csv, json_lines};
use crate::clock::{now_millis, rfc3339};
use crate::library::Library;
use crate::{EngineError, Result, private};

/// Exports that are ready to be dragged away, in the library's folder.
pub(crate) const READY_FOLDER: &str = "exports";

impl Library {
    /// Writes to `path` what stands on the images that `run` has answered.
    pub fn export_run(&self, run: RunId, request: ExportRequest, path: &Path) -> Result<Exported> {
        self.check_export_target(path)?;
        let file = WholeFile::begin(path).map_err(EngineError::file(path))?;
        self.write_export(run, request, file, path)
    }

    /// As [`Library::export_run`], into a file that is begun already; errors name it by `path`.
    pub fn write_export(&self, run: RunId, request: ExportRequest, file: WholeFile, path: &Path) -> Result<Exported> {
        let run = self.run(run)?;
        let mut out = Out { file, path };
        let exported = self.store.read_blocking(|view| Ok(write(view, &run, request, &mut out)))??;
        out.file.finish().map_err(EngineError::file(path))?;
        Ok(exported)
    }

    /// Writes an export into the library's folder, to be looked at and carried away. The next one of the same takes its place.
    pub fn ready_export(&self, run: RunId, request: ExportRequest) -> Result<ReadyExport> {
        let path = self.ready_export_path(run, request);
        let folder = self.folder().join(READY_FOLDER);
        private::create_folder(&folder).map_err(EngineError::file(&folder))?;
        let exported = self.export_run(run, request, &path)?;
        private::make_private(&path);
        let byte_len = fs::metadata(&path).map_err(EngineError::file(&path))?.len();
        Ok(ReadyExport { file_name: request.file_name(run), byte_len, exported })
    }

    /// Where [`Library::ready_export`] writes.
    #[must_use]
    pub fn ready_export_path(&self, run: RunId, request: ExportRequest) -> PathBuf {
        self.folder().join(READY_FOLDER).join(request.file_name(run))
    }

    /// Removes the exports that are ready: whoever dragged one away has it.
    pub fn clear_ready_exports(&self) -> Result<()> {
        let folder = self.folder().join(READY_FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(EngineError::file(&folder)(error)),
            _ => Ok(()),
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
        if self.is_database_file(&canonical) || canonical == resolved(&self.settings_path()) {
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

/// A file and its name.
struct Out<'a> {
    file: WholeFile,
    path: &'a Path,
}

impl Out<'_> {
    fn put<T>(&mut self, part: impl FnOnce(&mut WholeFile) -> io::Result<T>) -> Result<T> {
        part(&mut self.file).map_err(EngineError::file(self.path))
    }
}

fn write(view: &View<'_>, run: &RunSummary, request: ExportRequest, file: &mut Out<'_>) -> Result<Exported> {
    let answers = Answers::of(view, run.id, request.marks)?;
    let mut exported = Exported {
        images: 0,
        failed_images: 0,
        empty_images: 0,
        marks: 0,
        without_score: 0,
        without_form: 0,
        missing: 0,
        folder: answers.folder().map(|folder| folder.to_string_lossy().into_owned()),
    };
    match request.format {
        ExportFormat::Coco => write_data_set(&answers, run, file, &mut exported)?,
        ExportFormat::CocoDetections => write_detections(&answers, file, &mut exported)?,
        ExportFormat::JsonLines => {
            for image in answers.images().chain(answers.failed_images()?.into_iter().map(Ok)) {
                let image = image?;
                note(&mut exported, &image);
                file.put(|out| json_lines::write_line(out, &image))?;
            }
        }
        ExportFormat::Csv => write_rows(&answers, file, &mut exported)?,
    }
    if exported.images + exported.failed_images == 0 { Err(EngineError::NothingToExport(run.id)) } else { Ok(exported) }
}

/// Images first, then annotations: the library is gone through twice, so that neither has to be kept.
fn write_data_set(answers: &Answers<'_>, run: &RunSummary, file: &mut Out<'_>, exported: &mut Exported) -> Result<()> {
    let categories = categories(answers)?;
    let info = coco::Info::new(run, answers.marks, rfc3339(now_millis()));
    let mut data_set = file.put(|out| coco::DataSet::begin(out, &info, &categories))?;
    for image in answers.images() {
        let image = image?;
        note(exported, &image);
        exported.without_form += without_form(&image);
        file.put(|out| data_set.image(out, &image))?;
    }
    exported.marks -= exported.without_form;
    file.put(coco::DataSet::end_images)?;
    for image in answers.images() {
        let image = image?;
        file.put(|out| data_set.annotations(out, &image))?;
    }
    file.put(coco::DataSet::end)
}

/// Refuses an empty list: evaluators fail at one.
fn write_detections(answers: &Answers<'_>, file: &mut Out<'_>, exported: &mut Exported) -> Result<()> {
    let categories = categories(answers)?;
    let mut detections = file.put(|out| coco::Detections::begin(out, answers.run, &categories))?;
    for image in answers.images() {
        let image = image?;
        note(exported, &image);
        exported.without_form += without_form(&image);
        let unscored = |mark: &&MarkRecord| mark.has_outline() && mark.score_of(answers.run).is_none();
        exported.without_score += count(image.marks.iter().filter(unscored).count());
        file.put(|out| detections.marks(out, &image))?;
    }
    exported.marks -= exported.without_score + exported.without_form;
    if exported.images > 0 && exported.marks == 0 {
        return Err(EngineError::NoScores(answers.run));
    }
    file.put(coco::Detections::end)
}

fn write_rows(answers: &Answers<'_>, file: &mut Out<'_>, exported: &mut Exported) -> Result<()> {
    let recipe = answers.view.recipe_of_run(answers.run)?;
    let mut attributes: Vec<String> = recipe.attributes.into_iter().map(|attribute| attribute.name).collect();
    for name in answers.view.attributes_in_answers(answers.run)? {
        if !attributes.contains(&name) {
            attributes.push(name);
        }
    }
    file.put(|out| csv::write_header(out, &attributes))?;
    for image in answers.images().chain(answers.failed_images()?.into_iter().map(Ok)) {
        let image = image?;
        note(exported, &image);
        file.put(|out| csv::write_image(out, &attributes, &image))?;
    }
    Ok(())
}

fn categories(answers: &Answers<'_>) -> Result<coco::Categories> {
    let recipe = answers.view.recipe_of_run(answers.run)?;
    Ok(coco::Categories::new(&recipe, answers.view.labels_in_answers(answers.run)?))
}

fn note(exported: &mut Exported, image: &ImageRecord) {
    exported.failed_images += u32::from(image.failure.is_some());
    exported.images += u32::from(image.failure.is_none());
    exported.empty_images += u32::from(image.failure.is_none() && image.marks.is_empty());
    exported.missing += u32::from(image.missing);
    exported.marks += count(image.marks.len());
}

fn without_form(image: &ImageRecord) -> u32 {
    count(image.marks.iter().filter(|mark| !mark.has_outline()).count())
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
