//! The ledger of requests: `sent` is on disk before a request is sent, `received` with the raw answer before it is
//! parsed, `parsed` together with the annotations. `failed` has an error instead of an answer; `lost` was sent by a
//! process that died.

use std::collections::BTreeMap;

use domain::answer::PartPass;
use domain::geometry::PixelSize;
use domain::ids::{AttemptId, JobId, RunId};
use domain::model::{Model, ModelId};
use domain::money::PicoDollars;
use domain::plan::SizeCount;
use domain::recipe::Recipe;
use domain::run::{PossiblyBilled, RetryGroup};
use domain::run_state::RetryKind;
use domain::savings::ModelQuality;
use domain::usage::Usage;
use rusqlite::{Row, params};

use super::all;
use crate::code::{from_json, from_name, name_of, to_json};
use crate::{Edit, Result, StoreError, View};

/// Usage and cost that the vendor reported for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    pub usage: Usage,
    pub paid: PicoDollars,
}

/// A request that ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    pub error: String,
    /// `None` if it is not retried.
    pub retried_for: Option<RetryKind>,
    /// Whether the vendor may still bill it.
    pub may_be_billed: bool,
}

/// All requests for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedImage {
    /// Upright.
    pub size: PixelSize,
    /// Longest edge of sent images in its run, in pixels; `None` for the largest that the model looks at.
    pub longest_edge: Option<u32>,
    /// The parts that answers with reported usage are about, one for each answer: 0 for the whole image.
    pub parts: Vec<u32>,
    /// Requests without one that may have been billed.
    pub lost: u32,
    /// Those of the answers that check an earlier one.
    pub checks: u32,
    /// Sum of all answers.
    pub usage: Usage,
}

/// Answers to images with one recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswersToRecipe {
    pub recipe: Recipe,
    pub images: u32,
    pub answers: u32,
    /// Of all answers.
    pub output_tokens: u64,
}

/// The number of newest images that estimates are based on.
const TELLING_IMAGES: u32 = 1000;
/// The number of newest runs with other recipes, and of images of each.
const OTHER_RUNS: u32 = 12;
const IMAGES_OF_OTHER_RUN: u32 = 200;

/// Whether an attempt is in an open batch.
pub(super) const IS_IN_OPEN_BATCH: &str = "EXISTS (
    SELECT 1 FROM batch_items JOIN batches ON batches.id = batch_id
    WHERE attempt_id = attempts.id AND standing NOT IN ('ended', 'given_up'))";

/// Whether an attempt was sent and has no known answer. Attempts in a batch may still get one, unless the batch was
/// given up.
pub(super) fn is_unsettled() -> String {
    format!("(attempts.state = 'sent' AND at_most > 0 AND NOT {IS_IN_OPEN_BATCH})")
}

/// Usage and cost of attempts, for [`read_bill`].
pub(super) const BILL: &str = "sum(usage_input) AS input, sum(usage_output) AS output,
    sum(usage_cache_write_5m) AS cache_write_5m, sum(usage_cache_write_1h) AS cache_write_1h,
    sum(usage_cache_read) AS cache_read, sum(usage_thinking) AS thinking, sum(paid) AS paid";

/// The columns of [`BILL`], which are null without attempts.
pub(super) fn read_bill(row: &Row<'_>) -> Result<Bill> {
    let sum = |column: &str| Ok::<_, StoreError>(row.get::<_, Option<u64>>(column)?.unwrap_or_default());
    Ok(Bill {
        usage: Usage {
            input_tokens: sum("input")?,
            output_tokens: sum("output")?,
            cache_write_5m_tokens: sum("cache_write_5m")?,
            cache_write_1h_tokens: sum("cache_write_1h")?,
            cache_read_tokens: sum("cache_read")?,
            thinking_tokens: row.get("thinking")?,
        },
        paid: PicoDollars(sum("paid")?),
    })
}

impl View<'_> {
    /// Retried requests of `run`, most frequent reason first.
    pub fn retry_groups(&self, run: RunId) -> Result<Vec<RetryGroup>> {
        let mut statement = self.0.prepare_cached(
            "SELECT retried_for, count(*) FROM attempts JOIN jobs ON jobs.id = job_id
             WHERE run_id = ?1 AND retried_for IS NOT NULL GROUP BY retried_for ORDER BY 2 DESC, 1",
        )?;
        all(&mut statement, [run.0], |row| {
            Ok(RetryGroup { kind: from_name("attempts.retried_for", row.get(0)?)?, count: row.get(1)? })
        })
    }

    /// Upright sizes of the images whose answers `run` paid for, with the number of answers.
    pub fn paid_sizes(&self, run: RunId) -> Result<Vec<SizeCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT width, height, count(*) FROM attempts JOIN jobs ON jobs.id = job_id JOIN images ON images.id = image_id
             WHERE run_id = ?1 AND usage_output > 0 GROUP BY width, height",
        )?;
        all(&mut statement, [run.0], |row| {
            Ok(SizeCount { size: PixelSize::new(row.get(0)?, row.get(1)?), count: row.get(2)? })
        })
    }

    /// The requests that `run` has sent.
    pub fn request_count(&self, run: RunId) -> Result<u32> {
        let mut statement =
            self.0.prepare_cached("SELECT count(*) FROM attempts JOIN jobs ON jobs.id = job_id WHERE run_id = ?1")?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// How many parts and passes of an image `run` has asked about, on average; 1 without tiles and checks.
    pub fn passes_per_image(&self, run: RunId) -> Result<f64> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(avg(passes), 1) FROM (
                 SELECT count(DISTINCT part * 2 + is_check) AS passes
                 FROM attempts JOIN jobs ON jobs.id = job_id WHERE run_id = ?1 GROUP BY job_id)",
        )?;
        Ok(statement.query_row([run.0], |row| row.get(0))?)
    }

    /// The highest possible cost of a request of `run`.
    pub fn largest_request(&self, run: RunId) -> Result<PicoDollars> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(max(at_most), 0) FROM attempts JOIN jobs ON jobs.id = job_id WHERE run_id = ?1",
        )?;
        Ok(PicoDollars(statement.query_row([run.0], |row| row.get(0))?))
    }

    /// Requests of `run` without a known answer.
    pub fn unsettled(&self, run: RunId) -> Result<PossiblyBilled> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT count(*), coalesce(sum(at_most), 0) FROM attempts JOIN jobs ON jobs.id = job_id
             WHERE run_id = ?1 AND {}",
            is_unsettled()
        ))?;
        Ok(statement
            .query_row([run.0], |row| Ok(PossiblyBilled { count: row.get(0)?, at_most: PicoDollars(row.get(1)?) }))?)
    }

    /// Usage of the newest images that `model` at its destination answered with `recipe`, in batches or live: all
    /// requests for each, including cut-off, lost and retried ones. Without images that cost nothing.
    pub fn asked_images(&self, model: &Model, recipe: &Recipe, in_batches: bool) -> Result<Vec<AskedImage>> {
        let mut runs = self.0.prepare_cached(
            "SELECT id FROM runs WHERE model = ?1 AND destination = ?2 AND recipe = ?3
                 AND (NOT ?4 OR EXISTS (SELECT 1 FROM batches WHERE run_id = runs.id)) ORDER BY id DESC",
        )?;
        let destination = to_json("runs.destination", &model.destination)?;
        let recipe = to_json("runs.recipe", recipe)?;
        let runs = all(&mut runs, params![model.id.0, destination, recipe, in_batches], |row| Ok(row.get(0)?))?;
        let mut asked = Vec::new();
        for run in runs {
            let left = TELLING_IMAGES.saturating_sub(u32::try_from(asked.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            asked.append(&mut self.asked_images_of(run, in_batches, left)?);
        }
        Ok(asked)
    }

    /// At most `most` of the newest images of a run, for [`View::asked_images`].
    fn asked_images_of(&self, run: u32, in_batches: bool, most: u32) -> Result<Vec<AskedImage>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT width, height, json_group_array(part) FILTER (WHERE usage_output > 0) AS parts, sum(may_be_billed) AS lost,
                 count(*) FILTER (WHERE usage_output > 0 AND is_check) AS checks,
                 (SELECT json_extract(options, '$.longest_edge') FROM runs WHERE id = ?1) AS longest_edge, {BILL}
             FROM (
                 SELECT id AS job, image_id FROM jobs WHERE run_id = ?1 AND state <> 'waiting'
                 AND EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id AND (usage_output > 0 OR may_be_billed))
                 AND ?2 = EXISTS (
                     SELECT 1 FROM attempts JOIN batch_items ON attempt_id = attempts.id WHERE job_id = jobs.id)
                 ORDER BY id DESC LIMIT ?3)
             JOIN images ON images.id = image_id JOIN attempts ON job_id = job
             GROUP BY job"
        ))?;
        all(&mut statement, params![run, in_batches, most], |row| {
            Ok(AskedImage {
                size: PixelSize::new(row.get("width")?, row.get("height")?),
                longest_edge: row.get("longest_edge")?,
                parts: from_json("attempts.part", &row.get::<_, String>("parts")?)?,
                lost: row.get("lost")?,
                checks: row.get("checks")?,
                usage: read_bill(row)?.usage,
            })
        })
    }
}

impl View<'_> {
    /// Output tokens of the longest of the newest answers of `model` at its destination to `recipe`; `None` without any.
    pub fn longest_answer(&self, model: &Model, recipe: &Recipe) -> Result<Option<u32>> {
        let mut statement = self.0.prepare_cached(
            "SELECT max(usage_output) FROM (
                 SELECT usage_output FROM runs JOIN jobs ON run_id = runs.id JOIN attempts ON job_id = jobs.id
                 WHERE model = ?1 AND destination = ?2 AND recipe = ?3 AND usage_output > 0
                 ORDER BY jobs.id DESC LIMIT ?4)",
        )?;
        let destination = to_json("runs.destination", &model.destination)?;
        let recipe = to_json("runs.recipe", recipe)?;
        Ok(statement.query_row(params![model.id.0, destination, recipe, TELLING_IMAGES], |row| row.get(0))?)
    }

    /// How often people agreed with each model's annotations for `recipe`: of those that they decided on, they accepted so
    /// many unchanged.
    pub fn qualities(&self, recipe: &Recipe) -> Result<BTreeMap<ModelId, ModelQuality>> {
        let mut statement = self.0.prepare_cached(
            "SELECT model, count(*), sum(status = 'accepted') FROM runs JOIN annotations ON run_id = runs.id
             WHERE kind = 'run' AND recipe = ?1 AND status <> 'proposed' GROUP BY model",
        )?;
        let recipe = to_json("runs.recipe", recipe)?;
        let qualities = all(&mut statement, [recipe], |row| {
            Ok((ModelId(row.get(0)?), ModelQuality { decided: row.get(1)?, accepted: row.get(2)? }))
        });
        Ok(qualities?.into_iter().collect())
    }

    /// The answers of `model` at its destination to other recipes than `recipe`, in the newest runs: as many images for
    /// each recipe as there are, up to a few hundred.
    pub fn answers_to_other_recipes(&self, model: &Model, recipe: &Recipe) -> Result<Vec<AnswersToRecipe>> {
        let mut runs = self.0.prepare_cached(
            "SELECT id, recipe FROM runs WHERE model = ?1 AND destination = ?2 AND recipe <> ?3 ORDER BY id DESC LIMIT ?4",
        )?;
        let destination = to_json("runs.destination", &model.destination)?;
        let recipe = to_json("runs.recipe", recipe)?;
        let runs: Vec<(u32, String)> =
            all(&mut runs, params![model.id.0, destination, recipe, OTHER_RUNS], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut of_run = self.0.prepare_cached(
            "SELECT count(*), coalesce(sum(output), 0), coalesce(sum(answers), 0) FROM (
                 SELECT sum(usage_output) AS output, count(*) AS answers FROM jobs JOIN attempts ON job_id = jobs.id
                 WHERE run_id = ?1 AND usage_output > 0 GROUP BY jobs.id LIMIT ?2)",
        )?;
        let mut by_recipe: BTreeMap<String, (u32, u64, u32)> = BTreeMap::new();
        for (run, recipe) in runs {
            let (images, tokens, answers): (u32, u64, u32) = of_run
                .query_row(params![run, IMAGES_OF_OTHER_RUN], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let sums = by_recipe.entry(recipe).or_default();
            *sums = (sums.0 + images, sums.1.saturating_add(tokens), sums.2 + answers);
        }
        let answered = by_recipe.into_iter().filter(|(_, (images, ..))| *images > 0);
        let answers = answered.map(|(recipe, (images, output_tokens, answers))| {
            Ok(AnswersToRecipe { recipe: from_json("runs.recipe", &recipe)?, images, answers, output_tokens })
        });
        answers.collect()
    }
}

impl Edit<'_> {
    /// Records that a request is about to be sent, and its maximum cost.
    pub fn record_sent(&self, job: JobId, at_most: PicoDollars, now: u64) -> Result<AttemptId> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO attempts (job_id, state, sent_at, at_most) VALUES (?1, 'sent', ?2, ?3) RETURNING id",
        )?;
        Ok(AttemptId(statement.query_row(params![job.0, now, at_most.0], |row| row.get(0))?))
    }

    /// Records the output maximum of a request, in tokens.
    pub fn record_output_limit(&self, attempt: AttemptId, tokens: u64) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE attempts SET max_output_tokens = ?2 WHERE id = ?1")?
            .execute(params![attempt.0, tokens])?;
        Ok(())
    }

    /// Records what a request is about, if it is not the first one about the whole image.
    pub fn record_pass(&self, attempt: AttemptId, pass: PartPass) -> Result<()> {
        self.0.0.prepare_cached("UPDATE attempts SET part = ?2, is_check = ?3 WHERE id = ?1")?.execute(params![
            attempt.0,
            pass.part,
            pass.is_check
        ])?;
        Ok(())
    }

    /// Stores a raw answer. Without a bill its cost is unknown.
    pub fn record_received(&self, attempt: AttemptId, raw_answer: &str, bill: Option<Bill>, now: u64) -> Result<()> {
        let Bill { usage, paid } = bill.unwrap_or(Bill { usage: Usage::default(), paid: PicoDollars::ZERO });
        self.0
            .0
            .prepare_cached(
                "UPDATE attempts SET state = 'received', raw_answer = ?2, answered_at = ?3, paid = ?4,
                     usage_input = ?5, usage_output = ?6, usage_cache_write_5m = ?7, usage_cache_write_1h = ?8,
                     usage_cache_read = ?9, usage_thinking = ?10, may_be_billed = ?11 AND at_most > 0
                 WHERE id = ?1",
            )?
            .execute(params![
                attempt.0,
                raw_answer,
                now,
                paid.0,
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_write_5m_tokens,
                usage.cache_write_1h_tokens,
                usage.cache_read_tokens,
                usage.thinking_tokens,
                bill.is_none(),
            ])?;
        Ok(())
    }

    /// Records that a request ended without an answer.
    pub fn record_unanswered(&self, attempt: AttemptId, how: &Unanswered, now: u64) -> Result<()> {
        let retried_for = how.retried_for.as_ref().map(name_of).transpose()?;
        self.0
            .0
            .prepare_cached(
                "UPDATE attempts SET state = 'failed', error = ?2, answered_at = ?3, retried_for = ?4,
                     may_be_billed = ?5 AND at_most > 0
                 WHERE id = ?1",
            )?
            .execute(params![attempt.0, how.error, now, retried_for, how.may_be_billed])?;
        Ok(())
    }

    /// Records that a request is retried although it was answered.
    pub fn record_retried(&self, attempt: AttemptId, kind: RetryKind) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE attempts SET retried_for = ?2 WHERE id = ?1")?
            .execute(params![attempt.0, name_of(&kind)?])?;
        Ok(())
    }

    /// Records that an answer was cut off.
    pub fn record_cut_short(&self, attempt: AttemptId) -> Result<()> {
        self.0.0.prepare_cached("UPDATE attempts SET is_cut_short = TRUE WHERE id = ?1")?.execute([attempt.0])?;
        Ok(())
    }

    /// Records that what an answer found was not checked.
    pub fn record_unchecked(&self, attempt: AttemptId) -> Result<()> {
        self.0.0.prepare_cached("UPDATE attempts SET is_unchecked = TRUE WHERE id = ?1")?.execute([attempt.0])?;
        Ok(())
    }

    /// Records that the annotations of `job` come from this answer, and whether they were not checked. The attempt of an earlier run stays as that run left
    /// it.
    pub(super) fn record_parsed(&self, job: JobId, attempt: AttemptId, is_unchecked: bool) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "UPDATE attempts SET state = 'parsed', is_unchecked = is_unchecked OR ?3 WHERE id = ?1 AND job_id = ?2",
            )?
            .execute(params![attempt.0, job.0, is_unchecked])?;
        Ok(())
    }

    /// An answer of `job` without readable annotations stays received and paid. The attempt of an earlier run stays as that
    /// run left it.
    pub fn record_attempt_failed(&self, job: JobId, attempt: AttemptId, error: &str, now: u64) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "UPDATE attempts SET state = 'failed', error = ?2, answered_at = coalesce(answered_at, ?3)
                 WHERE id = ?1 AND job_id = ?4",
            )?
            .execute(params![attempt.0, error, now, job.0])?;
        Ok(())
    }

    /// Marks the unanswered requests of `job` as `lost`, except those in a batch; returns what they may have cost.
    pub fn lose_attempts(&self, job: JobId) -> Result<PossiblyBilled> {
        let mut statement = self.0.0.prepare_cached(&format!(
            "UPDATE attempts SET state = 'lost', may_be_billed = at_most > 0
             WHERE job_id = ?1 AND state = 'sent' AND NOT {IS_IN_OPEN_BATCH} RETURNING at_most",
        ))?;
        let lost = all(&mut statement, [job.0], |row| Ok(PicoDollars(row.get(0)?)))?;
        let billed = lost.into_iter().filter(|at_most| *at_most > PicoDollars::ZERO);
        Ok(billed.fold(PossiblyBilled::default(), |sum, at_most| PossiblyBilled {
            count: sum.count + 1,
            at_most: sum.at_most + at_most,
        }))
    }

    /// Marks the unanswered attempts of a run whose process died as `lost`. Its waiting jobs get a new allowance,
    /// because the user has agreed to send them again; received answers and batches stay.
    pub fn give_up_lost_attempts(&self, run: RunId) -> Result<u32> {
        self.0.0.execute(
            &format!(
                "UPDATE jobs SET counted_after = (SELECT max(id) FROM attempts WHERE job_id = jobs.id)
                 WHERE run_id = ?1 AND EXISTS (
                     SELECT 1 FROM attempts WHERE job_id = jobs.id AND state = 'sent' AND NOT {IS_IN_OPEN_BATCH})"
            ),
            [run.0],
        )?;
        let lost = self.0.0.execute(
            &format!(
                "UPDATE attempts SET state = 'lost', may_be_billed = at_most > 0
                 WHERE state = 'sent' AND job_id IN (SELECT id FROM jobs WHERE run_id = ?1) AND NOT {IS_IN_OPEN_BATCH}"
            ),
            [run.0],
        )?;
        Ok(u32::try_from(lost).unwrap_or(u32::MAX))
    }
}
