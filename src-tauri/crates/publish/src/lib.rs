//! Publishes a library to a PostgreSQL database (Supabase is one): images, annotations with provenance and decisions, runs,
//! costs and recipes.
//!
//! A library is sent in batches of images. A batch is one transaction that also stores the [`SyncPosition`] it reaches, so that
//! an interrupted publication continues where it stopped. A batch also says where it begins: of two programs that publish a
//! library at once, one goes on and the other is refused. The tables are documented in `schema/0001.sql`.
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
pub use rows::{AllRows, AnnotationRow, AnswerRow, ImageRow, LayerRow, RecipeRow, RowBatch};
use serde::{Deserialize, Serialize};

/// The statements of each version of the schema, oldest first. A shipped version is never edited.
pub const SCHEMA: [&str; 2] = [include_str!("schema/0001.sql"), include_str!("schema/0002.sql")];

/// The version that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 2;

/// How far a library is published: all changes up to this image of this epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncPosition {
    /// Of the publication that came so far; `None` if there was none.
    pub token: Option<String>,
    pub epoch: u64,
    pub image: u64,
    /// Whether the database has no rows that the library lacks.
    pub is_exact: bool,
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
         there once: fieldmark publish --schema {found} prints them"
    )]
    TooOld { server: String, found: u32, known: u32 },
    #[error("the library is being published to {server} by another window or command. Try again when that has ended")]
    Overtaken { server: String },
    #[error("{server} gave an answer that cannot be read: {reason}")]
    Answer { server: String, reason: String },
    #[error("{server} did not store the data: {reason}")]
    Database { server: String, reason: String },
    #[error("a row cannot be written as JSON: {0}")]
    Row(#[from] serde_json::Error),
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

    /// How many bytes of rows a batch should have.
    #[must_use]
    pub const fn batch_bytes(&self) -> u64 {
        match self {
            Self::Postgres(_) => 8 << 20,
            // A request is one JSON object in the server's memory.
            Self::Rest(_) => 2 << 20,
        }
    }

    /// How far `library` is published.
    pub async fn position(&mut self, library: &str) -> Result<SyncPosition> {
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

/// The SQLSTATE of a batch that does not begin where the database is.
const OVERTAKEN: &str = "PT409";

/// The answer of `fieldmark_state`.
#[derive(Deserialize)]
struct State {
    version: Option<u32>,
    /// `None` if the library was never published.
    position: Option<SyncPosition>,
}

/// The position in an answer of `fieldmark_state`.
fn position_in(answer: &str, server: &str) -> Result<SyncPosition> {
    let state: State = serde_json::from_str(answer)
        .map_err(|error| PublishError::Answer { server: server.to_owned(), reason: error.to_string() })?;
    check_version(server, state.version)?;
    Ok(state.position.unwrap_or_default())
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
