//! What a person cannot do to annotations.

use crate::annotation::{Annotation, Status};
use crate::ids::AnnotationId;
use crate::review::image::{AnnotatedImage, UnknownAnnotation};
use crate::shape::UnfitShape;

/// Why an edit is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error(transparent)]
    Unknown(#[from] UnknownAnnotation),
    #[error(transparent)]
    Unfit(#[from] UnfitAnnotation),
}

/// Why an annotation is invalid on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitAnnotation {
    #[error("it has no label")]
    NoLabel,
    #[error("it is ground truth, which stays as it was imported")]
    GroundTruth,
    #[error(transparent)]
    Shape(#[from] UnfitShape),
}

/// An annotation that a person may decide and edit.
pub(super) fn changeable(image: &AnnotatedImage, id: AnnotationId) -> Result<&Annotation, EditError> {
    let annotation = image.annotation(id)?;
    if annotation.status == Status::GroundTruth { Err(UnfitAnnotation::GroundTruth.into()) } else { Ok(annotation) }
}
