//! An open library: its folder and the services that work on it. This module only opens it. Each service gets the
//! handles that it needs and does not know the library.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

#[cfg(test)]
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::installation::Installation;
use prepare::DecodingMemory;
use store::Store;
use tokio::sync::watch;

use crate::active_runs::ActiveRuns;
use crate::backend::Backends;
use crate::blocking::off_workers;
use crate::calibration::Calibrations;
use crate::care::Care;
use crate::changes::Changes;
use crate::check_index::CheckIndex;
use crate::clock::now_millis;
use crate::collections::Collections;
use crate::connections::Connections;
#[cfg(test)]
use crate::consents::Consents;
use crate::consents::KnownLibrary;
use crate::dataset::Datasets;
use crate::dataset::import::DatasetImports;
use crate::evaluation::Evaluations;
use crate::examples::Examples;
use crate::gallery::Gallery;
use crate::hooks::HookRunner;
use crate::import::Imports;
use crate::insight::Insight;
use crate::layout::Layout;
use crate::machine::{limit_decoding, processors};
use crate::originals::Originals;
use crate::outputs::Outputs;
use crate::planning::Planning;
use crate::prices::Prices;
use crate::publishing::Publishing;
use crate::recipes::Recipes;
use crate::review::Review;
use crate::run::Runs;
use crate::run_history::RunHistory;
use crate::settings::LibrarySettings;
use crate::similar::Similar;
use crate::spending::MonthlySpending;
use crate::surroundings::Surroundings;
use crate::thumbnails::Thumbnails;
use crate::workers::Workers;
use crate::{EngineError, Result, layout, private};

/// How often to check whether workers of other processes are alive.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// An open library. Its folder holds the database, the settings, the thumbnails, the metrics and the locks of workers.
pub struct Library {
    pub settings: Arc<LibrarySettings>,
    pub connections: Arc<Connections>,
    pub imports: Arc<Imports>,
    /// Images for display.
    pub images: Arc<Gallery>,
    pub collections: Collections,
    pub recipes: Recipes,
    /// Groups of similar images.
    pub similar: Arc<Similar>,
    /// Photos of recipes' examples.
    pub examples: Arc<Examples>,
    /// Cost and time of runs.
    pub planning: Arc<Planning>,
    /// The prices that are used.
    pub prices: Arc<Prices>,
    /// The coordinates in which models answer.
    pub calibrations: Calibrations,
    /// What was spent this month, and its cap.
    pub spending: Arc<MonthlySpending>,
    pub runs: Arc<Runs>,
    /// Recorded runs.
    pub history: Arc<RunHistory>,
    pub hooks: Arc<HookRunner>,
    /// Decisions about annotations.
    pub review: Review,
    /// Results of runs.
    pub insight: Arc<Insight>,
    /// Annotations in other programs' formats.
    pub datasets: Datasets,
    /// Publishes to a database.
    pub publishing: Arc<Publishing>,
    /// Quality against a ground truth.
    pub evaluations: Evaluations,
    /// Annotations from other programs' formats.
    pub dataset_imports: Arc<DatasetImports>,
    /// Where files may be written.
    pub outputs: Arc<Outputs>,
    /// Backups, checks, cleaning up.
    pub care: Care,
    pub(crate) layout: Arc<Layout>,
    pub(crate) store: Arc<Store>,
    changes: Changes,
    pub(crate) workers: Arc<Workers>,
}

impl Library {
    /// Whether a library, or any other file, exists at `database`.
    #[must_use]
    pub fn exists(database: &Path) -> bool {
        store::exists(database)
    }

    /// Whether the library at `database` is in the newest format, so that opening it does not migrate it.
    #[must_use]
    pub fn is_current(database: &Path) -> bool {
        store::is_current(&layout::resolved(database)).unwrap_or(false)
    }

    /// Opens the library with the database at `database`. Creates it if there is none.
    pub fn open(database: &Path, surroundings: Surroundings) -> Result<Arc<Self>> {
        let database = &layout::resolved(database);
        let (layout, is_new) = (Layout::of(database), !Self::exists(database));
        let folder = layout.folder();
        if let Some(parent) = database.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            private::create_folder(parent).map_err(EngineError::file(parent))?;
        }
        let is_without_folder = !is_new && !folder.exists();
        let store = Arc::new(Store::open_with_copies(database, &layout.backups())?);
        // Settings that existed before the library are not trusted as the user's own.
        let is_created = is_new && !layout.settings_file().exists();
        layout::prepare(database, folder, is_without_folder)?;
        // Checked first, so that processes that start at the same time do not wait for each other's writes.
        let saved = store.read_blocking(|view| view.recipes()).unwrap_or_default();
        let mut missing = recipes::builtin::all();
        missing.retain(|recipe| !saved.iter().any(|saved| saved.recipe == *recipe));
        if !missing.is_empty() {
            store.write_blocking(move |edit| {
                missing.iter().try_for_each(|recipe| edit.add_recipe(recipe, true, now_millis()).map(drop))
            })?;
        }
        Self::compose(store, Arc::new(layout), surroundings, is_created).map(Arc::new)
    }

    /// Creates the services with the handles that they need.
    #[expect(clippy::too_many_lines, reason = "a few lines for each service")]
    fn compose(store: Arc<Store>, layout: Arc<Layout>, surroundings: Surroundings, is_created: bool) -> Result<Self> {
        let Surroundings { environment, keys, variables, consents, unused_env_file } = surroundings;
        let folder = layout.folder();
        let known_as = KnownLibrary {
            library: store.read_blocking(|view| view.library_id())?,
            folder: std::path::absolute(folder).map_err(EngineError::file(folder))?.to_string_lossy().into_owned(),
        };
        let consents = Arc::new(consents);
        let settings = LibrarySettings::new(folder.to_owned(), known_as, Arc::clone(&consents), variables, is_created);
        // Older libraries kept their settings in the database.
        if let Some(older) = store.read_blocking(|view| view.settings_of_older_library())? {
            settings.bring_out(&older)?;
        }
        let settings = Arc::new(settings);
        let (memory, active, changes) = (DecodingMemory::default(), Arc::<ActiveRuns>::default(), Changes::default());
        // Unreadable settings stop what depends on them, but not the opening.
        if let Ok(settings) = settings.in_force() {
            limit_decoding(&memory, &settings);
        }
        let (its_memory, its_active) = (memory.clone(), Arc::clone(&active));
        settings.on_change(move |settings| {
            limit_decoding(&its_memory, settings);
            if settings.is_local_only {
                its_active.pause_elsewhere();
            }
        });
        let connections = Arc::new(Connections::new(
            settings.clone(),
            consents.clone(),
            keys,
            environment,
            unused_env_file,
            store.clone(),
        )?);
        let originals = Arc::new(Originals::new(store.clone(), memory.clone()));
        let thumbnails = Arc::new(Thumbnails::new(store.clone(), layout.clone(), originals.clone()));
        let workers = Arc::new(Workers::new(store.clone(), layout.clone()));
        let check_index = Arc::new(CheckIndex::new(store.clone(), changes.clone()));
        let images = Arc::new(Gallery::new(store.clone(), workers.clone(), check_index.clone(), thumbnails.clone()));
        let outputs = Arc::new(Outputs::new(store.clone(), layout.clone()));
        let history = Arc::new(RunHistory::new(store.clone(), workers.clone(), active.clone(), changes.clone()));
        let similar = Arc::new(Similar::new(store.clone(), thumbnails.clone(), memory.clone()));
        let examples = Arc::new(Examples::new(store.clone(), originals.clone(), memory.clone()));
        let planning = Arc::new(Planning::new(
            store.clone(),
            similar.clone(),
            originals.clone(),
            examples.clone(),
            connections.clone(),
        ));
        let spending = Arc::new(MonthlySpending::new(store.clone(), settings.clone()));
        let imports = Arc::new(Imports::new(
            store.clone(),
            layout.clone(),
            changes.clone(),
            settings.clone(),
            memory.clone(),
            thumbnails,
        ));
        let insight = Arc::new(Insight::new(
            store.clone(),
            layout.clone(),
            settings.clone(),
            history.clone(),
            outputs.clone(),
            images.clone(),
            originals.clone(),
        ));
        let hooks = Arc::new(HookRunner::new(
            store.clone(),
            layout.clone(),
            settings.clone(),
            consents,
            connections.clone(),
            history.clone(),
            insight.clone(),
        ));
        let publishing =
            Arc::new(Publishing::new(store.clone(), settings.clone(), connections.clone(), history.clone()));
        let runs = Arc::new(Runs {
            store: store.clone(),
            layout: layout.clone(),
            changes: changes.clone(),
            workers: workers.clone(),
            active,
            history: history.clone(),
            planning: planning.clone(),
            similar: similar.clone(),
            connections: connections.clone(),
            spending: spending.clone(),
            originals,
            memory: memory.clone(),
            insight: insight.clone(),
            examples: examples.clone(),
            hooks: hooks.clone(),
            publishing: publishing.clone(),
            backends: Arc::new(Backends::default()),
            batch_limits: Mutex::default(),
            failures: Mutex::default(),
        });
        let prices = Arc::new(Prices::new(settings.clone()));
        tracing::info!(folder = %layout.folder().display(), is_new = is_created, "library opened");
        Ok(Self {
            calibrations: Calibrations::new(store.clone(), connections.clone(), prices.clone(), spending.clone()),
            prices,
            spending,
            settings,
            connections,
            imports,
            collections: Collections::new(store.clone(), changes.clone()),
            recipes: Recipes::new(store.clone(), changes.clone()),
            similar: similar.clone(),
            examples,
            planning,
            runs,
            dataset_imports: Arc::new(DatasetImports::new(
                store.clone(),
                changes.clone(),
                workers.clone(),
                memory.clone(),
            )),
            review: Review::new(store.clone(), changes.clone(), workers.clone(), check_index, images.clone()),
            images: images.clone(),
            insight,
            hooks,
            evaluations: Evaluations::new(store.clone(), changes.clone(), memory.clone()),
            datasets: Datasets::new(
                store.clone(),
                layout.clone(),
                outputs.clone(),
                history.clone(),
                images,
                similar,
                memory.clone(),
            ),
            history,
            publishing,
            care: Care::new(store.clone(), layout.clone(), changes.clone(), workers.clone(), outputs.clone()),
            outputs,
            layout,
            store,
            changes,
            workers,
        })
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.folder()
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

    /// Runs the blocking `question` on the library from async code, on a blocking thread.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Arc<Self>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let library = Arc::clone(self);
        off_workers(move || question(&library)).await
    }

    /// A number that increases with every change to images, annotations or decisions.
    #[must_use]
    pub fn version(&self) -> watch::Receiver<u64> {
        self.changes.version()
    }

    /// Increases the version within about a second after another process changes the library or a worker of another
    /// process dies: a killed process leaves no change in the library.
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
                    // The next query reports that the library is unreadable.
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
    /// Creates a library in `folder`, with no server and no key.
    pub(crate) fn alone_in(folder: &Path) -> Arc<Self> {
        Self::open_alone(&folder.join("library.sqlite"))
    }

    /// Opens the library at `database`, with no server and no key.
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
