//! Undo and redo: which steps go back and which come again. On one image they go one after the other, from every screen the
//! latest first; a bulk edit goes as a whole until something else is done after it.

use crate::ids::{BulkEditId, ImageId, StepId};

/// A step of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastStep {
    pub id: StepId,
    pub image: ImageId,
    /// The bulk edit that it is part of.
    pub bulk_edit: Option<BulkEditId>,
    pub is_undone: bool,
}

/// All steps of a library that can be undone or redone, the earliest first.
#[derive(Debug, Clone, Default)]
pub struct History(pub Vec<PastStep>);

impl History {
    /// A new step. What was undone on its image cannot be redone after it.
    pub fn add(&mut self, id: StepId, image: ImageId, bulk_edit: Option<BulkEditId>) {
        self.0.retain(|step| step.image != image || !step.is_undone);
        self.0.push(PastStep { id, image, bulk_edit, is_undone: false });
    }

    /// Undoes the latest standing step, of `image` or of all. A bulk edit that nothing was done after is undone as a whole,
    /// from every image. Returns the undone steps in the order in which they go, none where there is nothing to undo.
    pub fn undo(&mut self, image: Option<ImageId>) -> Vec<PastStep> {
        let latest = self.0.iter().rfind(|step| !step.is_undone).copied();
        let bulk_edit = latest.and_then(|step| step.bulk_edit);
        let is_meant = |step: &PastStep| !step.is_undone && image.is_none_or(|image| step.image == image);
        let chosen = match bulk_edit {
            Some(_) => latest,
            None => self.0.iter().copied().rfind(is_meant),
        };
        let Some(chosen) = chosen else { return Vec::new() };
        self.turn(chosen, bulk_edit, true)
    }

    /// Redoes what was undone last, on `image` or on all; on all only where nothing was done since. A bulk edit that nothing
    /// was done after is redone as a whole, from every image.
    pub fn redo(&mut self, image: Option<ImageId>) -> Vec<PastStep> {
        let latest = self.0.iter().rfind(|step| !step.is_undone).map(|step| step.id);
        let next = self.0.iter().copied().find(|step| step.is_undone && latest.is_none_or(|latest| step.id > latest));
        let bulk_edit = next.and_then(|step| step.bulk_edit);
        let chosen = match (bulk_edit, image) {
            (Some(_), _) | (None, None) => next,
            (None, Some(image)) => self.0.iter().copied().find(|step| step.is_undone && step.image == image),
        };
        let Some(chosen) = chosen else { return Vec::new() };
        self.turn(chosen, bulk_edit, false)
    }

    fn turn(&mut self, chosen: PastStep, bulk_edit: Option<BulkEditId>, is_undone: bool) -> Vec<PastStep> {
        let goes = |step: &PastStep| {
            step.id == chosen.id || (bulk_edit.is_some() && step.bulk_edit == bulk_edit && step.is_undone != is_undone)
        };
        let mut turned = Vec::new();
        for step in self.0.iter_mut().filter(|step| goes(step)) {
            step.is_undone = is_undone;
            turned.push(*step);
        }
        if is_undone {
            turned.reverse();
        }
        turned
    }
}
