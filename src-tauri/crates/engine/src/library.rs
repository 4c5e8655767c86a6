//! An open library: its folder, its store, its backends, and what goes on in it now.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::{CollectionId, ImageId, RecipeId, RunId};
use domain::import::{ImportProgress, SkippedFile};
use domain::layers::LayerScope;
use domain::library::{FilterCounts, ImageCard, LibraryOverview};
use domain::query::{Completion, ImageQuery, complete};
use domain::recipe::{Recipe, SavedRecipe, builtin};
use domain::settings::{Installation, Settings};
use prepare::{DecodingMemory, MemoryLimit};
use store::Store;
use tokio::sync::{OnceCell, watch};

use crate::backend::Backends;
use crate::checks::MOMENT;
use crate::connections::Connections;
use crate::consents::{Consents, KnownLibrary};
use crate::import::ImportTurn;
use crate::quote::Trials;
use crate::run::{ActiveRun, BatchLimits, OwnWorker};
use crate::settings::LibrarySettings;
use crate::surroundings::Surroundings;
use crate::{EngineError, Result, layout, private};

/// How often to look whether the processes that work on runs are alive.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// An open library. Its folder holds the database, the settings, the thumbnails, the metrics and the locks of workers.
pub struct Library {
    folder: PathBuf,
    pub(crate) store: Store,
    pub(crate) backends: Backends,
    pub settings: Arc<LibrarySettings>,
    pub connections: Arc<Connections>,
    pub(crate) consents: Arc<Consents>,
    pub(crate) trials: Trials,
    /// For all decoding in progress.
    pub(crate) decoding_memory: DecodingMemory,
    pub(crate) import_turn: Mutex<ImportTurn>,
    pub(crate) import_progress: watch::Sender<ImportProgress>,
    pub(crate) active_runs: Mutex<HashMap<RunId, ActiveRun>>,
    /// The runs that this process works on, is about to work on, or is about to let go of.
    pub(crate) taken_runs: Mutex<HashSet<RunId>>,
    /// This process as a worker, from its first run on.
    pub(crate) worker: OnceCell<OwnWorker>,
    /// Why runs could not go on, until it has been shown.
    pub(crate) run_failures: Mutex<HashMap<RunId, EngineError>>,
    pub(crate) batch_limits: Mutex<BatchLimits>,
    /// Whether annotations are looked through for mistakes while others wait for nothing.
    pub(crate) is_looking_through: AtomicBool,
    version: watch::Sender<u64>,
}

impl Library {
    /// Whether there is a library, or another file in its place, at `database`.
    #[must_use]
    pub fn exists(database: &Path) -> bool {
        store::exists(database)
    }

    /// Opens the library whose database is at `database`, and creates it when there is none.
    pub fn open(database: &Path, surroundings: Surroundings) -> Result<Arc<Self>> {
        let database = &layout::resolved(database);
        let (folder, is_new) = (layout::folder_of(database), !Self::exists(database));
        if let Some(parent) = database.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            private::create_folder(parent).map_err(EngineError::file(parent))?;
        }
        let store = Store::open(database)?;
        // What lay in the place of a new library's settings is not the person's word either.
        let is_created = is_new && !folder.join(layout::SETTINGS_FILE).exists();
        layout::prepare(database, &folder, is_new)?;
        // Written only once, so that processes that start together do not wait for each other.
        let saved = store.read_blocking(|view| view.recipes()).unwrap_or_default();
        let mut missing = builtin::all();
        missing.retain(|recipe| !saved.iter().any(|saved| saved.recipe == *recipe));
        if !missing.is_empty() {
            store.write_blocking(move |edit| {
                missing.iter().try_for_each(|recipe| edit.save_recipe(recipe, true).map(drop))
            })?;
        }
        let Surroundings { environment, keys, variables, consents, unused_env_file } = surroundings;
        let consents = Arc::new(consents);
        let known_as = KnownLibrary {
            library: store.read_blocking(|view| view.library_id())?,
            folder: std::path::absolute(&folder).map_err(EngineError::file(&folder))?.to_string_lossy().into_owned(),
        };
        let settings = LibrarySettings::new(folder.clone(), known_as, Arc::clone(&consents), variables, is_created);
        // Libraries from before there was a file kept their settings inside.
        if let Some(older) = store.read_blocking(|view| view.settings_of_older_library())? {
            settings.bring_out(&older)?;
        }
        let settings = Arc::new(settings);
        let connections =
            Connections::new(Arc::clone(&settings), Arc::clone(&consents), keys, environment, unused_env_file);
        let library = Arc::new(Self {
            folder,
            store,
            backends: Backends::default(),
            settings,
            connections: Arc::new(connections),
            consents,
            trials: Trials::default(),
            decoding_memory: DecodingMemory::default(),
            import_turn: Mutex::default(),
            import_progress: watch::Sender::new(ImportProgress { is_finished: true, ..ImportProgress::default() }),
            active_runs: Mutex::default(),
            taken_runs: Mutex::default(),
            worker: OnceCell::new(),
            run_failures: Mutex::default(),
            batch_limits: Mutex::default(),
            is_looking_through: AtomicBool::default(),
            version: watch::Sender::new(0),
        });
        // Settings that cannot be read stop what needs them, not the opening.
        if let Ok(settings) = library.settings.in_force() {
            library.limit_decoding_memory(&settings);
        }
        let changed = Arc::downgrade(&library);
        library.settings.on_change(move |settings| {
            if let Some(library) = changed.upgrade() {
                library.follow(settings);
            }
        });
        Ok(library)
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Does what changed settings call for: those that keep everything on this machine pause the runs that send elsewhere.
    fn follow(&self, settings: &Settings) {
        self.limit_decoding_memory(settings);
        if settings.is_local_only {
            self.pause_runs_elsewhere();
        }
    }

    /// Sets the decoding memory limit from `settings`.
    pub(crate) fn limit_decoding_memory(&self, settings: &Settings) {
        let set = settings.import.decoding_memory_mb.map(|megabytes| MemoryLimit::of(u64::from(megabytes) * 1_000_000));
        self.decoding_memory.set_limit(set.unwrap_or_default());
    }

    /// Whether a library itself wrote the file at `path`, as it does where its database is in a folder of photos.
    pub(crate) fn is_written_by_library(&self, path: &Path) -> bool {
        layout::is_written_by_library(&self.folder, path)
            || std::path::absolute(path).is_ok_and(|path| self.is_database_file(&path))
    }

    #[must_use]
    pub fn installation(&self) -> Installation {
        Installation {
            version: env!("CARGO_PKG_VERSION").into(),
            library_folder: self.folder.to_string_lossy().into_owned(),
            settings_file: self.settings.path().to_string_lossy().into_owned(),
            metrics_file: self.metrics_path().to_string_lossy().into_owned(),
            processors: processors(),
        }
    }

    /// Asks the library from async code: `question` blocks, and is asked on a thread that may.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Arc<Self>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let library = Arc::clone(self);
        tokio::task::spawn_blocking(move || question(&library)).await?
    }

    /// A number that grows whenever images, annotations or decisions are not what they were.
    #[must_use]
    pub fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Increases the version within about a second of a change to the library by another process, or of the end of one that
    /// worked on a run: a process that is killed changes nothing in the library.
    pub fn watch_other_processes(self: &Arc<Self>) -> Result<()> {
        let version = self.version.clone();
        self.store.watch_others(move || version.send_modify(|version| *version += 1))?;
        let mut worked_on = self.runs_worked_on()?;
        let library = Arc::downgrade(self);
        std::thread::Builder::new()
            .name("workers".into())
            .spawn(move || {
                loop {
                    std::thread::sleep(LOOK_INTERVAL);
                    let Some(library) = library.upgrade() else { return };
                    // A library that cannot be read is reported by those who ask it something.
                    let Ok(now) = library.runs_worked_on() else { continue };
                    if now != worked_on {
                        worked_on = now;
                        library.note_change();
                    }
                }
            })
            .map_err(EngineError::file(&self.folder))?;
        Ok(())
    }

    pub(crate) fn note_change(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    pub fn overview(&self, collection: Option<CollectionId>) -> Result<LibraryOverview> {
        Ok(self.store.read_blocking(|view| {
            Ok(LibraryOverview {
                collections: view.collections()?,
                counts: view.image_counts(collection)?,
                labels: view.label_counts(collection)?,
            })
        })?)
    }

    pub fn image_ids(&self, query: &ImageQuery) -> Result<Vec<ImageId>> {
        if Self::asks_for_findings(query) {
            self.look_through_annotations()?;
        }
        let working = self.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.image_ids(query, &working))?)
    }

    /// How many images there would be with each filter beside `query`. Of likely mistakes those count that are found within
    /// a moment; the version grows as more are.
    pub fn filter_counts(self: &Arc<Self>, query: &ImageQuery) -> Result<FilterCounts> {
        self.look_through_for(MOMENT)?;
        let working = self.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.filter_counts(query, &working))?)
    }

    /// What the word at `cursor` of a half typed question may become.
    pub fn complete_query(&self, text: &str, cursor: u32) -> Result<Completion> {
        let vocabulary = self.store.read_blocking(|view| view.query_vocabulary())?;
        Ok(complete(text, cursor, &vocabulary))
    }

    /// In the order of `ids`, with the annotations of `layers`; ids that are gone are skipped.
    pub fn image_cards(&self, ids: &[ImageId], layers: &LayerScope) -> Result<Vec<ImageCard>> {
        let working = self.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.image_cards(ids, layers, &working))?)
    }

    pub fn skipped_files(&self, collection: Option<CollectionId>) -> Result<Vec<SkippedFile>> {
        Ok(self.store.read_blocking(|view| view.skipped_files(collection))?)
    }

    pub fn recipes(&self) -> Result<Vec<SavedRecipe>> {
        Ok(self.store.read_blocking(|view| view.recipes())?)
    }

    /// Saves "find these things" from a typed list, or gives back the recipe that already says the same.
    pub async fn save_typed_recipe(&self, typed: &str) -> Result<SavedRecipe> {
        let recipe = Recipe::find_these(typed)?;
        Ok(self.store.write(move |edit| edit.save_recipe(&recipe, false)).await?)
    }

    pub async fn delete_recipe(&self, recipe: RecipeId) -> Result<()> {
        Ok(self.store.write(move |edit| edit.delete_recipe(recipe)).await?)
    }
}

/// How many things this machine does at once.
pub(crate) fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

#[cfg(test)]
impl Library {
    /// One that is made in `folder`, with no server and no key.
    pub(crate) fn alone_in(folder: &Path) -> Arc<Self> {
        Self::open_alone(&folder.join("library.sqlite"))
    }

    /// The one at `database`, with no server and no key.
    pub(crate) fn open_alone(database: &Path) -> Arc<Self> {
        let surroundings = Surroundings {
            environment: keys::Environment::from_variables(Vec::new(), |_| None, None),
            keys: keys::KeyRing::for_session(),
            variables: HashMap::new(),
            consents: Consents::for_session(),
            unused_env_file: None,
        };
        Self::open(database, surroundings).unwrap()
    }
}
