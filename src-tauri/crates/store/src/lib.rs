//! The library on disk: one `SQLite` file in WAL mode, one writer thread that groups commits, and readers.
//!
//! Queries are methods of [`View`], changes are methods of [`Edit`]; both are in `table/`, one file per table. SQL,
//! rows and `rusqlite` stay inside this crate. Times are passed in.

mod care;
mod code;
mod integrity;
mod migration;
mod opening;
mod path_bytes;
mod presence;
mod table;
mod writer;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::review::refused::UnfitAnnotation;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use table::attempts::{AnswersToRecipe, AskedImage, Bill, Unanswered};
pub use table::batches::{BatchItem, BatchStanding, KeptBatch};
pub use table::calibrations::CalibrationRequest;
pub use table::evaluated::{RunImage, RunImageState};
pub use table::exports::{ExportableImage, ReviewSteps};
pub use table::files::{KnownFile, KnownOriginal};
pub use table::images::{AnsweredImage, NewImage};
pub use table::imports::{ImportedAnnotation, ImportedImage, NewImport};
pub use table::job_rows::{JobFailure, JobOutcome, JobTiming, QueuedImage};
pub use table::jobs::{FailedJob, Propagated};
pub use table::kept_answers::{KeptAnswer, Question};
pub use table::listed_models::ListedModels;
pub use table::matching::WantedImages;
pub use table::publication::{BegunPublication, ChangedImage, PublishedAnswer, PublishedImage, PublishedPosition};
pub use table::queue::{Claim, Remaining, WaitingJob};
pub use table::runs::{NewPilot, NewRun};
pub use table::steps::StepTaken;
pub use table::workers::{Worker, WorkerId};

pub use care::checking::{check_file, is_current, read_only};
use care::copying;
pub use care::copying::copies;
pub use care::locking::ExclusiveLock;
use care::locking::SharedLock;
pub use care::moving::{is_in_use, keep_spending, settle};
pub use care::repairing::repair;
pub use care::replacing::DATABASE;
pub use code::name_of;
pub use integrity::sqlite_version;
pub use opening::{COMPANIONS, check_identity, companion, exists};
use presence::Presence;
use table::images::known_sets::KnownSets;
use writer::{Durability, Writer};

/// Errors of the library.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the library {path} cannot be opened: {source}")]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a Fieldmark library: {reason}. It was not changed")]
    NotALibrary { path: PathBuf, reason: &'static str },
    #[error(
        "the library was changed by a newer Fieldmark, and this version cannot read it (format {found}, \
         which requires a version that knows format {required}; this one knows formats up to {known}). Update Fieldmark \
         to open it; the library was not changed"
    )]
    TooNew { found: u32, required: u32, known: u32 },
    #[error(
        "the library {path} cannot be written: allow writing to the file and its folder, or copy the folder elsewhere"
    )]
    ReadOnly { path: PathBuf },
    #[error("the library {path} is in use by another process: close it first. Nothing was changed")]
    InUse { path: PathBuf },
    #[error("another program has locked the library {path}: close it and try again")]
    Locked { path: PathBuf },
    #[error(
        "the library {path} is on a file system without shared memory, such as a network drive, where it is not \
         safe: move its folder to a local disk"
    )]
    NoWal { path: PathBuf },
    #[error(
        "the library {path} is damaged: {detail}. `fieldmark library repair` saves what can be read, and keeps the damaged file"
    )]
    Damaged { path: PathBuf, detail: String },
    #[error(
        "the library has an older format, and it is not updated because it cannot be copied to {folder} first: {detail}. \
         The copy takes {} MB. The library was not changed",
        bytes.div_ceil(1_000_000)
    )]
    NoCopy { folder: PathBuf, bytes: u64, detail: String, is_full: bool },
    #[error("there is no {what} {id} in this library")]
    Missing { what: &'static str, id: u32 },
    #[error("invalid annotation: {0}")]
    Unfit(UnfitAnnotation),
    #[error("the library has unreadable data in {column}: {detail}")]
    Corrupt { column: &'static str, detail: String },
    #[error("the library cannot be read or written: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the library has been closed or cannot be written")]
    Closed,
    #[error("internal error while changing the library: {0}")]
    Panicked(String),
}

/// Why a library cannot be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LibraryFailure {
    DiskFull,
    /// The file is no longer where it was opened.
    Lost,
    Other,
}

impl StoreError {
    /// The error of a file system at `path`.
    pub(crate) fn file(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path: path.clone(), source }
    }

    /// `None` if only the failed query or change is affected, and the library remains usable.
    #[must_use]
    pub fn library_failure(&self) -> Option<LibraryFailure> {
        match self {
            Self::Missing { .. } | Self::Unfit(_) | Self::Corrupt { .. } | Self::Panicked(_) => None,
            Self::Open { source, .. } => Some(failure_of(source)),
            Self::Sqlite(source) => (!is_of_one_statement(source)).then(|| failure_of(source)),
            Self::NoCopy { is_full: true, .. } => Some(LibraryFailure::DiskFull),
            Self::File { .. }
            | Self::NoCopy { .. }
            | Self::NotALibrary { .. }
            | Self::TooNew { .. }
            | Self::ReadOnly { .. }
            | Self::InUse { .. }
            | Self::Locked { .. }
            | Self::NoWal { .. }
            | Self::Damaged { .. }
            | Self::Closed => Some(LibraryFailure::Other),
        }
    }
}

fn failure_of(source: &rusqlite::Error) -> LibraryFailure {
    match source.sqlite_error() {
        Some(failure) if failure.code == ErrorCode::DiskFull => LibraryFailure::DiskFull,
        Some(failure) if failure.extended_code == presence::MOVED => LibraryFailure::Lost,
        _ => LibraryFailure::Other,
    }
}

/// Whether `error` is about the values of one statement, and not about the file.
fn is_of_one_statement(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::TooBig
                | ErrorCode::ParameterOutOfRange
        ),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}

/// The version of the library's format.
#[must_use]
pub fn schema_version() -> u32 {
    u32::try_from(migration::MIGRATIONS.len()).unwrap_or(u32::MAX)
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// A consistent snapshot of the library.
pub struct View<'a>(&'a Connection, Option<&'a KnownSets>);

/// An atomic change of the library.
pub struct Edit<'a>(View<'a>);

impl<'a> Deref for Edit<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.0
    }
}

/// An open library, shared by `Arc`. Dropping it waits for submitted changes.
pub struct Store {
    writer: Writer,
    readers: Arc<Readers>,
    lock: Mutex<SharedLock>,
}

/// Read connections, as many as there are concurrent readers.
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

struct Reader {
    connection: Connection,
    sets: KnownSets,
}

impl Readers {
    fn read<T>(&self, question: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().map_err(|_| StoreError::Closed)?.pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.open()?,
        };
        let answer = {
            // One transaction, so that several statements see one state.
            let transaction = reader.connection.unchecked_transaction()?;
            question(&View(&transaction, Some(&reader.sets)))
        };
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(reader);
        }
        answer
    }

    fn open(&self) -> Result<Reader> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        keep_statements(&connection)?;
        Ok(Reader { connection, sets: KnownSets::default() })
    }
}

impl Store {
    /// Opens the library at `path`, creating or migrating it. Before a migration it is copied to `backups` beside it.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with_copies(path, &path.with_file_name("backups"))
    }

    /// [`Store::open`] with the folder for copies from before migrations.
    pub fn open_with_copies(path: &Path, copies: &Path) -> Result<Self> {
        opening::prepare(path)?;
        let lock = SharedLock::of(path)?;
        Self::connect(path, copies, lock).map_err(|error| opening::explain(path, error))
    }

    fn connect(path: &Path, copies: &Path, lock: SharedLock) -> Result<Self> {
        let open_error = |source| StoreError::Open { path: path.to_owned(), source };
        let connection = Connection::open(path).map_err(open_error)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(open_error)?;
        opening::set_application_id(&connection, path)?;
        switch_to_wal(&connection).map_err(open_error)?;
        opening::check_wal(&connection, path)?;
        // FULL, because a commit may be the only record of a paid request. `fullfsync` makes flushes reach the disk on
        // macOS and is ignored elsewhere.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A savepoint needs only a few pages; writing them to a file was most of the cost of a change.
        connection.pragma_update(None, "temp_store", "memory")?;
        keep_statements(&connection)?;
        let _migrating = match migration::outdated(&connection)? {
            Some(_) => Some(copying::copy_before_migration(&connection, path, copies, migration::outdated)?),
            None => None,
        };
        migration::migrate(&connection)?;
        let presence = Presence::of(path);
        Ok(Self {
            writer: Writer::start(connection, presence),
            readers: Arc::new(Readers { path: path.to_owned(), idle: Mutex::new(Vec::new()) }),
            lock: Mutex::new(lock),
        })
    }

    /// Path of the library.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.readers.path
    }

    /// A whole and compact copy of the library, in a new private file beside it. Blocks; others may write meanwhile.
    pub fn copy(&self) -> Result<tempfile::NamedTempFile> {
        copying::copy(&care::checking::reading(self.path())?, self.path())
    }

    /// Removes the folder of [`Store::copy`] if there is no copy.
    pub fn forget_copies(&self) {
        care::unfinished::remove_empty(self.path());
    }

    /// Does `work` while no other process has the library open; an error if one has.
    pub fn alone<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        self.lock.lock().map_err(|_| StoreError::Closed)?.alone(|| Ok(work()))
    }

    /// Gives unused pages back to the disk. Blocks, also the writes of this process.
    pub fn compact(&self) -> Result<()> {
        let connection = Connection::open(self.path())?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(truncate)")?;
        Ok(())
    }

    /// Calls `changed` within about a second of a change by another process.
    pub fn watch_others(&self, changed: impl Fn() + Send + 'static) -> Result<()> {
        self.writer.watch_others(changed)
    }

    /// Reads on a blocking thread. Dropping the future drops the result, but the query completes.
    pub async fn read<T, F>(&self, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let answer = tokio::task::spawn_blocking(move || readers.read(question)).await;
        answer.unwrap_or_else(|lost| match lost.try_into_panic() {
            Ok(panic) => Err(StoreError::Panicked(writer::panic_text(&*panic))),
            Err(_) => Err(StoreError::Closed),
        })
    }

    /// [`Store::read`] for threads that may block: a query may take seconds. Forbidden on tokio workers
    /// (`clippy.toml`): a module or function that calls this says on which threads it runs.
    pub fn read_blocking<T>(&self, question: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        self.readers.read(question)
    }

    /// [`Store::read_blocking`] while no import is being added or undone, for results that must not hold a part of one.
    pub fn read_settled_blocking<T>(&self, question: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        let mut question = Some(question);
        loop {
            while self.write_derived_blocking(|edit| edit.continue_imports())? {}
            let answer = self.readers.read(|view| {
                let is_settled = view.moving_import()?.is_none();
                question.take_if(|_| is_settled).map(|question| question(view)).transpose()
            })?;
            if let Some(answer) = answer {
                return Ok(answer);
            }
        }
    }

    /// Changes the library and waits until the change is on disk. An error undoes this change alone.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
    {
        self.submit(Durability::Synced, change).await
    }

    /// [`Store::write`] for changes that can be recomputed from what is on disk: a power failure may lose them until
    /// the next flushed change; the end of a process does not.
    pub async fn write_derived<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
    {
        self.submit(Durability::Derived, change).await
    }

    async fn submit<T, F>(&self, keeping: Durability, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
    {
        let (deliver, delivered) = tokio::sync::oneshot::channel();
        // Dropping the future drops the result; the change is still made.
        self.writer.submit(keeping, change, |outcome| drop(deliver.send(outcome)))?;
        delivered.await.map_err(|_| StoreError::Closed)?
    }

    /// [`Store::write`] for threads outside of tokio.
    pub fn write_blocking<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
    {
        self.submit_blocking(Durability::Synced, change)
    }

    /// Blocking [`Store::write_derived`].
    pub fn write_derived_blocking<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
    {
        self.submit_blocking(Durability::Derived, change)
    }

    fn submit_blocking<T, F>(&self, keeping: Durability, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
    {
        let (deliver, delivered) = std::sync::mpsc::sync_channel(1);
        self.writer.submit(keeping, change, move |outcome| drop(deliver.send(outcome)))?;
        delivered.recv().map_err(|_| StoreError::Closed)?
    }
}

/// The switch locks the whole file. If another process has it open, `SQLite` may fail at once instead of waiting.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let patience = Instant::now() + BUSY_TIMEOUT;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if matches!(error.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
                    && Instant::now() < patience =>
            {
                std::thread::sleep(SWITCH_INTERVAL);
            }
            outcome => return outcome,
        }
    }
}

/// Sets up the statement cache: room for all statements, and plans that do not depend on bound values.
fn keep_statements(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Processes may share a library. Each holds the write lock for milliseconds, and dozens may start at once on a slow
/// disk.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Between attempts to switch to WAL.
const SWITCH_INTERVAL: Duration = Duration::from_millis(10);
/// More than exist.
const STATEMENTS: usize = 128;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests of a library have threads of their own")]
mod tests;
