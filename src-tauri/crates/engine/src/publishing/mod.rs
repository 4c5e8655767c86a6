//! Publishes the library to a database, a batch of changed images at a time. The database remembers how far it got.

mod rows;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use domain::ids::{ImageId, RunId};
use domain::numbers::count;
use domain::publication::{LastPublication, PublicationOutcome, PublicationProgress, PublicationTarget, Published};
use domain::run::RunSummary;
use keys::Keeping;
use publish::{AllRows, Postgres, PublishError, RemoteDatabase, Rest, RowBatch, SyncPosition};
use store::{BegunPublication, PublishedPosition, Store};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use self::rows::{image_rows, import_row, recipe_row, run_row};
use crate::blocking::off_workers;
use crate::clock::{now_millis, whole_millis};
use crate::connections::Connections;
use crate::connections::publication::{Database, DatabaseAddress};
use crate::run_history::RunHistory;
use crate::settings::LibrarySettings;
use crate::sync::lock;
use crate::{EngineError, Result};

/// After every image of an epoch.
const END_OF_EPOCH: u32 = u32::MAX;

/// The statements that create the tables, for databases where they are run by hand: those that follow `version` of the
/// schema.
#[must_use]
pub fn publication_schema(version: u32) -> String {
    publish::SCHEMA.iter().skip(version as usize).copied().collect()
}

/// Publishes a library.
pub struct Publishing {
    store: Arc<Store>,
    settings: Arc<LibrarySettings>,
    connections: Arc<Connections>,
    history: Arc<RunHistory>,
    /// Held while the library is published.
    turn: tokio::sync::Mutex<()>,
    /// Publications after runs.
    after_runs: Mutex<JoinSet<Result<Option<Published>>>>,
}

impl Publishing {
    pub(crate) fn new(
        store: Arc<Store>,
        settings: Arc<LibrarySettings>,
        connections: Arc<Connections>,
        history: Arc<RunHistory>,
    ) -> Self {
        Self {
            store,
            settings,
            connections,
            history,
            turn: tokio::sync::Mutex::default(),
            after_runs: Mutex::default(),
        }
    }

    /// Where the library would be published; `None` if no database is known. Connects to nothing, but may ask the
    /// keychain.
    pub async fn target(self: &Arc<Self>) -> Result<Option<PublicationTarget>> {
        let publishing = Arc::clone(self);
        off_workers(move || Ok(publishing.connections.database()?.map(|database| database.target()))).await
    }

    /// The database that the user entered for this library.
    pub async fn entered(self: &Arc<Self>) -> Result<Option<PublicationTarget>> {
        let publishing = Arc::clone(self);
        off_workers(move || Ok(publishing.connections.entered_database()?.map(|database| database.target()))).await
    }

    /// How the last publication ended; `None` if there was none.
    pub async fn last(&self) -> Result<Option<LastPublication>> {
        Ok(self.store.read(|view| view.last_publication()).await?)
    }

    /// Keeps the connection string of a database for this library, in the keychain if there is one.
    pub async fn connect(self: &Arc<Self>, text: Zeroizing<String>) -> Result<Keeping> {
        let publishing = Arc::clone(self);
        off_workers(move || publishing.connections.enter_database(text)).await
    }

    /// Forgets the connection string that was entered.
    pub async fn disconnect(self: &Arc<Self>) -> Result<()> {
        let publishing = Arc::clone(self);
        off_workers(move || publishing.connections.forget_database()).await
    }

    /// Publishes what has changed since the last time, or everything. Records how it ended.
    ///
    /// # Errors
    ///
    /// What was sent before an error stays published, and the next publication continues there.
    pub async fn publish(
        self: &Arc<Self>,
        is_from_start: bool,
        on_progress: impl Fn(PublicationProgress) + Send + Sync,
    ) -> Result<Published> {
        let publishing = Arc::clone(self);
        let database = off_workers(move || publishing.connections.database()).await?;
        self.publish_to(database.ok_or(EngineError::NoDatabase)?, is_from_start, on_progress).await
    }

    /// Publishes after a run, if the settings say so and the user has entered a database for this library. Does not wait
    /// for it.
    pub(crate) fn after_run(self: &Arc<Self>, run: RunId) {
        let working = tokio::spawn(Arc::clone(self).publish_if_wanted());
        let mut after_runs = lock(&self.after_runs);
        while after_runs.try_join_next().is_some() {}
        after_runs.spawn(async move {
            let published = working.await.map_err(EngineError::from).flatten();
            if let Err(error) = &published {
                tracing::warn!(%run, %error, "the library was not published after the run");
            }
            published
        });
    }

    /// Waits until what began after runs has ended, and returns how; nothing if the settings do not ask for it.
    pub async fn settled(&self) -> Vec<Result<Published>> {
        let after_runs = std::mem::take(&mut *lock(&self.after_runs));
        after_runs.join_all().await.into_iter().filter_map(Result::transpose).collect()
    }

    async fn publish_if_wanted(self: Arc<Self>) -> Result<Option<Published>> {
        let publishing = Arc::clone(&self);
        let database = off_workers(move || {
            let is_wanted = publishing.settings.in_force()?.publish.after_run;
            if is_wanted { publishing.connections.entered_database() } else { Ok(None) }
        });
        match database.await? {
            Some(database) => self.publish_to(database, false, |_| {}).await.map(Some),
            None => Ok(None),
        }
    }

    async fn publish_to(
        self: &Arc<Self>,
        database: Database,
        is_from_start: bool,
        on_progress: impl Fn(PublicationProgress) + Send + Sync,
    ) -> Result<Published> {
        let _turn = self.turn.lock().await;
        let target = database.target();
        let settings = Arc::clone(&self.settings);
        let is_local_only = off_workers(move || Ok(settings.in_force()?.is_local_only)).await?;
        if is_local_only && !target.is_on_this_machine {
            return Err(EngineError::LocalOnly { server: target.server });
        }
        let outcome = self.send_changes(database, is_from_start, on_progress).await;
        match &outcome {
            Ok(published) => tracing::info!(?published, "published"),
            Err(error) => tracing::warn!(%error, "the library was not published"),
        }
        let recorded = match &outcome {
            Ok(published) => PublicationOutcome::Published { published: published.clone() },
            // The other publication records how it ended.
            Err(EngineError::Publish(PublishError::Overtaken { .. })) => return outcome,
            Err(error) => PublicationOutcome::Failed { message: error.to_string() },
        };
        let last = LastPublication { ended_at: now_millis(), outcome: recorded };
        self.store.write(move |edit| edit.record_publication(&last)).await?;
        outcome
    }

    async fn send_changes(
        self: &Arc<Self>,
        database: Database,
        is_from_start: bool,
        on_progress: impl Fn(PublicationProgress) + Send + Sync,
    ) -> Result<Published> {
        let since = Instant::now();
        let mut target = match database.address {
            DatabaseAddress::Postgres(address) => RemoteDatabase::Postgres(Postgres::connect(&address).await?),
            DatabaseAddress::Rest(address) => RemoteDatabase::Rest(Rest::new(address)?),
        };
        let library = self.settings.library().library.clone();
        let known = target.position(&library).await?;
        let BegunPublication { epoch, token } = self.begin().await?;
        let known_token = known.token.clone();
        let is_own = self.store.read(move |view| known_token.map_or(Ok(false), |token| view.knows_publication(&token)));
        // Another copy of the library has published since: one of them is a restored backup.
        let is_from_start = is_from_start || !is_own.await?;
        let is_exact = known.is_exact && !is_from_start;
        let mut at = if is_from_start { PublishedPosition::default() } else { position_here(&known) };
        let total = self.store.read(move |view| view.changed_image_count(at, epoch)).await?;

        let mut batch = self.first_batch(library, known).await?;
        let all = AllRows {
            recipes: batch.recipes.iter().map(|recipe| recipe.id).collect(),
            layers: batch.layers.iter().map(|layer| layer.id).collect(),
            images: None,
        };
        let layers: HashSet<u64> = all.layers.iter().copied().collect();
        let mut published = Published {
            server: target.server().to_owned(),
            images: 0,
            annotations: 0,
            answers: 0,
            removed_images: 0,
            layers: count(batch.layers.len()),
            recipes: count(batch.recipes.len()),
            millis: 0,
        };
        loop {
            on_progress(PublicationProgress { images: published.images + published.removed_images, of: total });
            let last_image = self.add_images(&mut batch, &layers, at, epoch, target.batch_bytes()).await?;
            at = last_image.unwrap_or(PublishedPosition { epoch, image: END_OF_EPOCH });
            batch.position = SyncPosition {
                token: Some(token.clone()),
                epoch: at.epoch,
                image: at.image.into(),
                is_exact: is_exact || last_image.is_none(),
            };
            if last_image.is_none() {
                let images = if is_exact { None } else { Some(self.store.read(|view| view.kept_images()).await?) };
                let images = images.map(|images| images.iter().map(|image| image.0.into()).collect());
                batch.all = Some(AllRows { images, ..all.clone() });
            }
            target.send(&batch).await?;
            published.images += count(batch.images.len());
            published.annotations += count(batch.annotations.len());
            published.answers += count(batch.answers.len());
            published.removed_images += count(batch.removed.len());
            if last_image.is_none() {
                break;
            }
            let RowBatch { library, name, position: after, .. } = batch;
            batch = RowBatch { library, name, after, ..RowBatch::default() };
        }
        published.millis = whole_millis(since.elapsed());
        Ok(published)
    }

    /// Begins once no import is being added or undone: layers are published whole.
    async fn begin(&self) -> Result<BegunPublication> {
        loop {
            if let Some(begun) = self.store.write(|edit| edit.begin_publication()).await? {
                return Ok(begun);
            }
            self.store.write_derived(|edit| edit.continue_imports()).await?;
        }
    }

    /// Recipes and layers, which images refer to.
    async fn first_batch(self: &Arc<Self>, library: String, after: SyncPosition) -> Result<RowBatch> {
        let history = Arc::clone(&self.history);
        let runs: Vec<RunSummary> = off_workers(move || history.runs()).await?;
        let (recipes, imports) = self.store.read(|view| Ok((view.all_recipe_versions()?, view.imports()?))).await?;
        let runs = runs.iter().map(|run| run_row(&library, run));
        let imports = imports.iter().map(|import| import_row(&library, import));
        Ok(RowBatch {
            name: self.library_name(),
            after,
            recipes: recipes.iter().map(|version| recipe_row(&library, version)).collect::<Result<_>>()?,
            layers: runs.chain(imports).collect::<Result<_>>()?,
            library,
            ..RowBatch::default()
        })
    }

    /// Adds images that have changed after `after` to `batch`, with what they have of `layers`. Their other layers began
    /// later: the next publication sends these images again. Returns the place of the last one; `None` if there are none.
    async fn add_images(
        &self,
        batch: &mut RowBatch,
        layers: &HashSet<u64>,
        after: PublishedPosition,
        until: u64,
        most_bytes: u64,
    ) -> Result<Option<PublishedPosition>> {
        let read = self.store.read(move |view| {
            let changed = view.changed_images(after, until, most_bytes)?;
            let present: Vec<ImageId> =
                changed.iter().filter(|image| !image.is_removed).map(|image| ImageId(image.at.image)).collect();
            let images = view.published_images(&present)?;
            Ok((changed, images, view.annotations_of_each(&present)?, view.published_answers(&present)?))
        });
        let (changed, images, annotations, answers) = read.await?;
        let removed = changed.iter().filter(|image| image.is_removed);
        batch.removed.extend(removed.map(|image| u64::from(image.at.image)));
        image_rows(batch, layers, &images, &annotations, &answers)?;
        Ok(changed.last().map(|image| image.at))
    }

    /// The name of the library's folder.
    fn library_name(&self) -> String {
        let folder = self.settings.library().folder.clone();
        let name = std::path::Path::new(&folder).file_name();
        name.map_or_else(|| folder.clone(), |name| name.to_string_lossy().into_owned())
    }
}

fn position_here(there: &SyncPosition) -> PublishedPosition {
    PublishedPosition { epoch: there.epoch, image: u32::try_from(there.image).unwrap_or(END_OF_EPOCH) }
}
