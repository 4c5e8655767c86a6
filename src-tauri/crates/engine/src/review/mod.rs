//! Review: decisions and edits, with undo and redo; audits, checks and comparisons.

mod audits;
mod checks;
mod comparison;

use std::sync::Arc;

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::review::{Decision, ImageEdit, Step};
use store::{StepTaken, Store, StoreError};

use crate::blocking::off_workers;
use crate::changes::Changes;
use crate::check_index::CheckIndex;
use crate::clock::now_millis;
use crate::gallery::Gallery;
use crate::workers::Workers;
use crate::{EngineError, Result};

/// People's decisions about the annotations of a library.
pub struct Review {
    store: Arc<Store>,
    changes: Changes,
    workers: Arc<Workers>,
    check_index: Arc<CheckIndex>,
    images: Arc<Gallery>,
}

impl Review {
    pub(crate) fn new(
        store: Arc<Store>,
        changes: Changes,
        workers: Arc<Workers>,
        check_index: Arc<CheckIndex>,
        images: Arc<Gallery>,
    ) -> Self {
        Self { store, changes, workers, check_index, images }
    }

    /// Decides on one annotation, or on the proposals that `layers` show on an image. Like every step, it returns the
    /// image as these layers show it.
    pub async fn decide(&self, decision: Decision, layers: &LayerScope) -> Result<Step> {
        let (now, shown) = (now_millis(), layers.clone());
        let taken = self.store.write(move |edit| edit.decide(&decision, &shown, now)).await;
        self.stepped(taken.map_err(edit_error)?, layers).await
    }

    /// Applies edits that a person has made to annotations. Shapes are clipped to the image.
    ///
    /// # Errors
    /// [`EngineError::UnfitAnnotation`] if nothing of an annotation would remain, or it has no label.
    pub async fn edit(&self, edit: ImageEdit, layers: &LayerScope) -> Result<Step> {
        let (now, shown) = (now_millis(), layers.clone());
        let taken = self.store.write(move |store| store.edit_annotations(&edit, &shown, now)).await;
        self.stepped(taken.map_err(edit_error)?, layers).await
    }

    /// Undoes the latest step on any image, a bulk edit as a whole; `None` if there is none.
    pub async fn undo_latest(&self, layers: &LayerScope) -> Result<Option<Step>> {
        let taken = self.store.write(|edit| edit.undo_latest()).await?;
        match taken {
            Some(taken) => self.stepped(taken, layers).await.map(Some),
            None => Ok(None),
        }
    }

    /// Undoes the latest step on `image`, or a bulk edit without later steps, as a whole; `None` if there is none.
    pub async fn undo_on(&self, image: ImageId, layers: &LayerScope) -> Result<Option<Step>> {
        let taken = self.store.write(move |edit| edit.undo_on(image)).await?;
        match taken {
            Some(taken) => self.stepped(taken, layers).await.map(Some),
            None => Ok(None),
        }
    }

    /// Redoes the step that was undone last on any image, a bulk edit as a whole; `None` if there is none, or something
    /// was done since.
    pub async fn redo_latest(&self, layers: &LayerScope) -> Result<Option<Step>> {
        let taken = self.store.write(|edit| edit.redo_latest()).await?;
        match taken {
            Some(taken) => self.stepped(taken, layers).await.map(Some),
            None => Ok(None),
        }
    }

    /// Redoes the step on `image` that was undone last, or a bulk edit without later steps, as a whole; `None` if there
    /// is none.
    pub async fn redo_on(&self, image: ImageId, layers: &LayerScope) -> Result<Option<Step>> {
        let taken = self.store.write(move |edit| edit.redo_on(image)).await?;
        match taken {
            Some(taken) => self.stepped(taken, layers).await.map(Some),
            None => Ok(None),
        }
    }

    async fn stepped(&self, taken: StepTaken, layers: &LayerScope) -> Result<Step> {
        while taken.is_moving && self.store.write_derived(|edit| edit.continue_imports()).await? {}
        self.changes.record();
        let (images, image, layers) = (Arc::clone(&self.images), taken.image, layers.clone());
        let cards = off_workers(move || images.cards(&[image], &layers)).await?;
        let image = cards.into_iter().next().ok_or(EngineError::TaskLost)?;
        Ok(Step { id: taken.id, image, annotations: taken.annotations, others: taken.others })
    }
}

/// An edit that would leave nothing of an annotation has an error of its own.
fn edit_error(error: StoreError) -> EngineError {
    match error {
        StoreError::Unfit(unfit) => EngineError::UnfitAnnotation { detail: unfit.to_string() },
        other => other.into(),
    }
}
