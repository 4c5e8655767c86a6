//! Care for a library: what it takes on disk, checks, backups, moved photos, cleaning up, repairing.

use serde::{Deserialize, Serialize};

use crate::money::PicoDollars;

/// What a library takes on disk, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LibrarySizes {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub database: u64,
    /// Changes that are not in the database file yet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub log: u64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub thumbnails: u64,
    /// Photos that were dropped on a browser's window, and the sample photos: originals that may exist nowhere else.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub uploads: u64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub exports: u64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub metrics: u64,
    /// Copies made before format updates.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub copies: u64,
}

/// What is in a library.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LibraryCounts {
    pub images: u32,
    pub annotations: u32,
    /// Annotations that were accepted, edited or rejected.
    pub decisions: u32,
    pub runs: u32,
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
}

/// What has become of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum BackupState {
    There,
    /// The file is no longer where it was written.
    Gone,
    /// A browser downloaded it.
    Downloaded,
}

/// The last backup of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LastBackup {
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub made_at: u64,
    /// The file; of a download, only its name.
    pub path: String,
    pub state: BackupState,
}

/// A library as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LibraryInfo {
    pub database: String,
    pub folder: String,
    /// The version of the database's format.
    pub format: u32,
    pub sizes: LibrarySizes,
    pub counts: LibraryCounts,
    pub last_backup: Option<LastBackup>,
}

/// A derived count that differs from a recount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DerivedCount {
    /// Annotations by label and collection.
    Labels,
    /// Labels of images.
    ImageLabels,
    /// Annotations of images by status.
    Images,
    /// Annotations of runs by image.
    Layers,
    /// Spending by time.
    Spending,
}

/// Rows of a derived count that differ from a recount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CountDifference {
    pub of: DerivedCount,
    pub rows: u32,
}

/// An original that is not where the library knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LostOriginal {
    /// The name of the image.
    pub name: String,
    /// The last known place.
    pub path: String,
}

/// What a check of a library found. The lists of files are cut off; the counts are of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LibraryCheck {
    pub format: u32,
    /// An older format, whose counts are not checked. It is updated when the library is opened.
    pub is_outdated: bool,
    /// Damage in the file; empty if it is intact.
    pub damages: Vec<String>,
    /// Rows that refer to rows that do not exist, by table.
    pub broken_references: Vec<TableRows>,
    pub differences: Vec<CountDifference>,
    pub missing_count: u32,
    pub missing: Vec<LostOriginal>,
    /// Originals whose file has another content now.
    pub changed_count: u32,
    pub changed: Vec<LostOriginal>,
    /// Thumbnails without an image: `prune` removes them.
    pub stray_thumbnails: u32,
    /// Whether the database itself is in order.
    pub is_database_sound: bool,
}

impl LibraryCheck {
    /// Whether nothing is wrong. Thumbnails without an image only take space.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.is_database_sound && self.missing_count == 0 && self.changed_count == 0
    }
}

/// Rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TableRows {
    pub table: String,
    pub rows: u32,
}

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WrittenBackup {
    pub path: String,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub byte_len: u64,
    pub files: u32,
    pub counts: LibraryCounts,
    pub has_thumbnails: bool,
    /// Originals in the library's folder that are not there, and so not in the backup either.
    pub missing: Vec<String>,
    /// Links in the folders of the backup, which are not followed.
    pub links: Vec<String>,
}

/// A library that was restored from a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredLibrary {
    pub database: String,
    pub format: u32,
    pub files: u32,
    pub counts: LibraryCounts,
    /// Milliseconds since the Unix epoch.
    pub made_at: u64,
    /// The folder with the library that was there before.
    pub kept_aside: Option<String>,
}

/// Originals that were looked for in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Relinked {
    /// Images whose originals were found.
    pub found: u32,
    /// Images whose originals are still missing.
    pub missing_count: u32,
    /// The first of them.
    pub missing: Vec<LostOriginal>,
    /// Whether nothing was changed.
    pub is_dry_run: bool,
}

/// What cleaning up removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum PrunedKind {
    /// Thumbnails of images that are not in the library.
    Thumbnails,
    /// Files that were uploaded more than a day ago and are no image of the library.
    Uploads,
    /// Exports that were prepared for the window.
    Exports,
    /// Copies made before format updates, except for the newest.
    Copies,
    /// Unused pages of the database.
    Database,
}

/// Files of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PrunedFiles {
    pub kind: PrunedKind,
    pub files: u32,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes: u64,
    /// The first of them, from the library's folder.
    pub names: Vec<String>,
}

/// What was removed, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Pruned {
    pub removed: Vec<PrunedFiles>,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes: u64,
    /// Whether nothing was changed.
    pub is_dry_run: bool,
}

/// Rows of a table that were copied out of a damaged file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTable {
    pub table: String,
    pub copied: u64,
    /// Rows that could not be read; `None` if their number cannot be read either.
    pub lost: Option<u64>,
    /// Rows that were not copied because a row that they refer to is lost.
    pub not_copied: u64,
}

impl SavedTable {
    /// Whether nothing of it is lost.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lost == Some(0) && self.not_copied == 0
    }
}

/// How a library was repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LibraryRepair {
    /// The file was intact: indexes and derived counts were rebuilt.
    Rebuilt { differences: Vec<CountDifference> },
    /// The file was damaged, or rows referred to something that does not exist: what can be read is in a new file.
    Saved { tables: Vec<SavedTable>, kept_aside: String },
}
