//! Annotations of images, and decisions about them.

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

/// What was decided about an annotation. Runs only add and withdraw proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Status {
    Proposed,
    Accepted,
    Edited,
    Rejected,
    /// Part of an imported ground truth, which runs are measured against: it is shown in its own layer alone, and neither
    /// decided nor edited.
    GroundTruth,
}

impl Status {
    /// Whether a person has approved the annotation.
    #[must_use]
    pub fn is_approved(self) -> bool {
        matches!(self, Self::Accepted | Self::Edited)
    }

    /// Whether a person has approved or rejected the annotation.
    #[must_use]
    pub fn is_decided(self) -> bool {
        self.is_approved() || self == Self::Rejected
    }

    /// Whether the annotation stands for an object: neither rejected nor ground truth.
    #[must_use]
    pub fn is_standing(self) -> bool {
        self.is_approved() || self == Self::Proposed
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
    /// Some of the options, in the recipe's order.
    Several(Vec<String>),
}

/// An annotation before the library has given it an id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAnnotation {
    pub label: String,
    pub shape: Shape,
    /// The model's confidence, 0 to 1; `None` if it gave none.
    pub confidence: Option<f32>,
    pub attributes: BTreeMap<String, AttributeValue>,
}

impl NewAnnotation {
    /// Whether a person has decided an equal one: same label, nearly the same place.
    #[must_use]
    pub fn is_decided_among(&self, standing: &[Annotation]) -> bool {
        standing
            .iter()
            .any(|other| other.status.is_decided() && is_same((&self.label, &self.shape), (&other.label, &other.shape)))
    }
}

/// Whether two annotations, each a label and a shape, are equal: the same label at nearly the same place.
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
    /// The similar image that it was propagated from: the run did not send this image.
    #[serde(alias = "propagated_from")]
    pub propagated_from: Option<ImageId>,
    pub label: String,
    /// Index of the label in the palette of twelve, from 1, as in the recipe of its run.
    pub color: u8,
    pub shape: Shape,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub confidence: Option<f32>,
    pub attributes: BTreeMap<String, AttributeValue>,
    pub status: Status,
    pub reject_reason: Option<RejectReason>,
    /// Whether a later run of the same model and recipe has answered the image: while undecided, the view of all layers
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

/// A person's statement about a whole image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ReviewState {
    Unreviewed,
    Reviewed,
    ConfirmedEmpty,
}
