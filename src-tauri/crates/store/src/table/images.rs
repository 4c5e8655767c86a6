//! Images by content: lists, counts and cards.

mod conditions;
mod counts;
mod figures;
pub(crate) mod id_set;
pub mod known_sets;
mod order;
mod taken;
mod text;
mod traits;

use std::collections::HashMap;

use domain::annotation::ReviewState;
use domain::geometry::{Orientation, PixelSize};
use domain::ids::{CollectionId, ImageId, RunId};
use domain::import::ImageFormat;
use domain::layers::LayerScope;
use domain::library::{ImageCard, ImageCounts, ImageFailure, RunOfImage};
use domain::plan::{ImageSelection, SizeCount};
use domain::query::{ImageQuery, ImageState, QueryVocabulary};
use domain::similar::{HashedImage, PerceptualHash};
use domain::taken::Taken;
use rusqlite::{OptionalExtension, Row, params};

use super::imports::IS_SHOWN_LAYER;
use super::job_rows::IS_ANSWERED;
use super::layers::Layers;
use super::{all, found, id_list};
use crate::code::{from_name, name_of};
use crate::{Edit, Result, StoreError, View};

/// A completely read image of an import.
#[derive(Debug, Clone)]
pub struct NewImage {
    pub hash: [u8; 32],
    /// File name for display.
    pub name: String,
    pub byte_len: u64,
    pub format: ImageFormat,
    pub orientation: Orientation,
    /// Upright.
    pub size: PixelSize,
    pub perceptual_hash: PerceptualHash,
    /// `None` if the file does not say.
    pub taken: Option<Taken>,
}

/// An image that a run answered, or to which it propagated annotations.
#[derive(Debug, Clone)]
pub struct AnsweredImage {
    pub id: ImageId,
    /// File name for display.
    pub name: String,
    pub hash: [u8; 32],
    pub orientation: Orientation,
    /// Upright.
    pub size: PixelSize,
    pub review: ReviewState,
    /// The image whose annotations were propagated to it.
    pub propagated_from: Option<ImageId>,
}

impl AnsweredImage {
    /// Reads columns in the order of its fields, width and height separately.
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self> {
        let orientation: u8 = row.get(3)?;
        Ok(Self {
            id: ImageId(row.get(0)?),
            name: row.get(1)?,
            hash: row.get(2)?,
            orientation: Orientation::from_exif(orientation.into()).unwrap_or_default(),
            size: PixelSize::new(row.get(4)?, row.get(5)?),
            review: from_name("images.review", row.get(6)?)?,
            propagated_from: row.get::<_, Option<u32>>(7)?.map(ImageId),
        })
    }
}

impl View<'_> {
    /// The images that match `query`, in its order; `working` are the active runs.
    pub fn image_ids(&self, query: &ImageQuery, working: &[RunId]) -> Result<Vec<ImageId>> {
        let found = self.images_found(query, working)?;
        self.in_order(found, query, &query.layers_shown())
    }

    /// The values for completing typed queries.
    pub fn query_vocabulary(&self) -> Result<QueryVocabulary> {
        let mut runs = self
            .0
            .prepare_cached(&format!("SELECT id, model_name FROM runs WHERE {IS_SHOWN_LAYER} ORDER BY id DESC"))?;
        Ok(QueryVocabulary {
            labels: self.label_counts(None)?.into_iter().map(|label| (label.name, label.count)).collect(),
            collections: self.collections()?.into_iter().map(|each| (each.name, each.image_count)).collect(),
            runs: all(&mut runs, [], |row| Ok((RunId(row.get(0)?), row.get(1)?)))?,
            months: self.months_taken(None)?.into_iter().map(|(month, count)| (month.name(), count)).collect(),
        })
    }

    /// In the order of `ids`, with the annotations of `layers`; missing ids are skipped. `working` are the active runs.
    pub fn image_cards(&self, ids: &[ImageId], layers: &LayerScope, working: &[RunId]) -> Result<Vec<ImageCard>> {
        let wanted = id_list(ids.iter().map(|id| id.0));
        let mut annotations = self.annotations_of_each(ids)?;
        // `?2` are the runs of the layers, or null: then the latest job of an image decides whether it failed, and any
        // job whether it was answered.
        let mut statement = self.0.prepare_cached(
            "SELECT wanted.key, images.id, images.name, width, height, review, taken_at, taken_minutes_ahead,
                    failed.run_id, failed.failure, failed.failure_detail,
                    EXISTS (SELECT 1 FROM json_each(?3) AS run
                            CROSS JOIN jobs ON run_id = run.value AND image_id = images.id AND state = 'waiting') AS is_running,
                    iif(json_array_length(?2) > 0,
                        EXISTS (SELECT 1 FROM json_each(?2) AS run
                                CROSS JOIN jobs ON run_id = run.value AND image_id = images.id AND state = 'done')
                        OR EXISTS (SELECT 1 FROM json_each(?2) AS run
                                CROSS JOIN imported_images ON run_id = run.value AND image_id = images.id),
                        EXISTS (SELECT 1 FROM jobs WHERE image_id = images.id AND state = 'done')) AS is_annotated
             FROM json_each(?1) AS wanted CROSS JOIN images ON images.id = wanted.value
             LEFT JOIN jobs AS failed ON failed.id = iif(?2 IS NULL, failed_job, (
                 SELECT jobs.id FROM json_each(?2) AS run
                 CROSS JOIN jobs ON run_id = run.value AND image_id = images.id AND state = 'failed'
                 ORDER BY run_id DESC LIMIT 1))
             ORDER BY wanted.key",
        )?;
        let of_layers = layers.runs().map(|runs| id_list(runs.iter().map(|run| run.0)));
        let working = id_list(working.iter().map(|run| run.0));
        all(&mut statement, params![wanted, of_layers, working], |row| {
            let mut annotations = std::mem::take(&mut annotations[row.get::<_, usize>("key")?]);
            annotations.retain(|annotation| layers.shows(annotation));
            let failure = row.get::<_, Option<String>>("failure")?.map(|kind| -> Result<_> {
                Ok(ImageFailure {
                    run: RunId(row.get("run_id")?),
                    kind: from_name("jobs.failure", kind)?,
                    detail: row.get::<_, Option<String>>("failure_detail")?.unwrap_or_default(),
                })
            });
            Ok(ImageCard {
                id: ImageId(row.get("id")?),
                name: row.get("name")?,
                size: PixelSize::new(row.get("width")?, row.get("height")?),
                taken: taken::from_columns(row.get("taken_at")?, row.get("taken_minutes_ahead")?),
                review: layers.review_state(from_name("images.review", row.get("review")?)?, &annotations),
                is_annotated: row.get("is_annotated")?,
                is_running: row.get("is_running")?,
                failure: failure.transpose()?,
                annotations,
            })
        })
    }

    /// Images by review state, in all layers.
    pub fn image_counts(&self, collection: Option<CollectionId>) -> Result<ImageCounts> {
        let all = self.images_of_scope(collection)?;
        let proposed = self.images_proposed_on(&LayerScope::All)?;
        let count = |state| {
            Ok::<u32, StoreError>(all.common_len(&self.images_in_state(state, &proposed, &LayerScope::All, &[])?))
        };
        Ok(ImageCounts {
            all: all.len(),
            unreviewed: count(ImageState::Unreviewed)?,
            reviewed: count(ImageState::Reviewed)?,
            confirmed_empty: count(ImageState::ConfirmedEmpty)?,
            failed: count(ImageState::Failed)?,
        })
    }

    /// The images of a plan, in the order in which they were added, without missing ids.
    pub fn selected_images(&self, selection: &ImageSelection) -> Result<Vec<ImageId>> {
        match selection {
            ImageSelection::All => self.image_ids(&ImageQuery::default(), &[]),
            ImageSelection::Collection { id } => {
                self.image_ids(&ImageQuery { collection: Some(*id), ..ImageQuery::default() }, &[])
            }
            ImageSelection::Images { ids } => {
                let mut statement = self.0.prepare_cached(
                    "SELECT DISTINCT images.id FROM json_each(?1) AS wanted
                     CROSS JOIN images ON images.id = wanted.value ORDER BY images.id",
                )?;
                all(&mut statement, [id_list(ids.iter().map(|id| id.0))], |row| Ok(ImageId(row.get(0)?)))
            }
        }
    }

    /// At most `limit` images that `run` answered or propagated to, or that an import of this id has, after image `after`, by id. Images whose cut-off
    /// answer is retried count as answered meanwhile.
    pub fn answered_images(&self, run: RunId, after: Option<ImageId>, limit: u32) -> Result<Vec<AnsweredImage>> {
        // The unary plus keeps SQLite from listing and sorting all finished jobs for every page.
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT images.id, name, hash, orientation, width, height, review,
                    (SELECT propagated_from FROM propagations WHERE run_id = ?1 AND image_id = images.id AND NOT EXISTS (
                         SELECT 1 FROM jobs WHERE run_id = ?1 AND image_id = images.id AND {IS_ANSWERED}
                             AND NOT is_propagated))
             FROM (SELECT image_id FROM jobs WHERE run_id = ?1 AND image_id > ?2 AND +{IS_ANSWERED}
                   UNION SELECT image_id FROM propagations WHERE run_id = ?1 AND image_id > ?2
                   UNION SELECT image_id FROM imported_images WHERE run_id = ?1 AND image_id > ?2
                   ORDER BY image_id LIMIT ?3)
             JOIN images ON images.id = image_id ORDER BY images.id",
        ))?;
        all(&mut statement, params![run.0, after.map_or(0, |image| image.0), limit], AnsweredImage::from_row)
    }

    /// Whether an image with this content exists.
    pub fn has_content(&self, hash: [u8; 32]) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM images WHERE hash = ?1")?.exists([hash])?)
    }

    /// The image with this content.
    pub fn image_with(&self, hash: [u8; 32]) -> Result<Option<ImageId>> {
        let mut statement = self.0.prepare_cached("SELECT id FROM images WHERE hash = ?1")?;
        Ok(statement.query_row([hash], |row| row.get(0)).optional()?.map(ImageId))
    }

    /// Perceptual hashes of a plan's images, in order. Images imported before hashes were stored have none.
    pub fn hashed_images(&self, selection: &ImageSelection) -> Result<Vec<HashedImage>> {
        let selected = self.selected_images(selection)?;
        let mut statement = self.0.prepare_cached(
            "SELECT images.id, perceptual_hash, width, height FROM json_each(?1) AS wanted
             CROSS JOIN images ON images.id = wanted.value ORDER BY wanted.key",
        )?;
        all(&mut statement, [id_list(selected.iter().map(|id| id.0))], |row| {
            Ok(HashedImage {
                id: ImageId(row.get(0)?),
                hash: row.get::<_, Option<i64>>(1)?.map(|bits| PerceptualHash(bits.cast_unsigned())),
                size: PixelSize::new(row.get(2)?, row.get(3)?),
            })
        })
    }

    /// Stored comparisons of `images` with their leaders: by leader and image.
    pub fn similar_checks(
        &self,
        images: impl IntoIterator<Item = ImageId>,
    ) -> Result<HashMap<(ImageId, ImageId), bool>> {
        let mut statement = self.0.prepare_cached(
            "SELECT leader_id, image_id, is_similar FROM json_each(?1) AS wanted
             CROSS JOIN similar_checks ON image_id = wanted.value",
        )?;
        let mut rows = statement.query([id_list(images.into_iter().map(|id| id.0))])?;
        let mut checks = HashMap::new();
        while let Some(row) = rows.next()? {
            checks.insert((ImageId(row.get(0)?), ImageId(row.get(1)?)), row.get(2)?);
        }
        Ok(checks)
    }

    /// The upright sizes among `images`, most frequent first.
    pub fn sizes_of(&self, images: &[ImageId]) -> Result<Vec<SizeCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT width, height, count(*), min(wanted.value) FROM json_each(?1) AS wanted
             LEFT JOIN images ON images.id = wanted.value
             GROUP BY width, height ORDER BY count(*) DESC, width * height DESC, width DESC",
        )?;
        all(&mut statement, [id_list(images.iter().map(|id| id.0))], |row| {
            let missing = StoreError::Missing { what: "image", id: row.get(3)? };
            let width: Option<u32> = row.get(0)?;
            Ok(SizeCount { size: PixelSize::new(width.ok_or(missing)?, row.get(1)?), count: row.get(2)? })
        })
    }

    /// What a person stated about the whole image.
    pub fn review_of(&self, image: ImageId) -> Result<ReviewState> {
        let mut statement = self.0.prepare_cached("SELECT review FROM images WHERE id = ?1")?;
        let review = statement.query_row([image.0], |row| row.get(0)).optional()?;
        from_name("images.review", review.ok_or(StoreError::Missing { what: "image", id: image.0 })?)
    }

    pub fn image_size(&self, image: ImageId) -> Result<PixelSize> {
        let mut statement = self.0.prepare_cached("SELECT width, height FROM images WHERE id = ?1")?;
        let size = statement.query_row([image.0], |row| Ok(PixelSize::new(row.get(0)?, row.get(1)?)));
        found(size, "image", image.0)
    }

    /// Runs that have answered an image or failed to, and imports that have it, newest first.
    pub fn runs_of_image(&self, image: ImageId) -> Result<Vec<RunOfImage>> {
        let mut statement = self.0.prepare_cached(
            "SELECT run_id, model_name, state = 'failed' FROM jobs JOIN runs ON runs.id = run_id
             WHERE image_id = ?1 AND state IN ('done', 'failed')
             UNION ALL
             SELECT run_id, model_name, FALSE FROM imported_images JOIN imports USING (run_id) JOIN runs ON runs.id = run_id
             WHERE image_id = ?1 AND imports.state = 'standing'
             ORDER BY run_id DESC",
        )?;
        all(&mut statement, [image.0], |row| {
            Ok(RunOfImage { run: RunId(row.get(0)?), model_name: row.get(1)?, has_failed: row.get(2)? })
        })
    }

    pub fn image_hash(&self, image: ImageId) -> Result<[u8; 32]> {
        let mut statement = self.0.prepare_cached("SELECT hash FROM images WHERE id = ?1")?;
        found(statement.query_row([image.0], |row| row.get(0)), "image", image.0)
    }
}

impl Edit<'_> {
    /// The image with this content, and whether it is new.
    pub fn image_of_content(&self, image: &NewImage, now: u64) -> Result<(ImageId, bool)> {
        let known = self
            .0
            .0
            .prepare_cached("SELECT id FROM images WHERE hash = ?1")?
            .query_row([image.hash], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            let id = ImageId(id);
            self.record_when_taken(id, image.taken)?;
            return Ok((id, false));
        }
        let id = self
            .0
            .0
            .prepare_cached(
                "INSERT INTO images (hash, name, byte_len, format, orientation, width, height, added_at,
                     perceptual_hash, taken_at, taken_minutes_ahead, is_taken_read)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1) RETURNING id",
            )?
            .query_row(
                params![
                    image.hash,
                    image.name,
                    image.byte_len,
                    name_of(&image.format)?,
                    image.orientation.exif(),
                    image.size.width,
                    image.size.height,
                    now,
                    image.perceptual_hash.0.cast_signed(),
                    image.taken.map(|taken| taken.clock_millis),
                    image.taken.and_then(|taken| taken.minutes_ahead_of_utc),
                ],
                |row| row.get(0),
            )?;
        Ok((ImageId(id), true))
    }

    /// Records the perceptual hash of an image from before hashes were stored.
    pub fn record_perceptual_hash(&self, image: ImageId, hash: PerceptualHash) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE images SET perceptual_hash = ?2 WHERE id = ?1")?
            .execute(params![image.0, hash.0.cast_signed()])?;
        Ok(())
    }

    /// Records whether an image shows the same as `leader`.
    pub fn record_similar_check(&self, leader: ImageId, image: ImageId, is_similar: bool) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "INSERT INTO similar_checks (image_id, leader_id, is_similar) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET is_similar = excluded.is_similar",
            )?
            .execute(params![image.0, leader.0, is_similar])?;
        Ok(())
    }

    pub(super) fn set_review(&self, image: ImageId, review: ReviewState) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE images SET review = ?2 WHERE id = ?1")?
            .execute(params![image.0, name_of(&review)?])?;
        Ok(())
    }
}
