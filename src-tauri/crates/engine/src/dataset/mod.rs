//! Datasets in the formats of the registry: exports of images with their annotations, and imports. Exports are streamed
//! image by image within one read transaction.

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
mod preview;
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
use domain::data_card::DataCard;
use domain::dataset::{FormatDescriptor, FormatId, Package};
use domain::export::{ExportPhase, ExportPreview, ExportRequest, ExportScope, Exported, ImageFileMode, ReadyExport};
use domain::ids::ImageId;
use domain::query::{ImageQuery, to_text};
use domain::split::SplitPart;
use files::WholeFile;
use store::{Store, View};

pub use self::detection::holds_only_annotations;
pub use self::label_map::label_map;
use self::source::{ExportDataset, Selected};
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

fn format_of(id: &FormatId) -> Result<&'static dyn Format> {
    datasets::find(&id.0).ok_or_else(|| EngineError::UnknownFormat(id.clone()))
}

/// How an export is stored.
pub fn package_of(request: &ExportRequest) -> Result<Package> {
    Ok(request.package(format_of(&request.format)?.descriptor().package))
}

/// Exports a library's annotations.
pub struct Datasets {
    store: Arc<Store>,
    layout: Arc<Layout>,
    outputs: Arc<Outputs>,
    history: Arc<RunHistory>,
    images: Arc<Gallery>,
    similar: Arc<Similar>,
}

/// A dataset in an output that is not finished.
struct Unfinished {
    exported: Exported,
    card: Option<DataCard>,
    survey: Option<Survey>,
    parts: HashMap<ImageId, SplitPart>,
}

impl Datasets {
    pub(crate) fn new(
        store: Arc<Store>,
        layout: Arc<Layout>,
        outputs: Arc<Outputs>,
        history: Arc<RunHistory>,
        images: Arc<Gallery>,
        similar: Arc<Similar>,
    ) -> Self {
        Self { store, layout, outputs, history, images, similar }
    }

    /// Writes a dataset to `path`. It appears complete or not at all.
    pub fn export(&self, request: &ExportRequest, path: &Path, task: &ExportTask) -> Result<Exported> {
        let package = package_of(request)?;
        self.check_target(package, path)?;
        let out = Output::begin(package, path).map_err(EngineError::file(path))?;
        if !matches!(package, Package::File { .. }) {
            return self.finish(request, package, out, path, task);
        }
        let everything = self.beside(request.keeps_everything, path, "fieldmark.jsonl")?;
        let has_card = request.has_data_card(package);
        let mut card_json = self.beside(has_card, path, card::CARD_JSON)?;
        let mut card_page = self.beside(has_card, path, "datacard.md")?;
        let card_path = path.with_extension(card::CARD_JSON);
        let exported = self.finish_with(request, package, out, path, task, |card| {
            let (Some(json), Some(page), Some(card)) = (&mut card_json, &mut card_page, card) else { return Ok(()) };
            let written = writing::card_json(card).and_then(|text| json.write_all(&text));
            written.and_then(|()| page.write_all(card.markdown().as_bytes())).map_err(EngineError::file(&card_path))
        })?;
        if let Some(everything) = everything {
            let path = path.with_extension("fieldmark.jsonl");
            let whole = ExportRequest {
                format: FormatId("jsonl".into()),
                options: std::collections::BTreeMap::new(),
                keeps_everything: false,
                data_card: Some(false),
                ..request.clone()
            };
            let package = Package::File { extension: "jsonl" };
            let out = Output::of_file(package, everything).map_err(EngineError::file(&path))?;
            self.finish(&whole, package, out, &path, task)?;
        }
        for file in [card_json, card_page].into_iter().flatten() {
            file.finish().map_err(EngineError::file(&card_path))?;
        }
        Ok(exported)
    }

    /// Like [`Datasets::export`], into a file that is already open and has nothing beside it; errors name it by `path`.
    pub fn write(&self, request: &ExportRequest, file: WholeFile, path: &Path, task: &ExportTask) -> Result<Exported> {
        let package = package_of(request)?;
        let out = Output::of_file(package, file).map_err(EngineError::file(path))?;
        let request = ExportRequest {
            data_card: request.data_card.filter(|_| !matches!(package, Package::File { .. })),
            ..request.clone()
        };
        self.finish(&request, package, out, path, task)
    }

    /// What [`Datasets::export`] would write. `target` is the folder or file to write, for the free space.
    pub fn preview(&self, request: &ExportRequest, target: Option<&Path>, task: &ExportTask) -> Result<ExportPreview> {
        let package = package_of(request)?;
        let mut out = Output::measured();
        let unfinished = self.fill(request, package, &mut out, target.unwrap_or(Path::new("")), true, task)?;
        let file_name = self.file_name(request)?;
        let mut measured = out.into_measured().unwrap_or_default();
        measured.files.iter_mut().filter(|(name, _)| name.is_empty()).for_each(|(name, _)| name.clone_from(&file_name));
        let (entries, files, byte_len) = preview::entries(&measured);
        let survey = unfinished.survey.unwrap_or_default();
        let card = unfinished.card.ok_or(EngineError::TaskLost)?;
        let there = target.and_then(|path| path.ancestors().find(|folder| folder.is_dir()));
        Ok(ExportPreview {
            exported: unfinished.exported,
            is_folder: package == Package::Folder,
            layers: survey.layer_counts(),
            rejected: survey.rejected,
            confirmed_empty: survey.all_confirmed_empty,
            entries,
            files,
            byte_len,
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
        let out = Output::begin(package, &path).map_err(EngineError::file(&path))?;
        let exported = self.finish(request, package, out, &path, task)?;
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

    /// Writes a dataset to `out`. Errors name it by `path`.
    fn fill(
        &self,
        request: &ExportRequest,
        package: Package,
        out: &mut Output,
        path: &Path,
        is_preview: bool,
        task: &ExportTask,
    ) -> Result<Unfinished> {
        let format = format_of(&request.format)?;
        let selected = self.select(request)?;
        let chosen = request.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let options = FormatOptions::new(format.descriptor(), chosen).map_err(EngineError::Dataset)?;
        task.begin(ExportPhase::Preparing, 0)?;
        let groups = self.groups(request, &selected)?;
        let has_card = request.has_data_card(package);
        let is_surveyed = is_preview || has_card || selected.run.is_none() || request.split.is_some();
        let fill = |view: &View<'_>| -> Result<Unfinished> {
            let mut dataset = ExportDataset::new(view, request, &selected, task)?;
            let survey = if is_surveyed { Some(Survey::of(&dataset, task)?) } else { None };
            tables::read(&mut dataset, format.descriptor(), survey.as_ref())?;
            let split = match (&request.split, &survey) {
                (Some(split), Some(survey)) => Some(splitting::split_images(view, survey, &groups, split)?),
                _ => None,
            };
            let (parts, outcome) = split.unzip();
            dataset.parts = parts.unwrap_or_default();
            let card = match &survey {
                Some(survey) if is_preview || has_card => {
                    Some(card::data_card(&dataset, survey, request, &selected.description, outcome.clone())?)
                }
                _ => None,
            };
            let in_dataset = card.as_ref().filter(|_| has_card);
            let writing = Writing { format, options, request, package, card: in_dataset };
            let written = writing.write(&dataset, out).map_err(|error| export_error(error, path, &selected))?;
            let has_images = !matches!(package, Package::File { .. }) && request.images != ImageFileMode::Left;
            let folder = dataset.files.folder.as_ref().filter(|_| !has_images);
            let exported = Exported {
                folder: folder.map(|folder| folder.to_string_lossy().into_owned()),
                unannotated: dataset.unannotated,
                image_files: if has_images { request.images } else { ImageFileMode::Left },
                split: outcome,
                ..exported(&written)
            };
            Ok(Unfinished { exported, card, survey, parts: std::mem::take(&mut dataset.parts) })
        };
        let unfinished = self.store.read_blocking(|view| Ok(fill(view)))??;
        if unfinished.exported.images + unfinished.exported.failed_images == 0 {
            return Err(nothing(&selected));
        }
        Ok(unfinished)
    }

    fn finish(
        &self,
        request: &ExportRequest,
        package: Package,
        out: Output,
        path: &Path,
        task: &ExportTask,
    ) -> Result<Exported> {
        self.finish_with(request, package, out, path, task, |_| Ok(()))
    }

    /// Writes a dataset, then what `write_beside` writes, and finishes it.
    fn finish_with(
        &self,
        request: &ExportRequest,
        package: Package,
        mut out: Output,
        path: &Path,
        task: &ExportTask,
        write_beside: impl FnOnce(Option<&DataCard>) -> Result<()>,
    ) -> Result<Exported> {
        let unfinished = self.fill(request, package, &mut out, path, false, task)?;
        write_beside(unfinished.card.as_ref())?;
        task.begin(ExportPhase::Finishing, 0)?;
        if let Some(split) = request.split.filter(|_| task.remembers_split()) {
            let mut parts: Vec<(ImageId, SplitPart)> = unfinished.parts.into_iter().collect();
            parts.sort_unstable();
            self.store.write_blocking(move |edit| edit.record_split(split.seed, &parts))?;
        }
        out.finish().map_err(EngineError::file(path))?;
        Ok(unfinished.exported)
    }

    /// A file beside a dataset of one file, such as `holiday.datacard.json`.
    fn beside(&self, is_wanted: bool, path: &Path, ending: &str) -> Result<Option<WholeFile>> {
        if !is_wanted {
            return Ok(None);
        }
        let path = path.with_extension(ending);
        self.outputs.check(&path)?;
        WholeFile::begin(&path).map(Some).map_err(EngineError::file(&path))
    }

    /// Refuses a path that must not be overwritten. A folder must be new or empty.
    fn check_target(&self, package: Package, path: &Path) -> Result<()> {
        match package {
            Package::Folder if path.is_dir() => Ok(()),
            _ => self.outputs.check(path),
        }
    }
}

fn exported(written: &Written) -> Exported {
    Exported {
        images: written.images,
        failed_images: written.failed_images,
        empty_images: written.empty_images,
        annotations: written.annotations,
        losses: written.losses.clone(),
        missing: written.missing,
        folder: None,
        unannotated: 0,
        image_files: ImageFileMode::Left,
        split: None,
    }
}

fn nothing(selected: &Selected) -> EngineError {
    EngineError::NothingToExport(selected.run.as_ref().map(|run| run.id))
}

fn export_error(error: DatasetError, path: &Path, selected: &Selected) -> EngineError {
    match error {
        DatasetError::Io(source) => EngineError::File { path: path.to_owned(), source },
        DatasetError::Empty { images: 0, .. } => nothing(selected),
        DatasetError::Empty { format, .. } => {
            EngineError::NothingHeld { run: selected.run.as_ref().map(|run| run.id), format }
        }
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
