//! Datasets in the formats of the registry: exports of images with their annotations, and imports. An export reads the
//! library first, and then writes: photos are copied while no transaction is open.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod card;
pub(crate) mod detection;
pub(crate) mod finding;
pub(crate) mod import;
pub(crate) mod intake;
mod label_map;
mod pictures;
mod preview;
mod samples;
mod source;
mod splitting;
mod survey;
mod tables;
mod task;
mod writing;

use std::collections::HashMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasets::{DatasetError, FORMATS, Format, FormatOptions, Output, Written};
use domain::data_card::{CardWritten, DataCard};
use domain::dataset::{FormatDescriptor, FormatId, Package};
use domain::export::{ExportPhase, ExportPreview, ExportRequest, ExportScope, Exported, ImageFileMode, ReadyExport};
use domain::ids::{ImageId, RunId};
use domain::numbers::count;
use domain::query::{ImageQuery, to_text};
use domain::split::{SplitOutcome, SplitPart};
use files::WholeFile;
use prepare::DecodingMemory;
use store::{Store, View};

pub use self::detection::holds_only_annotations;
pub use self::label_map::label_map;
use self::pictures::OriginalPictures;
use self::source::{ExportDataset, ExportReading, Selected};
use self::splitting::Groups;
use self::survey::Survey;
pub use self::task::ExportTask;
use self::writing::Writing;
use crate::gallery::Gallery;
use crate::layout::Layout;
use crate::outputs::Outputs;
use crate::run_history::RunHistory;
use crate::similar::Similar;
use crate::{EngineError, Result, private};

/// All formats, in display order.
pub fn formats() -> impl Iterator<Item = &'static FormatDescriptor> {
    FORMATS.iter().map(|format| format.descriptor())
}

pub(crate) fn format_of(id: &FormatId) -> Result<&'static dyn Format> {
    datasets::find(&id.0).ok_or_else(|| EngineError::UnknownFormat(id.clone()))
}

/// How an export is stored.
fn package_of(request: &ExportRequest) -> Result<Package> {
    Ok(request.package(format_of(&request.format)?.descriptor().package))
}

/// Whether copies of the images are worth adding: the export is a folder or an archive, and does not consist of pictures.
pub fn lacks_images(request: &ExportRequest) -> Result<bool> {
    let descriptor = format_of(&request.format)?.descriptor();
    Ok(!matches!(package_of(request)?, Package::File { .. }) && !descriptor.writes_pictures())
}

/// Exports a library's annotations.
pub struct Datasets {
    store: Arc<Store>,
    layout: Arc<Layout>,
    outputs: Arc<Outputs>,
    history: Arc<RunHistory>,
    images: Arc<Gallery>,
    similar: Arc<Similar>,
    memory: DecodingMemory,
}

/// What an export writes, as it was read.
struct ReadExport<'t> {
    /// The run, if the export is about one.
    run: Option<RunId>,
    dataset: ExportDataset<'t>,
    options: FormatOptions,
    /// If it is written, or previewed.
    card: Option<DataCard>,
    survey: Option<Survey>,
    split: Option<SplitOutcome>,
    parts: HashMap<ImageId, SplitPart>,
    /// How many images were never annotated.
    unannotated: u32,
    /// The folder that the names of files are relative to.
    folder: Option<PathBuf>,
}

impl Datasets {
    pub(crate) fn new(
        store: Arc<Store>,
        layout: Arc<Layout>,
        outputs: Arc<Outputs>,
        history: Arc<RunHistory>,
        images: Arc<Gallery>,
        similar: Arc<Similar>,
        memory: DecodingMemory,
    ) -> Self {
        Self { store, layout, outputs, history, images, similar, memory }
    }

    /// Writes a dataset to `path`. It appears complete or not at all.
    pub fn export(&self, request: &ExportRequest, path: &Path, task: &ExportTask) -> Result<Exported> {
        let package = package_of(request)?;
        self.check_target(package, path)?;
        let mut out = Output::begin(package, path).map_err(EngineError::file(path))?;
        let read = self.read(request, package, false, task)?;
        let written = self.write_to(&read, request, package, &mut out, path)?;
        if matches!(package, Package::File { .. }) {
            self.write_beside(&read, request, &written, &mut out, path)?;
        }
        self.finish(read, request, out, path, task)?;
        Ok(written)
    }

    /// Like [`Datasets::export`], into a file that is already open and has nothing beside it; errors name it by `path`.
    pub fn write(&self, request: &ExportRequest, file: WholeFile, path: &Path, task: &ExportTask) -> Result<Exported> {
        let package = package_of(request)?;
        let mut out = Output::of_file(package, file).map_err(EngineError::file(path))?;
        let request = ExportRequest {
            data_card: request.data_card.filter(|_| !matches!(package, Package::File { .. })),
            ..request.clone()
        };
        let read = self.read(&request, package, false, task)?;
        let written = self.write_to(&read, &request, package, &mut out, path)?;
        self.finish(read, &request, out, path, task)?;
        Ok(written)
    }

    /// What [`Datasets::export`] would write. `target` is the folder or file to write, for the free space.
    pub fn preview(&self, request: &ExportRequest, target: Option<&Path>, task: &ExportTask) -> Result<ExportPreview> {
        let package = package_of(request)?;
        let mut out = Output::measured();
        let read = self.read(request, package, true, task)?;
        let exported = self.write_to(&read, request, package, &mut out, target.unwrap_or(Path::new("")))?;
        let file_name = self.file_name(request)?;
        let mut measured = out.into_measured().unwrap_or_default();
        measured.files.iter_mut().filter(|(name, _)| name.is_empty()).for_each(|(name, _)| name.clone_from(&file_name));
        let (entries, files, byte_len) = preview::entries(&measured);
        let survey = read.survey.unwrap_or_default();
        let card = card_of(read.card.as_ref().ok_or(EngineError::TaskLost)?, &exported);
        let there = target.and_then(|path| path.ancestors().find(|folder| folder.is_dir()));
        Ok(ExportPreview {
            exported,
            is_folder: package == Package::Folder,
            layers: survey.layer_counts(),
            rejected: survey.rejected,
            confirmed_empty: survey.all_confirmed_empty,
            entries,
            files,
            byte_len,
            is_byte_len_estimated: measured.is_estimated,
            sample: preview::sample(&measured),
            is_target_taken: target.is_some_and(is_taken),
            free_bytes: there.and_then(|folder| fs4::available_space(folder).ok()),
            card,
            file_name,
        })
    }

    /// Writes an export into the library folder, for a browser to download it. Several files become a ZIP file. Replaces
    /// an earlier export of the same name.
    pub fn ready(&self, request: &ExportRequest, task: &ExportTask) -> Result<ReadyExport> {
        let package = match package_of(request)? {
            Package::File { extension } if !request.keeps_everything && request.data_card != Some(true) => {
                Package::File { extension }
            }
            _ => Package::Archive { extension: "zip" },
        };
        let name = Path::new(&self.file_name(request)?).with_extension("");
        let file_name = format!("{}.{}", name.display(), package.extension().unwrap_or_default());
        let path = self.ready_path(&file_name)?;
        let folder = self.layout.ready_exports();
        private::create_folder(&folder).map_err(EngineError::file(&folder))?;
        let mut out = Output::begin(package, &path).map_err(EngineError::file(&path))?;
        let read = self.read(request, package, false, task)?;
        let exported = self.write_to(&read, request, package, &mut out, &path)?;
        self.finish(read, request, out, &path, task)?;
        private::make_private(&path);
        let byte_len = fs::metadata(&path).map_err(EngineError::file(&path))?.len();
        Ok(ReadyExport { file_name, byte_len, exported })
    }

    /// The file of [`Datasets::ready`] with this name.
    ///
    /// # Errors
    ///
    /// If it is a path, which could lead elsewhere.
    pub fn ready_path(&self, file_name: &str) -> Result<PathBuf> {
        let folder = self.layout.ready_exports();
        if Path::new(file_name).file_name() == Some(file_name.as_ref()) && !file_name.contains(['/', '\\', ':']) {
            return Ok(folder.join(file_name));
        }
        Err(EngineError::UnfitTarget { path: file_name.into(), reason: "it is not a file name" })
    }

    /// Removes the exports in the library folder.
    pub fn clear_ready(&self) -> Result<()> {
        let folder = self.layout.ready_exports();
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(EngineError::file(&folder)(error)),
            _ => Ok(()),
        }
    }

    /// The default name of an export, such as `harbour-weekend-yolo`.
    pub fn file_name(&self, request: &ExportRequest) -> Result<String> {
        let scope = match &request.scope {
            ExportScope::Library => "library".to_owned(),
            ExportScope::Run { run } => format!("run-{run}"),
            ExportScope::Collection { .. } => slug(&self.scope_name(request)?).unwrap_or_else(|| "collection".into()),
            ExportScope::Query { .. } => "filter".to_owned(),
            ExportScope::Images { .. } => "selection".to_owned(),
        };
        Ok(request.file_name(&scope, format_of(&request.format)?.descriptor().package))
    }

    /// The name of the images of an export, for its data card.
    fn scope_name(&self, request: &ExportRequest) -> Result<String> {
        Ok(match &request.scope {
            ExportScope::Library => "All images".to_owned(),
            ExportScope::Run { run } => {
                let run = self.history.run(*run)?;
                format!("Run {}: {} by {}", run.id, run.recipe_name, run.model_name)
            }
            ExportScope::Collection { id } => {
                let collections = self.store.read_blocking(|view| view.collections())?;
                let named = collections.into_iter().find(|collection| collection.id == *id);
                named.map_or_else(|| format!("Collection {}", id.0), |collection| collection.name)
            }
            ExportScope::Query { query } => format!("Images found by {}", to_text(&query.conditions)),
            ExportScope::Images { ids } => format!("{} selected images", ids.len()),
        })
    }

    /// The images of an export.
    fn select(&self, request: &ExportRequest) -> Result<Selected> {
        let of_query = |query: &ImageQuery| self.images.ids(query);
        let (run, ids) = match &request.scope {
            ExportScope::Library => (None, of_query(&ImageQuery::default())?),
            ExportScope::Collection { id } => {
                (None, of_query(&ImageQuery { collection: Some(*id), ..ImageQuery::default() })?)
            }
            ExportScope::Query { query } => (None, of_query(query)?),
            ExportScope::Images { ids } => (None, ids.clone()),
            ExportScope::Run { run } => (Some(self.history.run(*run)?), Vec::new()),
        };
        Ok(Selected {
            run,
            ids,
            layers: request.layers(),
            annotations: request.annotations,
            leaves_out_empty: request.leaves_out_empty,
            description: self.scope_name(request)?,
        })
    }

    fn groups(&self, request: &ExportRequest, selected: &Selected) -> Result<Groups> {
        if !request.split.is_some_and(|split| split.keeps_groups) {
            return Ok(Groups::new());
        }
        match &selected.run {
            None => splitting::groups_of(&self.store, &self.similar, &selected.ids),
            Some(run) => {
                let images = self.store.read_blocking(|view| view.images_of_run(run.id))?;
                splitting::groups_of(&self.store, &self.similar, &images)
            }
        }
    }

    /// Reads what is exported, in one transaction, which is over before anything is written.
    fn read<'t>(
        &self,
        request: &ExportRequest,
        package: Package,
        is_preview: bool,
        task: &'t ExportTask,
    ) -> Result<ReadExport<'t>> {
        let format = format_of(&request.format)?;
        let options = options_of(format, request)?;
        let selected = self.select(request)?;
        task.begin(ExportPhase::Preparing, 0)?;
        let groups = self.groups(request, &selected)?;
        let has_card = is_preview || request.has_data_card(package);
        let is_surveyed = has_card || selected.run.is_none() || request.split.is_some();
        let read = |view: &View<'_>| -> Result<ReadExport<'t>> {
            let mut reading = ExportReading::of(view, request, &selected, task)?;
            let survey = if is_surveyed { Some(Survey::of(&reading)?) } else { None };
            tables::read(&mut reading, format.descriptor(), survey.as_ref())?;
            let mut dataset = reading.take_dataset(task);
            let split = match (&request.split, &survey) {
                (Some(split), Some(survey)) => {
                    let kept = dataset.kept(format.holds(&options))?;
                    Some(splitting::split_images(view, &kept, survey, &groups, split)?)
                }
                _ => None,
            };
            let (parts, split) = split.unzip();
            let parts = parts.unwrap_or_default();
            dataset.split(&parts);
            let card = match &survey {
                Some(survey) if has_card => {
                    Some(card::data_card(&reading, survey, request, &selected.description, split.clone())?)
                }
                _ => None,
            };
            let (unannotated, folder) = (reading.unannotated, reading.files.folder.clone());
            Ok(ReadExport { run: None, dataset, options, card, survey, split, parts, unannotated, folder })
        };
        let read = self.store.read_settled_blocking(|view| Ok(read(view)))??;
        Ok(ReadExport { run: selected.run.map(|run| run.id), ..read })
    }

    /// Writes what was read to `out`. Errors name it by `path`.
    fn write_to(
        &self,
        read: &ReadExport<'_>,
        request: &ExportRequest,
        package: Package,
        out: &mut Output,
        path: &Path,
    ) -> Result<Exported> {
        let format = format_of(&request.format)?;
        let card = read.card.as_ref().filter(|_| request.has_data_card(package));
        let writing = Writing { format, options: &read.options, request, package, card };
        out.pictures = Some(Box::new(OriginalPictures(self.memory.clone())));
        let written = writing.write(&read.dataset, out).map_err(|error| export_error(error, path, read.run))?;
        let written = exported(&written, out);
        if written.images + written.failed_images == 0 {
            return Err(EngineError::NothingToExport(read.run));
        }
        let has_images = !matches!(package, Package::File { .. }) && request.images != ImageFileMode::Left;
        let folder = read.folder.as_ref().filter(|_| !has_images);
        Ok(Exported {
            folder: folder.map(|folder| folder.to_string_lossy().into_owned()),
            unannotated: read.unannotated,
            image_files: if has_images { request.images } else { ImageFileMode::Left },
            split: read.split.clone(),
            ..written
        })
    }

    /// Writes what accompanies a dataset of one file. It appears with the dataset.
    fn write_beside(
        &self,
        read: &ReadExport<'_>,
        request: &ExportRequest,
        written: &Exported,
        out: &mut Output,
        path: &Path,
    ) -> Result<()> {
        if request.keeps_everything {
            let (everything, path) = self.beside(path, "fieldmark.jsonl")?;
            let format = format_of(&FormatId("jsonl".into()))?;
            let package = format.descriptor().package;
            let mut whole = Output::of_file(package, everything).map_err(EngineError::file(&path))?;
            let options = FormatOptions::default();
            datasets::write(format, &read.dataset, &options, &mut whole)
                .map_err(|error| export_error(error, &path, read.run))?;
            whole.into_file().into_iter().for_each(|file| out.add_beside(file));
        }
        if let Some(card) = &read.card {
            let card = card_of(card, written);
            let json = writing::card_json(&card).map_err(EngineError::file(path))?;
            for (ending, content) in [(card::CARD_JSON, json), ("datacard.md", card.markdown().into_bytes())] {
                let (mut file, path) = self.beside(path, ending)?;
                file.write_all(&content).map_err(EngineError::file(&path))?;
                out.add_beside(file);
            }
        }
        Ok(())
    }

    /// Records the split of a written dataset, and finishes it.
    fn finish(
        &self,
        read: ReadExport<'_>,
        request: &ExportRequest,
        out: Output,
        path: &Path,
        task: &ExportTask,
    ) -> Result<()> {
        task.begin(ExportPhase::Finishing, 0)?;
        if let Some(split) = request.split.filter(|_| task.remembers_split()) {
            let mut parts: Vec<(ImageId, SplitPart)> = read.parts.into_iter().collect();
            parts.sort_unstable();
            self.store.write_blocking(move |edit| edit.record_split(split.seed, &parts))?;
        }
        out.finish().map_err(EngineError::file(path))?;
        tracing::info!(format = %request.format, "exported");
        Ok(())
    }

    /// A file beside a dataset of one file, such as `holiday.datacard.json`.
    fn beside(&self, path: &Path, ending: &str) -> Result<(WholeFile, PathBuf)> {
        let path = path.with_extension(ending);
        self.outputs.check(&path)?;
        let file = WholeFile::begin(&path).map_err(EngineError::file(&path))?;
        Ok((file, path))
    }

    /// Refuses a path that must not be overwritten. A folder must be new or empty.
    fn check_target(&self, package: Package, path: &Path) -> Result<()> {
        match package {
            Package::Folder if path.is_dir() => Ok(()),
            _ => self.outputs.check(path),
        }
    }
}

/// `card` with what was written.
fn card_of(card: &DataCard, exported: &Exported) -> DataCard {
    let Exported { images, failed_images, annotations, losses, unreadable, .. } = exported;
    let written = CardWritten {
        images: *images,
        failed_images: *failed_images,
        annotations: *annotations,
        losses: losses.clone(),
        unreadable_files: count(unreadable.len()),
    };
    DataCard { written, ..card.clone() }
}

fn exported(written: &Written, out: &Output) -> Exported {
    Exported {
        images: written.images,
        failed_images: written.failed_images,
        empty_images: written.empty_images,
        annotations: written.annotations,
        losses: written.losses.clone(),
        missing: written.missing,
        unreadable: out.unreadable().to_vec(),
        folder: None,
        unannotated: 0,
        image_files: ImageFileMode::Left,
        split: None,
    }
}

fn options_of(format: &dyn Format, request: &ExportRequest) -> Result<FormatOptions> {
    let chosen = request.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    FormatOptions::new(format.descriptor(), chosen).map_err(EngineError::Dataset)
}

fn export_error(error: DatasetError, path: &Path, run: Option<RunId>) -> EngineError {
    match error {
        DatasetError::Io(source) => EngineError::File { path: path.to_owned(), source },
        DatasetError::Empty { images: 0, .. } => EngineError::NothingToExport(run),
        DatasetError::Empty { format, .. } => EngineError::NothingHeld { run, format },
        DatasetError::NoKeyPoints => EngineError::NoKeyPoints,
        // The library's own error, passed through the format.
        DatasetError::Owner(error) => match error.downcast() {
            Ok(error) => *error,
            Err(error) => EngineError::Dataset(DatasetError::Owner(error)),
        },
        error => EngineError::Dataset(error),
    }
}

/// Whether there is something at `path` other than an empty folder.
fn is_taken(path: &Path) -> bool {
    path.exists() && !fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// A name for files: lower-case letters and digits, with hyphens between words. `None` if nothing is left.
fn slug(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug: String = words.map(str::to_lowercase).collect::<Vec<_>>().join("-").chars().take(60).collect();
    (!slug.is_empty()).then_some(slug)
}
