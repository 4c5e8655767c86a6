//! Exports: which annotations of a run are exported, in which format.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, ReviewState, Status};
use crate::dataset::{Feature, FormatId, Loss, LossKind, Package};
use crate::ids::RunId;
use crate::layers::LayerScope;

/// Which images and annotations are exported; by default every answered image and every annotation that is not
/// rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnnotationSelection {
    /// For training sets: only accepted and edited annotations, on images that are reviewed or confirmed empty.
    pub is_reviewed_only: bool,
    pub includes_rejected: bool,
}

impl AnnotationSelection {
    #[must_use]
    pub fn takes_image(self, review: ReviewState) -> bool {
        !self.is_reviewed_only || review != ReviewState::Unreviewed
    }

    /// Whether `annotation` belongs to an export of `layers`.
    #[must_use]
    pub fn takes(self, annotation: &Annotation, layers: &LayerScope) -> bool {
        layers.shows(annotation)
            && match annotation.status {
                Status::Proposed => !self.is_reviewed_only,
                Status::Accepted | Status::Edited | Status::GroundTruth => true,
                Status::Rejected => self.includes_rejected,
            }
    }
}

/// An export request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExportRequest {
    pub format: FormatId,
    pub annotations: AnnotationSelection,
}

impl ExportRequest {
    /// The default file name, unique among requests for a run.
    #[must_use]
    pub fn file_name(&self, run: RunId, package: Package) -> String {
        let reviewed = if self.annotations.is_reviewed_only { "-reviewed" } else { "" };
        let rejected = if self.annotations.includes_rejected { "-with-rejected" } else { "" };
        let extension = package.extension().map_or_else(String::new, |extension| format!(".{extension}"));
        format!("run-{}-{}{reviewed}{rejected}{extension}", run.0, self.format)
    }
}

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Exported {
    /// Images that were answered.
    pub images: u32,
    /// Failed images, each with its reason in formats that can hold it.
    pub failed_images: u32,
    /// Answered images without annotations.
    pub empty_images: u32,
    pub annotations: u32,
    /// What the format cannot hold, in the order of [`Feature::ALL`].
    pub losses: Vec<Loss>,
    /// Images whose files are all missing.
    pub missing: u32,
    /// The folder that file names in the export are relative to; `None` if they are bare names.
    pub folder: Option<String>,
}

impl Exported {
    /// Number of annotations or images that lost `feature`.
    #[must_use]
    pub fn lost(&self, feature: Feature) -> u32 {
        self.losses.iter().find(|loss| loss.feature == feature).map_or(0, |loss| loss.count)
    }

    /// Losses of this kind, in the order of [`Feature::ALL`].
    pub fn losses_of(&self, kind: LossKind) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(move |loss| loss.kind == kind)
    }
}

/// An export in a file of the library, ready to be saved or dragged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReadyExport {
    pub file_name: String,
    /// In bytes.
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

    fn annotation(origin: Origin, status: Status) -> Annotation {
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
    fn annotations_are_taken_by_whose_they_are_and_what_was_decided() {
        const RUN: RunId = RunId(2);
        const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
        let taken = |is_reviewed_only, includes_rejected, origin| {
            let selection = AnnotationSelection { is_reviewed_only, includes_rejected };
            STATUSES.map(|status| selection.takes(&annotation(origin, status), &LayerScope::of_run(RUN)))
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
