//! Edits: drawing, changing, removing and adopting annotations.

use std::collections::BTreeMap;

use crate::annotation::{Annotation, Origin, Status};
use crate::geometry::PixelSize;
use crate::ids::AnnotationId;
use crate::recipe::palette_color;
use crate::review::decide::{decided, removed};
use crate::review::image::{AnnotatedImage, AnnotationDiff, Context, ImageDiff};
use crate::review::refused::{EditError, UnfitAnnotation, changeable};
use crate::review::{AnnotationChange, AnnotationContent};

/// Label colors of a library.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelColors {
    /// Of the labels in a command, those that exist in the library.
    pub known: BTreeMap<String, u8>,
    /// Number of labels in the library.
    pub label_count: usize,
}

impl LabelColors {
    /// The color of `label`, or the next one of the palette of twelve, cyclic.
    #[must_use]
    pub fn color_of(&self, label: &str) -> u8 {
        self.known.get(label).copied().unwrap_or_else(|| palette_color(self.label_count))
    }
}

/// Applies a person's changes in order, as one command. Shapes are clipped at the image edge. New annotations get the
/// ids after `latest_id`.
///
/// # Errors
///
/// If an annotation does not exist, is ground truth, would be empty, or has no label. Nothing is changed then.
pub fn edit(
    image: &AnnotatedImage,
    changes: &[AnnotationChange],
    colors: &LabelColors,
    latest_id: u32,
    context: Context<'_>,
) -> Result<ImageDiff, EditError> {
    let mut latest_id = latest_id;
    let mut edited = image.clone();
    let mut made: Vec<AnnotationDiff> = Vec::with_capacity(changes.len());
    for change in changes {
        let before = change.id().map(|id| changeable(&edited, id)).transpose()?;
        let after = match (change, before) {
            (AnnotationChange::Add { content }, _) => {
                latest_id += 1;
                Some(drawn(AnnotationId(latest_id), &content.fitted(image.size)?, colors))
            }
            (AnnotationChange::Adopt { run, content, confidence }, _) => {
                latest_id += 1;
                let drawn = drawn(AnnotationId(latest_id), &content.fitted(image.size)?, colors);
                let is_superseded = context.runs.supersede(*run, false);
                Some(Annotation { origin: Origin::Run { run: *run }, confidence: *confidence, is_superseded, ..drawn })
            }
            (AnnotationChange::Change { content, .. }, Some(before)) => {
                let AnnotationContent { label, shape, attributes } = content.fitted(image.size)?;
                Some(Annotation { shape, attributes, ..relabeled(before, &label, colors) })
            }
            (AnnotationChange::Decide { verdict, .. }, Some(before)) => Some(decided(before, *verdict)),
            (AnnotationChange::Remove { .. }, Some(before)) => removed(before, None),
            (_, None) => None,
        };
        let change = AnnotationDiff { before: before.cloned(), after };
        edited.put(change.before.as_ref(), change.after.as_ref());
        made.push(change);
    }
    let decides =
        changes.iter().any(|it| matches!(it, AnnotationChange::Decide { .. } | AnnotationChange::Adopt { .. }));
    Ok(ImageDiff::of(image, made, decides, context))
}

impl AnnotationChange {
    /// The changed annotation; `None` for a new one.
    #[must_use]
    pub fn id(&self) -> Option<AnnotationId> {
        match self {
            Self::Change { id, .. } | Self::Remove { id } | Self::Decide { id, .. } => Some(*id),
            Self::Add { .. } | Self::Adopt { .. } => None,
        }
    }

    /// The new label, as typed.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Add { content } | Self::Change { content, .. } | Self::Adopt { content, .. } => {
                Some(content.label.trim())
            }
            Self::Remove { .. } | Self::Decide { .. } => None,
        }
    }
}

impl AnnotationContent {
    fn fitted(&self, size: PixelSize) -> Result<Self, UnfitAnnotation> {
        let label = self.label.trim();
        if label.is_empty() {
            return Err(UnfitAnnotation::NoLabel);
        }
        let shape = self.shape.fitted(size)?;
        Ok(Self { label: label.into(), shape, attributes: self.attributes.clone() })
    }
}

fn drawn(id: AnnotationId, content: &AnnotationContent, colors: &LabelColors) -> Annotation {
    Annotation {
        id,
        origin: Origin::Person,
        propagated_from: None,
        label: content.label.clone(),
        color: colors.color_of(&content.label),
        shape: content.shape.clone(),
        confidence: None,
        attributes: content.attributes.clone(),
        status: Status::Accepted,
        reject_reason: None,
        is_superseded: false,
    }
}

/// A changed annotation with `label`. A run's becomes an edited one of the person.
pub(super) fn relabeled(before: &Annotation, label: &str, colors: &LabelColors) -> Annotation {
    let color = if label == before.label { before.color } else { colors.color_of(label) };
    let status = match before.origin {
        Origin::Run { .. } => Status::Edited,
        Origin::Person => Status::Accepted,
    };
    Annotation { label: label.into(), color, status, reject_reason: None, ..before.clone() }
}
