//! Publishes a library to a PostgreSQL database (Supabase is one): images, annotations with provenance and decisions, runs,
//! costs and recipes.
//!
//! A library is sent in batches of images. A batch is one transaction that also stores the [`SyncPosition`] it reaches, so that
//! an interrupted publication continues where it stopped, and sending a batch twice changes nothing. The tables are
//! documented in `schema/0001.sql`.
//!
//! [`Postgres`] is a direct connection, [`Rest`] is Supabase's REST interface. Both run the same functions of the schema.

mod address;
mod copy;
mod postgres;
mod rest;
mod rows;

pub use address::{PostgresAddress, RestAddress};
pub use postgres::Postgres;
pub use rest::Rest;
pub use rows::{AnnotationRow, AnswerRow, ImageRow, LayerRow, RecipeRow, RowBatch};

/// The statements of each version of the schema, oldest first. A shipped version is never edited.
pub const SCHEMA: [&str; 1] = [include_str!("schema/0001.sql")];

/// The version that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// How far a library is published: all changes up to this image of this epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SyncPosition {
    pub epoch: u64,
    pub image: u64,
}

/// Errors of publishing. They contain no password and no key.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("{0}")]
    Address(String),
    #[error("{server} cannot be reached: {reason}. Check the address and the network; nothing was lost")]
    Unreachable { server: String, reason: String },
    #[error("{server} refused the user or password: {reason}")]
    Refused { server: String, reason: String },
    #[error(
        "{server} has no Fieldmark tables. Run the schema there once, as its SQL editor can: fieldmark publish --schema \
         prints it"
    )]
    NoSchema { server: String },
    #[error("the tables in {server} have version {found}, and this Fieldmark knows version {known}. Update Fieldmark")]
    TooNew { server: String, found: u32, known: u32 },
    #[error(
        "the tables in {server} have version {found}, and this Fieldmark needs version {known}. Run the newer statements \
         there once: fieldmark publish --schema prints them"
    )]
    TooOld { server: String, found: u32, known: u32 },
    #[error("{server} did not store the data: {reason}")]
    Database { server: String, reason: String },
}

pub type Result<T> = std::result::Result<T, PublishError>;

/// The database that a library is published to.
pub enum RemoteDatabase {
    Postgres(Postgres),
    Rest(Rest),
}

impl RemoteDatabase {
    /// The server, for messages.
    #[must_use]
    pub fn server(&self) -> &str {
        match self {
            Self::Postgres(postgres) => postgres.server(),
            Self::Rest(rest) => rest.server(),
        }
    }

    /// How many rows a batch should have.
    #[must_use]
    pub const fn batch_rows(&self) -> usize {
        match self {
            Self::Postgres(_) => 50_000,
            // A request is one JSON object in the server's memory.
            Self::Rest(_) => 5_000,
        }
    }

    /// How far `library` is published; `None` if it never was.
    pub async fn position(&mut self, library: &str) -> Result<Option<SyncPosition>> {
        match self {
            Self::Postgres(postgres) => postgres.position(library).await,
            Self::Rest(rest) => rest.position(library).await,
        }
    }

    /// Stores a batch with its position, or nothing.
    pub async fn send(&mut self, batch: &RowBatch) -> Result<()> {
        match self {
            Self::Postgres(postgres) => postgres.send(batch).await,
            Self::Rest(rest) => rest.send(batch).await,
        }
    }
}

/// Checks a schema version that a server states.
fn check_version(server: &str, found: Option<u32>) -> Result<()> {
    match found {
        None => Err(PublishError::NoSchema { server: server.to_owned() }),
        Some(SCHEMA_VERSION) => Ok(()),
        Some(found) if found > SCHEMA_VERSION => {
            Err(PublishError::TooNew { server: server.to_owned(), found, known: SCHEMA_VERSION })
        }
        Some(found) => Err(PublishError::TooOld { server: server.to_owned(), found, known: SCHEMA_VERSION }),
    }
}

/// `error` with its causes.
fn explained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = error.source();
    }
    text
}
