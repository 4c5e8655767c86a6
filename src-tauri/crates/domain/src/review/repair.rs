//! Repairs of likely mistakes, one at a time or as a bulk edit.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, ReviewState, Status};
use crate::geometry::PixelSize;
use crate::review::Verdict;
use crate::review::checks::{CheckFinding, RepairAction};
use crate::review::decide::decided;
use crate::review::edit::{LabelColors, relabeled};
use crate::review::image::{AnnotatedImage, AnnotationDiff, Context, ImageDiff};

/// Repairs what `findings` are about, as a part of a bulk edit. With `spares_decided` annotations stay that a person has
/// accepted, edited or drawn. `None`: there is nothing to repair.
#[must_use]
pub fn repair(
    image: &AnnotatedImage,
    findings: &[CheckFinding],
    spares_decided: bool,
    colors: &LabelColors,
    context: Context<'_>,
) -> Option<ImageDiff> {
    let mut changes: Vec<AnnotationDiff> = Vec::new();
    for finding in findings {
        let Ok(annotation) = image.annotation(finding.annotation) else { continue };
        let is_repaired = changes.iter().any(|change| change.before.as_ref().is_some_and(|it| it.id == annotation.id));
        let is_locked = annotation.status == Status::GroundTruth;
        if is_repaired || is_locked || (spares_decided && annotation.status.is_approved()) {
            continue;
        }
        let after = repaired(annotation, &finding.repair, image.size, colors);
        changes.push(AnnotationDiff { before: Some(annotation.clone()), after });
    }
    (!changes.is_empty()).then(|| ImageDiff::of(image, changes, false, context))
}

/// `None` if the annotation is deleted.
fn repaired(
    annotation: &Annotation,
    repair: &RepairAction,
    size: PixelSize,
    colors: &LabelColors,
) -> Option<Annotation> {
    match repair {
        RepairAction::Reject { reason } => Some(decided(annotation, Verdict::Reject { reason: Some(*reason) })),
        RepairAction::Remove => None,
        RepairAction::Relabel { label } => Some(relabeled(annotation, label, colors)),
        RepairAction::Crop => {
            let shape = annotation.shape.fitted(size).unwrap_or_else(|_| annotation.shape.clone());
            Some(Annotation { shape, ..relabeled(annotation, &annotation.label, colors) })
        }
    }
}

/// Extent of a bulk repair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RepairExtent {
    pub images: u32,
    /// Reviewed ones of the images.
    pub reviewed: u32,
    pub annotations: u32,
    /// Annotations that a person accepted, edited or drew.
    pub decided: u32,
}

impl RepairExtent {
    /// Counts what [`repair`] would change on an image, sparing nothing.
    pub fn add(&mut self, image: &AnnotatedImage, findings: &[CheckFinding]) {
        let meant: Vec<&Annotation> = findings.iter().filter_map(|it| image.annotation(it.annotation).ok()).collect();
        if meant.is_empty() {
            return;
        }
        self.images += 1;
        self.reviewed += u32::from(image.review != ReviewState::Unreviewed);
        for annotation in meant {
            self.annotations += 1;
            self.decided += u32::from(annotation.status.is_approved());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::annotation::{Origin, RejectReason, Shape};
    use crate::geometry::Rect;
    use crate::ids::{AnnotationId, RunId};
    use crate::review::checks::Check;

    #[test]
    fn a_repair_rejects_with_the_reason_removes_what_a_person_drew_and_crops() {
        let size = PixelSize::new(100, 100);
        let annotation = |origin, x1: f64| Annotation {
            id: AnnotationId(7),
            origin,
            propagated_from: None,
            label: "cup".into(),
            color: 1,
            shape: Shape::Box { rect: Rect::new(x1, 0.0, 120.0, 10.0) },
            confidence: None,
            attributes: BTreeMap::new(),
            status: Status::Proposed,
            reject_reason: None,
            is_superseded: false,
        };
        let run = Origin::Run { run: RunId(1) };
        let of = |check, origin, x1| RepairAction::of_misplaced(check, &annotation(origin, x1), size);
        let reject = |reason| RepairAction::Reject { reason };
        assert_eq!(of(Check::Duplicate, run, 90.0), reject(RejectReason::Duplicate));
        assert_eq!(of(Check::Tiny, run, 90.0), reject(RejectReason::BadBox));
        assert_eq!(of(Check::Huge, Origin::Person, 90.0), RepairAction::Remove);
        assert_eq!(of(Check::Outside, run, 90.0), RepairAction::Crop);
        assert_eq!(of(Check::Outside, run, 110.0), reject(RejectReason::BadBox), "nothing would be left of it");
        assert_eq!(of(Check::Outside, Origin::Person, 110.0), RepairAction::Remove);
    }
}
