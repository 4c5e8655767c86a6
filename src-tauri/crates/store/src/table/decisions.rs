//! Steps of review. Each keeps what it replaced, so that it can be taken back, one after the other, for good.

use domain::annotation::{RejectReason, Status};
use domain::ids::{AnnotationId, DecisionId, ImageId};
use domain::library::ReviewState;
use domain::review::{Decision, DecisionScope, Verdict};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, StoreError};

/// A mark as it was before a decision.
#[derive(Serialize, Deserialize)]
struct MarkBefore {
    id: AnnotationId,
    status: Status,
    reject_reason: Option<RejectReason>,
}

impl Edit<'_> {
    /// Carries a decision out. A decision about a whole image is about its proposals, and reviews the image; one about a
    /// single mark reviews the image once no proposal is left.
    pub fn decide(&self, decision: &Decision, now: u64) -> Result<DecisionId> {
        let image = decision.image;
        let marks = self.annotations_of(image)?;
        let decided: Vec<_> = match decision.scope {
            DecisionScope::Image => marks.iter().filter(|mark| mark.status == Status::Proposed).collect(),
            DecisionScope::Mark { id } => {
                let mark = marks.iter().find(|mark| mark.id == id);
                vec![mark.ok_or(StoreError::Missing { what: "mark", id: id.0 })?]
            }
        };
        let before: Vec<MarkBefore> = decided
            .iter()
            .map(|mark| MarkBefore { id: mark.id, status: mark.status, reject_reason: mark.reject_reason })
            .collect();
        let id = self.0.0.query_row(
            "INSERT INTO decisions (image_id, decided_at, review_before, marks_before)
             SELECT id, ?2, review, ?3 FROM images WHERE id = ?1 RETURNING id",
            params![image.0, now, to_json("decisions.marks_before", &before)?],
            |row| row.get(0),
        )?;

        let (status, reason) = match decision.verdict {
            Verdict::Accept => (Status::Accepted, None),
            Verdict::Reject { reason } => (Status::Rejected, reason),
        };
        for mark in &before {
            // Accepting a mark that the person had changed leaves it the person's.
            let status =
                if status == Status::Accepted && mark.status == Status::Edited { Status::Edited } else { status };
            self.set_status(mark.id, status, reason)?;
        }
        let left = self.annotations_of(image)?;
        if !left.iter().any(|mark| mark.status == Status::Proposed) {
            let is_empty = left.iter().all(|mark| mark.status == Status::Rejected);
            self.set_review(image, if is_empty { ReviewState::ConfirmedEmpty } else { ReviewState::Reviewed })?;
        }
        Ok(DecisionId(id))
    }

    /// Takes the latest standing decision back; the image it was about, or `None` when there is none.
    pub fn undo_decision(&self) -> Result<Option<(DecisionId, ImageId)>> {
        let latest = self
            .0
            .0
            .query_row(
                "SELECT id, image_id, review_before, marks_before FROM decisions
                 WHERE NOT is_undone ORDER BY id DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?)),
            )
            .optional()?;
        let Some((id, image, review_before, marks_before)) = latest else { return Ok(None) };
        let (id, image) = (DecisionId(id), ImageId(image));
        for mark in from_json::<Vec<MarkBefore>>("decisions.marks_before", &marks_before)? {
            self.set_status(mark.id, mark.status, mark.reject_reason)?;
        }
        self.set_review(image, from_name("decisions.review_before", review_before)?)?;
        self.0.0.execute("UPDATE decisions SET is_undone = 1 WHERE id = ?1", [id.0])?;
        Ok(Some((id, image)))
    }

    fn set_status(&self, mark: AnnotationId, status: Status, reason: Option<RejectReason>) -> Result<()> {
        let reason = reason.map(|reason| name_of(&reason)).transpose()?;
        self.0
            .0
            .prepare_cached("UPDATE annotations SET status = ?2, reject_reason = ?3 WHERE id = ?1")?
            .execute(params![mark.0, name_of(&status)?, reason])?;
        Ok(())
    }
}
