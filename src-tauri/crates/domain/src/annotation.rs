//! Annotations of images, and what has become of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{AnnotationId, ImageId, RunId};
use crate::recipe::comparable;
pub use crate::shape::Shape;

/// Who made an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Origin {
    Run { run: RunId },
    Person,
}

impl Origin {
    /// `None` for a person.
    #[must_use]
    pub fn run(self) -> Option<RunId> {
        match self {
            Self::Run { run } => Some(run),
            Self::Person => None,
        }
    }
}

/// What a person has decided about an annotation. A run adds and withdraws proposals only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Status {
    Proposed,
    Accepted,
    Edited,
    Rejected,
}

impl Status {
    /// Whether a person has said that the annotation is right.
    #[must_use]
    pub fn is_approved(self) -> bool {
        matches!(self, Self::Accepted | Self::Edited)
    }
}

/// Why a person rejected an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RejectReason {
    NotThere,
    WrongLabel,
    BadBox,
    Duplicate,
    TooVague,
    Other,
}

/// An attribute's value, by the attribute's kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AttributeValue {
    YesNo(bool),
    Number(i32),
    Text(String),
}

/// An annotation before the library has given it an id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAnnotation {
    pub label: String,
    pub shape: Shape,
    /// 0 to 1 as the model states it; `None` when it states nothing.
    pub confidence: Option<f32>,
    pub attributes: BTreeMap<String, AttributeValue>,
}

impl NewAnnotation {
    /// Whether a person has decided the same already: same label, nearly the same place.
    #[must_use]
    pub fn is_decided_among(&self, standing: &[Annotation]) -> bool {
        standing.iter().any(|other| {
            other.status != Status::Proposed && is_same((&self.label, &self.shape), (&other.label, &other.shape))
        })
    }
}

/// Whether two annotations, each a label and a shape, say the same: the same label at nearly the same place.
#[must_use]
pub fn is_same((label, shape): (&str, &Shape), (other_label, other_shape): (&str, &Shape)) -> bool {
    shape.is_nearly(other_shape) && comparable(label) == comparable(other_label)
}

/// An annotation of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Annotation {
    pub id: AnnotationId,
    pub origin: Origin,
    /// The similar image on which the run found it, from where it was propagated: the run has not asked about this image.
    #[serde(alias = "propagated_from")]
    pub propagated_from: Option<ImageId>,
    pub label: String,
    /// Place of the label in the palette of twelve, from 1, as the recipe of its run had it.
    pub color: u8,
    pub shape: Shape,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub confidence: Option<f32>,
    pub attributes: BTreeMap<String, AttributeValue>,
    pub status: Status,
    pub reject_reason: Option<RejectReason>,
    /// Whether a later run of the same model and recipe has answered the image: while it is undecided, the view of all layers
    /// shows that run's proposals instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_superseded: bool,
}

impl Annotation {
    /// Whether `other` has the same label at nearly the same place.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        is_same((&self.label, &self.shape), (&other.label, &other.shape))
    }
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
