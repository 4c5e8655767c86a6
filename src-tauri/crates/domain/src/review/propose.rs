//! Proposals: what a run adds to an image, what gives way to it, and what is propagated to similar images. What a person has
//! touched is theirs: a run adds and withdraws undecided proposals only.

use crate::annotation::{Annotation, NewAnnotation, Origin, Status};
use crate::geometry::{ImageFromSent, PixelSize};
use crate::ids::{AnnotationId, ImageId, RunId};

/// What a run changes on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Proposals that give way.
    pub withdrawn: Vec<AnnotationId>,
    pub added: Vec<NewAnnotation>,
}

/// What `run` changes on an image with the annotations `standing`, where it found `found`: on this image or, when that is
/// given, on the similar image `propagated_from`. Its own undecided proposals give way: those of a shorter answer, and those
/// that were propagated. What is propagated takes the place of no answer. An annotation that a person has decided is not
/// proposed again.
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

/// Whether `annotation` goes when `run` is undone: undecided proposals do, decisions are the person's.
#[must_use]
pub fn is_withdrawn_with(annotation: &Annotation, run: RunId) -> bool {
    annotation.origin == Origin::Run { run } && annotation.status == Status::Proposed
}

/// What is known before annotations of a run are propagated from one image to a similar one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Propagation {
    /// Whether the run has had an answer about the image that they come from.
    pub is_source_answered: bool,
    /// Whether it has had one about the image that they go to.
    pub is_target_answered: bool,
    /// Whether it has propagated annotations to that image before.
    pub is_repeated: bool,
}

impl Propagation {
    /// Nothing is propagated before the run has had an answer, nor twice to an image, nor to one that it asked about itself.
    #[must_use]
    pub fn is_due(self) -> bool {
        self.is_source_answered && !self.is_target_answered && !self.is_repeated
    }
}

/// What `run` found on an image with the annotations `source`, for a similar image of another size. Only annotations that
/// the model made are propagated: neither rejected ones, nor edited ones, which are the person's own, nor those that were
/// propagated themselves.
#[must_use]
pub fn propagated(
    run: RunId,
    source: Vec<Annotation>,
    source_size: PixelSize,
    target_size: PixelSize,
) -> Vec<NewAnnotation> {
    // One image stands for the other here, as the one that was sent stands for the image elsewhere.
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
