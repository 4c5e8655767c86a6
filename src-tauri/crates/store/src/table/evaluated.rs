//! What evaluations read: the images of a run with their costs, what people have approved, and names of images.

use domain::annotation::Annotation;
use domain::geometry::PixelSize;
use domain::ids::{ImageId, RunId};
use domain::money::PicoDollars;
use domain::run_state::FailureKind;

use super::all;
use super::annotations::{COLUMNS, read_annotation};
use super::job_rows::IS_ANSWERED;
use crate::code::from_name;
use crate::{Result, View, path_bytes};

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

/// How an image is found in a dataset of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    pub image: ImageId,
    pub name: String,
    pub hash: [u8; 32],
    pub size: PixelSize,
    /// All paths at which it was found, with slashes.
    pub paths: Vec<String>,
}

impl View<'_> {
    /// The images in the queue of `run`, by id.
    pub fn run_images(&self, run: RunId) -> Result<Vec<RunImage>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT image_id, width, height, {IS_ANSWERED} AS is_answered, is_propagated, failure, took_millis,
                 (SELECT coalesce(sum(paid), 0) FROM attempts WHERE job_id = jobs.id OR id = reused_attempt OR id IN (
                      SELECT attempt_id FROM part_answers WHERE part_answers.job_id = jobs.id)) AS paid,
                 EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id AND may_be_billed) AS may_be_billed
             FROM jobs JOIN images ON images.id = image_id WHERE run_id = ?1 ORDER BY image_id",
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

    /// The names of `images`, in their order; missing ids are skipped.
    pub fn image_names(&self, images: &[ImageId]) -> Result<Vec<ImageName>> {
        let mut row_of_image = self.0.prepare_cached("SELECT name, hash, width, height FROM images WHERE id = ?1")?;
        let mut files = self.0.prepare_cached("SELECT path FROM files WHERE image_id = ?1 ORDER BY path")?;
        let mut names = Vec::with_capacity(images.len());
        for image in images {
            let paths = all(&mut files, [image.0], |row| {
                let path = path_bytes::from_bytes(&row.get::<_, Vec<u8>>(0)?);
                Ok(path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"))
            })?;
            names.extend(all(&mut row_of_image, [image.0], |row| {
                Ok(ImageName {
                    image: *image,
                    name: row.get(0)?,
                    hash: row.get(1)?,
                    size: PixelSize::new(row.get(2)?, row.get(3)?),
                    paths: paths.clone(),
                })
            })?);
        }
        Ok(names)
    }
}
