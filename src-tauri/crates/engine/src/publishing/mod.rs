//! Publishes the library to a database, a batch of changed images at a time. The database remembers how far it got.

mod rows;

use std::sync::Arc;
use std::time::Instant;

use domain::ids::{ImageId, RunId};
use domain::numbers::count;
use domain::publication::{LastPublication, PublicationOutcome, PublicationProgress, PublicationTarget, Published};
use domain::run::RunSummary;
use keys::Keeping;
use publish::{Postgres, RemoteDatabase, Rest, RowBatch, SyncPosition};
use store::{PublishedPosition, Store};
use zeroize::Zeroizing;

use self::rows::{image_rows, import_row, recipe_row, run_row};
use crate::blocking::off_workers;
use crate::clock::{now_millis, whole_millis};
use crate::connections::Connections;
use crate::connections::publication::{Database, DatabaseAddress};
use crate::run_history::RunHistory;
use crate::settings::LibrarySettings;
use crate::{EngineError, Result};

/// Images that are read at once.
const PAGE: u32 = 500;
/// After every image of an epoch.
const END_OF_EPOCH: u32 = u32::MAX;

/// The statements that create the tables, for databases where they are run by hand.
#[must_use]
pub fn publication_schema() -> String {
    publish::SCHEMA.concat()
}

/// Publishes a library.
pub struct Publishing {
    store: Arc<Store>,
    settings: Arc<LibrarySettings>,
    connections: Arc<Connections>,
    history: Arc<RunHistory>,
}

impl Publishing {
    pub(crate) fn new(
        store: Arc<Store>,
        settings: Arc<LibrarySettings>,
        connections: Arc<Connections>,
        history: Arc<RunHistory>,
    ) -> Self {
        Self { store, settings, connections, history }
    }

    /// Where the library would be published; `None` if no database is known. Connects to nothing, but may ask the
    /// keychain.
    pub async fn target(self: &Arc<Self>) -> Result<Option<PublicationTarget>> {
        let publishing = Arc::clone(self);
        off_workers(move || Ok(publishing.connections.database()?.map(|database| database.target()))).await
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

    /// Publishes after a run, if the settings say so and the user has entered a database for this library.
    pub(crate) async fn after_run(self: &Arc<Self>, run: RunId) {
        let publishing = Arc::clone(self);
        let database = off_workers(move || {
            let is_wanted = publishing.settings.in_force()?.publish.after_run;
            if is_wanted { publishing.connections.entered_database() } else { Ok(None) }
        });
        let outcome = match database.await {
            Ok(Some(database)) => self.publish_to(database, false, |_| {}).await,
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(%run, %error, "the library was not published after the run");
        }
    }

    async fn publish_to(
        self: &Arc<Self>,
        database: Database,
        is_from_start: bool,
        on_progress: impl Fn(PublicationProgress) + Send + Sync,
    ) -> Result<Published> {
        let target = database.target();
        let settings = Arc::clone(&self.settings);
        let is_local_only = off_workers(move || Ok(settings.in_force()?.is_local_only)).await?;
        if is_local_only && !target.is_on_this_machine {
            return Err(EngineError::LocalOnly { server: target.server });
        }
        let outcome = self.send_changes(database, is_from_start, on_progress).await;
        let recorded = match &outcome {
            Ok(published) => PublicationOutcome::Published { published: published.clone() },
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
        let name = self.library_name();
        let known = target.position(&library).await?.unwrap_or_default();
        let until = self.store.write(|edit| edit.end_change_epoch()).await?;
        // A library from a backup has not come as far as the database.
        let is_from_start = is_from_start || known.epoch > until;
        let mut after = if is_from_start { PublishedPosition::default() } else { position_here(known) };
        let total = self.store.read(move |view| view.changed_image_count(after, until)).await?;
        on_progress(PublicationProgress { images: 0, of: total });

        let mut batch = self.first_batch(&library, &name).await?;
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
            let is_last = self.add_page(&mut batch, &mut after, until).await?;
            if !is_last && batch.rows() < target.batch_rows() {
                continue;
            }
            if is_last {
                after = PublishedPosition { epoch: until, image: END_OF_EPOCH };
            }
            batch.position = position_there(after);
            target.send(&batch).await?;
            published.images += count(batch.images.len());
            published.annotations += count(batch.annotations.len());
            published.answers += count(batch.answers.len());
            published.removed_images += count(batch.removed.len());
            on_progress(PublicationProgress { images: published.images + published.removed_images, of: total });
            if is_last {
                break;
            }
            batch = RowBatch { library: library.clone(), name: name.clone(), ..RowBatch::default() };
        }
        published.millis = whole_millis(since.elapsed());
        Ok(published)
    }

    /// Recipes and layers, which images refer to.
    async fn first_batch(self: &Arc<Self>, library: &str, name: &str) -> Result<RowBatch> {
        let history = Arc::clone(&self.history);
        let runs: Vec<RunSummary> = off_workers(move || history.runs()).await?;
        let (recipes, imports) = self.store.read(|view| Ok((view.all_recipe_versions()?, view.imports()?))).await?;
        let runs = runs.iter().map(|run| run_row(library, run));
        let imports = imports.iter().map(|import| import_row(library, import));
        Ok(RowBatch {
            library: library.to_owned(),
            name: name.to_owned(),
            recipes: recipes.iter().map(|version| recipe_row(library, version)).collect::<Result<_>>()?,
            layers: runs.chain(imports).collect::<Result<_>>()?,
            ..RowBatch::default()
        })
    }

    /// Adds the next changed images to `batch`. Returns whether they were the last.
    async fn add_page(&self, batch: &mut RowBatch, after: &mut PublishedPosition, until: u64) -> Result<bool> {
        let from = *after;
        let (changed, images, annotations, answers) = self
            .store
            .read(move |view| {
                let changed = view.changed_images(from, until, PAGE)?;
                let present: Vec<ImageId> =
                    changed.iter().filter(|image| !image.is_removed).map(|image| ImageId(image.at.image)).collect();
                let images = view.published_images(&present)?;
                let annotations = view.published_annotations(&present)?;
                let answers = view.published_answers(&present)?;
                Ok((changed, images, annotations, answers))
            })
            .await?;
        let Some(last) = changed.last() else { return Ok(true) };
        *after = last.at;
        let removed = changed.iter().filter(|image| image.is_removed);
        batch.removed.extend(removed.map(|image| u64::from(image.at.image)));
        image_rows(batch, &images, &annotations, &answers)?;
        Ok(count(changed.len()) < PAGE)
    }

    /// The name of the library's folder.
    fn library_name(&self) -> String {
        let folder = self.settings.library().folder.clone();
        let name = std::path::Path::new(&folder).file_name();
        name.map_or_else(|| folder.clone(), |name| name.to_string_lossy().into_owned())
    }
}

fn position_there(here: PublishedPosition) -> SyncPosition {
    SyncPosition { epoch: here.epoch, image: here.image.into() }
}

fn position_here(there: SyncPosition) -> PublishedPosition {
    PublishedPosition { epoch: there.epoch, image: u32::try_from(there.image).unwrap_or(END_OF_EPOCH) }
}
