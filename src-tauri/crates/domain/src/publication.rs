//! Publishing a library to a database.

use serde::{Deserialize, Serialize};

use crate::connection::KeyPlace;

/// The database that a library is published to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PublicationTarget {
    /// Host and database, or the address of a Supabase project.
    pub server: String,
    pub kind: PublicationKind,
    /// Where its password or key is from.
    pub place: KeyPlace,
    pub is_on_this_machine: bool,
}

/// How the database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum PublicationKind {
    /// A connection to PostgreSQL.
    Postgres,
    /// Supabase's REST interface.
    Rest,
}

/// Progress of a publication, in images that have changed since the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PublicationProgress {
    pub images: u32,
    pub of: u32,
}

/// The result of a publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Published {
    pub server: String,
    /// Images that were new or changed.
    pub images: u32,
    /// Annotations on them.
    pub annotations: u32,
    /// Results of runs on them.
    pub answers: u32,
    /// Images that have left the library and are deleted from the database.
    pub removed_images: u32,
    /// Runs and imports.
    pub layers: u32,
    pub recipes: u32,
    pub millis: u32,
}

/// The last publication of a library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LastPublication {
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub ended_at: u64,
    pub outcome: PublicationOutcome,
}

/// How a publication ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum PublicationOutcome {
    Published { published: Published },
    Failed { message: String },
}

/// The settings of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PublishSettings {
    /// Whether to publish to the entered database after each run.
    pub after_run: bool,
}
