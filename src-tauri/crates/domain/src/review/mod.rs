//! Review: the commands of a person on annotations, and the rules of what each does. The rules are pure: an image with its
//! annotations and a command make what changes on it, which the store saves.

pub mod audit;
pub mod checks;
pub mod decide;
pub mod edit;
pub mod history;
pub mod image;
pub mod propose;
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
    /// Every proposal on the image; with none, accepting confirms the image as empty.
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

/// One keystroke of review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Decision {
    pub image: ImageId,
    pub scope: DecisionScope,
    pub verdict: Verdict,
}

/// All of an annotation that a person may change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnnotationContent {
    pub label: String,
    pub shape: Shape,
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// A change to the annotations of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AnnotationChange {
    /// An annotation of the person's own, accepted from the start.
    Add { content: AnnotationContent },
    /// All of the new content. A run's annotation is from then on an edited one, and the person's.
    Change { id: AnnotationId, content: AnnotationContent },
    /// An annotation of the person's own goes; a run's is rejected, so that what it found stays known.
    Remove { id: AnnotationId },
    /// A decision about one annotation, as part of the step.
    Decide { id: AnnotationId, verdict: Verdict },
    /// What a run had found and what is not on the image any more, or never was: accepted, and the run's.
    Adopt {
        run: RunId,
        content: AnnotationContent,
        #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
        confidence: Option<f32>,
    },
}

/// Changes to the annotations of one image that are one step. What the person has said about the image stays, except that a
/// reviewed image becomes confirmed empty without approved annotations and reviewed with some, and that an image is reviewed
/// once a step has decided its last proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImageEdit {
    pub image: ImageId,
    pub changes: Vec<AnnotationChange>,
}

/// A step that was taken, undone or redone, and the image as it is after that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Step {
    pub id: StepId,
    pub image: ImageCard,
    /// What it was about, in the order of its changes; with those that it added, and those that are gone.
    pub annotations: Vec<AnnotationId>,
    /// How many other images it changed.
    pub others: u32,
}

/// What a bulk edit has changed. It is undone as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BulkEditResult {
    pub images: u32,
    pub annotations: u32,
}
