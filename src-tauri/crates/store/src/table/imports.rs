//! Imported layers. An import is written aside first, into `parked_annotations`. Then one change makes it a step, and its
//! annotations move to `annotations`, page by page, so that no other change waits for a million of them. Undoing moves them
//! back. A process that dies meanwhile leaves the rest to [`Edit::continue_imports`] in the next one.

use std::collections::BTreeMap;

use domain::annotation::{AttributeValue, RejectReason, ReviewState, Shape, Status};
use domain::dataset::FormatId;
use domain::dataset_import::{ImportRole, ImportedLayer};
use domain::ids::{ImageId, RunId, StepId};
use domain::model::Destination;
use domain::recipe::{Label, Recipe};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::steps::StepTaken;
use super::{all, found, id_list};
use crate::code::{from_name, name_of, to_json};
use crate::{Edit, Result, StoreError, View};

/// Whether a row of `runs` is a layer that views may show.
pub(super) const IS_SHOWN_LAYER: &str =
    "(kind = 'run' OR EXISTS (SELECT 1 FROM imports WHERE run_id = runs.id AND state = 'standing'))";

/// State of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Not all of it is stored.
    Writing,
    /// Its annotations are moving into the library.
    Attaching,
    Standing,
    /// Its annotations are moving out of the library.
    Detaching,
    Undone,
    /// What is stored of it is being deleted.
    Discarded,
}

/// An import to be stored.
#[derive(Debug, Clone)]
pub struct NewImport {
    pub role: ImportRole,
    /// Of the file or folder.
    pub name: String,
    pub path: String,
    pub format: FormatId,
}

/// An annotation to be stored with an import.
#[derive(Debug, Clone)]
pub struct ImportedAnnotation {
    pub image: ImageId,
    pub label: String,
    pub color: u8,
    pub shape: Shape,
    pub confidence: Option<f32>,
    pub attributes: BTreeMap<String, AttributeValue>,
    pub status: Status,
    pub reject_reason: Option<RejectReason>,
}

/// An image of an import.
#[derive(Debug, Clone, Copy)]
pub struct ImportedImage {
    pub image: ImageId,
    /// What the import states about it; `None` for nothing new.
    pub review: Option<ReviewState>,
}

const SUMMARY: &str = "SELECT runs.id, kind, model_name, path, format, started_at, annotation_count,
        (SELECT count(*) FROM imported_images WHERE run_id = runs.id),
        (SELECT coalesce(sum(proposed), 0) FROM layer_figures WHERE run_id = runs.id)
    FROM imports JOIN runs ON runs.id = run_id";

fn read_layer(row: &Row<'_>) -> Result<ImportedLayer> {
    Ok(ImportedLayer {
        id: RunId(row.get(0)?),
        role: from_name("runs.kind", row.get(1)?)?,
        name: row.get(2)?,
        path: row.get(3)?,
        format: FormatId(row.get(4)?),
        imported_at: row.get(5)?,
        annotation_count: row.get(6)?,
        image_count: row.get(7)?,
        undecided_count: row.get(8)?,
    })
}

impl View<'_> {
    /// The imported layers, newest first, without undone ones.
    pub fn imports(&self) -> Result<Vec<ImportedLayer>> {
        let mut statement =
            self.0.prepare_cached(&format!("{SUMMARY} WHERE state = 'standing' ORDER BY run_id DESC"))?;
        all(&mut statement, [], read_layer)
    }

    /// An import that was not undone.
    pub fn imported_layer(&self, import: RunId) -> Result<ImportedLayer> {
        let mut statement = self.0.prepare_cached(&format!("{SUMMARY} WHERE state = 'standing' AND run_id = ?1"))?;
        let layer = all(&mut statement, [import.0], read_layer)?.pop();
        layer.ok_or(StoreError::Missing { what: "import", id: import.0 })
    }

    /// What the layer `run` is: `None` for a run.
    pub fn role_of_layer(&self, run: RunId) -> Result<Option<ImportRole>> {
        let mut statement = self.0.prepare_cached("SELECT nullif(kind, 'run') FROM runs WHERE id = ?1")?;
        let role: Option<String> = found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)?;
        role.map(|role| from_name("runs.kind", role)).transpose()
    }

    /// The imports that were not written to the end, or still are being written.
    pub fn unwritten_imports(&self) -> Result<Vec<RunId>> {
        let mut statement = self.0.prepare_cached("SELECT run_id FROM imports WHERE state = 'writing'")?;
        all(&mut statement, [], |row| Ok(RunId(row.get(0)?)))
    }

    /// An import whose annotations are moving or being deleted.
    pub(crate) fn moving_import(&self) -> Result<Option<(RunId, ImportState)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT run_id, state FROM imports WHERE state IN ('attaching', 'detaching', 'discarded') LIMIT 1",
        )?;
        let moving = all(&mut statement, [], |row| Ok((RunId(row.get(0)?), from_name("imports.state", row.get(1)?)?)))?;
        Ok(moving.into_iter().next())
    }

    fn first_image_of(&self, import: RunId) -> Result<Option<ImageId>> {
        let mut statement = self.0.prepare_cached("SELECT min(image_id) FROM imported_images WHERE run_id = ?1")?;
        Ok(statement.query_row([import.0], |row| row.get::<_, Option<u32>>(0))?.map(ImageId))
    }
}

/// Rows that move in one change: a few hundredths of a second. Tests have few rows.
const PAGE: u32 = if cfg!(test) { 2 } else { 1_000 };

impl Edit<'_> {
    /// Begins an import. Nothing of it is shown before [`Edit::add_layer`].
    pub fn begin_import(&self, import: &NewImport, now: u64) -> Result<RunId> {
        let recipe = Recipe { name: import.name.clone(), ..Recipe::default() };
        let id = self.0.0.query_row(
            "INSERT INTO runs (started_at, model, model_name, recipe, concurrency, destination, stop_reason, kind)
             VALUES (?1, '', ?2, ?3, 0, ?4, 'completed', ?5) RETURNING id",
            params![
                now,
                import.name,
                to_json("runs.recipe", &recipe)?,
                to_json("runs.destination", &Destination::ThisMachine)?,
                name_of(&import.role)?,
            ],
            |row| row.get(0),
        )?;
        self.0.0.execute(
            "INSERT INTO imports (run_id, path, format, state) VALUES (?1, ?2, ?3, ?4)",
            params![id, import.path, import.format.0, name_of(&ImportState::Writing)?],
        )?;
        Ok(RunId(id))
    }

    /// Stores annotations of an import aside.
    pub fn park_annotations(&self, import: RunId, annotations: &[ImportedAnnotation]) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO parked_annotations
                 (image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for annotation in annotations {
            statement.execute(params![
                annotation.image.0,
                import.0,
                annotation.label,
                annotation.color,
                to_json("annotations.shape", &annotation.shape)?,
                annotation.confidence,
                to_json("annotations.attributes", &annotation.attributes)?,
                name_of(&annotation.status)?,
                annotation.reject_reason.map(|reason| name_of(&reason)).transpose()?,
            ])?;
        }
        Ok(())
    }

    /// Records the images of an import.
    pub fn add_imported_images(&self, import: RunId, images: &[ImportedImage]) -> Result<()> {
        let mut statement = self
            .0
            .0
            .prepare_cached("INSERT INTO imported_images (run_id, image_id, review_after) VALUES (?1, ?2, ?3)")?;
        for ImportedImage { image, review } in images {
            statement.execute(params![import.0, image.0, review.map(|review| name_of(&review)).transpose()?])?;
        }
        Ok(())
    }

    /// Makes an import that is fully written a layer, as one step, and returns what it will be once
    /// [`Edit::continue_imports`] has moved it. `labels` are those of its annotations. `None` if it has no image: it is
    /// forgotten.
    pub fn add_layer(&self, import: RunId, labels: Vec<Label>, now: u64) -> Result<Option<ImportedLayer>> {
        let Some(image) = self.first_image_of(import)? else {
            self.discard_import(import)?;
            return Ok(None);
        };
        let mut recipe = self.recipe_of_run(import)?;
        recipe.labels = labels;
        self.0.0.execute(
            "UPDATE runs SET recipe = ?2 WHERE id = ?1",
            params![import.0, to_json("runs.recipe", &recipe)?],
        )?;
        self.0.0.execute(
            "UPDATE imports SET annotation_count = (SELECT count(*) FROM parked_annotations WHERE run_id = ?1)
             WHERE run_id = ?1",
            [import.0],
        )?;
        // Also those of ground truth are known from then on, which is not counted.
        let mut known =
            self.0.0.prepare_cached("INSERT INTO label_counts VALUES (0, ?1, ?2, 0) ON CONFLICT DO NOTHING")?;
        for label in &recipe.labels {
            known.execute(params![label.name, label.color])?;
        }
        self.forget_undone(image)?;
        let bulk_edit = self.next_bulk_edit()?;
        let review = name_of(&ReviewState::Unreviewed)?;
        let step = self.0.0.query_row(
            "INSERT INTO steps (image_id, sweep, made_at, review_before, review_after, annotations, import_id)
             VALUES (?1, ?2, ?3, ?4, ?4, '[]', ?5) RETURNING id",
            params![image.0, bulk_edit.0, now, review, import.0],
            |row| row.get(0),
        )?;
        self.turn_import(StepId(step), import, false)?;
        let mut layer = self.0.0.prepare_cached(&format!("{SUMMARY} WHERE run_id = ?1"))?;
        Ok(all(&mut layer, [import.0], read_layer)?.pop())
    }

    /// Undoes or redoes an import. [`Edit::continue_imports`] does it.
    pub(super) fn turn_import(&self, step: StepId, import: RunId, is_undone: bool) -> Result<StepTaken> {
        self.record_state(import, if is_undone { ImportState::Detaching } else { ImportState::Attaching })?;
        // Images without annotations have changed as well.
        self.0.0.execute(
            "INSERT INTO image_changes SELECT image_id, epoch FROM imported_images, publication WHERE run_id = ?1
             ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch",
            [import.0],
        )?;
        self.step_of_import(step, import)
    }

    fn step_of_import(&self, step: StepId, import: RunId) -> Result<StepTaken> {
        let (image, others) = self.0.0.query_row(
            "SELECT min(image_id), count(*) - 1 FROM imported_images WHERE run_id = ?1",
            [import.0],
            |row| Ok((ImageId(row.get(0)?), row.get(1)?)),
        )?;
        Ok(StepTaken { id: step, image, annotations: Vec::new(), others, is_moving: true })
    }

    /// Deletes an import that was not written to the end; any other one stays.
    pub fn discard_unwritten(&self, import: RunId) -> Result<()> {
        if self.unwritten_imports()?.contains(&import) { self.discard_import(import) } else { Ok(()) }
    }

    /// Forgets an import; [`Edit::continue_imports`] deletes what is stored of it. Its row of `runs` stays, so that no other
    /// layer gets its number.
    fn discard_import(&self, import: RunId) -> Result<()> {
        self.0.0.execute("DELETE FROM steps WHERE import_id = ?1", [import.0])?;
        self.record_state(import, ImportState::Discarded)
    }

    /// Drops undone steps that can no longer be redone after a step on `image`.
    pub(super) fn forget_undone(&self, image: ImageId) -> Result<()> {
        // Every decision asks this: by the order of ids, SQLite would read all steps.
        let undone = "SELECT id, import_id FROM steps INDEXED BY steps_of_imports
                      WHERE import_id IS NOT NULL AND is_undone ORDER BY id";
        let mut undone = self.0.0.prepare_cached(undone)?;
        let undone: Vec<(u32, RunId)> = all(&mut undone, [], |row| Ok((row.get(0)?, RunId(row.get(1)?))))?;
        if let Some((first, _)) = undone.first() {
            self.0.0.execute("DELETE FROM steps WHERE is_undone AND id >= ?1", [first])?;
            undone.into_iter().try_for_each(|(_, import)| self.discard_import(import))?;
        }
        self.0.0.prepare_cached("DELETE FROM steps WHERE image_id = ?1 AND is_undone = 1")?.execute([image.0])?;
        Ok(())
    }

    /// Moves or deletes a page of what an import has begun to move or to delete. Returns whether there may be more.
    pub fn continue_imports(&self) -> Result<bool> {
        let Some((import, state)) = self.moving_import()? else { return Ok(false) };
        let is_more = match state {
            ImportState::Attaching => self.attach_page(import)? || self.state_reviews(import)?,
            ImportState::Detaching => self.detach_page(import, true)? || self.restore_reviews(import)?,
            _ => self.detach_page(import, false)? || self.restore_reviews(import)? || self.delete_page(import)?,
        };
        match state {
            _ if is_more => {}
            ImportState::Attaching => self.record_state(import, ImportState::Standing)?,
            ImportState::Detaching => self.record_state(import, ImportState::Undone)?,
            _ => {
                self.0.0.execute("DELETE FROM imports WHERE run_id = ?1", [import.0])?;
            }
        }
        Ok(true)
    }

    fn attach_page(&self, import: RunId) -> Result<bool> {
        let last: Option<i64> = self
            .0
            .0
            .prepare_cached(
                "SELECT max(sequence) FROM (
                     SELECT sequence FROM parked_annotations WHERE run_id = ?1 ORDER BY sequence LIMIT ?2)",
            )?
            .query_row([import.0, PAGE], |row| row.get(0))?;
        let Some(last) = last else { return Ok(false) };
        let page = params![import.0, last];
        self.0
            .0
            .prepare_cached(
                "INSERT INTO annotations
                     (id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason)
                 SELECT id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason
                 FROM parked_annotations WHERE run_id = ?1 AND sequence <= ?2 ORDER BY sequence",
            )?
            .execute(page)?;
        self.0
            .0
            .prepare_cached("DELETE FROM parked_annotations WHERE run_id = ?1 AND sequence <= ?2")?
            .execute(page)?;
        Ok(true)
    }

    /// The opposite of [`Edit::attach_page`], unless the annotations are not kept.
    fn detach_page(&self, import: RunId, is_kept: bool) -> Result<bool> {
        let mut page = self.0.0.prepare_cached("SELECT id FROM annotations WHERE run_id = ?1 LIMIT ?2")?;
        let page: Vec<u32> = all(&mut page, [import.0, PAGE], |row| Ok(row.get(0)?))?;
        if page.is_empty() {
            return Ok(false);
        }
        let page = id_list(page);
        if is_kept {
            let mut park = self.0.0.prepare_cached(
                "INSERT INTO parked_annotations
                     (id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason)
                 SELECT id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason
                 FROM annotations WHERE id IN (SELECT value FROM json_each(?1))",
            )?;
            park.execute([&page])?;
        }
        self.0
            .0
            .prepare_cached("DELETE FROM annotations WHERE id IN (SELECT value FROM json_each(?1))")?
            .execute([&page])?;
        Ok(true)
    }

    /// States what an import states about images, of a page of them. `review_before` says where that is done. A review that
    /// was made since the import was read stays.
    fn state_reviews(&self, import: RunId) -> Result<bool> {
        let mut page = self.0.0.prepare_cached(
            "SELECT image_id, review, review_after,
                    review = 'unreviewed' OR review = 'confirmed_empty' AND review_after = 'reviewed'
             FROM imported_images JOIN images ON images.id = image_id
             WHERE run_id = ?1 AND review_after IS NOT NULL AND review_before IS NULL LIMIT ?2",
        )?;
        let page: Vec<(u32, String, String, bool)> =
            all(&mut page, [import.0, PAGE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let mut keep = self
            .0
            .0
            .prepare_cached("UPDATE imported_images SET review_after = NULL WHERE run_id = ?1 AND image_id = ?2")?;
        let mut mark = self
            .0
            .0
            .prepare_cached("UPDATE imported_images SET review_before = ?3 WHERE run_id = ?1 AND image_id = ?2")?;
        let mut state = self.0.0.prepare_cached("UPDATE images SET review = ?2 WHERE id = ?1")?;
        for (image, before, after, is_stated) in &page {
            if *is_stated {
                mark.execute(params![import.0, image, before])?;
                state.execute(params![image, after])?;
            } else {
                keep.execute([import.0, *image])?;
            }
        }
        Ok(!page.is_empty())
    }

    /// The opposite of [`Edit::state_reviews`].
    fn restore_reviews(&self, import: RunId) -> Result<bool> {
        let mut page = self.0.0.prepare_cached(
            "SELECT image_id, review_before FROM imported_images WHERE run_id = ?1 AND review_before IS NOT NULL LIMIT ?2",
        )?;
        let page: Vec<(u32, String)> = all(&mut page, [import.0, PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut mark = self
            .0
            .0
            .prepare_cached("UPDATE imported_images SET review_before = NULL WHERE run_id = ?1 AND image_id = ?2")?;
        let mut restore = self.0.0.prepare_cached("UPDATE images SET review = ?2 WHERE id = ?1")?;
        for (image, before) in &page {
            mark.execute([import.0, *image])?;
            restore.execute(params![image, before])?;
        }
        Ok(!page.is_empty())
    }

    /// Deletes a page of what is stored of an import beside its annotations in the library.
    fn delete_page(&self, import: RunId) -> Result<bool> {
        for (table, key) in
            [("parked_annotations", "sequence"), ("imported_images", "image_id"), ("layer_figures", "image_id")]
        {
            let deleted = self.0.0.execute(
                &format!(
                    "DELETE FROM {table} WHERE run_id = ?1 AND {key} IN (
                         SELECT {key} FROM {table} WHERE run_id = ?1 LIMIT ?2)"
                ),
                [import.0, PAGE],
            )?;
            if deleted > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn record_state(&self, import: RunId, state: ImportState) -> Result<()> {
        self.0.0.execute("UPDATE imports SET state = ?2 WHERE run_id = ?1", params![import.0, name_of(&state)?])?;
        Ok(())
    }
}
