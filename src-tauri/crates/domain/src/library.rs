//! The library as the window shows it: collections, images in a grid, counts beside filters.

use serde::{Deserialize, Serialize};

use crate::annotation::Annotation;
use crate::geometry::PixelSize;
use crate::ids::{CollectionId, ImageId, RunId};
use crate::run::FailureKind;

/// A dropped folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Collection {
    pub id: CollectionId,
    pub name: String,
    pub image_count: u32,
    /// Files that were left out of its imports.
    pub skipped_count: u32,
}

/// What a person has said about an image as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ReviewState {
    Unreviewed,
    Reviewed,
    ConfirmedEmpty,
}

/// Which images a grid shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageFilter {
    #[default]
    All,
    Unreviewed,
    Reviewed,
    ConfirmedEmpty,
    /// The latest job on it failed.
    Failed,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ImageOrder {
    /// As they came into the library.
    #[default]
    Added,
    Name,
    /// The least confident undecided mark first; images without undecided marks last.
    LeastCertain,
}

/// A question to the library; the answer is a list of ids, which stays small enough to send whole at 100,000 images.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageQuery {
    /// `None`: every collection.
    pub collection: Option<CollectionId>,
    /// Only images of this run; `None`: of any or none.
    pub run: Option<RunId>,
    pub filter: ImageFilter,
    pub order: ImageOrder,
    /// Part of a file name; empty finds all.
    pub text: String,
}

/// Images by review state, for the counts beside filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageCounts {
    pub all: u32,
    pub unreviewed: u32,
    pub reviewed: u32,
    pub confirmed_empty: u32,
    pub failed: u32,
}

/// How often a label stands on the images of a collection, rejected marks aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelCount {
    pub name: String,
    pub color: u8,
    pub count: u32,
}

/// All that the library screen shows beside the grid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LibraryOverview {
    pub collections: Vec<Collection>,
    /// Counts over `collection` of the question, or over all.
    pub counts: ImageCounts,
    pub labels: Vec<LabelCount>,
}

/// Why the latest job on an image failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageFailure {
    pub run: RunId,
    pub kind: FailureKind,
    pub detail: String,
}

/// An image with its marks: a cell of the grid, and what review opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageCard {
    pub id: ImageId,
    /// File name without folders, for people to read.
    pub name: String,
    /// Upright size.
    pub size: PixelSize,
    pub review: ReviewState,
    /// Whether a model has looked at it: without that, an image without marks says nothing.
    pub is_annotated: bool,
    pub failure: Option<ImageFailure>,
    /// In the order in which they were made.
    pub marks: Vec<Annotation>,
}
