//! Repairs: what becomes of an annotation that is likely a mistake, one at a time or as a bulk edit.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Origin, RejectReason};
use crate::geometry::PixelSize;
use crate::library::ReviewState;
use crate::review::Verdict;
use crate::review::checks::{Check, Mistake};
use crate::review::decide::decided;
use crate::review::edit::{LabelColors, relabeled};
use crate::review::image::{AnnotatedImage, AnnotationDiff, Context, ImageDiff};

/// What repairs an annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Repair {
    /// A run's annotation repeats another one, or can hardly be meant.
    Reject { reason: RejectReason },
    /// So does a person's own.
    Remove,
    /// What reaches over the image's edge is cut off there.
    Crop,
    /// The label becomes the one that is likely meant.
    Relabel { label: String },
}

impl Repair {
    /// What repairs the `mistake` that `annotation` is on an image of `size`.
    #[must_use]
    pub fn of(mistake: &Mistake, annotation: &Annotation, size: PixelSize) -> Self {
        let away = |reason| match annotation.origin {
            Origin::Run { .. } => Self::Reject { reason },
            Origin::Person => Self::Remove,
        };
        match (mistake.check, &mistake.label) {
            (Check::Misspelled, Some(label)) => Self::Relabel { label: label.clone() },
            (Check::Outside, _) if annotation.shape.fitted(size).is_ok() => Self::Crop,
            (Check::Duplicate, _) => away(RejectReason::Duplicate),
            _ => away(RejectReason::BadBox),
        }
    }
}

/// Repairs what `mistakes` are about, as a part of a bulk edit. With `spares_decided` annotations stay that a person has
/// accepted, edited or drawn. `None`: there is nothing to repair.
#[must_use]
pub fn repair(
    image: &AnnotatedImage,
    mistakes: &[Mistake],
    spares_decided: bool,
    colors: &LabelColors,
    context: Context<'_>,
) -> Option<ImageDiff> {
    let mut changes: Vec<AnnotationDiff> = Vec::new();
    for mistake in mistakes {
        let Ok(annotation) = image.annotation(mistake.mark) else { continue };
        let is_repaired = changes.iter().any(|change| change.before.as_ref().is_some_and(|it| it.id == mistake.mark));
        if is_repaired || (spares_decided && annotation.status.is_approved()) {
            continue;
        }
        let after = repaired(annotation, &Repair::of(mistake, annotation, image.size), image.size, colors);
        changes.push(AnnotationDiff { before: Some(annotation.clone()), after });
    }
    (!changes.is_empty()).then(|| ImageDiff::of(image, changes, false, context))
}

/// `None`: the annotation goes.
fn repaired(annotation: &Annotation, repair: &Repair, size: PixelSize, colors: &LabelColors) -> Option<Annotation> {
    match repair {
        Repair::Reject { reason } => Some(decided(annotation, Verdict::Reject { reason: Some(*reason) })),
        Repair::Remove => None,
        Repair::Relabel { label } => Some(relabeled(annotation, label, colors)),
        Repair::Crop => {
            let shape = annotation.shape.fitted(size).unwrap_or_else(|_| annotation.shape.clone());
            Some(Annotation { shape, ..relabeled(annotation, &annotation.label, colors) })
        }
    }
}

/// What a repair of many images would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RepairExtent {
    pub images: u32,
    /// Those of the images that a person has reviewed.
    pub reviewed: u32,
    pub marks: u32,
    /// Those of them that a person has accepted, edited or drawn.
    pub decided: u32,
}

impl RepairExtent {
    /// Counts what [`repair`] would change on an image, if nothing is spared.
    pub fn add(&mut self, image: &AnnotatedImage, mistakes: &[Mistake]) {
        let meant: Vec<&Annotation> = mistakes.iter().filter_map(|it| image.annotation(it.mark).ok()).collect();
        if meant.is_empty() {
            return;
        }
        self.images += 1;
        self.reviewed += u32::from(image.review != ReviewState::Unreviewed);
        for annotation in meant {
            self.marks += 1;
            self.decided += u32::from(annotation.status.is_approved());
        }
    }
}
