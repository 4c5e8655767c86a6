//! Review: what a person decides and changes, kept, taken back and made again.

use domain::ids::ImageId;
use domain::review::{Decision, ImageEdit, MarkChange, MarkContent, Step};
use store::StepTaken;

use crate::clock::now_millis;
use crate::library::Library;
use crate::{EngineError, Result};

impl Library {
    pub async fn decide(&self, decision: Decision) -> Result<Step> {
        let now = now_millis();
        let taken = self.store.write(move |edit| edit.decide(&decision, now)).await?;
        self.stepped(taken)
    }

    /// Changes marks as a person has drawn and named them. What reaches over the image's edge is cut off there.
    ///
    /// # Errors
    /// [`EngineError::UnfitMark`] when nothing would be left of a mark, or it has no label.
    pub async fn edit_marks(&self, edit: ImageEdit) -> Result<Step> {
        let size = self.image_cards(&[edit.image])?.pop().map(|card| card.size);
        let size = size.ok_or(store::StoreError::Missing { what: "image", id: edit.image.0 })?;
        let fitted = |mark: MarkContent| -> Result<MarkContent> {
            let label = mark.label.trim().to_owned();
            if label.is_empty() {
                return Err(EngineError::UnfitMark { detail: "it has no label".into() });
            }
            let shape =
                mark.shape.fitted(size).map_err(|unfit| EngineError::UnfitMark { detail: unfit.to_string() })?;
            Ok(MarkContent { label, shape, ..mark })
        };
        let changes = edit.changes.into_iter().map(|change| match change {
            MarkChange::Add { mark } => Ok(MarkChange::Add { mark: fitted(mark)? }),
            MarkChange::Change { id, mark } => Ok(MarkChange::Change { id, mark: fitted(mark)? }),
            MarkChange::Adopt { run, mark, confidence } => {
                Ok(MarkChange::Adopt { run, mark: fitted(mark)?, confidence })
            }
            other @ (MarkChange::Remove { .. } | MarkChange::Decide { .. }) => Ok(other),
        });
        let edit = ImageEdit { image: edit.image, changes: changes.collect::<Result<_>>()? };
        let now = now_millis();
        let taken = self.store.write(move |store| store.change_marks(&edit, now)).await?;
        self.stepped(taken)
    }

    /// Undoes the latest standing step on any image, a bulk edit as a whole; `None` when there is none.
    pub async fn undo_latest(&self) -> Result<Option<Step>> {
        let taken = self.store.write(|edit| edit.undo_latest()).await?;
        taken.map(|taken| self.stepped(taken)).transpose()
    }

    /// Undoes the latest standing step on `image`, or a bulk edit that nothing was done after, as a whole; `None` when there is
    /// nothing.
    pub async fn undo_on(&self, image: ImageId) -> Result<Option<Step>> {
        let taken = self.store.write(move |edit| edit.undo_on(image)).await?;
        taken.map(|taken| self.stepped(taken)).transpose()
    }

    /// Redoes what was undone last on any image, a bulk edit as a whole; `None` when something was done since, or there is
    /// nothing.
    pub async fn redo_latest(&self) -> Result<Option<Step>> {
        let taken = self.store.write(|edit| edit.redo_latest()).await?;
        taken.map(|taken| self.stepped(taken)).transpose()
    }

    /// Redoes the step on `image` that was undone last, or a bulk edit that nothing was done after, as a whole; `None` when
    /// there is nothing.
    pub async fn redo_on(&self, image: ImageId) -> Result<Option<Step>> {
        let taken = self.store.write(move |edit| edit.redo_on(image)).await?;
        taken.map(|taken| self.stepped(taken)).transpose()
    }

    fn stepped(&self, taken: StepTaken) -> Result<Step> {
        self.note_change();
        let image = self.image_cards(&[taken.image])?.pop().ok_or(EngineError::TaskLost)?;
        Ok(Step { id: taken.id, image, marks: taken.marks, others: taken.others })
    }
}
