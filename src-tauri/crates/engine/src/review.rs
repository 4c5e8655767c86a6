//! Review: a person's decisions, kept and undone.

use domain::ids::{DecisionId, ImageId};
use domain::review::{Decided, Decision};

use crate::clock::now_millis;
use crate::library::Library;
use crate::{EngineError, Result};

impl Library {
    pub async fn decide(&self, decision: Decision) -> Result<Decided> {
        let now = now_millis();
        let id = self.store.write(move |edit| edit.decide(&decision, now)).await?;
        self.decided(id, decision.image)
    }

    /// Takes the latest standing decision back; `None` when there is none.
    pub async fn undo_decision(&self) -> Result<Option<Decided>> {
        match self.store.write(|edit| edit.undo_decision()).await? {
            Some((id, image)) => self.decided(id, image).map(Some),
            None => Ok(None),
        }
    }

    fn decided(&self, decision: DecisionId, image: ImageId) -> Result<Decided> {
        self.note_change();
        let image = self.image_cards(&[image])?.pop().ok_or(EngineError::TaskLost)?;
        Ok(Decided { decision, image })
    }
}
