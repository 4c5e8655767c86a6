//! The library as shown in the window: collections, grid, filter counts.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, ReviewState, Status};
use crate::calendar::CalendarDate;
use crate::camera::Camera;
use crate::geometry::PixelSize;
use crate::ids::{CollectionId, ImageId, RunId, SmartCollectionId};
use crate::query::{ImageQuery, ImageState, Share, Span, Trait};
use crate::review::checks::Check;
use crate::run_state::FailureKind;
use crate::taken::Taken;

/// An added folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Collection {
    pub id: CollectionId,
    pub name: String,
    pub image_count: u32,
    /// Files that its imports skipped.
    pub skipped_count: u32,
}

/// A saved query, listed beside the collections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SmartCollection {
    pub id: SmartCollectionId,
    pub name: String,
    pub query: ImageQuery,
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

/// Number of a label's annotations, without rejected ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LabelCount {
    pub name: String,
    pub color: u8,
    pub count: u32,
}

/// Data of the library screen beside the grid.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LibraryOverview {
    pub collections: Vec<Collection>,
    pub smart_collections: Vec<SmartCollection>,
    /// Counts over the query's `collection`, or over all.
    pub counts: ImageCounts,
    pub labels: Vec<LabelCount>,
}

/// Filter counts: the number of images with each filter added, keeping the conditions of other kinds. A condition
/// replaces others of its kind; labels are combined.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FilterCounts {
    /// Images that match the query.
    pub found: u32,
    /// Without a condition on the state.
    pub in_any_state: u32,
    pub states: Vec<FilterCount<ImageState>>,
    /// In all collections, ignoring the query's.
    pub everywhere: u32,
    /// The same for each collection.
    pub collections: Vec<FilterCount<CollectionId>>,
    /// Images, not annotations; most frequent first.
    pub labels: Vec<LabelCount>,
    pub confidences: Vec<FilterCount<Span<Share>>>,
    pub annotations: Vec<FilterCount<Status>>,
    pub traits: Vec<FilterCount<Trait>>,
    /// Images that lack it.
    pub lacking: Vec<FilterCount<Trait>>,
    /// Images with such a likely mistake, without empty ones.
    pub checks: Vec<FilterCount<Check>>,
    /// Images whose annotations have changed and are not checked yet.
    pub unchecked: u32,
    /// Capture months, latest first, without empty ones.
    pub taken: Vec<FilterCount<Span<CalendarDate>>>,
    pub failures: Vec<FilterCount<FailureKind>>,
    /// The latest ones.
    pub runs: Vec<RunCount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FilterCount<Filter> {
    pub filter: Filter,
    pub count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunCount {
    pub run: RunId,
    pub model_name: String,
    pub count: u32,
}

/// Why the latest job on an image failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageFailure {
    pub run: RunId,
    pub kind: FailureKind,
    pub detail: String,
}

/// An image with its annotations, as shown in the grid and in review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageCard {
    pub id: ImageId,
    /// File name without folders, for display.
    pub name: String,
    /// Upright size.
    pub size: PixelSize,
    /// `None` if its file does not say, or if it was imported before this was read.
    pub taken: Option<Taken>,
    pub review: ReviewState,
    /// Whether a model has answered it; otherwise an image without annotations says nothing.
    pub is_annotated: bool,
    /// Whether an active run has it in its queue.
    pub is_running: bool,
    pub failure: Option<ImageFailure>,
    /// In creation order.
    pub annotations: Vec<Annotation>,
}

/// Facts about an image and its files, for the info panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageInfo {
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub hash: String,
    /// Upright size.
    pub size: PixelSize,
    pub taken: Option<Taken>,
    /// From the file; `None` if no file can be read, or if it says nothing.
    pub camera: Option<Camera>,
    /// Every path at which the image was found.
    pub files: Vec<ImageFileInfo>,
    /// Runs that have answered it or failed to, newest first.
    pub runs: Vec<RunOfImage>,
}

/// A path at which an image was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageFileInfo {
    pub path: String,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub byte_len: u64,
    /// Whether the file is still there with this content.
    pub is_current: bool,
}

/// What a run did with an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunOfImage {
    pub run: RunId,
    pub model_name: String,
    pub has_failed: bool,
}
