//! What exports need about many images at once.

use std::collections::HashSet;

use domain::ids::{AnnotationId, ImageId, RunId};
use domain::layers::LayerScope;
use domain::library::ImageFailure;

use super::images::AnsweredImage;
use super::layers::Layers;
use super::{all, id_list};
use crate::code::from_name;
use crate::{Result, View};

/// An image that may be exported.
#[derive(Debug, Clone)]
pub struct ExportableImage {
    pub image: AnsweredImage,
    /// Whether a run of the layers has answered it or propagated annotations to it, or an import of the layers has it.
    pub is_answered: bool,
    /// Why the latest job of the layers failed.
    pub failure: Option<ImageFailure>,
}

/// How images and proposals were decided. An image may have been decided in several ways.
#[derive(Debug, Clone, Default)]
pub struct ReviewSteps {
    /// Images with a step of their own.
    pub alone: HashSet<ImageId>,
    /// Images that were part of a bulk edit.
    pub in_bulk: HashSet<ImageId>,
    /// Images whose review state an import states.
    pub imported: HashSet<ImageId>,
    /// Proposals that were decided in a step of their image.
    pub proposals_alone: HashSet<AnnotationId>,
}

impl View<'_> {
    /// `ids` in their order, without missing ones.
    pub fn exportable_images(&self, ids: &[ImageId], layers: &LayerScope) -> Result<Vec<ExportableImage>> {
        let mut statement = self.0.prepare_cached(
            "SELECT images.id, name, hash, orientation, width, height, review, NULL,
                    iif(?2 IS NULL,
                        EXISTS (SELECT 1 FROM jobs WHERE image_id = images.id AND (state = 'done' OR found IS NOT NULL)),
                        EXISTS (SELECT 1 FROM json_each(?2) AS run
                                CROSS JOIN jobs ON run_id = run.value AND image_id = images.id
                                    AND (state = 'done' OR found IS NOT NULL)))
                        OR EXISTS (SELECT 1 FROM propagations WHERE image_id = images.id
                                   AND (?2 IS NULL OR run_id IN (SELECT value FROM json_each(?2))))
                        OR EXISTS (SELECT 1 FROM imported_images
                                   JOIN runs ON runs.id = run_id JOIN imports USING (run_id)
                                   WHERE image_id = images.id AND imports.state = 'standing'
                                   AND iif(?2 IS NULL, kind <> 'ground_truth',
                                           run_id IN (SELECT value FROM json_each(?2)))),
                    failed.run_id, failed.failure, failed.failure_detail
             FROM json_each(?1) AS wanted CROSS JOIN images ON images.id = wanted.value
             LEFT JOIN jobs AS failed ON failed.id = iif(?2 IS NULL, failed_job, (
                 SELECT jobs.id FROM json_each(?2) AS run
                 CROSS JOIN jobs ON run_id = run.value AND image_id = images.id AND state = 'failed'
                 ORDER BY run_id DESC LIMIT 1))
             ORDER BY wanted.key",
        )?;
        let of_layers = layers.runs().map(|runs| id_list(runs.iter().map(|run| run.0)));
        all(&mut statement, (id_list(ids.iter().map(|id| id.0)), of_layers), |row| {
            let failure = row.get::<_, Option<String>>(10)?.map(|kind| -> Result<_> {
                Ok(ImageFailure {
                    run: RunId(row.get(9)?),
                    kind: from_name("jobs.failure", kind)?,
                    detail: row.get::<_, Option<String>>(11)?.unwrap_or_default(),
                })
            });
            Ok(ExportableImage {
                image: AnsweredImage::from_row(row)?,
                is_answered: row.get(8)?,
                failure: failure.transpose()?,
            })
        })
    }

    /// When each of `images` was taken, by its camera's clock, in milliseconds. Images that do not say are left out.
    pub fn times_taken(&self, images: &[ImageId]) -> Result<Vec<(ImageId, i64)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT images.id, taken_at FROM json_each(?1) AS wanted
             CROSS JOIN images ON images.id = wanted.value WHERE taken_at IS NOT NULL",
        )?;
        all(&mut statement, [id_list(images.iter().map(|id| id.0))], |row| Ok((ImageId(row.get(0)?), row.get(1)?)))
    }

    /// The collections of `images` by name, each with how many of them it has.
    pub fn collections_of(&self, images: &[ImageId]) -> Result<Vec<(String, u32)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT name, count(*) FROM json_each(?1) AS wanted
             CROSS JOIN collection_images ON image_id = wanted.value JOIN collections ON collections.id = collection_id
             WHERE NOT is_removed GROUP BY collections.id ORDER BY collections.id",
        )?;
        all(&mut statement, [id_list(images.iter().map(|id| id.0))], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// What was decided one by one, in bulk, and in imported datasets.
    pub fn review_steps(&self) -> Result<ReviewSteps> {
        // The step of an import is on one of its images, and decides nothing about it.
        let mut images = self.0.prepare_cached(
            "SELECT DISTINCT image_id, sweep IS NULL FROM steps WHERE NOT is_undone AND import_id IS NULL",
        )?;
        let mut steps = ReviewSteps::default();
        for (image, is_alone) in all(&mut images, [], |row| Ok((ImageId(row.get(0)?), row.get(1)?)))? {
            if is_alone { &mut steps.alone } else { &mut steps.in_bulk }.insert(image);
        }
        let mut imported = self.0.prepare_cached(
            "SELECT DISTINCT image_id FROM imported_images JOIN imports USING (run_id)
             WHERE state = 'standing' AND review_after IS NOT NULL",
        )?;
        steps.imported = all(&mut imported, [], |row| Ok(ImageId(row.get(0)?)))?.into_iter().collect();
        let mut annotations = self.0.prepare_cached(
            "SELECT DISTINCT value ->> '$.before.id' FROM steps, json_each(annotations)
             WHERE sweep IS NULL AND NOT is_undone AND value ->> '$.before.status' = 'proposed'
                 AND value ->> '$.after.status' <> 'proposed'",
        )?;
        steps.proposals_alone = all(&mut annotations, [], |row| Ok(AnnotationId(row.get(0)?)))?.into_iter().collect();
        Ok(steps)
    }
}
