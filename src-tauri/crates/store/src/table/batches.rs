//! Batches: which requests were submitted together, and how far the server has come with them. What came
//! of each request stands in the ledger, as of any other.

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

/// Where a batch stands, by what is known of it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStanding {
    /// The server does not have it: requests are still put in, or it is about to be submitted, or was refused.
    Filling,
    /// It is on its way, or its reply never came: the server may have it.
    Submitting,
    /// The server has it.
    Working,
    /// The server was asked to begin nothing more of it.
    Canceling,
    /// The server said that it does not know it. It is asked again when the run is resumed.
    Unknown,
    /// All that came of it is stored.
    Ended,
    /// It may have been taken, and is not found: what it cost nobody knows.
    GivenUp,
}

/// A batch as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBatch {
    pub id: BatchId,
    pub standing: BatchStanding,
    pub token: String,
    pub origin: String,
    /// Milliseconds since the Unix epoch.
    pub submitted_at: u64,
    pub vendor_id: Option<String>,
    /// Whether it was found in the server's list, so that its results have to prove that it is this one.
    pub is_adopted: bool,
    pub items: u32,
    /// Requests of whose end nothing is known here.
    pub items_left: u32,
    /// Requests that the server is done with, by its own count.
    pub finished: u32,
    /// Milliseconds since the Unix epoch.
    pub expires_at: Option<u64>,
}

impl KeptBatch {
    /// As it is shown; `None` while the server cannot have it.
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

/// A request in a batch of whose end nothing is known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItem {
    pub attempt: AttemptId,
    pub job: WaitingJob,
    /// Size in which the picture was sent.
    pub sent: PixelSize,
    /// Requests about the same image that expired before.
    pub expiries: u32,
    /// Requests about the same image that failed otherwise before, and were made again.
    pub failures: u32,
}

impl View<'_> {
    /// The batches of `run`, the oldest first.
    pub fn batches_of_run(&self, run: RunId) -> Result<Vec<KeptBatch>> {
        let mut statement = self.0.prepare_cached(
            "SELECT batches.id, standing, token, origin, submitted_at, vendor_id, is_adopted, finished, expires_at,
                 count(attempt_id), coalesce(sum(attempts.state = 'sent'), 0)
             FROM batches LEFT JOIN batch_items ON batch_id = batches.id LEFT JOIN attempts ON attempts.id = attempt_id
             WHERE run_id = ?1 GROUP BY batches.id ORDER BY batches.id",
        )?;
        all(&mut statement, [run.0], read_batch)
    }

    /// Whether a batch of this library is already known to be the one that the server calls `vendor_id`.
    pub fn is_known_batch(&self, origin: &str, vendor_id: &str) -> Result<bool> {
        let mut statement =
            self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM batches WHERE origin = ?1 AND vendor_id = ?2)")?;
        Ok(statement.query_row([origin, vendor_id], |row| row.get(0))?)
    }

    /// The request `attempt` in `batch`, unless it has ended or there is none.
    /// What expired was counted as `timed_out` before it had a kind of its own.
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
                        answer: None,
                        committed: PicoDollars(row.get(9)?),
                        standing: row.get(10)?,
                    },
                    sent: PixelSize::new(row.get(5)?, row.get(6)?),
                    expiries: row.get(7)?,
                    failures: row.get(8)?,
                };
                Ok((item, RunId(row.get(11)?)))
            })
            .optional()?;
        let Some((mut item, run)) = item else { return Ok(None) };
        item.job.answer = self.kept_answer(run, item.job.id, item.job.image)?;
        Ok(Some(item))
    }

    /// Requests of `run` in batches that the server does not know, with the most that they can have cost.
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

    /// Requests in `batch` of whose end nothing is known, with the most that each can cost.
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
    /// Begins a batch. Its `token` stands in the names of its requests.
    pub fn add_batch(&self, run: RunId, token: &str, origin: &str, now: u64) -> Result<BatchId> {
        Ok(BatchId(self.0.0.query_row(
            "INSERT INTO batches (run_id, standing, token, origin, submitted_at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
            params![run.0, name_of(&BatchStanding::Filling)?, token, origin, now],
            |row| row.get(0),
        )?))
    }

    /// Puts a request about `job` into `batch`, with a picture of `sent` size and the most that it can cost.
    pub fn add_batch_item(
        &self,
        batch: BatchId,
        job: JobId,
        sent: PixelSize,
        at_most: PicoDollars,
        now: u64,
    ) -> Result<AttemptId> {
        let attempt = self.note_sent(job, at_most, now)?;
        self.0
            .0
            .prepare_cached(
                "INSERT INTO batch_items (attempt_id, batch_id, sent_width, sent_height) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute([attempt.0, batch.0, sent.width, sent.height])?;
        Ok(attempt)
    }

    /// Takes a request out again, before anything of its batch has left.
    pub fn drop_batch_item(&self, attempt: AttemptId) -> Result<()> {
        self.0.0.execute("DELETE FROM batch_items WHERE attempt_id = ?1", [attempt.0])?;
        self.0.0.execute("DELETE FROM attempts WHERE id = ?1", [attempt.0])?;
        Ok(())
    }

    /// Forgets a batch that the server does not have, and its requests with it.
    pub fn discard_batch(&self, batch: BatchId) -> Result<()> {
        let attempts: Vec<AttemptId> = self.batch_items_left(batch)?.into_iter().map(|(attempt, _)| attempt).collect();
        for attempt in attempts {
            self.drop_batch_item(attempt)?;
        }
        self.0.0.execute("DELETE FROM batches WHERE id = ?1", [batch.0])?;
        Ok(())
    }

    /// Notes that `batch` is about to leave: from now on the server may have it.
    pub fn note_submitting(&self, batch: BatchId, now: u64) -> Result<()> {
        self.note_standing(batch, BatchStanding::Submitting)?;
        self.0.0.execute("UPDATE batches SET submitted_at = ?2 WHERE id = ?1", params![batch.0, now])?;
        self.0.0.execute(
            "UPDATE attempts SET sent_at = ?2 WHERE id IN (SELECT attempt_id FROM batch_items WHERE batch_id = ?1)",
            params![batch.0, now],
        )?;
        Ok(())
    }

    pub fn note_standing(&self, batch: BatchId, standing: BatchStanding) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE batches SET standing = ?2 WHERE id = ?1")?
            .execute(params![batch.0, name_of(&standing)?])?;
        Ok(())
    }

    /// Gives up the batches of `run` that the server does not know: their requests are no longer asked after, and may have
    /// been billed.
    pub fn give_up_unknown_batches(&self, run: RunId) -> Result<()> {
        self.0.0.execute(
            "UPDATE batches SET standing = ?2 WHERE run_id = ?1 AND standing = ?3",
            params![run.0, name_of(&BatchStanding::GivenUp)?, name_of(&BatchStanding::Unknown)?],
        )?;
        Ok(())
    }

    /// Notes how the server calls `batch`, which it has therefore; `is_adopted` when it was found in its list.
    pub fn note_taken(&self, batch: BatchId, vendor_id: &str, is_adopted: bool) -> Result<()> {
        self.note_standing(batch, BatchStanding::Working)?;
        self.0.0.execute(
            "UPDATE batches SET vendor_id = ?2, is_adopted = ?3 WHERE id = ?1",
            params![batch.0, vendor_id, is_adopted],
        )?;
        Ok(())
    }

    /// Notes that what was adopted as `batch` is another one.
    pub fn note_not_taken_there(&self, batch: BatchId) -> Result<()> {
        self.note_standing(batch, BatchStanding::Submitting)?;
        self.0.0.execute(
            "UPDATE batches SET vendor_id = NULL, is_adopted = 0, finished = 0, expires_at = NULL WHERE id = ?1",
            [batch.0],
        )?;
        Ok(())
    }

    /// Notes how far the server has come.
    pub fn note_batch_progress(&self, batch: BatchId, finished: u32, expires_at: Option<u64>) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE batches SET finished = ?2, expires_at = ?3 WHERE id = ?1")?
            .execute(params![batch.0, finished, expires_at])?;
        Ok(())
    }
}
