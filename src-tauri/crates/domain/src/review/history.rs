//! Undo and redo: which steps are undone or redone next. Steps of an image are undone in reverse order, from everywhere
//! latest first; a bulk edit as a whole, until something else is done after it.

use crate::ids::{BulkEditId, ImageId, StepId};

/// A step of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastStep {
    pub id: StepId,
    pub image: ImageId,
    /// Its bulk edit, if any.
    pub bulk_edit: Option<BulkEditId>,
    /// Whether it is a whole import, which is on many images: `image` is one of them.
    pub is_import: bool,
    pub is_undone: bool,
}

/// All steps of a library that can be undone or redone, earliest first.
#[derive(Debug, Clone, Default)]
pub struct History(pub Vec<PastStep>);

impl History {
    /// Adds a step. Steps undone on its image can no longer be redone, and neither can an undone import and what
    /// followed it.
    pub fn add(&mut self, id: StepId, image: ImageId, bulk_edit: Option<BulkEditId>) {
        self.push(PastStep { id, image, bulk_edit, is_import: false, is_undone: false });
    }

    /// Adds an import, which is undone like a bulk edit.
    pub fn add_import(&mut self, id: StepId, image: ImageId, bulk_edit: BulkEditId) {
        self.push(PastStep { id, image, bulk_edit: Some(bulk_edit), is_import: true, is_undone: false });
    }

    fn push(&mut self, added: PastStep) {
        let undone_import = self.0.iter().find(|step| step.is_import && step.is_undone).map(|step| step.id);
        self.0.retain(|step| {
            let is_lost = step.image == added.image || undone_import.is_some_and(|import| step.id >= import);
            !step.is_undone || !is_lost
        });
        self.0.push(added);
    }

    /// Undoes the latest active step, of `image` or of all. A bulk edit that was the last action is undone on all its
    /// images. Returns the undone steps in order, empty if there is nothing to undo.
    pub fn undo(&mut self, image: Option<ImageId>) -> Vec<PastStep> {
        let latest = self.0.iter().rfind(|step| !step.is_undone).copied();
        let bulk_edit = latest.and_then(|step| step.bulk_edit);
        let is_meant =
            |step: &PastStep| !step.is_undone && image.is_none_or(|image| step.image == image && !step.is_import);
        let chosen = match bulk_edit {
            Some(_) => latest,
            None => self.0.iter().copied().rfind(is_meant),
        };
        let Some(chosen) = chosen else { return Vec::new() };
        self.turn(chosen, bulk_edit, true)
    }

    /// Redoes the step last undone on `image`; or the one last undone on any image, unless there was a step since. A
    /// bulk edit that was the last action is redone on all its images.
    pub fn redo(&mut self, image: Option<ImageId>) -> Vec<PastStep> {
        let latest = self.0.iter().rfind(|step| !step.is_undone).map(|step| step.id);
        let next = self.0.iter().copied().find(|step| step.is_undone && latest.is_none_or(|latest| step.id > latest));
        let bulk_edit = next.and_then(|step| step.bulk_edit);
        let chosen = match (bulk_edit, image) {
            (Some(_), _) | (None, None) => next,
            (None, Some(image)) => {
                self.0.iter().copied().find(|step| step.is_undone && step.image == image && !step.is_import)
            }
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
