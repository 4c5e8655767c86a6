//! Proposals: what a run adds to an image, what it replaces, and what it propagates to similar images. Runs only add
//! and withdraw undecided proposals; everything else is the person's.

use crate::annotation::{Annotation, NewAnnotation, Origin, Status};
use crate::geometry::{ImageFromSent, PixelSize};
use crate::ids::{AnnotationId, ImageId, RunId};

/// Changes of a run on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Withdrawn proposals.
    pub withdrawn: Vec<AnnotationId>,
    pub added: Vec<NewAnnotation>,
}

/// What `run` changes on an image with the annotations `standing`, after it found `found` on this image or, if given,
/// on the similar image `propagated_from`. Its own undecided proposals are replaced: those of a cut-off answer, and
/// propagated ones. Propagated annotations replace no answer. Annotations that a person has decided are not proposed
/// again.
#[must_use]
pub fn propose(
    standing: &[Annotation],
    run: RunId,
    propagated_from: Option<ImageId>,
    found: Vec<NewAnnotation>,
) -> Proposed {
    let gives_way = |annotation: &&Annotation| {
        is_withdrawn_with(annotation, run) && (annotation.propagated_from.is_some() || propagated_from.is_none())
    };
    let withdrawn = standing.iter().filter(gives_way).map(|annotation| annotation.id).collect();
    let added = found.into_iter().filter(|annotation| !annotation.is_decided_among(standing)).collect();
    Proposed { withdrawn, added }
}

/// Whether `annotation` is removed when `run` is undone: only undecided proposals are.
#[must_use]
pub fn is_withdrawn_with(annotation: &Annotation, run: RunId) -> bool {
    annotation.origin == Origin::Run { run } && annotation.status == Status::Proposed
}

/// State before annotations of a run are propagated from one image to a similar one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Propagation {
    /// Whether the run has an answer for the source image.
    pub is_source_answered: bool,
    /// Whether it has one for the target image.
    pub is_target_answered: bool,
    /// Whether it has propagated to the target image before.
    pub is_repeated: bool,
}

impl Propagation {
    /// Nothing is propagated before the run has an answer, twice to an image, or to an image that it sent itself.
    #[must_use]
    pub fn is_due(self) -> bool {
        self.is_source_answered && !self.is_target_answered && !self.is_repeated
    }
}

/// Annotations of `run` on an image with the annotations `source`, scaled to a similar image of another size. Only the
/// model's annotations are propagated: not rejected, edited or propagated ones.
#[must_use]
pub fn propagated(
    run: RunId,
    source: Vec<Annotation>,
    source_size: PixelSize,
    target_size: PixelSize,
) -> Vec<NewAnnotation> {
    // The source image plays the role of the sent picture here.
    let to_scale = ImageFromSent::new(source_size, target_size);
    let is_found_there = |annotation: &Annotation| {
        annotation.origin == Origin::Run { run }
            && annotation.propagated_from.is_none()
            && matches!(annotation.status, Status::Proposed | Status::Accepted)
    };
    let found = source.into_iter().filter(is_found_there);
    found
        .map(|annotation| NewAnnotation {
            shape: annotation.shape.mapped(to_scale),
            label: annotation.label,
            confidence: annotation.confidence,
            attributes: annotation.attributes,
        })
        .collect()
}
