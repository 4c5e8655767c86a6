//! Raw answers that were paid for, by this run or another one: they are read again instead of being asked for.

use std::collections::HashSet;

use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::run_state::FailureKind;
use rusqlite::{OptionalExtension, Row, params};

use super::all;
use super::job_rows::{IS_CUT_SHORT, OUTPUT_LIMIT, names_of_failures};
use crate::{Result, View};

/// A raw answer that was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub attempt: AttemptId,
    pub raw_answer: String,
    /// From its request to its answer.
    pub took_millis: u32,
    /// The output maximum of its request, in tokens; `None`: not known.
    pub output_limit: Option<u64>,
    /// Whether another run asked for it. Otherwise this run did: it was not parsed before the process died, or it was cut
    /// off and a longer one is wanted.
    pub is_reused: bool,
}

impl View<'_> {
    /// The answer about `image` that is there already: one of `job` in `run` itself, or else one of another run.
    pub(super) fn kept_answer(&self, run: RunId, job: JobId, image: ImageId) -> Result<Option<KeptAnswer>> {
        match self.unparsed_answer(job)? {
            None => self.reusable_answer(run, image),
            unparsed => Ok(unparsed),
        }
    }

    fn unparsed_answer(&self, job: JobId) -> Result<Option<KeptAnswer>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT id, raw_answer, max(0, answered_at - sent_at), {OUTPUT_LIMIT} FROM attempts
             WHERE job_id = ?1 AND state = 'received' ORDER BY id DESC LIMIT 1",
        ))?;
        let answer = statement.query_row([job.0], |row| read_kept(row, false));
        Ok(answer.optional()?)
    }

    /// The newest whole answer about `image` to the question that `run` asks, unless it is to ask anew; then one that its run
    /// has not parsed yet; of answers that were all cut off, the one with the most room. One of which nothing could be used
    /// was paid for as well: it is read again where there is no better one.
    fn reusable_answer(&self, run: RunId, image: ImageId) -> Result<Option<KeptAnswer>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT attempts.id, raw_answer, max(0, answered_at - sent_at), {OUTPUT_LIMIT},
                 CASE WHEN attempts.state = 'received' THEN 1
                      WHEN jobs.state = 'failed' THEN 3
                      WHEN {IS_CUT_SHORT} THEN 2 ELSE 0 END AS rank
             FROM jobs
             JOIN runs AS theirs ON theirs.id = jobs.run_id
             JOIN runs AS this ON this.id = ?1 AND NOT this.ignores_saved_answers AND this.answer_key = theirs.answer_key
             JOIN attempts ON job_id = jobs.id AND raw_answer IS NOT NULL
             WHERE image_id = ?2 AND (jobs.state = 'done' AND attempts.state = 'parsed'
                 OR attempts.state = 'received' AND jobs.run_id <> ?1
                 OR jobs.state = 'failed' AND attempts.state = 'failed' AND failure IN ({}))
             ORDER BY rank, CASE WHEN rank = 2 THEN {OUTPUT_LIMIT} END DESC, attempts.id DESC LIMIT 1",
            names_of_failures(FailureKind::has_kept_answer)?
        ))?;
        let answer = statement.query_row([run.0, image.0], |row| read_kept(row, true));
        Ok(answer.optional()?)
    }

    /// The raw answer that the annotations of `run` on `image` were read from; `None` when it has none about this very image.
    pub fn settled_answer(&self, run: RunId, image: ImageId) -> Result<Option<String>> {
        let mut statement = self.0.prepare_cached(
            "SELECT raw_answer FROM jobs JOIN attempts ON attempts.id = coalesce(reused_attempt, (
                 SELECT max(id) FROM attempts WHERE job_id = jobs.id AND attempts.state = 'parsed'))
             WHERE run_id = ?1 AND image_id = ?2 AND jobs.state = 'done' AND NOT is_propagated",
        )?;
        let answer = statement.query_row([run.0, image.0], |row| row.get(0)).optional()?;
        Ok(answer.flatten())
    }

    /// Those of `images` whose answer to the question of `answer_key` is used again where an answer may take `output_limit`
    /// tokens: it is whole, or was cut off at no less.
    pub fn answered_before(&self, answer_key: &str, output_limit: u64, images: &[ImageId]) -> Result<HashSet<ImageId>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT DISTINCT image_id FROM runs JOIN jobs ON run_id = runs.id
             JOIN attempts ON job_id = jobs.id AND raw_answer IS NOT NULL
             WHERE answer_key = ?1 AND (
                 jobs.state = 'done' AND attempts.state = 'parsed' AND (NOT {IS_CUT_SHORT} OR {OUTPUT_LIMIT} >= ?2)
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

fn read_kept(row: &Row<'_>, is_reused: bool) -> rusqlite::Result<KeptAnswer> {
    Ok(KeptAnswer {
        attempt: AttemptId(row.get(0)?),
        raw_answer: row.get(1)?,
        took_millis: row.get(2)?,
        output_limit: row.get(3)?,
        is_reused,
    })
}
