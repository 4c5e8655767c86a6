//! Marks. A run adds and takes back proposals only; what a person has touched is theirs.

use domain::annotation::{Annotation, NewAnnotation, Origin, Status};
use domain::ids::{AnnotationId, CollectionId, ImageId, RunId};
use domain::library::LabelCount;
use domain::recipe::Recipe;
use rusqlite::{Row, params};

use super::jobs::IS_ANSWERED;
use super::{all, id_list};
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, View};

/// The annotations of run `?1`, and those that people have drawn or approved on its images.
const IN_ANSWERS: &str = "(SELECT label, attributes FROM annotations WHERE run_id = ?1
    UNION ALL SELECT label, attributes FROM annotations
    WHERE (run_id IS NULL OR status IN ('accepted', 'edited')) AND image_id IN (
        SELECT image_id FROM jobs WHERE run_id = ?1 UNION ALL SELECT image_id FROM offers WHERE run_id = ?1))";

/// What [`read_annotation`] reads.
const COLUMNS: &str = "annotations.id, run_id, label, color, shape, confidence, attributes, status,
    reject_reason, carried_from, is_superseded";

impl View<'_> {
    /// In the order in which they were made.
    pub fn annotations_of(&self, image: ImageId) -> Result<Vec<Annotation>> {
        let mut statement =
            self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM annotations WHERE image_id = ?1 ORDER BY id"))?;
        all(&mut statement, [image.0], read_annotation)
    }

    /// As [`View::annotations_of`], for each of `images`.
    pub(super) fn annotations_of_each(&self, images: &[ImageId]) -> Result<Vec<Vec<Annotation>>> {
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

    /// The highest id that a mark has had.
    pub fn latest_mark(&self) -> Result<u32> {
        let mut statement = self
            .0
            .prepare_cached("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'annotations'), 0)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Every label of the library, also those that only superseded or rejected annotations have, the most frequent first.
    pub(super) fn every_label(&self) -> Result<Vec<LabelCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT label, color, mark_count FROM label_counts WHERE collection_id = 0 ORDER BY mark_count DESC, label",
        )?;
        all(&mut statement, [], |row| Ok(LabelCount { name: row.get(0)?, color: row.get(1)?, count: row.get(2)? }))
    }

    /// Labels on the images of `collection`, or of all, the most frequent first; rejected marks aside.
    pub fn label_counts(&self, collection: Option<CollectionId>) -> Result<Vec<LabelCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT label, color, mark_count FROM label_counts WHERE collection_id = ?1 AND mark_count > 0
             ORDER BY mark_count DESC, label",
        )?;
        all(&mut statement, [collection.map_or(0, |id| id.0)], |row| {
            Ok(LabelCount { name: row.get(0)?, color: row.get(1)?, count: row.get(2)? })
        })
    }
}

/// From the first columns of a row.
fn read_annotation(row: &Row<'_>) -> Result<Annotation> {
    let run: Option<u32> = row.get(1)?;
    let reject_reason: Option<String> = row.get(8)?;
    let carried_from: Option<u32> = row.get(9)?;
    Ok(Annotation {
        id: AnnotationId(row.get(0)?),
        origin: run.map_or(Origin::Person, |run| Origin::Run { run: RunId(run) }),
        carried_from: carried_from.map(ImageId),
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
    /// Adds what `run` found on `image`. Its own undecided proposals there give way: those of a shorter answer, and those that
    /// were propagated from a similar image. An annotation that a person has already decided is not proposed again.
    pub(super) fn propose(
        &self,
        run: RunId,
        image: ImageId,
        recipe: &Recipe,
        annotations: &[NewAnnotation],
    ) -> Result<()> {
        self.propose_from(None, run, image, recipe, annotations)?;
        Ok(())
    }

    /// [`Edit::propose`] for marks that were found on the image `carried_from`, when there is one; returns how many were
    /// proposed.
    pub(super) fn propose_from(
        &self,
        carried_from: Option<ImageId>,
        run: RunId,
        image: ImageId,
        recipe: &Recipe,
        annotations: &[NewAnnotation],
    ) -> Result<u32> {
        self.0
            .0
            .prepare_cached(
                "DELETE FROM annotations
                 WHERE image_id = ?1 AND run_id = ?2 AND status = 'proposed' AND (carried_from IS NOT NULL OR ?3)",
            )?
            .execute(params![image.0, run.0, carried_from.is_none()])?;
        let standing = self.annotations_of(image)?;
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO annotations (image_id, run_id, label, color, shape, confidence, attributes, carried_from)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let mut proposed = 0;
        for annotation in annotations.iter().filter(|annotation| !annotation.is_decided_among(&standing)) {
            let color = recipe.label_for(&annotation.label).map_or(1, |label| label.color);
            statement.execute(params![
                image.0,
                run.0,
                annotation.label,
                color,
                to_json("annotations.shape", &annotation.shape)?,
                annotation.confidence,
                to_json("annotations.attributes", &annotation.attributes)?,
                carried_from.map(|image| image.0),
            ])?;
            proposed += 1;
        }
        Ok(proposed)
    }

    /// Writes all of a mark over what there is of it, be it nothing.
    pub(super) fn write_mark(&self, image: ImageId, mark: &Annotation) -> Result<()> {
        let run = match mark.origin {
            Origin::Run { run } => Some(run.0),
            Origin::Person => None,
        };
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO annotations (id, image_id, run_id, label, color, shape, confidence, attributes, status,
                                      reject_reason, carried_from)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET
                 label = excluded.label, color = excluded.color, shape = excluded.shape,
                 attributes = excluded.attributes, status = excluded.status, reject_reason = excluded.reject_reason",
        )?;
        statement.execute(params![
            mark.id.0,
            image.0,
            run,
            mark.label,
            mark.color,
            to_json("annotations.shape", &mark.shape)?,
            mark.confidence,
            to_json("annotations.attributes", &mark.attributes)?,
            name_of(&mark.status)?,
            mark.reject_reason.map(|reason| name_of(&reason)).transpose()?,
            mark.carried_from.map(|image| image.0),
        ])?;
        Ok(())
    }

    /// The colour in which `label` is shown in this library, or the next one that is free, round the palette of twelve.
    pub(super) fn color_of(&self, label: &str) -> Result<u8> {
        let mut statement = self.0.0.prepare_cached(
            "SELECT coalesce((SELECT color FROM label_counts WHERE collection_id = 0 AND label = ?1),
                             (SELECT count(*) % 12 + 1 FROM label_counts WHERE collection_id = 0))",
        )?;
        Ok(statement.query_row([label], |row| row.get(0))?)
    }

    /// Removes the undecided proposals of `run`, on its images and on those that they were propagated to, so that it no
    /// longer supersedes any. Returns how many were removed.
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

    /// Records which annotations on `image` are superseded: those of a run whose model and recipe a later run had too, that has
    /// answered the image. What was propagated gives way to the answer of any such run, and supersedes only what was propagated.
    pub(super) fn refresh_superseded(&self, image: ImageId) -> Result<()> {
        self.0
            .0
            .prepare_cached(&format!(
                "UPDATE annotations SET is_superseded = NOT is_superseded
                 WHERE image_id = ?1 AND run_id IS NOT NULL AND is_superseded <> EXISTS (
                     SELECT 1 FROM jobs JOIN runs AS other ON other.id = jobs.run_id
                     JOIN runs AS own ON own.id = annotations.run_id
                     WHERE jobs.image_id = annotations.image_id AND other.id <> own.id
                       AND other.model = own.model AND other.recipe = own.recipe
                       AND {IS_ANSWERED} AND NOT is_taken_back
                       AND iif(annotations.carried_from IS NULL, other.id > own.id AND NOT is_carried,
                               other.id > own.id OR NOT is_carried))"
            ))?
            .execute([image.0])?;
        Ok(())
    }

    /// Undecided annotations among `standing` that say the same as `decided`, by other runs of its model and recipe.
    pub(super) fn repeats_of<'a>(
        &self,
        decided: &Annotation,
        standing: &'a [Annotation],
    ) -> Result<Vec<&'a Annotation>> {
        let Origin::Run { run } = decided.origin else { return Ok(Vec::new()) };
        let mut alike = self.0.0.prepare_cached(
            "SELECT 1 FROM runs AS one JOIN runs AS other ON other.id = ?2
             WHERE one.id = ?1 AND one.model = other.model AND one.recipe = other.recipe",
        )?;
        let mut repeats = Vec::new();
        for other in standing.iter().filter(|other| other.status == Status::Proposed && decided.repeats(other)) {
            if let Origin::Run { run: of_other } = other.origin
                && of_other != run
                && alike.exists([run.0, of_other.0])?
            {
                repeats.push(other);
            }
        }
        Ok(repeats)
    }
}
