//! Imports datasets as layers. A dry run reads the file and says what would happen; an import stores what it reads aside
//! and then adds it as a layer, page by page. A process that dies before all is stored leaves nothing that is shown, and the
//! next import removes it; one that dies later has imported it, and the library adds the rest by itself.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use datasets::{Format, FormatOptions, Input, Sink};
use domain::dataset::FormatId;
use domain::dataset_import::labels::LabelMap;
use domain::dataset_import::matching::{FoundImage, MatchIndex};
use domain::dataset_import::{
    DatasetDryRun, DatasetImportProgress, DatasetImportRequest, DatasetPreview, ImportedDataset, ImportedLayer,
};
use domain::ids::RunId;
use domain::recipe::{Label, Recipe};
use prepare::DecodingMemory;
use store::{ImportedAnnotation, NewImport, Store, WantedImages};
use tokio::sync::watch;

use super::detection::detect;
use super::finding::{FoundImages, ImageFinder, folder_of, unread};
use super::format_of;
use super::intake::{Intake, IntakeResult, IntakeTarget, KnownColors};
use crate::blocking::off_workers;
use crate::cancellation::Cancellation;
use crate::changes::Changes;
use crate::clock::now_millis;
use crate::sync::lock;
use crate::workers::Workers;
use crate::{EngineError, Result, places};

/// Annotations per write transaction, so that none blocks the writer for long.
const WRITE_SLICE: usize = 2_000;
/// Slices that wait to be written, so that reading goes on meanwhile.
const WRITE_AHEAD: usize = 4;

/// An import or dry run: how far it is, and cancelling it.
#[derive(Debug, Default)]
pub struct ImportTask {
    progress: watch::Sender<DatasetImportProgress>,
    cancellation: Cancellation,
}

impl AsRef<Cancellation> for ImportTask {
    fn as_ref(&self) -> &Cancellation {
        &self.cancellation
    }
}

impl ImportTask {
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<DatasetImportProgress> {
        self.progress.subscribe()
    }

    /// Ends it with [`EngineError::Cancelled`]. It changes nothing then.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }

    fn update(&self, change: impl FnOnce(&mut DatasetImportProgress)) -> Result<()> {
        self.progress.send_modify(change);
        self.cancellation.check()
    }
}

/// Imports datasets into a library, one at a time.
pub struct DatasetImports {
    store: Arc<Store>,
    changes: Changes,
    workers: Arc<Workers>,
    memory: DecodingMemory,
    turn: Mutex<()>,
}

impl DatasetImports {
    pub(crate) fn new(store: Arc<Store>, changes: Changes, workers: Arc<Workers>, memory: DecodingMemory) -> Self {
        Self { store, changes, workers, memory, turn: Mutex::default() }
    }

    /// The imported layers, newest first.
    pub fn layers(&self) -> Result<Vec<ImportedLayer>> {
        Ok(self.store.read_blocking(|view| view.imports())?)
    }

    /// What an import would do. Blocks until the file is read.
    pub fn preview(&self, request: &DatasetImportRequest, task: &ImportTask) -> Result<DatasetDryRun> {
        let IntakeResult { report, samples, .. } = self.read(&Opened::new(request)?, request, task, |_| Ok(()))?;
        Ok(DatasetDryRun { report, samples })
    }

    /// Imports a dataset as a layer, which one step undoes.
    pub async fn import(
        self: &Arc<Self>,
        request: DatasetImportRequest,
        task: &Arc<ImportTask>,
    ) -> Result<ImportedDataset> {
        self.remove_unfinished().await?;
        let (imports, task) = (Arc::clone(self), Arc::clone(task));
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
        let done = off_workers(move || {
            let _turn = lock(&imports.turn);
            imports.write(id, &dataset, &request, &task)
        });
        let done = done.await;
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

    fn write(
        &self,
        id: RunId,
        dataset: &Opened,
        request: &DatasetImportRequest,
        task: &ImportTask,
    ) -> Result<ImportedDataset> {
        let (slices, to_write) = sync_channel::<Vec<ImportedAnnotation>>(WRITE_AHEAD);
        let taken = std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                for slice in to_write {
                    self.store.write_derived_blocking(move |edit| edit.park_annotations(id, &slice))?;
                }
                Ok::<_, EngineError>(())
            });
            let mut slice = Vec::with_capacity(WRITE_SLICE);
            let read = self.read(dataset, request, task, |annotation| {
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
        task.update(|progress| progress.is_adding = true)?;
        let IntakeResult { report, images, labels, .. } = taken;
        let labels =
            labels.into_iter().enumerate().map(|(place, (name, color))| Label { color, ..Label::plain(name, place) });
        let (labels, now): (Vec<Label>, u64) = (labels.collect(), now_millis());
        for page in images.chunks(WRITE_SLICE) {
            let page = page.to_vec();
            self.store.write_derived_blocking(move |edit| edit.add_imported_images(id, &page))?;
            task.cancellation.check()?;
        }
        let added = self.store.write_blocking(move |edit| edit.add_layer(id, labels, now))?;
        while self.store.write_derived_blocking(|edit| edit.continue_imports())? {}
        let layers = self.store.read_blocking(|view| view.imports())?;
        // One that was undone while it moved is returned as it was added.
        let layer = added.map(|added| layers.into_iter().find(|layer| layer.id == id).unwrap_or(added));
        Ok(ImportedDataset { layer, report })
    }

    /// Reads a dataset; `keep` gets the annotations that are imported.
    fn read(
        &self,
        dataset: &Opened,
        request: &DatasetImportRequest,
        task: &ImportTask,
        keep: impl FnMut(ImportedAnnotation) -> Result<()>,
    ) -> Result<IntakeResult> {
        task.cancellation.check()?;
        let wanted = request.collection.map_or(WantedImages::All, WantedImages::OfCollection);
        let (index, labels, recipe) = self.store.read_blocking(|view| {
            let recipe = request.recipe.map(|id| view.saved_recipe(id)).transpose()?;
            Ok((Arc::new(view.match_index(&wanted)?), view.every_label()?, recipe))
        })?;
        let mut colors: HashMap<String, u8> = labels.iter().map(|label| (label.name.clone(), label.color)).collect();
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
        };
        let watch = |images, annotations| {
            task.update(|progress| (progress.images, progress.annotations) = (images, annotations))
        };
        let report = DatasetPreview::new(dataset.name.clone(), dataset.id(), request.format.is_none());
        let mut intake = Intake::new(target, dataset.find_images(&index, &self.memory, task)?, report, keep, watch);
        dataset.read(&index, &mut intake)?;
        intake.finish()
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

    /// The images of the library that those of the file are, in its order.
    fn find_images(
        &self,
        index: &Arc<MatchIndex>,
        memory: &DecodingMemory,
        task: &ImportTask,
    ) -> Result<Vec<FoundImage>> {
        let finder = ImageFinder { index, folder: folder_of(&self.path), memory };
        let mut images = FoundImages::new(finder, || task.update(|progress| progress.images += 1));
        self.read(index, &mut images)?;
        Ok(images.finish())
    }

    fn read(&self, index: &Arc<MatchIndex>, sink: &mut dyn Sink) -> Result<()> {
        let descriptor = self.format.descriptor();
        let input = Input::open(descriptor.package, &self.path).map_err(EngineError::file(&self.path))?;
        let index = Arc::clone(index);
        let mut input = input.with_sizes(move |image| index.size_by_name(image));
        let options = FormatOptions::new(descriptor, []);
        let read = options.and_then(|options| datasets::read(self.format, &mut input, &options, sink));
        read.map_err(|error| unread(&self.path, error))
    }
}
