//! Saved raw answers of this run or another one: they are parsed again instead of being requested.

use std::collections::HashSet;

use domain::answer::PartPass;
use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::run_state::FailureKind;
use rusqlite::{OptionalExtension, Row, params};

use super::all;
use super::job_rows::{IS_CUT_SHORT, IS_UNCHECKED, OUTPUT_LIMIT, names_of_failures};
use crate::{Result, View};

/// A paid raw answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub attempt: AttemptId,
    /// What its request was about.
    pub pass: PartPass,
    pub raw_answer: String,
    /// From request to answer.
    pub took_millis: u32,
    /// The output maximum of its request, in tokens; `None` if unknown.
    pub output_limit: Option<u64>,
    /// Whether it is another run's. Otherwise this run's process died before parsing it, it was cut off and a longer one
    /// is requested, or another part of its image is not answered.
    pub is_reused: bool,
}

/// How good the answer of another run is, the best first.
const RANK: &str = "CASE WHEN attempts.state = 'received' THEN 1 WHEN jobs.state = 'failed' THEN 3
    WHEN coalesce(reading ->> 'is_cut_short', 0) THEN 2 ELSE 0 END";
/// Columns for [`read_kept`], before whether it is another run's.
const KEPT: &str = "attempts.id, part, is_check, raw_answer, max(0, answered_at - sent_at)";

impl View<'_> {
    /// The saved answer to the first request about `image`: of `job` in `run` itself, otherwise of another run.
    pub(super) fn kept_answer(&self, run: RunId, job: JobId, image: ImageId) -> Result<Option<KeptAnswer>> {
        match self.unparsed_answer(job)? {
            None => self.reusable_answer(run, image),
            unparsed => Ok(unparsed),
        }
    }

    fn unparsed_answer(&self, job: JobId) -> Result<Option<KeptAnswer>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {KEPT}, {OUTPUT_LIMIT}, FALSE FROM attempts
             WHERE job_id = ?1 AND state = 'received' AND part = 0 AND NOT is_check ORDER BY id DESC LIMIT 1",
        ))?;
        Ok(statement.query_row([job.0], read_kept).optional()?)
    }

    /// The newest complete answer for `image` with the answer key of `run`, unless it ignores saved answers; then one
    /// that is not parsed yet; of cut-off answers, the one with the largest output maximum. An unusable answer is used
    /// if there is no better one.
    fn reusable_answer(&self, run: RunId, image: ImageId) -> Result<Option<KeptAnswer>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {KEPT}, {OUTPUT_LIMIT}, TRUE, {RANK} AS rank
             FROM jobs
             JOIN runs AS theirs ON theirs.id = jobs.run_id
             JOIN runs AS this ON this.id = ?1 AND NOT this.ignores_saved_answers AND this.answer_key = theirs.answer_key
             JOIN attempts ON job_id = jobs.id AND raw_answer IS NOT NULL AND part = 0 AND NOT is_check
             WHERE image_id = ?2 AND (jobs.state = 'done' AND attempts.state = 'parsed'
                 OR attempts.state = 'received' AND jobs.run_id <> ?1
                 OR jobs.state = 'failed' AND attempts.state = 'failed' AND failure IN ({}))
             ORDER BY rank, CASE WHEN rank = 2 THEN {OUTPUT_LIMIT} END DESC, attempts.id DESC LIMIT 1",
            names_of_failures(FailureKind::has_kept_answer)?
        ))?;
        Ok(statement.query_row([run.0, image.0], read_kept).optional()?)
    }

    /// Whether the recipe of `run` may ask several times about an image.
    pub(super) fn takes_several_answers(&self, run: RunId) -> Result<bool> {
        let mut statement = self.0.prepare_cached(
            "SELECT recipe ->> 'tiles' IS NOT NULL OR coalesce(recipe ->> 'check', FALSE) FROM runs WHERE id = ?1",
        )?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// The saved answers to the requests about `image` after the first, at most one each, chosen like the first.
    pub(super) fn further_answers(&self, run: RunId, job: JobId, image: ImageId) -> Result<Vec<KeptAnswer>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT id, part, is_check, raw_answer, took, output_limit, is_reused FROM (
                 SELECT {KEPT} AS took, {OUTPUT_LIMIT} AS output_limit, jobs.run_id <> ?1 AS is_reused,
                     row_number() OVER (PARTITION BY part, is_check
                         ORDER BY iif(jobs.run_id = ?1, -1, {RANK}), CASE WHEN {RANK} = 2 THEN {OUTPUT_LIMIT} END DESC,
                             attempts.id DESC) AS place
                 FROM jobs
                 JOIN runs AS theirs ON theirs.id = jobs.run_id
                 JOIN runs AS this ON this.id = ?1
                 JOIN attempts ON job_id = jobs.id AND raw_answer IS NOT NULL AND (part > 0 OR is_check)
                 WHERE image_id = ?2 AND (jobs.id = ?3 AND attempts.state = 'received'
                     OR jobs.run_id <> ?1 AND NOT this.ignores_saved_answers AND this.answer_key = theirs.answer_key
                     AND (jobs.state = 'done' AND attempts.state = 'parsed' OR attempts.state = 'received'
                         OR jobs.state = 'failed' AND attempts.state = 'failed' AND NOT is_check AND failure IN ({}))))
             WHERE place = 1 ORDER BY part, is_check",
            names_of_failures(FailureKind::has_kept_answer)?
        ))?;
        all(&mut statement, [run.0, image.0, job.0], |row| Ok(read_kept(row)?))
    }

    /// The raw answers that the annotations of `run` on `image` were parsed from; empty if there is none for this very
    /// image. With several parts and passes, the last pass of each.
    pub fn settled_answers(&self, run: RunId, image: ImageId) -> Result<Vec<(PartPass, String)>> {
        let mut statement = self.0.prepare_cached(
            "WITH job AS MATERIALIZED (
                 SELECT id, reused_attempt FROM jobs
                 WHERE run_id = ?1 AND image_id = ?2 AND state = 'done' AND NOT is_propagated)
             SELECT part, is_check, raw_answer FROM attempts
             WHERE raw_answer IS NOT NULL AND id IN (
                 SELECT attempt_id FROM part_answers WHERE job_id = (SELECT id FROM job)
                 UNION ALL
                 SELECT coalesce(reused_attempt, (
                     SELECT max(id) FROM attempts WHERE job_id = job.id AND attempts.state = 'parsed'))
                 FROM job WHERE NOT EXISTS (SELECT 1 FROM part_answers WHERE job_id = job.id))
             ORDER BY part",
        )?;
        all(&mut statement, [run.0, image.0], |row| {
            Ok((PartPass { part: row.get(0)?, is_check: row.get(1)? }, row.get(2)?))
        })
    }

    /// Those of `images` whose answer for `answer_key` is reused with an output maximum of `output_limit` tokens: it is
    /// complete, or was cut off at no less.
    pub fn answered_before(&self, answer_key: &str, output_limit: u64, images: &[ImageId]) -> Result<HashSet<ImageId>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT DISTINCT image_id FROM runs JOIN jobs ON run_id = runs.id
             JOIN attempts ON job_id = jobs.id AND raw_answer IS NOT NULL
             WHERE answer_key = ?1 AND (
                 jobs.state = 'done' AND attempts.state = 'parsed' AND NOT {IS_UNCHECKED}
                     AND (NOT {IS_CUT_SHORT} OR {OUTPUT_LIMIT} >= ?2)
                 OR jobs.state = 'failed' AND attempts.state = 'failed' AND failure IN ({}))",
            names_of_failures(FailureKind::has_kept_answer)?
        ))?;
        let answered: HashSet<ImageId> =
            all(&mut statement, params![answer_key, output_limit], |row| Ok(ImageId(row.get(0)?)))?
                .into_iter()
                .collect();
        Ok(images.iter().copied().filter(|image| answered.contains(image)).collect())
    }
}

fn read_kept(row: &Row<'_>) -> rusqlite::Result<KeptAnswer> {
    Ok(KeptAnswer {
        attempt: AttemptId(row.get(0)?),
        pass: PartPass { part: row.get(1)?, is_check: row.get(2)? },
        raw_answer: row.get(3)?,
        took_millis: row.get(4)?,
        output_limit: row.get(5)?,
        is_reused: row.get(6)?,
    })
}
