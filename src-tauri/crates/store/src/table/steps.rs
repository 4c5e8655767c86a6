//! Steps: the commands of people, each on one image, with the annotations before and after, or a whole import. What a command changes is
//! decided by `domain::review`.

use domain::ids::{AnnotationId, BulkEditId, ImageId, RunId, StepId};
use domain::layers::LayerScope;
use domain::review::decide::decide;
use domain::review::edit::edit;
use domain::review::image::{AnnotatedImage, Context, ImageDiff};
use domain::review::refused::EditError;
use domain::review::runs::RunsOnImage;
use domain::review::{AnnotationChange, Decision, ImageEdit};
use rusqlite::{OptionalExtension, Row, params};

use super::all;
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, StoreError};

/// A step that was made, undone or redone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTaken {
    pub id: StepId,
    pub image: ImageId,
    /// The changed annotations, in order.
    pub annotations: Vec<AnnotationId>,
    /// Number of other images that it changed.
    pub others: u32,
    /// Whether it is an import, whose annotations [`Edit::continue_imports`] moves.
    pub is_moving: bool,
}

/// A row.
struct KeptStep {
    id: StepId,
    image: ImageId,
    bulk_edit: Option<BulkEditId>,
    /// The import that it is, instead of a change of an image.
    import: Option<RunId>,
    diff: ImageDiff,
}

const COLUMNS: &str = "id, image_id, sweep, review_before, review_after, annotations, import_id";

fn read_step(row: &Row<'_>) -> Result<KeptStep> {
    let bulk_edit: Option<u32> = row.get(2)?;
    Ok(KeptStep {
        id: StepId(row.get(0)?),
        image: ImageId(row.get(1)?),
        bulk_edit: bulk_edit.map(BulkEditId),
        import: row.get::<_, Option<u32>>(6)?.map(RunId),
        diff: ImageDiff {
            review_before: from_name("steps.review_before", row.get(3)?)?,
            review_after: from_name("steps.review_after", row.get(4)?)?,
            annotations: from_json("steps.annotations", &row.get::<_, String>(5)?)?,
        },
    })
}

impl Edit<'_> {
    /// Applies a decision of a person who sees `layers`.
    pub fn decide(&self, decision: &Decision, layers: &LayerScope, now: u64) -> Result<StepTaken> {
        let image = self.annotated(decision.image)?;
        let runs = self.runs_that_repeat(decision.image, &image)?;
        let context = Context { layers, runs: &runs };
        let diff = decide(&image, decision.scope, decision.verdict, context).map_err(refusal)?;
        self.take_step(decision.image, None, &diff, now)
    }

    /// Applies the changes of a person who sees `layers`, as one step.
    pub fn edit_annotations(&self, changes: &ImageEdit, layers: &LayerScope, now: u64) -> Result<StepTaken> {
        let ImageEdit { image: id, changes } = changes;
        let image = self.annotated(*id)?;
        let adopts = changes.iter().any(|change| matches!(change, AnnotationChange::Adopt { .. }));
        let runs = if adopts { self.runs_on(*id)? } else { self.runs_that_repeat(*id, &image)? };
        let colors = self.label_colors(changes.iter().filter_map(AnnotationChange::label))?;
        let context = Context { layers, runs: &runs };
        let diff = edit(&image, changes, &colors, self.latest_annotation()?, context).map_err(refusal)?;
        self.take_step(*id, None, &diff, now)
    }

    /// The runs that a command on image `id` must consider: none if no run can repeat another.
    pub(super) fn runs_that_repeat(&self, id: ImageId, image: &AnnotatedImage) -> Result<RunsOnImage> {
        if image.may_hold_repetitions() { self.runs_on(id) } else { Ok(RunsOnImage::default()) }
    }

    /// Saves the changes of a command on an image, with the step that undoes it. Steps undone on the image before can
    /// no longer be redone, and neither can an undone import and what followed it.
    pub(super) fn take_step(
        &self,
        id: ImageId,
        bulk_edit: Option<BulkEditId>,
        diff: &ImageDiff,
        now: u64,
    ) -> Result<StepTaken> {
        self.forget_undone(id)?;
        let step = self
            .0
            .0
            .prepare_cached(
                "INSERT INTO steps (image_id, sweep, made_at, review_before, review_after, annotations)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
            )?
            .query_row(
                params![
                    id.0,
                    bulk_edit.map(|bulk_edit| bulk_edit.0),
                    now,
                    name_of(&diff.review_before)?,
                    name_of(&diff.review_after)?,
                    to_json("steps.annotations", &diff.annotations)?
                ],
                |row| row.get(0),
            )?;
        self.write_changes(id, &diff.annotations)?;
        if diff.review_before != diff.review_after {
            self.set_review(id, diff.review_after)?;
        }
        Ok(StepTaken { id: StepId(step), image: id, annotations: diff.ids(), others: 0, is_moving: false })
    }

    /// Undoes the latest step on any image, or a whole bulk edit; `None` if there is none.
    pub fn undo_latest(&self) -> Result<Option<StepTaken>> {
        self.latest_step()?.map(|step| self.undo_whole(&step)).transpose()
    }

    /// Undoes the latest step on `image`; `None` if there is none. A bulk edit that was the last action is undone on
    /// all its images.
    pub fn undo_on(&self, image: ImageId) -> Result<Option<StepTaken>> {
        if let Some(bulk) = self.latest_step()?.filter(|step| step.bulk_edit.is_some()) {
            return self.undo_whole(&bulk).map(Some);
        }
        let latest = self.find_step(
            "WHERE NOT is_undone AND image_id = ?1 AND import_id IS NULL ORDER BY id DESC LIMIT 1",
            [image.0],
        )?;
        latest.map(|step| self.undo(&step)).transpose()
    }

    /// Redoes what was last undone on any image, or a whole bulk edit; `None` if there was a later step, or nothing to
    /// redo.
    pub fn redo_latest(&self) -> Result<Option<StepTaken>> {
        self.next_undone()?.map(|step| self.redo_whole(&step)).transpose()
    }

    /// Redoes the step on `image` that was last undone; `None` if there is none. A bulk edit that was the last action
    /// is redone on all its images.
    pub fn redo_on(&self, image: ImageId) -> Result<Option<StepTaken>> {
        if let Some(bulk) = self.next_undone()?.filter(|step| step.bulk_edit.is_some()) {
            return self.redo_whole(&bulk).map(Some);
        }
        // An undone step follows all others: it was the latest then, and is deleted with the next step.
        let next =
            self.find_step("WHERE is_undone AND image_id = ?1 AND import_id IS NULL ORDER BY id LIMIT 1", [image.0])?;
        next.map(|step| self.redo(&step)).transpose()
    }

    fn latest_step(&self) -> Result<Option<KeptStep>> {
        self.find_step("WHERE is_undone = 0 ORDER BY id DESC LIMIT 1", [])
    }

    /// The earliest undone step without later steps.
    fn next_undone(&self) -> Result<Option<KeptStep>> {
        self.find_step(
            "WHERE is_undone AND id > coalesce((SELECT id FROM steps WHERE is_undone = 0 ORDER BY id DESC LIMIT 1), 0)
             ORDER BY id LIMIT 1",
            [],
        )
    }

    /// Undoes a step, and all steps of its bulk edit.
    fn undo_whole(&self, step: &KeptStep) -> Result<StepTaken> {
        let mut taken = self.undo(step)?;
        if let Some(bulk_edit) = step.bulk_edit {
            for id in self.steps_of(bulk_edit, false)?.into_iter().rev() {
                self.undo(&self.step(id)?)?;
                taken.others += 1;
            }
        }
        Ok(taken)
    }

    /// Redoes a step, and all steps of its bulk edit.
    fn redo_whole(&self, step: &KeptStep) -> Result<StepTaken> {
        let mut taken = self.redo(step)?;
        if let Some(bulk_edit) = step.bulk_edit {
            for id in self.steps_of(bulk_edit, true)? {
                self.redo(&self.step(id)?)?;
                taken.others += 1;
            }
        }
        Ok(taken)
    }

    fn redo(&self, step: &KeptStep) -> Result<StepTaken> {
        self.turn(step, false, AnnotatedImage::redone)
    }

    fn undo(&self, step: &KeptStep) -> Result<StepTaken> {
        self.turn(step, true, AnnotatedImage::undone)
    }

    fn turn(
        &self,
        step: &KeptStep,
        is_undone: bool,
        turned: fn(AnnotatedImage, &ImageDiff, &RunsOnImage) -> AnnotatedImage,
    ) -> Result<StepTaken> {
        if let Some(import) = step.import {
            self.record_undone(step.id, is_undone)?;
            return self.turn_import(step.id, import, is_undone);
        }
        let before = self.annotated(step.image)?;
        let after = turned(before.clone(), &step.diff, &self.runs_on(step.image)?);
        self.write_changes(step.image, &after.changes_since(&before))?;
        if after.review != before.review {
            self.set_review(step.image, after.review)?;
        }
        self.record_undone(step.id, is_undone)?;
        Ok(StepTaken { id: step.id, image: step.image, annotations: step.diff.ids(), others: 0, is_moving: false })
    }

    fn record_undone(&self, step: StepId, is_undone: bool) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE steps SET is_undone = ?2 WHERE id = ?1")?
            .execute(params![step.0, is_undone])?;
        Ok(())
    }

    /// The steps of a bulk edit that are in effect or undone, earliest first.
    fn steps_of(&self, bulk_edit: BulkEditId, is_undone: bool) -> Result<Vec<StepId>> {
        let mut statement =
            self.0.0.prepare_cached("SELECT id FROM steps WHERE sweep = ?1 AND is_undone = ?2 ORDER BY id")?;
        all(&mut statement, params![bulk_edit.0, is_undone], |row| Ok(StepId(row.get(0)?)))
    }

    fn step(&self, id: StepId) -> Result<KeptStep> {
        self.find_step("WHERE id = ?1", [id.0])?.ok_or(StoreError::Missing { what: "step", id: id.0 })
    }

    fn find_step<P: rusqlite::Params>(&self, which: &str, parameters: P) -> Result<Option<KeptStep>> {
        let mut statement = self.0.0.prepare_cached(&format!("SELECT {COLUMNS} FROM steps {which}"))?;
        let found = statement.query_row(parameters, |row| Ok(read_step(row))).optional()?;
        found.transpose()
    }

    /// A number that no other bulk edit ever had: audits refer to it even after undone steps are deleted.
    pub(super) fn next_bulk_edit(&self) -> Result<BulkEditId> {
        let mut statement = self.0.0.prepare_cached(
            "SELECT coalesce(max(sweep), 0) + 1 FROM (SELECT sweep FROM steps UNION ALL SELECT sweep FROM audits)",
        )?;
        Ok(BulkEditId(statement.query_row([], |row| row.get(0))?))
    }
}

fn refusal(error: EditError) -> StoreError {
    match error {
        EditError::Unknown(unknown) => StoreError::Missing { what: "annotation", id: unknown.0.0 },
        EditError::Unfit(unfit) => StoreError::Unfit(unfit),
    }
}
