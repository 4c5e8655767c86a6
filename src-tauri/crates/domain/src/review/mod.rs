//! Review: the commands of a person on annotations, and their rules. The rules are pure functions from an image with
//! its annotations and a command to the changes, which the store saves.

pub mod audit;
pub mod checks;
pub mod decide;
pub mod edit;
pub mod history;
pub mod image;
pub mod propose;
pub mod refused;
pub mod repair;
pub mod runs;
mod spelling;
#[cfg(test)]
mod tests;
pub mod uncertainty;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{AttributeValue, RejectReason, Shape};
use crate::ids::{AnnotationId, ImageId, RunId, StepId};
use crate::library::ImageCard;

/// Which annotations a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DecisionScope {
    /// All proposals on the image; without any, accepting confirms the image as empty.
    Image,
    Annotation {
        id: AnnotationId,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Verdict {
    Accept,
    Reject { reason: Option<RejectReason> },
}

/// A review decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Decision {
    pub image: ImageId,
    pub scope: DecisionScope,
    pub verdict: Verdict,
}

/// The editable part of an annotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnnotationContent {
    pub label: String,
    pub shape: Shape,
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// A change of an image's annotations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AnnotationChange {
    /// A new annotation of the person, already accepted.
    Add { content: AnnotationContent },
    /// Replaces the content. A run's annotation becomes an edited one of the person.
    Change { id: AnnotationId, content: AnnotationContent },
    /// A person's own annotation is deleted; a run's is rejected, so that the run's result stays known.
    Remove { id: AnnotationId },
    /// A decision about one annotation, as part of the step.
    Decide { id: AnnotationId, verdict: Verdict },
    /// An annotation of a run that is not on the image: added as accepted, and still the run's.
    Adopt {
        run: RunId,
        content: AnnotationContent,
        #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
        confidence: Option<f32>,
    },
}

/// Changes of one image's annotations that are one step. The stated review state stays, except that a reviewed image
/// becomes confirmed empty without approved annotations and reviewed with some, and that an image becomes reviewed once
/// a step has decided its last proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageEdit {
    pub image: ImageId,
    pub changes: Vec<AnnotationChange>,
}

/// A step that was made, undone or redone, and the image after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Step {
    pub id: StepId,
    pub image: ImageCard,
    /// The affected annotations in order, including added and deleted ones.
    pub annotations: Vec<AnnotationId>,
    /// Number of other images that it changed.
    pub others: u32,
}

/// Result of a bulk edit, which is undone as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BulkEditResult {
    pub images: u32,
    pub annotations: u32,
}
