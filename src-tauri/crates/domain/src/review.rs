//! Decisions about marks: what a person asks for, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::annotation::RejectReason;
use crate::ids::{AnnotationId, DecisionId, ImageId};
use crate::library::ImageCard;

/// Which marks a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DecisionScope {
    /// Every proposal on the image; with none, accepting confirms the image as empty.
    Image,
    Mark {
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

/// The image as it is after a decision or after taking one back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Decided {
    pub decision: DecisionId,
    pub image: ImageCard,
}
