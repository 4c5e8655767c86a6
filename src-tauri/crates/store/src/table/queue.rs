//! The queue of a run: waiting jobs, and claims, which keep two runs from requesting the same answer for one image at
//! the same time. A claim is a flag of the job. It ends with the job, and counts only while the job's run has a worker.

use domain::answer::PartPass;
use domain::geometry::PixelSize;
use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::money::PicoDollars;
use domain::run::PendingElsewhere;
use rusqlite::params;

use super::all;
use super::job_rows::{COMMITTED, IS_ASKED, JobOutcome, JobTiming, STANDING};
use super::kept_answers::{KeptAnswer, is_sent_alike};
use crate::{Edit, Result, View};

/// A waiting job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingJob {
    pub id: JobId,
    pub image: ImageId,
    /// File name of the image, for display.
    pub name: String,
    /// Upright.
    pub size: PixelSize,
    /// Saved answers, used instead of requests: at most one for each.
    pub answers: Vec<KeptAnswer>,
    /// Actual and possible cost of its requests since the user last allowed a retry.
    pub committed: PicoDollars,
    /// Annotations of a cut-off answer that stay valid until a longer one arrives.
    pub standing: u32,
    /// Whether an earlier request of this job was answered, or may have been billed.
    pub is_asked: bool,
}

impl WaitingJob {
    /// Whether `outcome` consists of answers of other runs, and this run asked nothing about the image. `timing` is `None` if it
    /// asked nothing now.
    #[must_use]
    pub fn is_reused_by(&self, outcome: &JobOutcome, timing: Option<JobTiming>) -> bool {
        let attempts = outcome.attempts();
        let is_asked = self.is_asked || timing.is_some();
        !is_asked && !attempts.is_empty() && attempts.iter().all(|&attempt| self.is_of_other_run(attempt))
    }

    /// Whether this is a saved answer of another run.
    pub(super) fn is_of_other_run(&self, attempt: AttemptId) -> bool {
        self.answers.iter().any(|kept| kept.is_reused && kept.attempt == attempt)
    }

    /// The saved answer to this request.
    #[must_use]
    pub fn answer_to(&self, pass: PartPass) -> Option<&KeptAnswer> {
        self.answers.iter().find(|kept| kept.pass == pass)
    }
}

/// Remaining work of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remaining {
    /// The next available jobs, in order.
    pub jobs: Vec<WaitingJob>,
    /// What the other jobs wait for, if none is available.
    pub pending: Vec<PendingElsewhere>,
}

/// Result of claiming a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Claimed: no other run requests the same answer.
    Held,
    /// Answers have arrived since the job was read: these are all.
    Answered(Vec<KeptAnswer>),
    /// Another run requests the same answer: the job waits for it.
    PendingElsewhere,
}

/// Whether a row of `jobs` is in the queue: its image is sent rather than propagated to; it belongs to the pilot, if
/// there is one; and it is not in a batch of its own run.
const IS_QUEUED: &str = "jobs.state = 'waiting' AND leader IS NULL
    AND jobs.id <= coalesce((SELECT pilot_until FROM runs WHERE id = jobs.run_id), jobs.id) AND NOT EXISTS (
        SELECT 1 FROM attempts JOIN batch_items ON attempt_id = attempts.id
        WHERE job_id = jobs.id AND attempts.state = 'sent')";

/// The rows of `other` in which another run requests the same answer as a row of `jobs`: it holds a claim and has a
/// worker, or the request is in a batch that the server may have. A run that ignores saved answers waits for none.
const PENDING_ELSEWHERE: &str = "jobs AS other JOIN runs AS theirs ON theirs.id = other.run_id
    JOIN runs AS this ON this.id = jobs.run_id AND NOT this.ignores_saved_answers AND this.answer_key = theirs.answer_key
        AND {IS_SENT_ALIKE}
    WHERE other.image_id = jobs.image_id AND other.run_id <> jobs.run_id AND other.state = 'waiting'
    AND (other.is_claimed AND theirs.worker_id IS NOT NULL OR {IS_BATCHED})";

/// Whether a row of `other` has a request in a batch that the server may have.
const IS_BATCHED: &str = "EXISTS (
    SELECT 1 FROM attempts JOIN batch_items ON attempt_id = attempts.id JOIN batches ON batches.id = batch_id
    WHERE job_id = other.id AND attempts.state = 'sent' AND (
        standing IN ('submitting', 'working', 'canceling', 'unknown') OR standing = 'filling' AND theirs.worker_id IS NOT NULL))";

fn pending_elsewhere() -> String {
    let alike = is_sent_alike("this.sent_edge", "theirs.sent_edge", "jobs.image_id");
    PENDING_ELSEWHERE.replace("{IS_BATCHED}", IS_BATCHED).replace("{IS_SENT_ALIKE}", &alike)
}

impl View<'_> {
    /// At most `limit` available jobs of `run` after job `after`, in order; if there are none, what the others wait
    /// for.
    pub fn remaining(&self, run: RunId, after: Option<JobId>, limit: u32) -> Result<Remaining> {
        let jobs = self.waiting_jobs(run, after, limit)?;
        let pending = if jobs.is_empty() { self.pending_elsewhere(run)? } else { Vec::new() };
        Ok(Remaining { jobs, pending })
    }

    /// At most `limit` available jobs of `run` after job `after`, in order: without those that wait for a similar image
    /// or another run, and those in a batch.
    pub fn waiting_jobs(&self, run: RunId, after: Option<JobId>, limit: u32) -> Result<Vec<WaitingJob>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT jobs.id, image_id, width, height, name, {COMMITTED}, {STANDING}, {IS_ASKED}
             FROM jobs JOIN images ON images.id = image_id
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
                answers: self.kept_answers(run, id, image)?,
                committed: PicoDollars(row.get(5)?),
                standing: row.get(6)?,
                is_asked: row.get(7)?,
            })
        })
    }

    /// Whether `run` could claim the image of `job` now. A request that is added to a batch needs no claim.
    pub fn can_claim(&self, run: RunId, job: &WaitingJob) -> Result<Claim> {
        let answers = self.kept_answers(run, job.id, job.image)?;
        let is_known = |kept: &KeptAnswer| job.answers.iter().any(|known| known.attempt == kept.attempt);
        if !answers.iter().all(is_known) {
            return Ok(Claim::Answered(answers));
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
    /// Claims the image of `job` for `run`, before anything is sent. The claim ends when the job is settled, or when
    /// `run` loses its worker.
    pub fn claim(&self, run: RunId, job: &WaitingJob) -> Result<Claim> {
        let claim = self.can_claim(run, job)?;
        if claim == Claim::Held {
            self.0.0.prepare_cached("UPDATE jobs SET is_claimed = 1 WHERE id = ?1")?.execute([job.id.0])?;
        }
        Ok(claim)
    }

    /// Releases all claims of `run`.
    pub fn release_claims(&self, run: RunId) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE jobs SET is_claimed = 0 WHERE run_id = ?1 AND state = 'waiting' AND is_claimed")?
            .execute([run.0])?;
        Ok(())
    }
}
