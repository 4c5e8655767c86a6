//! Exports: what of a run's marks leaves the library, and in which form.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Status};
use crate::ids::RunId;
use crate::layers::LayerScope;
use crate::library::ReviewState;

/// Forms that other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ExportFormat {
    /// A data set: images, annotations, categories.
    Coco,
    /// A results list with scores, as evaluators take it beside a data set.
    CocoDetections,
    /// An image a line, with its marks.
    JsonLines,
    /// A mark a row.
    Csv,
}

impl ExportFormat {
    pub const ALL: [Self; 4] = [Self::Coco, Self::CocoDetections, Self::JsonLines, Self::Csv];

    /// As people type it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coco => "coco",
            Self::CocoDetections => "coco-detections",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Of a file in this form, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Coco | Self::CocoDetections => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = UnknownFormat;

    fn from_str(typed: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == typed).ok_or_else(|| UnknownFormat(typed.into()))
    }
}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {0:?}: there are coco, coco-detections, jsonl and csv")]
pub struct UnknownFormat(String);

/// Which images and marks are taken; by default every answered image, and every mark that was not rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MarkSelection {
    /// Only what a person has looked at, as training sets need it: accepted and edited marks, on images that are reviewed
    /// or confirmed as empty.
    pub is_reviewed_only: bool,
    pub includes_rejected: bool,
}

impl MarkSelection {
    #[must_use]
    pub fn takes_image(self, review: ReviewState) -> bool {
        !self.is_reviewed_only || review != ReviewState::Unreviewed
    }

    /// Whether `mark` belongs to an export of `layers`.
    #[must_use]
    pub fn takes(self, mark: &Annotation, layers: &LayerScope) -> bool {
        layers.shows(mark)
            && match mark.status {
                Status::Proposed => !self.is_reviewed_only,
                Status::Accepted | Status::Edited => true,
                Status::Rejected => self.includes_rejected,
            }
    }
}

/// What to export of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportRequest {
    pub format: ExportFormat,
    pub marks: MarkSelection,
}

impl ExportRequest {
    /// What a file of it is called unless somebody says otherwise: other requests about a run, other names.
    #[must_use]
    pub fn file_name(self, run: RunId) -> String {
        let reviewed = if self.marks.is_reviewed_only { "-reviewed" } else { "" };
        let rejected = if self.marks.includes_rejected { "-with-rejected" } else { "" };
        format!("run-{}-{}{reviewed}{rejected}.{}", run.0, self.format.name(), self.format.extension())
    }
}

/// What an export has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Exported {
    /// Images that were answered.
    pub images: u32,
    /// Images that failed: in formats with a place for a failure, each with its reason.
    pub failed_images: u32,
    /// Of the answered ones: nothing is marked on them.
    pub empty_images: u32,
    pub marks: u32,
    /// Marks that a results list has no place for: nobody has said how certain they are.
    pub without_score: u32,
    /// Marks that the format has no form for: points, tags and captions, where only boxes and outlines have a place.
    pub without_form: u32,
    /// Images of which no file is left where one was seen.
    pub missing: u32,
    /// The folder that the file names in the export start from; `None`: they are bare names.
    pub folder: Option<String>,
}

/// An export in a file of the library's own, to be carried away from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReadyExport {
    pub file_name: String,
    /// Bytes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub byte_len: u64,
    pub exported: Exported,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Origin, Shape};
    use crate::geometry::Rect;
    use crate::ids::AnnotationId;

    fn mark(origin: Origin, status: Status) -> Annotation {
        Annotation {
            id: AnnotationId(1),
            origin,
            propagated_from: None,
            label: "cat".into(),
            color: 1,
            shape: Shape::Box { rect: Rect::new(0.0, 0.0, 1.0, 1.0) },
            confidence: None,
            attributes: std::collections::BTreeMap::new(),
            status,
            reject_reason: None,
            is_superseded: false,
        }
    }

    #[test]
    fn marks_are_taken_by_whose_they_are_and_what_was_decided() {
        const RUN: RunId = RunId(2);
        const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
        let taken = |is_reviewed_only, includes_rejected, origin| {
            let selection = MarkSelection { is_reviewed_only, includes_rejected };
            STATUSES.map(|status| selection.takes(&mark(origin, status), &LayerScope::of_run(RUN)))
        };
        let own = Origin::Run { run: RUN };
        assert_eq!(taken(false, false, own), [true, true, true, false]);
        assert_eq!(taken(false, true, own), [true; 4]);
        assert_eq!(taken(true, false, own), [false, true, true, false]);
        assert_eq!(taken(true, true, own), [false, true, true, true]);
        assert_eq!(taken(false, false, Origin::Person), [true, true, true, false]);
        let other = Origin::Run { run: RunId(1) };
        assert_eq!(taken(false, true, other), [false, true, true, false], "what a person approved is theirs");
    }
}
