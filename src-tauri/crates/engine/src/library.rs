//! An open library: its folder, its store, its backends, and what goes on in it now.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use domain::ids::RunId;
use domain::import::ImportProgress;
use domain::recipe::builtin;
use domain::settings::{Installation, Settings};
use keys::{EnvFile, Environment, KeyRing};
use prepare::{DecodingMemory, MemoryLimit};
use store::Store;
use tokio::sync::watch;

use crate::active_runs::ActiveRuns;
use crate::backend::Backends;
use crate::blocking::off_workers;
use crate::changes::Changes;
use crate::check_index::CheckIndex;
use crate::collections::Collections;
use crate::consents::Consents;
use crate::dataset::Datasets;
use crate::gallery::Gallery;
use crate::import::ImportTurn;
use crate::layout::Layout;
use crate::machine::processors;
use crate::originals::Originals;
use crate::outputs::Outputs;
use crate::quote::Trials;
use crate::recipes::Recipes;
use crate::review::Review;
use crate::run::BatchLimits;
use crate::run_history::RunHistory;
use crate::similar::Similar;
use crate::surroundings::Surroundings;
use crate::thumbnails::Thumbnails;
use crate::workers::Workers;
use crate::{EngineError, Result, layout, private};

/// How often to look whether the processes that work on runs are alive.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// An open library. Its folder holds the database, the settings, the thumbnails, the metrics and the locks of workers.
pub struct Library {
    /// Images, as they are shown.
    pub images: Arc<Gallery>,
    pub collections: Collections,
    pub recipes: Recipes,
    /// What people decide about annotations.
    pub review: Review,
    /// Which images are similar.
    pub similar: Arc<Similar>,
    /// Runs, as they are recorded.
    pub history: Arc<RunHistory>,
    /// Annotations as files of other programs.
    pub datasets: Datasets,
    /// Where files may be written.
    pub outputs: Arc<Outputs>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) store: Arc<Store>,
    pub(crate) changes: Changes,
    pub(crate) workers: Arc<Workers>,
    pub(crate) active_runs: Arc<ActiveRuns>,
    pub(crate) originals: Arc<Originals>,
    pub(crate) thumbnails: Arc<Thumbnails>,
    pub(crate) backends: Backends,
    /// Why it could not be read is reported when something is to be sent.
    pub(crate) environment: RwLock<Arc<keys::Result<Environment>>>,
    pub(crate) unused_env_file: Mutex<Option<EnvFile>>,
    pub(crate) keys: KeyRing,
    /// What the environment says about how runs ask, by the names of its variables.
    pub(crate) variables: HashMap<String, String>,
    pub(crate) consents: Consents,
    pub(crate) trials: Trials,
    /// For all decoding in progress.
    pub(crate) decoding_memory: DecodingMemory,
    pub(crate) import_turn: Mutex<ImportTurn>,
    pub(crate) import_progress: watch::Sender<ImportProgress>,
    /// Why runs could not go on, until it has been shown.
    pub(crate) run_failures: Mutex<HashMap<RunId, EngineError>>,
    pub(crate) batch_limits: Mutex<BatchLimits>,
    /// Whether the person has created it. Another one's settings do not speak for them.
    pub(crate) is_own: bool,
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
        let (layout, is_new) = (Arc::new(Layout::of(database)), !Self::exists(database));
        let folder = layout.folder();
        if let Some(parent) = database.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            private::create_folder(parent).map_err(EngineError::file(parent))?;
        }
        let store = Arc::new(Store::open(database)?);
        // What lay in the place of a new library's settings is not the person's word either.
        let is_created = is_new && !folder.join(crate::settings::FILE_NAME).exists();
        layout::prepare(database, folder, is_new)?;
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
        let memory = DecodingMemory::default();
        let (changes, active_runs) = (Changes::default(), Arc::new(ActiveRuns::default()));
        let originals = Arc::new(Originals::new(Arc::clone(&store), memory.clone()));
        let thumbnails = Arc::new(Thumbnails::new(Arc::clone(&store), Arc::clone(&layout), Arc::clone(&originals)));
        let workers = Arc::new(Workers::new(Arc::clone(&store), Arc::clone(&layout)));
        let check_index = Arc::new(CheckIndex::new(Arc::clone(&store), changes.clone()));
        let images = Arc::new(Gallery::new(
            Arc::clone(&store),
            Arc::clone(&workers),
            Arc::clone(&check_index),
            Arc::clone(&thumbnails),
        ));
        let outputs = Arc::new(Outputs::new(Arc::clone(&store), Arc::clone(&layout)));
        let history = Arc::new(RunHistory::new(Arc::clone(&store), Arc::clone(&workers), Arc::clone(&active_runs)));
        let mut library = Self {
            collections: Collections::new(Arc::clone(&store), changes.clone()),
            recipes: Recipes::new(Arc::clone(&store)),
            review: Review::new(
                Arc::clone(&store),
                changes.clone(),
                Arc::clone(&workers),
                check_index,
                Arc::clone(&images),
            ),
            similar: Arc::new(Similar::new(Arc::clone(&store), Arc::clone(&thumbnails), memory.clone())),
            datasets: Datasets::new(
                Arc::clone(&store),
                Arc::clone(&layout),
                Arc::clone(&outputs),
                Arc::clone(&history),
            ),
            images,
            outputs,
            history,
            layout,
            store,
            changes,
            workers,
            active_runs,
            originals,
            thumbnails,
            backends: Backends::default(),
            environment: RwLock::new(Arc::new(environment)),
            unused_env_file: Mutex::new(unused_env_file),
            keys,
            variables,
            consents,
            trials: Trials::default(),
            decoding_memory: memory,
            import_turn: Mutex::default(),
            import_progress: watch::Sender::new(ImportProgress { is_finished: true, ..ImportProgress::default() }),
            run_failures: Mutex::default(),
            batch_limits: Mutex::default(),
            is_own: false,
        };
        library.is_own = library.find_owner(is_created);
        library.bring_settings_out()?;
        // Settings that cannot be read stop what needs them, not the opening.
        if let Ok(settings) = library.settings_in_force() {
            library.limit_decoding_memory(&settings);
        }
        Ok(Arc::new(library))
    }

    /// Whether the person has created the library. Where their consents cannot be read, it counts as another's.
    fn find_owner(&self, is_created: bool) -> bool {
        let consents = &self.consents;
        let found = self.known_as().and_then(|known_as| {
            if is_created {
                consents.add_own(&known_as)?;
            }
            consents.is_own(&known_as)
        });
        found.unwrap_or_else(|error| {
            tracing::warn!(%error, "the consents cannot be read");
            is_created
        })
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.folder()
    }

    /// Sets the decoding memory limit from `settings`.
    pub(crate) fn limit_decoding_memory(&self, settings: &Settings) {
        let set = settings.import.decoding_memory_mb.map(|megabytes| MemoryLimit::of(u64::from(megabytes) * 1_000_000));
        self.decoding_memory.set_limit(set.unwrap_or_default());
    }

    #[must_use]
    pub fn installation(&self) -> Installation {
        Installation {
            version: env!("CARGO_PKG_VERSION").into(),
            library_folder: self.folder().to_string_lossy().into_owned(),
            settings_file: self.layout.settings_file().to_string_lossy().into_owned(),
            metrics_file: self.layout.metrics_file().to_string_lossy().into_owned(),
            processors: processors(),
        }
    }

    /// Asks the library from async code: `question` blocks, and is asked on a thread that may.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Arc<Self>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let library = Arc::clone(self);
        off_workers(move || question(&library)).await
    }

    /// A number that grows whenever images, marks or decisions are not what they were.
    #[must_use]
    pub fn version(&self) -> watch::Receiver<u64> {
        self.changes.version()
    }

    /// Increases the version within about a second of a change to the library by another process, or of the end of one that
    /// worked on a run: a process that is killed changes nothing in the library.
    pub fn watch_other_processes(self: &Arc<Self>) -> Result<()> {
        let changes = self.changes.clone();
        self.store.watch_others(move || changes.record())?;
        let mut worked_on = self.workers.runs_worked_on()?;
        let library = Arc::downgrade(self);
        std::thread::Builder::new()
            .name("workers".into())
            .spawn(move || {
                loop {
                    std::thread::sleep(LOOK_INTERVAL);
                    let Some(library) = library.upgrade() else { return };
                    // A library that cannot be read is reported by those who ask it something.
                    let Ok(now) = library.workers.runs_worked_on() else { continue };
                    if now != worked_on {
                        worked_on = now;
                        library.changes.record();
                    }
                }
            })
            .map_err(EngineError::file(self.folder()))?;
        Ok(())
    }
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
            environment: Environment::from_variables(|_| None, None),
            keys: KeyRing::for_session(),
            variables: HashMap::new(),
            consents: Consents::for_session(),
            unused_env_file: None,
        };
        Self::open(database, surroundings).unwrap()
    }
}
