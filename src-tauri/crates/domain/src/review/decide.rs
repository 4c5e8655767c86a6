//! Decisions: what accepting and rejecting change.

use crate::annotation::{Annotation, Origin, RejectReason, Status};
use crate::ids::AnnotationId;
use crate::review::image::{AnnotatedImage, AnnotationDiff, Context, ImageDiff};
use crate::review::refused::{EditError, changeable};
use crate::review::{DecisionScope, Verdict};

/// Applies a decision. One about a whole image applies to its proposals in the layers that the person sees, and marks
/// the image as reviewed; one about a single annotation does so once no proposal is left.
///
/// # Errors
///
/// If the image does not have the annotation, or it is ground truth.
pub fn decide(
    image: &AnnotatedImage,
    scope: DecisionScope,
    verdict: Verdict,
    context: Context<'_>,
) -> Result<ImageDiff, EditError> {
    let meant: Vec<&Annotation> = match scope {
        DecisionScope::Image => {
            image.annotations.iter().filter(|one| one.status == Status::Proposed && context.layers.shows(one)).collect()
        }
        DecisionScope::Annotation { id } => vec![changeable(image, id)?],
    };
    let changes = meant.into_iter().map(|annotation| change(annotation, verdict)).collect();
    Ok(ImageDiff::of(image, changes, true, context))
}

/// Accepts the undecided ones of `ids`, as part of a bulk edit.
#[must_use]
pub fn accept(image: &AnnotatedImage, ids: &[AnnotationId], context: Context<'_>) -> ImageDiff {
    let undecided = image.annotations.iter().filter(|annotation| annotation.status == Status::Proposed);
    let meant = undecided.filter(|annotation| ids.contains(&annotation.id));
    ImageDiff::of(image, meant.map(|annotation| change(annotation, Verdict::Accept)).collect(), true, context)
}

fn change(annotation: &Annotation, verdict: Verdict) -> AnnotationDiff {
    AnnotationDiff { before: Some(annotation.clone()), after: Some(decided(annotation, verdict)) }
}

/// The annotation with a verdict. An edited annotation stays edited when accepted.
pub(super) fn decided(annotation: &Annotation, verdict: Verdict) -> Annotation {
    let (status, reject_reason) = match verdict {
        Verdict::Accept if annotation.status == Status::Edited => (Status::Edited, None),
        Verdict::Accept => (Status::Accepted, None),
        Verdict::Reject { reason } => (Status::Rejected, reason),
    };
    Annotation { status, reject_reason, ..annotation.clone() }
}

/// An annotation after its removal: a person's own is deleted, a run's is rejected, so that the run's result stays
/// known.
pub(super) fn removed(annotation: &Annotation, reason: Option<RejectReason>) -> Option<Annotation> {
    match annotation.origin {
        Origin::Run { .. } => Some(decided(annotation, Verdict::Reject { reason })),
        Origin::Person => None,
    }
}
