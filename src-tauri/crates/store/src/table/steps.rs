//! Steps of a person's work on images. Each keeps the marks that it changed as they were and as it left them, so that it
//! can be taken back and made again, on its image or one after the other through all of them, for good.

use std::collections::BTreeMap;

use domain::annotation::{Annotation, Origin, RejectReason, Status};
use domain::ids::{AnnotationId, ImageId, StepId, SweepId};
use domain::layers::LayerScope;
use domain::library::ReviewState;
use domain::review::{Decision, DecisionScope, ImageEdit, MarkChange, MarkContent, Verdict};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::all;
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, StoreError};

/// What a step did to one mark. `None`: there was none, or there is none any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkStep {
    pub before: Option<Annotation>,
    pub after: Option<Annotation>,
}

/// A step that was taken, taken back or made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTaken {
    pub id: StepId,
    pub image: ImageId,
    pub marks: Vec<AnnotationId>,
    /// How many other images it changed.
    pub others: u32,
}

/// A row.
struct KeptStep {
    id: StepId,
    image: ImageId,
    sweep: Option<SweepId>,
    review_before: ReviewState,
    review_after: ReviewState,
    marks: Vec<MarkStep>,
}

const COLUMNS: &str = "id, image_id, sweep, review_before, review_after, marks";

fn read_step(row: &Row<'_>) -> Result<KeptStep> {
    let sweep: Option<u32> = row.get(2)?;
    Ok(KeptStep {
        id: StepId(row.get(0)?),
        image: ImageId(row.get(1)?),
        sweep: sweep.map(SweepId),
        review_before: from_name("steps.review_before", row.get(3)?)?,
        review_after: from_name("steps.review_after", row.get(4)?)?,
        marks: from_json("steps.marks", &row.get::<_, String>(5)?)?,
    })
}

impl Edit<'_> {
    /// Carries a decision out. A decision about a whole image is about its proposals in `layers`, and reviews the image; one
    /// about a single mark reviews the image once no proposal is left there.
    pub fn decide(&self, decision: &Decision, layers: &LayerScope, now: u64) -> Result<StepTaken> {
        let standing = self.annotations_of(decision.image)?;
        let steps: Vec<MarkStep> = match decision.scope {
            DecisionScope::Image => {
                standing.iter().filter(|mark| mark.status == Status::Proposed && layers.shows(mark)).collect()
            }
            DecisionScope::Mark { id } => vec![mark_among(&standing, id)?],
        }
        .into_iter()
        .map(|mark| MarkStep { before: Some(mark.clone()), after: Some(decided(mark, decision.verdict)) })
        .collect();
        self.take_step(decision.image, None, &standing, steps, layers, true, now)
    }

    /// Carries the changes of a person who sees `layers` out, as one step.
    pub fn change_marks(&self, edit: &ImageEdit, layers: &LayerScope, now: u64) -> Result<StepTaken> {
        let standing = self.annotations_of(edit.image)?;
        let mut steps: Vec<MarkStep> = Vec::with_capacity(edit.changes.len());
        let mut latest = self.latest_mark()?;
        for change in &edit.changes {
            steps.push(match change {
                MarkChange::Add { mark } => {
                    latest += 1;
                    MarkStep { before: None, after: Some(self.drawn(AnnotationId(latest), mark)?) }
                }
                MarkChange::Change { id, mark } => {
                    let before = mark_among(&standing, *id)?;
                    MarkStep { before: Some(before.clone()), after: Some(self.changed(before, mark)?) }
                }
                MarkChange::Remove { id } => {
                    let before = mark_among(&standing, *id)?;
                    MarkStep { before: Some(before.clone()), after: removed(before, None) }
                }
                MarkChange::Decide { id, verdict } => {
                    let before = mark_among(&standing, *id)?;
                    MarkStep { before: Some(before.clone()), after: Some(decided(before, *verdict)) }
                }
                MarkChange::Adopt { run, mark, confidence } => {
                    latest += 1;
                    let drawn = self.drawn(AnnotationId(latest), mark)?;
                    let origin = Origin::Run { run: *run };
                    MarkStep { before: None, after: Some(Annotation { origin, confidence: *confidence, ..drawn }) }
                }
            });
        }
        let is_decision = |change: &MarkChange| matches!(change, MarkChange::Decide { .. } | MarkChange::Adopt { .. });
        let decides = edit.changes.iter().any(is_decision);
        self.take_step(edit.image, None, &standing, steps, layers, decides, now)
    }

    /// What a person has said about an image after a step that leaves `left` on it: that it is reviewed once the step has
    /// decided the last proposal in `layers`, and from then on whether it is empty. An image with an undecided proposal in
    /// `layers` does not become empty.
    fn review_after(
        &self,
        image: ImageId,
        left: &[Annotation],
        layers: &LayerScope,
        decides: bool,
    ) -> Result<ReviewState> {
        Ok(match self.review_of(image)? {
            ReviewState::Unreviewed if !decides || layers.has_proposal(left) => ReviewState::Unreviewed,
            _ if left.iter().any(|mark| mark.status.is_approved()) => ReviewState::Reviewed,
            stated if layers.has_proposal(left) => stated,
            _ => ReviewState::ConfirmedEmpty,
        })
    }

    /// Changes the annotations of an image as a step says, and keeps the step. What was undone on the image before cannot be
    /// redone after it. What a step decides is no longer proposed by other runs of the same model and recipe.
    #[expect(clippy::too_many_arguments, reason = "all that a step is")]
    pub(super) fn take_step(
        &self,
        image: ImageId,
        sweep: Option<SweepId>,
        standing: &[Annotation],
        mut marks: Vec<MarkStep>,
        layers: &LayerScope,
        decides: bool,
        now: u64,
    ) -> Result<StepTaken> {
        for repeat in self.repeats_of_decided(standing, &marks)? {
            marks.push(MarkStep { before: Some(repeat), after: None });
        }
        let review = self.review_after(image, &after(standing, &marks), layers, decides)?;
        self.0.0.prepare_cached("DELETE FROM steps WHERE image_id = ?1 AND is_undone = 1")?.execute([image.0])?;
        let id = self
            .0
            .0
            .prepare_cached(
                "INSERT INTO steps (image_id, sweep, made_at, review_before, review_after, marks)
                 SELECT id, ?2, ?3, review, ?4, ?5 FROM images WHERE id = ?1 RETURNING id",
            )?
            .query_row(
                params![image.0, sweep.map(|sweep| sweep.0), now, name_of(&review)?, to_json("steps.marks", &marks)?],
                |row| row.get(0),
            )?;
        for mark in &marks {
            self.put_mark(image, mark.after.as_ref(), mark.before.as_ref())?;
        }
        self.set_review(image, review)?;
        Ok(StepTaken { id: StepId(id), image, marks: ids(&marks), others: 0 })
    }

    /// Proposals of other runs of the same model and recipe that say what `steps` decide, except for those that `steps` change
    /// themselves.
    fn repeats_of_decided(&self, standing: &[Annotation], steps: &[MarkStep]) -> Result<Vec<Annotation>> {
        let mut repeats: Vec<Annotation> = Vec::new();
        for step in steps {
            let (Some(before), Some(after)) = (step.before.as_ref().or(step.after.as_ref()), &step.after) else {
                continue;
            };
            if after.status == Status::Proposed {
                continue;
            }
            for repeat in self.repeats_of(before, standing)? {
                let is_changed = |step: &MarkStep| step.before.as_ref().is_some_and(|before| before.id == repeat.id);
                if !steps.iter().any(is_changed) && repeats.iter().all(|known| known.id != repeat.id) {
                    repeats.push(repeat.clone());
                }
            }
        }
        Ok(repeats)
    }

    /// Undoes the latest standing step on any image, a bulk edit as a whole; `None` when there is none.
    pub fn undo_latest(&self) -> Result<Option<StepTaken>> {
        self.latest_step()?.map(|step| self.undo_whole(&step)).transpose()
    }

    /// Undoes the latest standing step on `image`; `None` when there is none. A bulk edit that nothing was done after is
    /// undone as a whole, from every image.
    pub fn undo_on(&self, image: ImageId) -> Result<Option<StepTaken>> {
        if let Some(bulk) = self.latest_step()?.filter(|step| step.sweep.is_some()) {
            return self.undo_whole(&bulk).map(Some);
        }
        let latest = self.find_step("WHERE NOT is_undone AND image_id = ?1 ORDER BY id DESC LIMIT 1", [image.0])?;
        latest.map(|step| self.undo(&step)).transpose()
    }

    /// Redoes what was undone last on any image, a bulk edit as a whole; `None` when something was done since, or there is
    /// nothing.
    pub fn redo_latest(&self) -> Result<Option<StepTaken>> {
        self.next_undone()?.map(|step| self.redo_whole(&step)).transpose()
    }

    /// Redoes the step on `image` that was undone last; `None` when there is none. A bulk edit that nothing was done after is
    /// redone as a whole, from every image.
    pub fn redo_on(&self, image: ImageId) -> Result<Option<StepTaken>> {
        if let Some(bulk) = self.next_undone()?.filter(|step| step.sweep.is_some()) {
            return self.redo_whole(&bulk).map(Some);
        }
        // What was undone follows all that stands: it was the latest then, and is deleted with the next step.
        let next = self.find_step("WHERE is_undone AND image_id = ?1 ORDER BY id LIMIT 1", [image.0])?;
        next.map(|step| self.redo(&step)).transpose()
    }

    fn latest_step(&self) -> Result<Option<KeptStep>> {
        self.find_step("WHERE is_undone = 0 ORDER BY id DESC LIMIT 1", [])
    }

    /// The earliest undone step that nothing was done after.
    fn next_undone(&self) -> Result<Option<KeptStep>> {
        self.find_step(
            "WHERE is_undone AND id > coalesce((SELECT id FROM steps WHERE is_undone = 0 ORDER BY id DESC LIMIT 1), 0)
             ORDER BY id LIMIT 1",
            [],
        )
    }

    /// Undoes a step, and with it all steps of its bulk edit.
    fn undo_whole(&self, step: &KeptStep) -> Result<StepTaken> {
        let mut taken = self.undo(step)?;
        if let Some(sweep) = step.sweep {
            for id in self.steps_of_bulk(sweep, false)?.into_iter().rev() {
                self.undo(&self.step(id)?)?;
                taken.others += 1;
            }
        }
        Ok(taken)
    }

    /// Redoes a step, and with it all steps of its bulk edit.
    fn redo_whole(&self, step: &KeptStep) -> Result<StepTaken> {
        let mut taken = self.redo(step)?;
        if let Some(sweep) = step.sweep {
            for id in self.steps_of_bulk(sweep, true)? {
                self.redo(&self.step(id)?)?;
                taken.others += 1;
            }
        }
        Ok(taken)
    }

    fn redo(&self, step: &KeptStep) -> Result<StepTaken> {
        for mark in &step.marks {
            self.put_mark(step.image, mark.after.as_ref(), mark.before.as_ref())?;
        }
        self.refresh_superseded(step.image)?;
        self.set_review(step.image, step.review_after)?;
        self.note_undone(step.id, false)?;
        Ok(step.taken())
    }

    fn undo(&self, step: &KeptStep) -> Result<StepTaken> {
        for mark in step.marks.iter().rev() {
            let before = match &mark.before {
                Some(before) if self.is_taken_back(step.image, before)? => None,
                before => before.as_ref(),
            };
            self.put_mark(step.image, before, mark.after.as_ref())?;
        }
        self.refresh_superseded(step.image)?;
        self.set_review(step.image, step.review_before)?;
        self.note_undone(step.id, true)?;
        Ok(step.taken())
    }

    /// Whether `annotation` is a proposal of a run that was undone: undoing a step does not bring it back.
    fn is_taken_back(&self, image: ImageId, annotation: &Annotation) -> Result<bool> {
        let Origin::Run { run } = annotation.origin else { return Ok(false) };
        let mut taken_back =
            self.0.0.prepare_cached("SELECT 1 FROM jobs WHERE run_id = ?1 AND image_id = ?2 AND is_taken_back")?;
        Ok(annotation.status == Status::Proposed && taken_back.exists([run.0, image.0])?)
    }

    fn note_undone(&self, step: StepId, is_undone: bool) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE steps SET is_undone = ?2 WHERE id = ?1")?
            .execute(params![step.0, is_undone])?;
        Ok(())
    }

    /// The steps of a bulk edit that stand or are undone, the earliest first.
    fn steps_of_bulk(&self, sweep: SweepId, is_undone: bool) -> Result<Vec<StepId>> {
        let mut statement =
            self.0.0.prepare_cached("SELECT id FROM steps WHERE sweep = ?1 AND is_undone = ?2 ORDER BY id")?;
        all(&mut statement, params![sweep.0, is_undone], |row| Ok(StepId(row.get(0)?)))
    }

    fn step(&self, id: StepId) -> Result<KeptStep> {
        self.find_step("WHERE id = ?1", [id.0])?.ok_or(StoreError::Missing { what: "step", id: id.0 })
    }

    fn find_step<P: rusqlite::Params>(&self, which: &str, parameters: P) -> Result<Option<KeptStep>> {
        let mut statement = self.0.0.prepare_cached(&format!("SELECT {COLUMNS} FROM steps {which}"))?;
        let found = statement.query_row(parameters, |row| Ok(read_step(row))).optional()?;
        found.transpose()
    }

    /// Puts a mark as it is to be; without that, the one that there `was` goes.
    fn put_mark(&self, image: ImageId, wanted: Option<&Annotation>, was: Option<&Annotation>) -> Result<()> {
        match (wanted, was) {
            (Some(mark), _) => self.write_mark(image, mark),
            (None, Some(mark)) => {
                self.0.0.prepare_cached("DELETE FROM annotations WHERE id = ?1")?.execute([mark.id.0])?;
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    fn drawn(&self, id: AnnotationId, mark: &MarkContent) -> Result<Annotation> {
        Ok(Annotation {
            id,
            origin: Origin::Person,
            carried_from: None,
            label: mark.label.clone(),
            color: self.color_of(&mark.label)?,
            shape: mark.shape.clone(),
            confidence: None,
            attributes: mark.attributes.clone(),
            status: Status::Accepted,
            reject_reason: None,
            is_superseded: false,
        })
    }

    fn changed(&self, before: &Annotation, mark: &MarkContent) -> Result<Annotation> {
        let (shape, attributes) = (mark.shape.clone(), mark.attributes.clone());
        Ok(Annotation { shape, attributes, ..self.as_changed(before, &mark.label)? })
    }

    /// A mark that a person has put right, under `label`.
    pub(super) fn as_changed(&self, before: &Annotation, label: &str) -> Result<Annotation> {
        let color = if label == before.label { before.color } else { self.color_of(label)? };
        let status = match before.origin {
            Origin::Run { .. } => Status::Edited,
            Origin::Person => Status::Accepted,
        };
        Ok(Annotation { label: label.into(), color, status, reject_reason: None, ..before.clone() })
    }

    /// A number for steps that are taken together, and that no others have had: an audit knows its own by it, though steps
    /// that were taken back are gone in the end.
    pub(super) fn next_sweep(&self) -> Result<SweepId> {
        let mut statement = self.0.0.prepare_cached(
            "SELECT coalesce(max(sweep), 0) + 1 FROM (SELECT sweep FROM steps UNION ALL SELECT sweep FROM audits)",
        )?;
        Ok(SweepId(statement.query_row([], |row| row.get(0))?))
    }
}

impl KeptStep {
    fn taken(&self) -> StepTaken {
        StepTaken { id: self.id, image: self.image, marks: ids(&self.marks), others: 0 }
    }
}

/// What a step was about: proposals of other runs that went with it are not counted.
fn ids(marks: &[MarkStep]) -> Vec<AnnotationId> {
    let is_repeat = |mark: &&MarkStep| {
        mark.after.is_none() && mark.before.as_ref().is_some_and(|before| before.status == Status::Proposed)
    };
    let marks = marks.iter().filter(|mark| !is_repeat(mark));
    marks.filter_map(|mark| mark.after.as_ref().or(mark.before.as_ref())).map(|mark| mark.id).collect()
}

fn mark_among(marks: &[Annotation], id: AnnotationId) -> Result<&Annotation> {
    marks.iter().find(|mark| mark.id == id).ok_or(StoreError::Missing { what: "mark", id: id.0 })
}

/// Accepting a mark that the person had changed leaves it the person's.
pub(super) fn decided(mark: &Annotation, verdict: Verdict) -> Annotation {
    let (status, reject_reason) = match verdict {
        Verdict::Accept if mark.status == Status::Edited => (Status::Edited, None),
        Verdict::Accept => (Status::Accepted, None),
        Verdict::Reject { reason } => (Status::Rejected, reason),
    };
    Annotation { status, reject_reason, ..mark.clone() }
}

/// A mark of the person's own goes, a model's is rejected.
pub(super) fn removed(mark: &Annotation, reason: Option<RejectReason>) -> Option<Annotation> {
    match mark.origin {
        Origin::Run { .. } => Some(decided(mark, Verdict::Reject { reason })),
        Origin::Person => None,
    }
}

/// The marks of an image as `steps` leave them.
fn after(standing: &[Annotation], steps: &[MarkStep]) -> Vec<Annotation> {
    let mut marks: BTreeMap<AnnotationId, Annotation> = standing.iter().map(|mark| (mark.id, mark.clone())).collect();
    for step in steps {
        match (&step.after, &step.before) {
            (Some(mark), _) => drop(marks.insert(mark.id, mark.clone())),
            (None, Some(mark)) => drop(marks.remove(&mark.id)),
            (None, None) => {}
        }
    }
    marks.into_values().collect()
}
