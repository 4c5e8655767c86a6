//! Annotations. `domain::review` decides how commands and runs change them.

use std::collections::BTreeMap;

use domain::annotation::{Annotation, NewAnnotation, Origin};
use domain::geometry::PixelSize;
use domain::ids::{AnnotationId, CollectionId, ImageId, RunId};
use domain::library::LabelCount;
use domain::recipe::Recipe;
use domain::review::edit::LabelColors;
use domain::review::image::{AnnotatedImage, AnnotationDiff};
use domain::review::propose::propose;
use domain::review::runs::{AnswerSource, RunOnImage, RunsOnImage};
use rusqlite::{OptionalExtension, Row, params};

use super::job_rows::IS_ANSWERED;
use super::{all, found, id_list};
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, View};

/// The annotations of run `?1`, and those that people drew or approved on its images.
const IN_ANSWERS: &str = "(SELECT label, attributes FROM annotations WHERE run_id = ?1
    UNION ALL SELECT label, attributes FROM annotations
    WHERE (run_id IS NULL OR status IN ('accepted', 'edited')) AND image_id IN (
        SELECT image_id FROM jobs WHERE run_id = ?1 UNION ALL SELECT image_id FROM propagations WHERE run_id = ?1
        UNION ALL SELECT image_id FROM imported_images WHERE run_id = ?1))";

/// The columns of [`read_annotation`].
pub(super) const COLUMNS: &str = "annotations.id, run_id, label, color, shape, confidence, attributes, status,
    reject_reason, propagated_from, is_superseded";

impl View<'_> {
    /// In creation order.
    pub fn annotations_of(&self, image: ImageId) -> Result<Vec<Annotation>> {
        let mut statement =
            self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM annotations WHERE image_id = ?1 ORDER BY id"))?;
        all(&mut statement, [image.0], read_annotation)
    }

    /// As [`View::annotations_of`], for each of `images`.
    pub fn annotations_of_each(&self, images: &[ImageId]) -> Result<Vec<Vec<Annotation>>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {COLUMNS}, wanted.key FROM json_each(?1) AS wanted
             CROSS JOIN annotations ON image_id = wanted.value ORDER BY wanted.key, annotations.id",
        ))?;
        let mut rows = statement.query([id_list(images.iter().map(|image| image.0))])?;
        let mut annotations = vec![Vec::new(); images.len()];
        while let Some(row) = rows.next()? {
            annotations[row.get::<_, usize>("key")?].push(read_annotation(row)?);
        }
        Ok(annotations)
    }

    /// The image as seen by the review rules.
    pub(super) fn annotated(&self, image: ImageId) -> Result<AnnotatedImage> {
        let mut statement = self.0.prepare_cached("SELECT width, height, review FROM images WHERE id = ?1")?;
        let row = statement
            .query_row([image.0], |row| Ok((PixelSize::new(row.get(0)?, row.get(1)?), row.get::<_, String>(2)?)));
        let (size, review) = found(row, "image", image.0)?;
        let review = from_name("images.review", review)?;
        Ok(AnnotatedImage { size, review, annotations: self.annotations_of(image)? })
    }

    /// The runs that annotated `image` or have it in their queue.
    pub(super) fn runs_on(&self, image: ImageId) -> Result<RunsOnImage> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT runs.id, min(runs.id) OVER (PARTITION BY model, recipe, iif(kind = 'run', 0, runs.id)), coalesce({IS_ANSWERED}, FALSE),
                 coalesce(is_propagated, FALSE), coalesce(is_taken_back, FALSE)
             FROM runs LEFT JOIN jobs ON run_id = runs.id AND image_id = ?1
             WHERE runs.id IN (SELECT run_id FROM jobs WHERE image_id = ?1
                               UNION SELECT run_id FROM annotations WHERE image_id = ?1)",
        ))?;
        let runs = all(&mut statement, [image.0], |row| {
            let (is_answered, is_propagated): (bool, bool) = (row.get(2)?, row.get(3)?);
            let source = if is_propagated { AnswerSource::SimilarImage } else { AnswerSource::Image };
            let known = RunOnImage {
                first_alike: RunId(row.get(1)?),
                answer: is_answered.then_some(source),
                is_undone: row.get(4)?,
            };
            Ok((RunId(row.get(0)?), known))
        })?;
        Ok(runs.into_iter().collect())
    }

    /// Labels of the annotations of `run` and of people on its images, by name.
    pub fn labels_in_answers(&self, run: RunId) -> Result<Vec<String>> {
        let mut statement =
            self.0.prepare_cached(&format!("SELECT DISTINCT label FROM {IN_ANSWERS} ORDER BY label"))?;
        all(&mut statement, [run.0], |row| Ok(row.get(0)?))
    }

    /// Names of the attributes of these annotations, by name.
    pub fn attributes_in_answers(&self, run: RunId) -> Result<Vec<String>> {
        let mut statement = self
            .0
            .prepare_cached(&format!("SELECT DISTINCT key FROM {IN_ANSWERS}, json_each(attributes) ORDER BY key"))?;
        all(&mut statement, [run.0], |row| Ok(row.get(0)?))
    }

    /// The highest annotation id ever used.
    pub fn latest_annotation(&self) -> Result<u32> {
        let mut statement = self
            .0
            .prepare_cached("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'annotations'), 0)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// All labels, including those of superseded and rejected annotations, most frequent first.
    pub fn every_label(&self) -> Result<Vec<LabelCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT label, color, annotation_count FROM label_counts WHERE collection_id = 0 ORDER BY annotation_count DESC, label",
        )?;
        all(&mut statement, [], |row| Ok(LabelCount { name: row.get(0)?, color: row.get(1)?, count: row.get(2)? }))
    }

    /// Labels on the images of `collection`, or of all, most frequent first, without rejected annotations.
    pub fn label_counts(&self, collection: Option<CollectionId>) -> Result<Vec<LabelCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT label, color, annotation_count FROM label_counts WHERE collection_id = ?1 AND annotation_count > 0
             ORDER BY annotation_count DESC, label",
        )?;
        all(&mut statement, [collection.map_or(0, |id| id.0)], |row| {
            Ok(LabelCount { name: row.get(0)?, color: row.get(1)?, count: row.get(2)? })
        })
    }
}

/// Reads the first columns of a row.
pub(super) fn read_annotation(row: &Row<'_>) -> Result<Annotation> {
    let run: Option<u32> = row.get(1)?;
    let reject_reason: Option<String> = row.get(8)?;
    let propagated_from: Option<u32> = row.get(9)?;
    Ok(Annotation {
        id: AnnotationId(row.get(0)?),
        origin: run.map_or(Origin::Person, |run| Origin::Run { run: RunId(run) }),
        propagated_from: propagated_from.map(ImageId),
        label: row.get(2)?,
        color: row.get(3)?,
        shape: from_json("annotations.shape", &row.get::<_, String>(4)?)?,
        confidence: row.get(5)?,
        attributes: from_json("annotations.attributes", &row.get::<_, String>(6)?)?,
        status: from_name("annotations.status", row.get(7)?)?,
        reject_reason: reject_reason.map(|reason| from_name("annotations.reject_reason", reason)).transpose()?,
        is_superseded: row.get(10)?,
    })
}

impl Edit<'_> {
    /// Proposes the annotations of `run` on `image`, or those propagated from `propagated_from`; returns how many.
    pub(super) fn propose(
        &self,
        run: RunId,
        image: ImageId,
        propagated_from: Option<ImageId>,
        recipe: &Recipe,
        annotations: Vec<NewAnnotation>,
    ) -> Result<u32> {
        let proposed = propose(&self.annotations_of(image)?, run, propagated_from, annotations);
        proposed.withdrawn.iter().try_for_each(|id| self.delete_annotation(*id))?;
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO annotations (image_id, run_id, label, color, shape, confidence, attributes, propagated_from)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for annotation in &proposed.added {
            statement.execute(params![
                image.0,
                run.0,
                annotation.label,
                recipe.label_for(&annotation.label).map_or(1, |label| label.color),
                to_json("annotations.shape", &annotation.shape)?,
                annotation.confidence,
                to_json("annotations.attributes", &annotation.attributes)?,
                propagated_from.map(|image| image.0),
            ])?;
        }
        Ok(u32::try_from(proposed.added.len()).unwrap_or(u32::MAX))
    }

    /// Saves the changes of a command.
    pub(super) fn write_changes(&self, image: ImageId, changes: &[AnnotationDiff]) -> Result<()> {
        changes.iter().try_for_each(|change| match (&change.after, &change.before) {
            (Some(annotation), _) => self.write_annotation(image, annotation),
            (None, Some(gone)) => self.delete_annotation(gone.id),
            (None, None) => Ok(()),
        })
    }

    fn delete_annotation(&self, id: AnnotationId) -> Result<()> {
        self.0.0.prepare_cached("DELETE FROM annotations WHERE id = ?1")?.execute([id.0])?;
        Ok(())
    }

    fn write_annotation(&self, image: ImageId, annotation: &Annotation) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO annotations (id, image_id, run_id, label, color, shape, confidence, attributes, status,
                                      reject_reason, propagated_from, is_superseded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET
                 label = excluded.label, color = excluded.color, shape = excluded.shape,
                 attributes = excluded.attributes, status = excluded.status, reject_reason = excluded.reject_reason,
                 is_superseded = excluded.is_superseded",
        )?;
        statement.execute(params![
            annotation.id.0,
            image.0,
            annotation.origin.run().map(|run| run.0),
            annotation.label,
            annotation.color,
            to_json("annotations.shape", &annotation.shape)?,
            annotation.confidence,
            to_json("annotations.attributes", &annotation.attributes)?,
            name_of(&annotation.status)?,
            annotation.reject_reason.map(|reason| name_of(&reason)).transpose()?,
            annotation.propagated_from.map(|image| image.0),
            annotation.is_superseded,
        ])?;
        Ok(())
    }

    /// The stored colors of `labels`.
    pub(super) fn label_colors<'a>(&self, labels: impl IntoIterator<Item = &'a str>) -> Result<LabelColors> {
        let mut statement =
            self.0.0.prepare_cached("SELECT color FROM label_counts WHERE collection_id = 0 AND label = ?1")?;
        let mut known = BTreeMap::new();
        for label in labels {
            if let Some(color) = statement.query_row([label], |row| row.get(0)).optional()? {
                known.insert(label.to_owned(), color);
            }
        }
        let mut statement = self.0.0.prepare_cached("SELECT count(*) FROM label_counts WHERE collection_id = 0")?;
        Ok(LabelColors { known, label_count: statement.query_row([], |row| row.get::<_, u32>(0))? as usize })
    }

    /// Removes the undecided proposals of `run`, including propagated ones, so that it no longer supersedes others.
    /// Returns how many.
    pub fn take_back_proposals(&self, run: RunId) -> Result<u32> {
        let removed = self.0.0.execute("DELETE FROM annotations WHERE run_id = ?1 AND status = 'proposed'", [run.0])?;
        self.0.0.execute("UPDATE jobs SET is_taken_back = TRUE WHERE run_id = ?1", [run.0])?;
        let mut superseded = self.0.0.prepare_cached(
            "SELECT DISTINCT image_id FROM annotations
             WHERE is_superseded AND image_id IN (SELECT image_id FROM jobs WHERE run_id = ?1)",
        )?;
        for image in all(&mut superseded, [run.0], |row| Ok(ImageId(row.get(0)?)))? {
            self.refresh_superseded(image)?;
        }
        Ok(u32::try_from(removed).unwrap_or(u32::MAX))
    }

    /// Updates which annotations on `image` are superseded.
    pub(super) fn refresh_superseded(&self, image: ImageId) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "SELECT id, run_id, propagated_from IS NOT NULL, is_superseded FROM annotations
             WHERE image_id = ?1 AND run_id IS NOT NULL",
        )?;
        let annotations = all(&mut statement, [image.0], |row| {
            Ok((row.get::<_, u32>(0)?, RunId(row.get(1)?), row.get::<_, bool>(2)?, row.get::<_, bool>(3)?))
        })?;
        if annotations.is_empty() {
            return Ok(());
        }
        let runs = self.runs_on(image)?;
        let mut update = self.0.0.prepare_cached("UPDATE annotations SET is_superseded = ?2 WHERE id = ?1")?;
        for (id, run, is_propagated, was_superseded) in annotations {
            let is_superseded = runs.supersede(run, is_propagated);
            if is_superseded != was_superseded {
                update.execute(params![id, is_superseded])?;
            }
        }
        Ok(())
    }
}
