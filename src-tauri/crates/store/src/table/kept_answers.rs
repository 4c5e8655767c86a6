//! Saved raw answers of this run or another one: they are parsed again instead of being requested.

use std::collections::HashSet;

use domain::answer::PartPass;
use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::run_state::FailureKind;
use rusqlite::params;

use super::all;
use super::job_rows::{OUTPUT_LIMIT, names_of_failures};
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
    /// Whether it is known to be cut off.
    pub is_cut_short: bool,
    /// Whether it is another run's. Otherwise this run's process died before parsing it, it was cut off and a longer one
    /// is requested, or another part of its image is not answered.
    pub is_reused: bool,
}

/// What a run asks about each image. A saved answer to the same request is used instead of it if it is complete, or was cut
/// off at `output_limit` or more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Question {
    /// Everything that determines an answer about a whole image, besides the image and its size.
    pub key: String,
    /// The longest edge of sent images, in pixels; `None` for the largest that the model looks at.
    pub sent_edge: Option<u32>,
    /// The same as `key` for tiles; `None` without any.
    pub tiles_key: Option<String>,
    /// Whether a second request checks what was found.
    pub checks: bool,
    /// The largest output maximum of any request in this run, in tokens.
    pub output_limit: u64,
}

/// Whether an image is sent in the same size with these two longest edges: they are equal, or both exceed it.
pub(super) fn is_sent_alike(one: &str, other: &str, image: &str) -> String {
    format!(
        "({one} IS {other} OR min(coalesce({one}, {LARGEST_EDGE}), coalesce({other}, {LARGEST_EDGE}))
            >= (SELECT max(width, height) FROM images WHERE images.id = {image}))"
    )
}

/// No image is larger.
const LARGEST_EDGE: u32 = u32::MAX;

/// How good a saved answer is, the best first. A cut-off one may be followed by a longer one, which costs another request.
const RANK: &str = "CASE WHEN attempts.state = 'failed' THEN 4 WHEN is_cut_short THEN 3
    WHEN attempts.state = 'received' THEN 2 WHEN is_unchecked THEN 1 ELSE 0 END";
const IS_FAILED: &str = "(attempts.state = 'failed')";
/// Orders saved answers of one rank: of cut-off ones, that with the largest output maximum comes first, then the newest.
fn within_rank() -> String {
    format!("CASE WHEN is_cut_short THEN {OUTPUT_LIMIT} END DESC, attempts.id DESC")
}

/// Whether an attempt of a row of `jobs` has an answer that other runs with the same question use. A check is about the last
/// first answer before it. An unusable answer is used if there is no better one.
fn is_reusable() -> Result<String> {
    let failures = names_of_failures(FailureKind::has_kept_answer)?;
    Ok(format!(
        "({IS_CURRENT} AND (jobs.state = 'done' AND attempts.state = 'parsed' OR attempts.state = 'received'
            OR jobs.state = 'failed' AND attempts.state = 'failed' AND NOT is_check AND failure IN ({failures})))"
    ))
}

/// Whether an attempt has an answer, and none that checks an earlier answer than the last one about its part.
const IS_CURRENT: &str = "attempts.raw_answer IS NOT NULL AND NOT (is_check AND EXISTS (
    SELECT 1 FROM attempts AS later WHERE later.job_id = attempts.job_id AND later.part = attempts.part
        AND NOT later.is_check AND later.raw_answer IS NOT NULL AND later.id > attempts.id))";

impl View<'_> {
    /// The saved answers to the requests about `image`, at most one to each, by part: the best of those that `job` in `run`
    /// has received itself, and, unless the run ignores saved answers, of those that other runs have with its answer key.
    pub(super) fn kept_answers(&self, run: RunId, job: JobId, image: ImageId) -> Result<Vec<KeptAnswer>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT id, part, is_check, raw_answer, took, output_limit, is_cut_short, is_reused FROM (
                 SELECT attempts.id, part, is_check, raw_answer, max(0, answered_at - sent_at) AS took,
                     {OUTPUT_LIMIT} AS output_limit, is_cut_short, jobs.id <> ?3 AS is_reused,
                     row_number() OVER (
                         PARTITION BY part, is_check
                         ORDER BY iif(jobs.id = ?3 AND NOT is_cut_short, -1, {RANK}), {}) AS place
                 FROM jobs
                 JOIN runs AS theirs ON theirs.id = jobs.run_id
                 JOIN runs AS this ON this.id = ?1
                 JOIN attempts ON job_id = jobs.id
                 WHERE image_id = ?2 AND (jobs.id = ?3 AND attempts.state = 'received' AND {IS_CURRENT}
                     OR jobs.id <> ?3 AND NOT this.ignores_saved_answers AND this.answer_key = theirs.answer_key
                         AND (part = 0 OR this.tiles_key = theirs.tiles_key) AND {} AND {}))
             WHERE place = 1 ORDER BY part, is_check",
            within_rank(),
            is_sent_alike("this.sent_edge", "theirs.sent_edge", "image_id"),
            is_reusable()?
        ))?;
        all(&mut statement, [run.0, image.0, job.0], |row| {
            Ok(KeptAnswer {
                attempt: AttemptId(row.get(0)?),
                pass: PartPass { part: row.get(1)?, is_check: row.get(2)? },
                raw_answer: row.get(3)?,
                took_millis: row.get(4)?,
                output_limit: row.get(5)?,
                is_cut_short: row.get(6)?,
                is_reused: row.get(7)?,
            })
        })
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

    /// Answers that `run` paid for and used, at most this many, in the order of their images.
    pub fn parsed_answers(&self, run: RunId, at_most: u32) -> Result<Vec<(PartPass, String)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT part, is_check, raw_answer FROM jobs JOIN attempts ON job_id = jobs.id
             WHERE run_id = ?1 AND attempts.state = 'parsed' AND raw_answer IS NOT NULL
             ORDER BY image_id LIMIT ?2",
        )?;
        all(&mut statement, params![run.0, at_most], |row| {
            Ok((PartPass { part: row.get(0)?, is_check: row.get(1)? }, row.get(2)?))
        })
    }

    /// Those of `images` about which a run with this `question` asks nothing: the answer that it uses about each part is
    /// complete or was cut off at no less than its output maximum, and checked if it has to be; or one of them is unusable,
    /// and nothing is asked before it.
    pub fn answered_before(&self, question: &Question, images: &[ImageId]) -> Result<HashSet<ImageId>> {
        let mut statement = self.0.prepare_cached(&format!(
            "WITH parts AS (
                 SELECT image_id, part, max(jobs.state = 'done' AND (?4 IS NULL OR tiles_key IS ?4)) AS is_whole,
                     max({IS_FAILED}) AND NOT max(NOT is_check AND NOT {IS_FAILED}) AS is_failed,
                     max(NOT is_check AND NOT {IS_FAILED} AND NOT is_cut_short) AS is_complete,
                     max(CASE WHEN is_cut_short AND NOT is_check AND NOT {IS_FAILED} THEN coalesce({OUTPUT_LIMIT}, 0) END) AS cut_at,
                     max(CASE WHEN is_cut_short AND NOT is_check AND {IS_FAILED} THEN coalesce({OUTPUT_LIMIT}, 0) END) AS failed_at,
                     ?5 AND max(NOT is_check AND is_unchecked) AND NOT max(is_check AND NOT is_cut_short)
                         AND NOT max(NOT is_check AND {RANK} = 0) AS is_unchecked
                 FROM runs JOIN jobs ON run_id = runs.id JOIN attempts ON job_id = jobs.id
                 WHERE answer_key = ?1 AND (part = 0 OR tiles_key = ?4) AND (?5 OR NOT is_check) AND {} AND {}
                 GROUP BY image_id, part),
             asked AS (
                 SELECT image_id, part, is_whole, is_failed,
                     is_unchecked OR NOT is_complete AND coalesce(cut_at, failed_at, ?2) < ?2 AS is_asked
                 FROM parts)
             SELECT image_id FROM asked GROUP BY image_id
             HAVING CASE WHEN max(is_failed)
                 THEN coalesce(min(CASE WHEN is_asked THEN part END) > min(CASE WHEN is_failed THEN part END), TRUE)
                 ELSE max(is_whole) AND NOT max(is_asked) END",
            is_sent_alike("?3", "sent_edge", "image_id"),
            is_reusable()?
        ))?;
        let Question { key, sent_edge, tiles_key, checks, output_limit } = question;
        let answered: HashSet<ImageId> =
            all(&mut statement, params![key, output_limit, sent_edge, tiles_key, checks], |row| {
                Ok(ImageId(row.get(0)?))
            })?
            .into_iter()
            .collect();
        Ok(images.iter().copied().filter(|image| answered.contains(image)).collect())
    }
}
