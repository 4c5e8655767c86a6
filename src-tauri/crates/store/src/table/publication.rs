//! What has changed since the library was last published, and the rows that are published.

use std::path::PathBuf;

use domain::ids::{ImageId, RunId};
use domain::money::PicoDollars;
use domain::publication::LastPublication;
use rusqlite::params;

use super::{all, id_list};
use crate::code::{from_json, to_json};
use crate::{Edit, Result, View, path_bytes};

/// A place in the order of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PublishedPosition {
    pub epoch: u64,
    pub image: u32,
}

/// An image that has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedImage {
    pub at: PublishedPosition,
    /// Whether it has left the library.
    pub is_removed: bool,
}

/// A publication that begins: it has everything up to the end of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunPublication {
    pub epoch: u64,
    /// Tells this publication from all others, also those of copies of the library.
    pub token: String,
}

/// An image as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedImage {
    pub id: ImageId,
    pub hash: [u8; 32],
    pub name: String,
    /// One of its files.
    pub path: Option<PathBuf>,
    pub collections: Vec<String>,
    pub byte_len: u64,
    pub format: String,
    /// In pixels, orientation applied.
    pub width: u32,
    pub height: u32,
    /// As in EXIF.
    pub orientation: u32,
    /// Milliseconds since the Unix epoch, by the camera's clock.
    pub captured_at: Option<i64>,
    pub review: String,
}

/// A run's result on an image, as it is published.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedAnswer {
    pub run: RunId,
    pub image: ImageId,
    pub state: String,
    pub failure: Option<String>,
    pub took_millis: Option<f64>,
    pub requests: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub paid: PicoDollars,
    /// Maximum of requests without an answer that may be billed.
    pub possibly_billed: PicoDollars,
    pub is_propagated: bool,
}

impl View<'_> {
    /// Images that have changed after `after`, and not after epoch `until`, in order: as many as have about `most_bytes` of
    /// rows together, and at least one.
    pub fn changed_images(&self, after: PublishedPosition, until: u64, most_bytes: u64) -> Result<Vec<ChangedImage>> {
        let mut statement = self.0.prepare_cached(
            "SELECT epoch, images.id, is_removed, iif(is_removed, 10, 500
                 + (SELECT coalesce(sum(300 + octet_length(label) + octet_length(shape) + octet_length(attributes)), 0)
                    FROM annotations WHERE image_id = images.id)
                 + (SELECT 200 * count(*) FROM jobs WHERE image_id = images.id))
             FROM image_changes CROSS JOIN images ON images.id = image_id
             WHERE (epoch, image_id) > (?1, ?2) AND epoch <= ?3 ORDER BY epoch, image_id",
        )?;
        let mut rows = statement.query(params![after.epoch, after.image, until])?;
        let (mut changed, mut bytes) = (Vec::new(), 0);
        // The rows are found one by one.
        while bytes < most_bytes
            && let Some(row) = rows.next()?
        {
            let at = PublishedPosition { epoch: row.get(0)?, image: row.get(1)? };
            changed.push(ChangedImage { at, is_removed: row.get(2)? });
            bytes += row.get::<_, u64>(3)?;
        }
        Ok(changed)
    }

    /// How many images [`View::changed_images`] lists in all.
    pub fn changed_image_count(&self, after: PublishedPosition, until: u64) -> Result<u32> {
        let mut statement = self
            .0
            .prepare_cached("SELECT count(*) FROM image_changes WHERE (epoch, image_id) > (?1, ?2) AND epoch <= ?3")?;
        Ok(statement.query_row(params![after.epoch, after.image, until], |row| row.get(0))?)
    }

    /// Whether a publication of this copy of the library had `token`.
    pub fn knows_publication(&self, token: &str) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM publications WHERE token = ?1)")?;
        Ok(statement.query_row([token], |row| row.get(0))?)
    }

    /// All images of the library.
    pub fn kept_images(&self) -> Result<Vec<ImageId>> {
        let mut statement = self.0.prepare_cached("SELECT id FROM images WHERE NOT is_removed ORDER BY id")?;
        all(&mut statement, [], |row| Ok(ImageId(row.get(0)?)))
    }

    /// How the last publication ended; `None` if there was none.
    pub fn last_publication(&self) -> Result<Option<LastPublication>> {
        let (ended_at, outcome): (Option<u64>, Option<String>) =
            self.0.query_row("SELECT ended_at, outcome FROM publication", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let last = ended_at.zip(outcome).map(|(ended_at, outcome)| {
            Ok(LastPublication { ended_at, outcome: from_json("publication.outcome", &outcome)? })
        });
        last.transpose()
    }

    pub fn published_images(&self, images: &[ImageId]) -> Result<Vec<PublishedImage>> {
        let mut statement = self.0.prepare_cached(
            "SELECT images.id, hash, name, byte_len, format, orientation, width, height, taken_at, review,
                    (SELECT min(path) FROM files WHERE image_id = images.id),
                    (SELECT json_group_array(collections.name ORDER BY collections.id) FROM collection_images
                     JOIN collections ON collections.id = collection_id AND NOT collections.is_removed
                     WHERE image_id = images.id)
             FROM json_each(?1) AS wanted CROSS JOIN images ON images.id = wanted.value ORDER BY wanted.key",
        )?;
        all(&mut statement, [id_list(images.iter().map(|image| image.0))], |row| {
            let path: Option<Vec<u8>> = row.get(10)?;
            Ok(PublishedImage {
                id: ImageId(row.get(0)?),
                hash: row.get(1)?,
                name: row.get(2)?,
                path: path.map(|path| path_bytes::from_bytes(&path)),
                collections: from_json("collections.name", &row.get::<_, String>(11)?)?,
                byte_len: row.get(3)?,
                format: row.get(4)?,
                orientation: row.get(5)?,
                width: row.get(6)?,
                height: row.get(7)?,
                captured_at: row.get(8)?,
                review: row.get(9)?,
            })
        })
    }

    /// The results of runs on `images`.
    pub fn published_answers(&self, images: &[ImageId]) -> Result<Vec<PublishedAnswer>> {
        let mut statement = self.0.prepare_cached(
            "SELECT run_id, image_id, jobs.state, failure, took_millis, count(attempts.id),
                    coalesce(sum(usage_input + usage_cache_write_5m + usage_cache_write_1h + usage_cache_read), 0),
                    coalesce(sum(usage_output), 0), coalesce(sum(paid), 0), coalesce(sum(iif(may_be_billed, at_most, 0)), 0),
                    is_propagated
             FROM json_each(?1) AS wanted CROSS JOIN jobs ON image_id = wanted.value
             LEFT JOIN attempts ON job_id = jobs.id
             WHERE jobs.state IN ('done', 'failed') AND NOT is_taken_back GROUP BY jobs.id",
        )?;
        all(&mut statement, [id_list(images.iter().map(|image| image.0))], |row| {
            Ok(PublishedAnswer {
                run: RunId(row.get(0)?),
                image: ImageId(row.get(1)?),
                state: row.get(2)?,
                failure: row.get(3)?,
                took_millis: row.get(4)?,
                requests: row.get(5)?,
                input_tokens: row.get(6)?,
                output_tokens: row.get(7)?,
                paid: PicoDollars(row.get(8)?),
                possibly_billed: PicoDollars(row.get(9)?),
                is_propagated: row.get(10)?,
            })
        })
    }
}

impl Edit<'_> {
    /// Begins a publication: changes from now on belong to the next epoch. `None` while an import is being added or undone:
    /// [`Edit::continue_imports`] goes before.
    pub fn begin_publication(&self) -> Result<Option<BegunPublication>> {
        if self.moving_import()?.is_some() {
            return Ok(None);
        }
        let begun = self.0.0.query_row(
            "INSERT INTO publications SELECT epoch, lower(hex(randomblob(16))) FROM publication RETURNING epoch, token",
            [],
            |row| Ok(BegunPublication { epoch: row.get(0)?, token: row.get(1)? }),
        )?;
        self.0.0.execute("UPDATE publication SET epoch = epoch + 1", [])?;
        Ok(Some(begun))
    }

    pub fn record_publication(&self, last: &LastPublication) -> Result<()> {
        let outcome = to_json("publication.outcome", &last.outcome)?;
        self.0.0.execute("UPDATE publication SET ended_at = ?1, outcome = ?2", params![last.ended_at, outcome])?;
        Ok(())
    }
}
