//! The ledger of requests: `sent` is on disk before anything leaves, `received` with the raw answer before it is parsed,
//! `parsed` together with the marks. `failed` has an error for an answer; `lost` was sent by a process that died.

use domain::ids::{AttemptId, JobId, RunId};
use rusqlite::params;

use crate::{Edit, Result, View};

impl View<'_> {
    /// Requests of `run` beyond the first for each image.
    pub fn retry_count(&self, run: RunId) -> Result<u32> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(sum(attempt_count - 1), 0) FROM (
                 SELECT count(*) AS attempt_count FROM attempts JOIN jobs ON jobs.id = job_id
                 WHERE run_id = ?1 GROUP BY job_id)",
        )?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }
}

impl Edit<'_> {
    /// Notes that a request is about to leave.
    pub fn note_sent(&self, job: JobId, now: u64) -> Result<AttemptId> {
        let mut statement = self
            .0
            .0
            .prepare_cached("INSERT INTO attempts (job_id, state, sent_at) VALUES (?1, 'sent', ?2) RETURNING id")?;
        Ok(AttemptId(statement.query_row(params![job.0, now], |row| row.get(0))?))
    }

    /// Keeps an answer as it came.
    pub fn note_received(&self, attempt: AttemptId, raw_answer: &str, now: u64) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE attempts SET state = 'received', raw_answer = ?2, answered_at = ?3 WHERE id = ?1")?
            .execute(params![attempt.0, raw_answer, now])?;
        Ok(())
    }

    pub(super) fn note_parsed(&self, attempt: AttemptId) -> Result<()> {
        self.0.0.prepare_cached("UPDATE attempts SET state = 'parsed' WHERE id = ?1")?.execute([attempt.0])?;
        Ok(())
    }

    pub(super) fn note_attempt_failed(&self, attempt: AttemptId, error: &str, now: u64) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "UPDATE attempts SET state = 'failed', error = ?2, answered_at = coalesce(answered_at, ?3) WHERE id = ?1",
            )?
            .execute(params![attempt.0, error, now])?;
        Ok(())
    }
}
