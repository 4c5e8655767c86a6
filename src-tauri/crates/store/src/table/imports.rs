//! Imported layers. An import is written aside first, in as many changes as it takes, and becomes a layer in one: its
//! annotations move from `parked_annotations` to `annotations`. Undoing moves them back.

use std::collections::BTreeMap;

use domain::annotation::{AttributeValue, RejectReason, ReviewState, Shape, Status};
use domain::dataset::FormatId;
use domain::dataset_import::matching::{MatchIndex, MatchableImage};
use domain::dataset_import::{ImportRole, ImportedLayer};
use domain::geometry::{Orientation, PixelSize};
use domain::ids::{CollectionId, ImageId, RunId, StepId};
use domain::model::Destination;
use domain::recipe::{Label, Recipe};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::steps::StepTaken;
use super::{all, found};
use crate::code::{from_name, name_of, to_json};
use crate::path_bytes;
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
    Standing,
    Undone,
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

    /// The images of `collection`, or of all, with what a file may state about them.
    pub fn match_index(&self, collection: Option<CollectionId>) -> Result<MatchIndex> {
        let mut index = MatchIndex::default();
        let is_meant = "NOT images.is_removed AND (?1 IS NULL OR images.id IN (
            SELECT image_id FROM collection_images WHERE collection_id = ?1))";
        let collection = collection.map(|id| id.0);
        let mut images = self.0.prepare_cached(&format!(
            "SELECT id, width, height, orientation, hash, byte_len FROM images WHERE {is_meant}"
        ))?;
        let mut rows = images.query([collection])?;
        while let Some(row) = rows.next()? {
            let orientation: u8 = row.get(3)?;
            index.add_image(MatchableImage {
                id: ImageId(row.get(0)?),
                size: PixelSize::new(row.get(1)?, row.get(2)?),
                orientation: Orientation::from_exif(orientation.into()).unwrap_or_default(),
                hash: row.get(4)?,
                byte_len: row.get(5)?,
            });
        }
        let text = |bytes: Vec<u8>| path_bytes::from_bytes(&bytes).to_string_lossy().into_owned();
        let mut roots = self.0.prepare_cached("SELECT root FROM collections WHERE NOT is_removed")?;
        let mut roots: Vec<String> = all(&mut roots, [], |row| Ok(text(row.get(0)?)))?;
        // The innermost folder of those that contain a file comes first.
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let mut files = self.0.prepare_cached(&format!(
            "SELECT image_id, path FROM files JOIN images ON images.id = image_id WHERE {is_meant}"
        ))?;
        let mut rows = files.query([collection])?;
        while let Some(row) = rows.next()? {
            let path = text(row.get(1)?);
            let root = roots.iter().find(|root| path.starts_with(root.as_str()));
            index.add_file(ImageId(row.get(0)?), &path, root.map(String::as_str));
        }
        Ok(index)
    }

    fn first_image_of(&self, import: RunId) -> Result<Option<ImageId>> {
        let mut statement = self.0.prepare_cached("SELECT min(image_id) FROM imported_images WHERE run_id = ?1")?;
        Ok(statement.query_row([import.0], |row| row.get::<_, Option<u32>>(0))?.map(ImageId))
    }
}

/// No trigger fires while it lives: what they keep up to date one row at a time is brought up to date as a whole by
/// [`Edit::bring_in`] and [`Edit::take_out`] (a test names these triggers).
struct WithoutTriggers<'a>(&'a Connection);

impl<'a> WithoutTriggers<'a> {
    fn on(connection: &'a Connection) -> Result<Self> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        Ok(Self(connection))
    }
}

impl Drop for WithoutTriggers<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true) {
            tracing::error!(%error, "the triggers of the library are off");
        }
    }
}

/// Statuses that the figures of all layers count.
const IS_COUNTED: &str = "status NOT IN ('rejected', 'ground_truth')";

impl Edit<'_> {
    /// Begins an import. Nothing of it is seen until [`Edit::add_layer`].
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
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO imported_images (run_id, image_id, review_before, review_after)
             SELECT ?1, id, iif(?3 IS NULL, NULL, review), ?3 FROM images WHERE id = ?2",
        )?;
        for ImportedImage { image, review } in images {
            statement.execute(params![import.0, image.0, review.map(|review| name_of(&review)).transpose()?])?;
        }
        Ok(())
    }

    /// Makes an import that is fully written a layer, as one step. `labels` are those of its annotations. `None` if it
    /// has no image: it is forgotten.
    pub fn add_layer(&self, import: RunId, labels: Vec<Label>, now: u64) -> Result<Option<StepTaken>> {
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
        self.forget_undone(image)?;
        let bulk_edit = self.next_bulk_edit()?;
        let review = name_of(&ReviewState::Unreviewed)?;
        let step = self.0.0.query_row(
            "INSERT INTO steps (image_id, sweep, made_at, review_before, review_after, annotations, import_id)
             VALUES (?1, ?2, ?3, ?4, ?4, '[]', ?5) RETURNING id",
            params![image.0, bulk_edit.0, now, review, import.0],
            |row| row.get(0),
        )?;
        self.bring_in(import)?;
        self.step_of_import(StepId(step), import).map(Some)
    }

    /// Undoes or redoes an import.
    pub(super) fn turn_import(&self, step: StepId, import: RunId, is_undone: bool) -> Result<StepTaken> {
        if is_undone {
            self.take_out(import)?;
        } else {
            self.bring_in(import)?;
        }
        self.step_of_import(step, import)
    }

    fn step_of_import(&self, step: StepId, import: RunId) -> Result<StepTaken> {
        let (image, others) = self.0.0.query_row(
            "SELECT min(image_id), count(*) - 1 FROM imported_images WHERE run_id = ?1",
            [import.0],
            |row| Ok((ImageId(row.get(0)?), row.get(1)?)),
        )?;
        Ok(StepTaken { id: step, image, annotations: Vec::new(), others })
    }

    /// Deletes an import that was not written to the end; any other one stays.
    pub fn discard_unwritten(&self, import: RunId) -> Result<()> {
        if self.unwritten_imports()?.contains(&import) { self.discard_import(import) } else { Ok(()) }
    }

    /// Deletes what is stored of an import whose annotations are parked. Its row of `runs` stays, so that no other layer
    /// gets its number.
    fn discard_import(&self, import: RunId) -> Result<()> {
        for table in ["parked_annotations", "imported_images", "imports", "layer_figures"] {
            self.0.0.execute(&format!("DELETE FROM {table} WHERE run_id = ?1"), [import.0])?;
        }
        self.0.0.execute("DELETE FROM steps WHERE import_id = ?1", [import.0])?;
        Ok(())
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

    /// Moves the annotations of an import into the library, and states what it states about images.
    fn bring_in(&self, import: RunId) -> Result<()> {
        let connection = self.0.0;
        let _without = WithoutTriggers::on(connection)?;
        connection.execute(
            "INSERT INTO annotations (id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason)
             SELECT id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason
             FROM parked_annotations WHERE run_id = ?1 ORDER BY sequence",
            [import.0],
        )?;
        connection.execute("DELETE FROM parked_annotations WHERE run_id = ?1", [import.0])?;
        connection.execute(
            "UPDATE images SET review = review_after FROM imported_images
             WHERE image_id = images.id AND run_id = ?1 AND review_after IS NOT NULL",
            [import.0],
        )?;
        self.count_labels(import, 1)?;
        connection.execute(
            "INSERT INTO layer_figures (run_id, image_id, proposed, rejected, least_certain, ground_truth)
             SELECT run_id, image_id, sum(status = 'proposed'), sum(status = 'rejected'),
                 min(iif(status = 'proposed', coalesce(confidence, 0), NULL)), sum(status = 'ground_truth')
             FROM annotations WHERE run_id = ?1 GROUP BY image_id",
            [import.0],
        )?;
        self.count_images(import)?;
        self.record_state(import, ImportState::Standing)
    }

    /// The opposite of [`Edit::bring_in`].
    fn take_out(&self, import: RunId) -> Result<()> {
        let connection = self.0.0;
        let _without = WithoutTriggers::on(connection)?;
        self.count_labels(import, -1)?;
        connection.execute(
            "INSERT INTO parked_annotations
                 (id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason)
             SELECT id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason
             FROM annotations WHERE run_id = ?1 ORDER BY id",
            [import.0],
        )?;
        connection.execute("DELETE FROM annotations WHERE run_id = ?1", [import.0])?;
        connection.execute(
            "UPDATE images SET review = review_before FROM imported_images
             WHERE image_id = images.id AND run_id = ?1 AND review_before IS NOT NULL",
            [import.0],
        )?;
        connection.execute("DELETE FROM layer_figures WHERE run_id = ?1", [import.0])?;
        self.count_images(import)?;
        self.record_state(import, ImportState::Undone)
    }

    fn record_state(&self, import: RunId, state: ImportState) -> Result<()> {
        self.0.0.execute("UPDATE imports SET state = ?2 WHERE run_id = ?1", params![import.0, name_of(&state)?])?;
        Ok(())
    }

    /// Adds the annotations of an import to the counts of labels, or subtracts them. All its labels are known from then
    /// on, also those of ground truth, which is not counted.
    fn count_labels(&self, import: RunId, sign: i32) -> Result<()> {
        self.0.0.execute(
            &format!(
                "INSERT INTO label_counts
                 SELECT 0, label, min(color), ?2 * sum({IS_COUNTED} AND NOT is_removed)
                 FROM annotations JOIN images ON images.id = image_id WHERE run_id = ?1 GROUP BY label
                 ON CONFLICT DO UPDATE SET annotation_count = annotation_count + excluded.annotation_count"
            ),
            [i64::from(import.0), i64::from(sign)],
        )?;
        self.0.0.execute(
            &format!(
                "INSERT INTO label_counts
                 SELECT collection_id, label, min(color), ?2 * count(*)
                 FROM annotations JOIN collection_images USING (image_id)
                 WHERE run_id = ?1 AND {IS_COUNTED} GROUP BY collection_id, label
                 ON CONFLICT DO UPDATE SET annotation_count = annotation_count + excluded.annotation_count"
            ),
            [i64::from(import.0), i64::from(sign)],
        )?;
        Ok(())
    }

    /// Counts the annotations on the images of an import anew. Ground truth changes none of these figures.
    fn count_images(&self, import: RunId) -> Result<()> {
        self.0.0.execute(
            "INSERT INTO image_changes SELECT image_id, epoch FROM imported_images, publication WHERE run_id = ?1
             ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch",
            [import.0],
        )?;
        if self.role_of_layer(import)? == Some(ImportRole::GroundTruth) {
            return Ok(());
        }
        let connection = self.0.0;
        let these = "image_id IN (SELECT image_id FROM imported_images WHERE run_id = ?1)";
        let is_shown = format!("{IS_COUNTED} AND (status <> 'proposed' OR NOT is_superseded)");
        connection.execute(&format!("DELETE FROM image_labels WHERE {these}"), [import.0])?;
        connection.execute(
            &format!(
                "INSERT INTO image_labels SELECT label, image_id, count(*) FROM annotations
                 WHERE {these} AND {is_shown} GROUP BY label, image_id"
            ),
            [import.0],
        )?;
        let is_open = "status = 'proposed' AND NOT is_superseded";
        connection.execute(
            &format!(
                "INSERT INTO image_figures (image_id, proposed, accepted, edited, rejected, least_certain)
                 SELECT imported_images.image_id, coalesce(sum({is_open}), 0), coalesce(sum(status = 'accepted'), 0),
                     coalesce(sum(status = 'edited'), 0), coalesce(sum(status = 'rejected'), 0),
                     min(iif({is_open}, coalesce(confidence, 0), NULL))
                 FROM imported_images LEFT JOIN annotations ON annotations.image_id = imported_images.image_id
                 WHERE imported_images.run_id = ?1 GROUP BY imported_images.image_id
                 ON CONFLICT DO UPDATE SET proposed = excluded.proposed, accepted = excluded.accepted,
                     edited = excluded.edited, rejected = excluded.rejected, least_certain = excluded.least_certain"
            ),
            [import.0],
        )?;
        connection.execute(
            "INSERT INTO unchecked_images SELECT image_id FROM imported_images WHERE run_id = ?1 ON CONFLICT DO NOTHING",
            [import.0],
        )?;
        Ok(())
    }
}
