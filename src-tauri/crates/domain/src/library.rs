//! The library as the window shows it: collections, images in a grid, counts beside filters.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, ReviewState, Status};
use crate::calendar::CalendarDate;
use crate::geometry::PixelSize;
use crate::ids::{CollectionId, ImageId, RunId};
use crate::query::{ImageState, Share, Span, Trait};
use crate::review::checks::Check;
use crate::run_state::FailureKind;
use crate::taken::Taken;

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

/// How often a label stands on images, rejected marks aside.
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

/// Beside every filter of a question: how many images there would be with it, all conditions of other kinds kept. Of one
/// kind a condition takes another's place; labels alone add up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FilterCounts {
    /// Images that the question finds.
    pub found: u32,
    /// Without a condition on the state.
    pub in_any_state: u32,
    pub states: Vec<FilterCount<ImageState>>,
    /// In all collections together, whatever the question says about them.
    pub everywhere: u32,
    /// Likewise, in each of them.
    pub collections: Vec<FilterCount<CollectionId>>,
    /// Images, not annotations; the most frequent first.
    pub labels: Vec<LabelCount>,
    pub confidences: Vec<FilterCount<Span<Share>>>,
    pub annotations: Vec<FilterCount<Status>>,
    pub traits: Vec<FilterCount<Trait>>,
    /// Images that lack it.
    pub lacking: Vec<FilterCount<Trait>>,
    /// Images with an annotation that is likely such a mistake; what could not be found is left out.
    pub checks: Vec<FilterCount<Check>>,
    /// Images whose annotations have changed and are still to be looked through for mistakes.
    pub unchecked: u32,
    /// The months in which images were taken, the latest first; those of which none would be found are left out.
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

/// An image with its annotations: a cell of the grid, and what review opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageCard {
    pub id: ImageId,
    /// File name without folders, for people to read.
    pub name: String,
    /// Upright size.
    pub size: PixelSize,
    /// `None`: its file does not say, or it came into the library before that was asked and has not been dropped again.
    pub taken: Option<Taken>,
    pub review: ReviewState,
    /// Whether a model has looked at it: without that, an image without annotations says nothing.
    pub is_annotated: bool,
    /// Whether a run that is worked on has it still to do.
    pub is_running: bool,
    pub failure: Option<ImageFailure>,
    /// In the order in which they were made.
    pub annotations: Vec<Annotation>,
}
