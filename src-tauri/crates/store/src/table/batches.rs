//! Batches: which requests were submitted together, and the server's progress. The result of each request is in the
//! ledger.

use domain::geometry::PixelSize;
use domain::ids::{AttemptId, BatchId, ImageId, JobId, RunId};
use domain::money::PicoDollars;
use domain::run::{BatchStage, BatchState, PossiblyBilled};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::all;
use super::job_rows::{COMMITTED, STANDING};
use super::queue::WaitingJob;
use crate::code::{from_name, name_of};
use crate::{Edit, Result, View};

/// State of a batch, as known locally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStanding {
    /// Not at the server: requests are being added, or it is about to be submitted, or was refused.
    Filling,
    /// Submission in progress or without a reply: the server may have it.
    Submitting,
    /// The server has it.
    Working,
    /// Cancellation was requested.
    Canceling,
    /// The server does not know it. Checked again when the run is resumed.
    Unknown,
    /// All results are stored.
    Ended,
    /// Possibly accepted but not found: its cost is unknown.
    GivenUp,
}

/// A stored batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBatch {
    pub id: BatchId,
    pub standing: BatchStanding,
    pub token: String,
    pub origin: String,
    /// Milliseconds since the Unix epoch.
    pub submitted_at: u64,
    pub vendor_id: Option<String>,
    /// Whether it was found in the server's list, so that its results must confirm its identity.
    pub is_adopted: bool,
    pub items: u32,
    /// Requests without a known result.
    pub items_left: u32,
    /// Finished requests by the server's count.
    pub finished: u32,
    /// Milliseconds since the Unix epoch.
    pub expires_at: Option<u64>,
}

impl KeptBatch {
    /// The displayed state; `None` while the server cannot have it.
    #[must_use]
    pub fn state(&self) -> Option<BatchState> {
        let stage = match self.standing {
            BatchStanding::Filling => return None,
            BatchStanding::Ended => BatchStage::Ended,
            _ if self.items_left == 0 => BatchStage::Ended,
            BatchStanding::Submitting | BatchStanding::GivenUp => BatchStage::Unconfirmed,
            BatchStanding::Working => BatchStage::Working,
            BatchStanding::Canceling => BatchStage::Canceling,
            BatchStanding::Unknown => BatchStage::Unknown,
        };
        Some(BatchState {
            stage,
            images: self.items,
            finished: self.finished.max(self.items - self.items_left).min(self.items),
            submitted_at: self.submitted_at,
            expires_at: self.expires_at,
        })
    }
}

/// A request in a batch without a known result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItem {
    pub attempt: AttemptId,
    pub job: WaitingJob,
    /// Size of the sent picture.
    pub sent: PixelSize,
    /// Earlier requests for the same image that expired.
    pub expiries: u32,
    /// Earlier requests for the same image that failed otherwise and were retried.
    pub failures: u32,
}

impl View<'_> {
    /// The batches of `run`, oldest first.
    pub fn batches_of_run(&self, run: RunId) -> Result<Vec<KeptBatch>> {
        let mut statement = self.0.prepare_cached(
            "SELECT batches.id, standing, token, origin, submitted_at, vendor_id, is_adopted, finished, expires_at,
                 count(attempt_id), coalesce(sum(attempts.state = 'sent'), 0)
             FROM batches LEFT JOIN batch_items ON batch_id = batches.id LEFT JOIN attempts ON attempts.id = attempt_id
             WHERE run_id = ?1 GROUP BY batches.id ORDER BY batches.id",
        )?;
        all(&mut statement, [run.0], read_batch)
    }

    /// Whether this library already has the batch with the server's id `vendor_id`.
    pub fn is_known_batch(&self, origin: &str, vendor_id: &str) -> Result<bool> {
        let mut statement =
            self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM batches WHERE origin = ?1 AND vendor_id = ?2)")?;
        Ok(statement.query_row([origin, vendor_id], |row| row.get(0))?)
    }

    /// The request `attempt` in `batch`, unless it has ended or does not exist. Expired requests were counted as
    /// `timed_out` before they had a kind of their own.
    pub fn batch_item(&self, batch: BatchId, attempt: AttemptId) -> Result<Option<BatchItem>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT jobs.id, image_id, width, height, name, sent_width, sent_height,
                 (SELECT count(*) FROM attempts AS earlier
                  WHERE earlier.job_id = jobs.id AND retried_for IN ('expired', 'timed_out')),
                 (SELECT count(*) FROM attempts AS earlier
                  WHERE earlier.job_id = jobs.id AND retried_for NOT IN ('expired', 'timed_out')),
                 {COMMITTED}, {STANDING}, run_id
             FROM batch_items JOIN attempts ON attempts.id = attempt_id JOIN jobs ON jobs.id = job_id
             JOIN images ON images.id = image_id
             WHERE batch_id = ?1 AND attempt_id = ?2 AND attempts.state = 'sent'",
        ))?;
        let item = statement
            .query_row([batch.0, attempt.0], |row| {
                let item = BatchItem {
                    attempt,
                    job: WaitingJob {
                        id: JobId(row.get(0)?),
                        image: ImageId(row.get(1)?),
                        size: PixelSize::new(row.get(2)?, row.get(3)?),
                        name: row.get(4)?,
                        answers: Vec::new(),
                        committed: PicoDollars(row.get(9)?),
                        standing: row.get(10)?,
                        is_asked: true,
                    },
                    sent: PixelSize::new(row.get(5)?, row.get(6)?),
                    expiries: row.get(7)?,
                    failures: row.get(8)?,
                };
                Ok((item, RunId(row.get(11)?)))
            })
            .optional()?;
        let Some((mut item, run)) = item else { return Ok(None) };
        item.job.answers = self.kept_answers(run, item.job.id, item.job.image)?;
        Ok(Some(item))
    }

    /// Requests of `run` in batches unknown to the server, with their maximum cost.
    pub fn in_unknown_batches(&self, run: RunId) -> Result<PossiblyBilled> {
        let mut statement = self.0.prepare_cached(
            "SELECT count(*), coalesce(sum(at_most), 0) FROM batches JOIN batch_items ON batch_id = batches.id
             JOIN attempts ON attempts.id = attempt_id WHERE run_id = ?1 AND standing = ?2 AND state = 'sent'",
        )?;
        let unknown = name_of(&BatchStanding::Unknown)?;
        Ok(statement.query_row(params![run.0, unknown], |row| {
            Ok(PossiblyBilled { count: row.get(0)?, at_most: PicoDollars(row.get(1)?) })
        })?)
    }

    /// Requests in `batch` without a known result, each with its maximum cost.
    pub fn batch_items_left(&self, batch: BatchId) -> Result<Vec<(AttemptId, PicoDollars)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT attempt_id, at_most FROM batch_items JOIN attempts ON attempts.id = attempt_id
             WHERE batch_id = ?1 AND state = 'sent' ORDER BY attempt_id",
        )?;
        all(&mut statement, [batch.0], |row| Ok((AttemptId(row.get(0)?), PicoDollars(row.get(1)?))))
    }
}

fn read_batch(row: &Row<'_>) -> Result<KeptBatch> {
    Ok(KeptBatch {
        id: BatchId(row.get(0)?),
        standing: from_name("batches.standing", row.get(1)?)?,
        token: row.get(2)?,
        origin: row.get(3)?,
        submitted_at: row.get(4)?,
        vendor_id: row.get(5)?,
        is_adopted: row.get(6)?,
        finished: row.get(7)?,
        expires_at: row.get(8)?,
        items: row.get(9)?,
        items_left: row.get(10)?,
    })
}

impl Edit<'_> {
    /// Begins a batch. Its `token` is part of the names of its requests.
    pub fn add_batch(&self, run: RunId, token: &str, origin: &str, now: u64) -> Result<BatchId> {
        Ok(BatchId(self.0.0.query_row(
            "INSERT INTO batches (run_id, standing, token, origin, submitted_at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
            params![run.0, name_of(&BatchStanding::Filling)?, token, origin, now],
            |row| row.get(0),
        )?))
    }

    /// Adds a request for `job` to `batch`, with a picture of `sent` size and its maximum cost.
    pub fn add_batch_item(
        &self,
        batch: BatchId,
        job: JobId,
        sent: PixelSize,
        at_most: PicoDollars,
        now: u64,
    ) -> Result<AttemptId> {
        let attempt = self.record_sent(job, at_most, now)?;
        self.0
            .0
            .prepare_cached(
                "INSERT INTO batch_items (attempt_id, batch_id, sent_width, sent_height) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute([attempt.0, batch.0, sent.width, sent.height])?;
        Ok(attempt)
    }

    /// Removes a request before its batch is submitted.
    pub fn drop_batch_item(&self, attempt: AttemptId) -> Result<()> {
        self.0.0.execute("DELETE FROM batch_items WHERE attempt_id = ?1", [attempt.0])?;
        self.0.0.execute("DELETE FROM attempts WHERE id = ?1", [attempt.0])?;
        Ok(())
    }

    /// Deletes a batch that the server does not have, with its requests.
    pub fn discard_batch(&self, batch: BatchId) -> Result<()> {
        let attempts: Vec<AttemptId> = self.batch_items_left(batch)?.into_iter().map(|(attempt, _)| attempt).collect();
        for attempt in attempts {
            self.drop_batch_item(attempt)?;
        }
        self.0.0.execute("DELETE FROM batches WHERE id = ?1", [batch.0])?;
        Ok(())
    }

    /// Records that `batch` is about to be submitted: from now on the server may have it.
    pub fn record_submitting(&self, batch: BatchId, now: u64) -> Result<()> {
        self.record_standing(batch, BatchStanding::Submitting)?;
        self.0.0.execute("UPDATE batches SET submitted_at = ?2 WHERE id = ?1", params![batch.0, now])?;
        self.0.0.execute(
            "UPDATE attempts SET sent_at = ?2 WHERE id IN (SELECT attempt_id FROM batch_items WHERE batch_id = ?1)",
            params![batch.0, now],
        )?;
        Ok(())
    }

    pub fn record_standing(&self, batch: BatchId, standing: BatchStanding) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE batches SET standing = ?2 WHERE id = ?1")?
            .execute(params![batch.0, name_of(&standing)?])?;
        Ok(())
    }

    /// Gives up the batches of `run` that the server does not know: their requests are no longer polled, and may have
    /// been billed.
    pub fn give_up_unknown_batches(&self, run: RunId) -> Result<()> {
        self.0.0.execute(
            "UPDATE batches SET standing = ?2 WHERE run_id = ?1 AND standing = ?3",
            params![run.0, name_of(&BatchStanding::GivenUp)?, name_of(&BatchStanding::Unknown)?],
        )?;
        Ok(())
    }

    /// Records the server's id of `batch`; `is_adopted` if it was found in the server's list.
    pub fn record_taken(&self, batch: BatchId, vendor_id: &str, is_adopted: bool) -> Result<()> {
        self.record_standing(batch, BatchStanding::Working)?;
        self.0.0.execute(
            "UPDATE batches SET vendor_id = ?2, is_adopted = ?3 WHERE id = ?1",
            params![batch.0, vendor_id, is_adopted],
        )?;
        Ok(())
    }

    /// Records that the adopted batch is a different one.
    pub fn record_not_taken_there(&self, batch: BatchId) -> Result<()> {
        self.record_standing(batch, BatchStanding::Submitting)?;
        self.0.0.execute(
            "UPDATE batches SET vendor_id = NULL, is_adopted = 0, finished = 0, expires_at = NULL WHERE id = ?1",
            [batch.0],
        )?;
        Ok(())
    }

    /// Records the server's progress.
    pub fn record_batch_progress(&self, batch: BatchId, finished: u32, expires_at: Option<u64>) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE batches SET finished = ?2, expires_at = ?3 WHERE id = ?1")?
            .execute(params![batch.0, finished, expires_at])?;
        Ok(())
    }
}
