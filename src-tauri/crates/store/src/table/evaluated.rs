//! What evaluations read: the images of a run with their costs, what people have approved, and names of images.

use std::collections::{BTreeMap, HashSet};

use domain::annotation::Annotation;
use domain::geometry::PixelSize;
use domain::ids::{ImageId, RunId};
use domain::money::PicoDollars;
use domain::review::image::AnnotationDiff;
use domain::run_state::FailureKind;
use rusqlite::OptionalExtension as _;

use super::all;
use super::annotations::{COLUMNS, read_annotation};
use super::job_rows::IS_ANSWERED;
use crate::code::{from_json, from_name};
use crate::{Result, View};

/// An image in the queue of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunImage {
    pub image: ImageId,
    pub size: PixelSize,
    pub state: RunImageState,
    /// Of its requests, and of those of earlier runs whose answers it used.
    pub paid: PicoDollars,
    /// Whether a request may have been billed without an answer.
    pub may_be_billed: bool,
    /// Preparation, requests, and delays between its retries; `None` if it was not sent or not timed.
    pub took_millis: Option<f64>,
}

/// How far an image of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunImageState {
    Waiting,
    Answered,
    /// It has the annotations of a similar image.
    Propagated,
    Failed(FailureKind),
}

impl View<'_> {
    /// The images in the queue of `run`, by id.
    pub fn run_images(&self, run: RunId) -> Result<Vec<RunImage>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT image_id, width, height, {IS_ANSWERED} AS is_answered, is_propagated, failure, took_millis,
                 (SELECT coalesce(sum(paid), 0) FROM attempts WHERE job_id = jobs.id OR id = reused_attempt OR id IN (
                      SELECT attempt_id FROM part_answers WHERE part_answers.job_id = jobs.id)) AS paid,
                 EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id AND may_be_billed) AS may_be_billed
             FROM jobs JOIN images ON images.id = image_id WHERE run_id = ?1 AND NOT is_removed ORDER BY image_id",
        ))?;
        all(&mut statement, [run.0], |row| {
            let failure: Option<String> = row.get("failure")?;
            let state = match (row.get::<_, bool>("is_answered")?, failure) {
                (true, _) if row.get("is_propagated")? => RunImageState::Propagated,
                (true, _) => RunImageState::Answered,
                (false, Some(kind)) => RunImageState::Failed(from_name("jobs.failure", kind)?),
                (false, None) => RunImageState::Waiting,
            };
            Ok(RunImage {
                image: ImageId(row.get("image_id")?),
                size: PixelSize::new(row.get("width")?, row.get("height")?),
                state,
                paid: PicoDollars(row.get("paid")?),
                may_be_billed: row.get("may_be_billed")?,
                took_millis: row.get("took_millis")?,
            })
        })
    }

    /// What `run` proposed on `image`, as it was before people decided on it and edited it.
    pub fn proposed_by(&self, run: RunId, image: ImageId) -> Result<Vec<Annotation>> {
        let is_of_run = |annotation: &Annotation| annotation.origin.run() == Some(run);
        let now = self.annotations_of(image)?.into_iter().filter(is_of_run);
        let mut proposed: BTreeMap<_, _> = now.map(|annotation| (annotation.id, annotation)).collect();
        let mut steps = self
            .0
            .prepare_cached("SELECT annotations FROM steps WHERE image_id = ?1 AND NOT is_undone ORDER BY id DESC")?;
        let steps: Vec<Vec<AnnotationDiff>> =
            all(&mut steps, [image.0], |row| from_json("steps.annotations", &row.get::<_, String>(0)?))?;
        for AnnotationDiff { before, after } in steps.into_iter().flat_map(|step| step.into_iter().rev()) {
            if let Some(after) = after {
                proposed.remove(&after.id);
            }
            if let Some(before) = before.filter(is_of_run) {
                proposed.insert(before.id, before);
            }
        }
        Ok(proposed.into_values().collect())
    }

    /// The images on which people have decided or edited something.
    pub fn images_with_steps(&self) -> Result<HashSet<ImageId>> {
        let mut statement =
            self.0.prepare_cached("SELECT DISTINCT image_id FROM steps WHERE NOT is_undone AND import_id IS NULL")?;
        Ok(all(&mut statement, [], |row| Ok(ImageId(row.get(0)?)))?.into_iter().collect())
    }

    /// Reviewed images and those confirmed empty, by id.
    pub fn reviewed_images(&self) -> Result<Vec<ImageId>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT id FROM images WHERE review <> 'unreviewed' AND NOT is_removed ORDER BY id")?;
        all(&mut statement, [], |row| Ok(ImageId(row.get(0)?)))
    }

    /// The images of an import, by id.
    pub fn images_of_import(&self, import: RunId) -> Result<Vec<ImageId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT image_id FROM imported_images JOIN images ON images.id = image_id
             WHERE run_id = ?1 AND NOT is_removed ORDER BY image_id",
        )?;
        all(&mut statement, [import.0], |row| Ok(ImageId(row.get(0)?)))
    }

    /// Calls `each` for the annotations of an import, by image.
    pub fn each_of_import(&self, import: RunId, mut each: impl FnMut(ImageId, Annotation)) -> Result<()> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {COLUMNS}, image_id FROM annotations WHERE run_id = ?1 ORDER BY image_id, id"
        ))?;
        let mut rows = statement.query([import.0])?;
        while let Some(row) = rows.next()? {
            each(ImageId(row.get("image_id")?), read_annotation(row)?);
        }
        Ok(())
    }

    /// Calls `each` for the approved annotations of reviewed images, by image.
    pub fn each_approved(&self, mut each: impl FnMut(ImageId, Annotation)) -> Result<()> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {COLUMNS}, image_id FROM images JOIN annotations ON image_id = images.id
             WHERE review <> 'unreviewed' AND NOT is_removed AND status IN ('accepted', 'edited')
             ORDER BY images.id, annotations.id",
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(ImageId(row.get("image_id")?), read_annotation(row)?);
        }
        Ok(())
    }

    /// The file name of an image, if it is known.
    pub fn name_of_image(&self, image: ImageId) -> Result<Option<String>> {
        let mut statement = self.0.prepare_cached("SELECT name FROM images WHERE id = ?1")?;
        Ok(statement.query_row([image.0], |row| row.get(0)).optional()?)
    }
}
