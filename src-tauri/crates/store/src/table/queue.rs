//! The queue of a run: the jobs that wait, and the claims by which no two runs ask the same question about one image at the
//! same time. A claim is a flag of the job. It ends with the job, and counts only while the job's run has a worker.

use domain::geometry::PixelSize;
use domain::ids::{ImageId, JobId, RunId};
use domain::money::PicoDollars;
use domain::run::PendingElsewhere;
use rusqlite::params;

use super::all;
use super::job_rows::{COMMITTED, JobOutcome, STANDING};
use super::kept_answers::KeptAnswer;
use crate::{Edit, Result, View};

/// A job that waits to be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingJob {
    pub id: JobId,
    pub image: ImageId,
    /// File name of the image, for people to read.
    pub name: String,
    /// Upright.
    pub size: PixelSize,
    /// An answer that is there already: the image is not asked about again.
    pub answer: Option<KeptAnswer>,
    /// What its requests have cost, or may have, since a person last let it be asked anew.
    pub committed: PicoDollars,
    /// Annotations of a shorter answer that stand until a longer one has come.
    pub standing: u32,
}

impl WaitingJob {
    /// Whether `outcome` is the answer of another run.
    #[must_use]
    pub fn is_reused_by(&self, outcome: &JobOutcome) -> bool {
        self.answer.as_ref().is_some_and(|kept| kept.is_reused && outcome.attempt() == Some(kept.attempt))
    }
}

/// What is left to do for a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remaining {
    /// The next jobs that can be worked on, in order.
    pub jobs: Vec<WaitingJob>,
    /// What the other jobs wait for, where there are none of these.
    pub pending: Vec<PendingElsewhere>,
}

/// Whether a job may be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Its run asks about its image, and no other run asks the same.
    Held,
    /// An answer has come since the job was read.
    Answered(KeptAnswer),
    /// Another run asks the same about its image: it waits for that answer.
    PendingElsewhere,
}

/// Whether a row of `jobs` is in the queue: its image is asked about, not given another's annotations; it belongs to the
/// pilot, as long as there is one; and it is not in a batch of its own run.
const IS_QUEUED: &str = "jobs.state = 'waiting' AND leader IS NULL
    AND jobs.id <= coalesce((SELECT pilot_until FROM runs WHERE id = jobs.run_id), jobs.id) AND NOT EXISTS (
        SELECT 1 FROM attempts JOIN batch_items ON attempt_id = attempts.id
        WHERE job_id = jobs.id AND attempts.state = 'sent')";

/// The rows of `other` in which another run asks the question of a row of `jobs`: it holds a claim and is worked on, or the
/// request is in a batch that the server may have. A run that asks anew has nothing to wait for.
const PENDING_ELSEWHERE: &str = "jobs AS other JOIN runs AS theirs ON theirs.id = other.run_id
    JOIN runs AS this ON this.id = jobs.run_id AND NOT this.ignores_saved_answers AND this.answer_key = theirs.answer_key
    WHERE other.image_id = jobs.image_id AND other.run_id <> jobs.run_id AND other.state = 'waiting'
    AND (other.is_claimed AND theirs.worker_id IS NOT NULL OR {IS_BATCHED})";

/// Whether a row of `other` has a request in a batch that the server may have.
const IS_BATCHED: &str = "EXISTS (
    SELECT 1 FROM attempts JOIN batch_items ON attempt_id = attempts.id JOIN batches ON batches.id = batch_id
    WHERE job_id = other.id AND attempts.state = 'sent' AND (
        standing IN ('submitting', 'working', 'canceling', 'unknown') OR standing = 'filling' AND theirs.worker_id IS NOT NULL))";

fn pending_elsewhere() -> String {
    PENDING_ELSEWHERE.replace("{IS_BATCHED}", IS_BATCHED)
}

impl View<'_> {
    /// At most `limit` jobs of `run` that can be worked on, after job `after`, in order; where there are none, what the others
    /// of its queue wait for.
    pub fn remaining(&self, run: RunId, after: Option<JobId>, limit: u32) -> Result<Remaining> {
        let jobs = self.waiting_jobs(run, after, limit)?;
        let pending = if jobs.is_empty() { self.pending_elsewhere(run)? } else { Vec::new() };
        Ok(Remaining { jobs, pending })
    }

    /// At most `limit` jobs of `run` that can be worked on, after job `after`, in order. Those that wait for a similar image's
    /// answer, those in a batch, and those that wait for the answer of another run are not among them.
    pub fn waiting_jobs(&self, run: RunId, after: Option<JobId>, limit: u32) -> Result<Vec<WaitingJob>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT jobs.id, image_id, width, height, name, {COMMITTED}, {STANDING} FROM jobs JOIN images ON images.id = image_id
             WHERE run_id = ?1 AND jobs.id > ?2 AND {IS_QUEUED} AND NOT EXISTS (SELECT 1 FROM {})
             ORDER BY jobs.id LIMIT ?3",
            pending_elsewhere()
        ))?;
        all(&mut statement, params![run.0, after.map_or(0, |job| job.0), limit], |row| {
            let (id, image) = (JobId(row.get(0)?), ImageId(row.get(1)?));
            Ok(WaitingJob {
                id,
                image,
                size: PixelSize::new(row.get(2)?, row.get(3)?),
                name: row.get(4)?,
                answer: self.kept_answer(run, id, image)?,
                committed: PicoDollars(row.get(5)?),
                standing: row.get(6)?,
            })
        })
    }

    /// Whether the image of `job` is for `run` to ask about, as things stand. A request that is put into a batch needs no claim
    /// besides.
    pub fn can_claim(&self, run: RunId, job: &WaitingJob) -> Result<Claim> {
        if let Some(kept) = self.kept_answer(run, job.id, job.image)?
            && job.answer.as_ref().is_none_or(|known| known.attempt != kept.attempt)
        {
            return Ok(Claim::Answered(kept));
        }
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND EXISTS (SELECT 1 FROM {}))",
            pending_elsewhere()
        ))?;
        let is_pending: bool = statement.query_row([job.id.0], |row| row.get(0))?;
        Ok(if is_pending { Claim::PendingElsewhere } else { Claim::Held })
    }

    /// The answers of other runs that `run` waits for, by run.
    pub fn pending_elsewhere(&self, run: RunId) -> Result<Vec<PendingElsewhere>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT theirs.id, theirs.worker_id IS NOT NULL, {IS_BATCHED}, count(*)
             FROM (SELECT id, run_id, image_id FROM jobs WHERE run_id = ?1 AND {IS_QUEUED}) AS jobs, {}
             GROUP BY 1, 2, 3 ORDER BY 1, 3",
            pending_elsewhere()
        ))?;
        all(&mut statement, [run.0], |row| {
            Ok(PendingElsewhere {
                run: RunId(row.get(0)?),
                is_worked_on: row.get(1)?,
                is_in_batch: row.get(2)?,
                images: row.get(3)?,
            })
        })
    }
}

impl Edit<'_> {
    /// Claims the image of `job` for `run`, before anything about it is sent. The claim ends when the job is settled, or when
    /// no worker works on `run` any more.
    pub fn claim(&self, run: RunId, job: &WaitingJob) -> Result<Claim> {
        let claim = self.can_claim(run, job)?;
        if claim == Claim::Held {
            self.0.0.prepare_cached("UPDATE jobs SET is_claimed = 1 WHERE id = ?1")?.execute([job.id.0])?;
        }
        Ok(claim)
    }

    /// Ends all claims of `run`.
    pub fn release_claims(&self, run: RunId) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE jobs SET is_claimed = 0 WHERE run_id = ?1 AND state = 'waiting' AND is_claimed")?
            .execute([run.0])?;
        Ok(())
    }
}
