//! Undecided proposals that another run of the same model and recipe replaced, kept for the exports of their own run.

use domain::annotation::NewAnnotation;
use domain::ids::{ImageId, RunId};
use rusqlite::{Row, params};

use super::all;
use crate::code::from_json;
use crate::{Edit, Result, View};

/// A proposal of a run that a later answer replaced. It has no id, since nobody can decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplacedAnnotation {
    pub annotation: NewAnnotation,
    pub carried_from: Option<ImageId>,
}

impl View<'_> {
    /// What `run` proposed on `image` and another run replaced, in the order in which it was proposed, except for what a
    /// person has decided since as an annotation of another run.
    pub fn replaced_annotations(&self, run: RunId, image: ImageId) -> Result<Vec<ReplacedAnnotation>> {
        let mut statement = self.0.prepare_cached(
            "SELECT label, shape, confidence, attributes, carried_from FROM replaced_annotations
             WHERE run_id = ?1 AND image_id = ?2 ORDER BY rowid",
        )?;
        let mut replaced = all(&mut statement, [run.0, image.0], |row| {
            let carried_from: Option<u32> = row.get(4)?;
            Ok(ReplacedAnnotation { annotation: read_new(row)?, carried_from: carried_from.map(ImageId) })
        })?;
        if !replaced.is_empty() {
            let standing = self.annotations_of(image)?;
            replaced.retain(|replaced| !replaced.annotation.is_decided_among(&standing));
        }
        Ok(replaced)
    }
}

/// From the columns label, shape, confidence and attributes.
fn read_new(row: &Row<'_>) -> Result<NewAnnotation> {
    Ok(NewAnnotation {
        label: row.get(0)?,
        shape: from_json("replaced_annotations.shape", &row.get::<_, String>(1)?)?,
        confidence: row.get(2)?,
        attributes: from_json("replaced_annotations.attributes", &row.get::<_, String>(3)?)?,
    })
}

impl Edit<'_> {
    /// Keeps the proposals of other runs on `image` that an answer of `run` is about to replace. What was kept of `run` itself
    /// gives way to this answer.
    pub(super) fn keep_replaced(&self, carried_from: Option<ImageId>, run: RunId, image: ImageId) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "DELETE FROM replaced_annotations
                 WHERE run_id = ?2 AND image_id = ?1 AND (carried_from IS NOT NULL OR ?3)",
            )?
            .execute(params![image.0, run.0, carried_from.is_none()])?;
        self.0
            .0
            .prepare_cached(
                "INSERT INTO replaced_annotations
                     (image_id, run_id, replaced_by, label, color, shape, confidence, attributes, carried_from)
                 SELECT image_id, run_id, ?2, label, color, shape, confidence, attributes, carried_from
                 FROM annotations WHERE image_id = ?1 AND status = 'proposed' AND run_id <> ?2 AND run_id IN (
                     SELECT alike.id FROM runs AS alike JOIN runs AS this ON this.id = ?2
                     WHERE alike.model = this.model AND alike.recipe = this.recipe)
                 ORDER BY id",
            )?
            .execute([image.0, run.0])?;
        Ok(())
    }

    /// Proposes again what `run` replaced, except for what a person has decided since, and except on images that a later run of
    /// the same model and recipe has answered.
    pub(super) fn restore_replaced_by(&self, run: RunId) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "SELECT label, shape, confidence, attributes, replaced.rowid, replaced.image_id
             FROM replaced_annotations AS replaced JOIN runs AS this ON this.id = replaced_by
             WHERE replaced_by = ?1 AND NOT EXISTS (
                 SELECT 1 FROM jobs JOIN runs AS later ON later.id = jobs.run_id
                 WHERE jobs.image_id = replaced.image_id AND jobs.state = 'done' AND later.id > this.id
                   AND later.model = this.model AND later.recipe = this.recipe)
             ORDER BY replaced.rowid",
        )?;
        let kept =
            all(&mut statement, [run.0], |row| Ok((read_new(row)?, row.get::<_, i64>(4)?, ImageId(row.get(5)?))))?;
        let mut restore = self.0.0.prepare_cached(
            "INSERT INTO annotations (image_id, run_id, label, color, shape, confidence, attributes, carried_from)
             SELECT image_id, run_id, label, color, shape, confidence, attributes, carried_from
             FROM replaced_annotations WHERE rowid = ?1",
        )?;
        let mut remove = self.0.0.prepare_cached("DELETE FROM replaced_annotations WHERE rowid = ?1")?;
        for (annotation, row, image) in kept {
            if !annotation.is_decided_among(&self.annotations_of(image)?) {
                restore.execute([row])?;
                remove.execute([row])?;
            }
        }
        Ok(())
    }
}
