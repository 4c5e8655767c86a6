//! Imports datasets as layers. A dry run reads the file and says what would happen; an import stores what it reads aside,
//! and adds the layer in one change. A process that dies half-way leaves nothing that is seen, and the next import removes
//! it.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use datasets::{Format, FormatOptions, Input};
use domain::dataset::FormatId;
use domain::dataset_import::labels::LabelMap;
use domain::dataset_import::{
    DatasetImportProgress, DatasetImportRequest, DatasetPreview, ImportedDataset, ImportedLayer,
};
use domain::ids::RunId;
use domain::recipe::{Label, Recipe};
use store::{ImportedAnnotation, NewImport, Store};
use tokio::sync::watch;

use super::detection::detect;
use super::format_of;
use super::intake::{Intake, IntakeTarget, KnownColors, TakenIn};
use crate::blocking::off_workers;
use crate::changes::Changes;
use crate::clock::now_millis;
use crate::sync::lock;
use crate::workers::Workers;
use crate::{EngineError, Result, places};

/// Annotations per write transaction, so that none blocks the writer for long.
const WRITE_SLICE: usize = 2_000;
/// Slices that wait to be written, so that reading goes on meanwhile.
const WRITE_AHEAD: usize = 4;

/// Imports datasets into a library, one at a time.
pub struct DatasetImports {
    store: Arc<Store>,
    changes: Changes,
    workers: Arc<Workers>,
    progress: watch::Sender<DatasetImportProgress>,
    is_cancelled: Arc<AtomicBool>,
    turn: Mutex<()>,
}

impl DatasetImports {
    pub(crate) fn new(store: Arc<Store>, changes: Changes, workers: Arc<Workers>) -> Self {
        let idle = DatasetImportProgress { is_finished: true, ..DatasetImportProgress::default() };
        let (progress, is_cancelled) = (watch::Sender::new(idle), Arc::default());
        Self { store, changes, workers, progress, is_cancelled, turn: Mutex::default() }
    }

    /// The imported layers, newest first.
    pub fn layers(&self) -> Result<Vec<ImportedLayer>> {
        Ok(self.store.read_blocking(|view| view.imports())?)
    }

    /// Progress of the current import or dry run, or the result of the last one.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<DatasetImportProgress> {
        self.progress.subscribe()
    }

    /// Cancels the current import or dry run. It changes nothing then.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// What an import would do. Blocks until the file is read.
    pub fn preview(&self, request: &DatasetImportRequest) -> Result<DatasetPreview> {
        self.in_turn(|| {
            let dataset = Opened::new(request)?;
            Ok(self.read(&dataset, request, |_| Ok(()))?.report)
        })
    }

    /// Imports a dataset as a layer, which one step undoes.
    pub async fn import(self: &Arc<Self>, request: DatasetImportRequest) -> Result<ImportedDataset> {
        self.remove_unfinished().await?;
        let imports = Arc::clone(self);
        let opened = off_workers(move || Opened::new(&request).map(|dataset| (dataset, request))).await;
        let (dataset, request) = opened?;
        let new = NewImport {
            role: request.role,
            name: dataset.name.clone(),
            path: dataset.path.to_string_lossy().into_owned(),
            format: dataset.id(),
        };
        let now = now_millis();
        let id = self.store.write(move |edit| edit.begin_import(&new, now)).await?;
        // While this process lives, no other one takes the import for unfinished.
        let taken = self.workers.take(id).await?;
        let done = off_workers(move || imports.in_turn(|| imports.write(id, &dataset, &request))).await;
        if !matches!(&done, Ok(ImportedDataset { layer: Some(_), .. })) {
            // Whatever cannot be removed now is removed before the next import.
            if let Err(error) = self.store.write(move |edit| edit.discard_unwritten(id)).await {
                tracing::warn!(%error, "an unfinished import was not removed");
            }
        }
        taken.release().await;
        self.changes.record();
        done
    }

    /// Removes imports whose process ended before they were written.
    async fn remove_unfinished(&self) -> Result<()> {
        self.workers.forget_dead().await?;
        self.store
            .write(|edit| {
                for import in edit.unwritten_imports()? {
                    if edit.worker_of(import)?.is_none() {
                        edit.discard_unwritten(import)?;
                    }
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// One import or dry run after the other.
    fn in_turn<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let _turn = lock(&self.turn);
        self.is_cancelled.store(false, Ordering::Relaxed);
        self.progress.send_replace(DatasetImportProgress::default());
        let done = work();
        self.progress.send_modify(|progress| {
            progress.is_finished = true;
            progress.is_cancelled = matches!(done, Err(EngineError::ImportCancelled));
        });
        done
    }

    fn write(&self, id: RunId, dataset: &Opened, request: &DatasetImportRequest) -> Result<ImportedDataset> {
        let (slices, to_write) = sync_channel::<Vec<ImportedAnnotation>>(WRITE_AHEAD);
        let taken = std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                for slice in to_write {
                    self.store.write_derived_blocking(move |edit| edit.park_annotations(id, &slice))?;
                }
                Ok::<_, EngineError>(())
            });
            let mut slice = Vec::with_capacity(WRITE_SLICE);
            let read = self.read(dataset, request, |annotation| {
                slice.push(annotation);
                if slice.len() == WRITE_SLICE {
                    let full = std::mem::replace(&mut slice, Vec::with_capacity(WRITE_SLICE));
                    // Without a writer, its error follows.
                    slices.send(full).map_err(|_| EngineError::TaskLost)?;
                }
                Ok(())
            });
            let sent = slices.send(slice).map_err(|_| EngineError::TaskLost);
            drop(slices);
            let written = writer.join().map_err(|_| EngineError::TaskLost)?;
            written.and(read).and_then(|taken| sent.map(|()| taken))
        })?;
        self.progress.send_modify(|progress| progress.is_adding = true);
        self.stop_if_cancelled()?;
        let TakenIn { report, images, labels } = taken;
        let labels =
            labels.into_iter().enumerate().map(|(place, (name, color))| Label { color, ..Label::plain(name, place) });
        let (labels, now): (Vec<Label>, u64) = (labels.collect(), now_millis());
        let layer = self.store.write_blocking(move |edit| {
            edit.add_imported_images(id, &images)?;
            match edit.add_layer(id, labels, now)? {
                Some(_) => edit.imported_layer(id).map(Some),
                None => Ok(None),
            }
        })?;
        Ok(ImportedDataset { layer, report })
    }

    /// Reads a dataset; `keep` gets the annotations that are imported.
    fn read(
        &self,
        dataset: &Opened,
        request: &DatasetImportRequest,
        keep: impl FnMut(ImportedAnnotation) -> Result<()>,
    ) -> Result<TakenIn> {
        let (index, labels, recipe) = self.store.read_blocking(|view| {
            let recipe = request.recipe.map(|id| view.saved_recipe(id)).transpose()?;
            Ok((Arc::new(view.match_index(request.collection)?), view.every_label()?, recipe))
        })?;
        let mut colors: std::collections::HashMap<String, u8> =
            labels.iter().map(|label| (label.name.clone(), label.color)).collect();
        let known = recipe.map_or_else(
            || {
                let labels = labels.into_iter().enumerate().map(|(place, label)| Label::plain(label.name, place));
                Recipe { labels: labels.collect(), ..Recipe::default() }
            },
            |saved| saved.recipe,
        );
        for label in &known.labels {
            colors.entry(label.name.clone()).or_insert(label.color);
        }
        let map = LabelMap::new(known, &request.mapping);
        let target = IntakeTarget {
            store: &self.store,
            index: index.as_ref(),
            labels: &map,
            colors: KnownColors { colors },
            role: request.role,
            folder: dataset.folder(),
        };
        let watch = |images, annotations| {
            self.progress.send_modify(|progress| (progress.images, progress.annotations) = (images, annotations));
            self.stop_if_cancelled()
        };
        let mut intake = Intake::new(target, dataset.name.clone(), dataset.id(), request.format.is_none(), keep, watch);
        let descriptor = dataset.format.descriptor();
        let unread = |source| EngineError::UnreadDataset { path: dataset.path.clone(), source };
        let input = Input::open(descriptor.package, &dataset.path).map_err(EngineError::file(&dataset.path))?;
        let in_library = Arc::clone(&index);
        let mut input = input.with_sizes(move |image| in_library.size_by_name(image));
        let options = FormatOptions::new(descriptor, []).map_err(unread)?;
        let read = dataset.format.read(&mut input, &options, &mut intake);
        match intake.take_failure() {
            Some(failure) => Err(failure),
            None => read.map_err(unread).and_then(|()| intake.finish()),
        }
    }

    fn stop_if_cancelled(&self) -> Result<()> {
        if self.is_cancelled.load(Ordering::Relaxed) { Err(EngineError::ImportCancelled) } else { Ok(()) }
    }
}

/// A dataset to import.
struct Opened {
    path: PathBuf,
    name: String,
    format: &'static dyn Format,
}

impl Opened {
    fn new(request: &DatasetImportRequest) -> Result<Self> {
        let path = Path::new(&request.path);
        let path = places::absolute(path).map_err(EngineError::file(path))?;
        let format = match &request.format {
            Some(id) => format_of(id)?,
            None => detect(&path)?,
        };
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy()).into_owned();
        Ok(Self { path, name, format })
    }

    fn id(&self) -> FormatId {
        FormatId(self.format.descriptor().id.into())
    }

    /// Where its image files may be.
    fn folder(&self) -> Option<PathBuf> {
        if self.path.is_dir() { Some(self.path.clone()) } else { self.path.parent().map(Path::to_owned) }
    }
}
