//! Runs: model, recipe, options and state.

use std::collections::HashMap;
use std::path::PathBuf;

use domain::ids::RunId;
use domain::metrics::quantile;
use domain::model::{Destination, Model, ModelId};
use domain::money::{CostRange, PicoDollars};
use domain::rate;
use domain::recipe::Recipe;
use domain::run::{PossiblyBilled, RunSummary};
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RunMode, RunState, StopReason};
use domain::settings::LimitSettings;
use rusqlite::{OptionalExtension, Row, params, params_from_iter};

use super::attempts::{BILL, is_unsettled, read_bill};
use super::job_rows::{IS_CUT_SHORT, QueuedImage, names_of_failures};
use super::kept_answers::Question;
use super::run_descriptions::{DESCRIPTION, read_description};
use super::{all, found};
use crate::code::{from_json, from_name, name_of, to_json};
use crate::path_bytes;
use crate::{Edit, Result, StoreError, View};

/// A plan to be stored as a run.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub model: ModelId,
    pub model_name: String,
    pub recipe: Recipe,
    /// Concurrency of a run on this machine.
    pub concurrency: u32,
    pub options: RunOptions,
    /// What is asked about each image; `None` if answers are free.
    pub question: Option<Question>,
    /// Whether saved answers are ignored.
    pub ignores_saved_answers: bool,
    pub mode: RunMode,
    pub destination: Destination,
    /// The quoted cost.
    pub quoted: Option<CostRange>,
    /// The budget.
    pub budget: Option<PicoDollars>,
    /// The files and folders that it was started on; empty for the whole library.
    pub roots: Vec<PathBuf>,
    pub pilot: Option<NewPilot>,
    /// In queue order.
    pub images: Vec<QueuedImage>,
}

/// A pilot: images that are annotated before the user decides about the others.
#[derive(Debug, Clone, Copy)]
pub struct NewPilot {
    /// The first ones of the queue.
    pub images: u32,
    pub expected: PicoDollars,
}

/// All runs, or run `?1`, with sums over jobs, requests and annotations. Each table is scanned once, however many runs
/// there are.
fn summaries_sql(is_of_one: bool) -> Result<String> {
    let [of_runs, of_run] = if is_of_one { ["AND runs.id = ?1", "WHERE run_id = ?1"] } else { [""; 2] };
    let (is_unsettled, worth_retrying) = (is_unsettled(), names_of_failures(FailureKind::is_worth_retrying)?);
    Ok(format!(
        "WITH of_jobs AS (
             SELECT run_id, count(*) AS total, sum(state = 'done') AS done, sum(state = 'failed') AS failed,
                 sum(is_propagated) AS propagated_images, sum(reused_attempt IS NOT NULL) AS reused, sum({IS_CUT_SHORT}) AS cut_short,
                 sum(state = 'failed' AND failure IN ({worth_retrying})) AS retryable,
                 sum((SELECT sum(value) FROM json_each(coalesce(found, propagated)))) AS annotations,
                 sum((SELECT sum(value) FROM json_each(propagated))) AS propagated_annotations
             FROM jobs {of_run} GROUP BY run_id),
         of_attempts AS (
             SELECT run_id, {BILL}, sum(may_be_billed) AS possibly_billed, sum(iif(may_be_billed, at_most, 0)) AS billed_at_most,
                 sum({is_unsettled}) AS unsettled, sum(iif({is_unsettled}, at_most, 0)) AS unsettled_at_most,
                 sum(retried_for IS NOT NULL) AS retries
             FROM jobs JOIN attempts ON job_id = jobs.id {of_run} GROUP BY run_id)
         SELECT id, {DESCRIPTION}, stop_reason, stop_detail, model, model_name, recipe, destination, mode, started_at, wall_millis, budget,
             quoted_low, quoted, quoted_likely_high, quoted_high, of_jobs.*, of_attempts.*,
             (SELECT count(*) FROM annotations WHERE run_id = runs.id AND status = 'proposed') AS undecided,
             (SELECT count(*) FROM jobs JOIN images ON images.id = image_id
              WHERE run_id = runs.id AND review <> 'unreviewed' AND NOT EXISTS (
                  SELECT 1 FROM layer_figures WHERE run_id = runs.id AND image_id = images.id AND proposed > 0)) AS reviewed
         FROM runs LEFT JOIN of_jobs ON of_jobs.run_id = runs.id LEFT JOIN of_attempts ON of_attempts.run_id = runs.id
         WHERE kind = 'run' {of_runs} ORDER BY runs.id DESC"
    ))
}

impl View<'_> {
    /// Newest first, without imports. A run without a stop reason is reported as running; whether it really is depends on its worker.
    pub fn runs(&self) -> Result<Vec<RunSummary>> {
        self.summaries(None)
    }

    pub fn run(&self, run: RunId) -> Result<RunSummary> {
        self.summaries(Some(run))?.pop().ok_or(StoreError::Missing { what: "run", id: run.0 })
    }

    fn summaries(&self, run: Option<RunId>) -> Result<Vec<RunSummary>> {
        let mut durations: HashMap<u32, Vec<f64>> = HashMap::new();
        let of_run = if run.is_some() { "run_id = ?1 AND" } else { "" };
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT run_id, took_millis FROM jobs WHERE {of_run} took_millis IS NOT NULL ORDER BY took_millis"
        ))?;
        let mut rows = statement.query(params_from_iter(run.map(|run| run.0)))?;
        while let Some(row) = rows.next()? {
            durations.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let mut statement = self.0.prepare_cached(&summaries_sql(run.is_some())?)?;
        all(&mut statement, params_from_iter(run.map(|run| run.0)), |row| {
            read_summary(row, durations.get(&row.get("id")?).map_or(&[], Vec::as_slice))
        })
    }

    /// The model of the run.
    pub fn model_of_run(&self, run: RunId) -> Result<ModelId> {
        let mut statement = self.0.prepare_cached("SELECT model FROM runs WHERE id = ?1")?;
        found(statement.query_row([run.0], |row| row.get(0)), "run", run.0).map(ModelId)
    }

    /// The recipe as of the start of the run.
    pub fn recipe_of_run(&self, run: RunId) -> Result<Recipe> {
        let mut statement = self.0.prepare_cached("SELECT recipe FROM runs WHERE id = ?1")?;
        let recipe: String = found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)?;
        from_json("runs.recipe", &recipe)
    }

    /// The files and folders that a run was started on; empty for the whole library.
    pub fn roots_of_run(&self, run: RunId) -> Result<Vec<PathBuf>> {
        let mut statement = self.0.prepare_cached("SELECT path FROM run_roots WHERE run_id = ?1 ORDER BY path")?;
        all(&mut statement, [run.0], |row| Ok(path_bytes::from_bytes(&row.get::<_, Vec<u8>>(0)?)))
    }

    /// Active milliseconds of a run over all sessions, and its peak number of requests in flight.
    pub fn pace_of_run(&self, run: RunId) -> Result<(f64, u32)> {
        let mut statement = self.0.prepare_cached("SELECT wall_millis, peak_in_flight FROM runs WHERE id = ?1")?;
        found(statement.query_row([run.0], |row| Ok((row.get(0)?, row.get(1)?))), "run", run.0)
    }

    /// Summed durations of all requests of `run`, in milliseconds; `None` if not recorded.
    pub fn in_flight_millis(&self, run: RunId) -> Result<Option<f64>> {
        let mut statement = self.0.prepare_cached("SELECT in_flight_millis FROM runs WHERE id = ?1")?;
        found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)
    }

    /// Whether `run` has an unfinished pilot.
    pub fn is_in_pilot(&self, run: RunId) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT pilot_until IS NOT NULL FROM runs WHERE id = ?1")?;
        found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)
    }

    /// Expected cost of the pilot of `run`.
    pub fn pilot_expected(&self, run: RunId) -> Result<PicoDollars> {
        let mut statement = self.0.prepare_cached("SELECT coalesce(pilot_expected, 0) FROM runs WHERE id = ?1")?;
        Ok(PicoDollars(found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)?))
    }

    /// Concurrency of a run on this machine.
    pub fn concurrency_of_run(&self, run: RunId) -> Result<u32> {
        let mut statement = self.0.prepare_cached("SELECT concurrency FROM runs WHERE id = ?1")?;
        found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)
    }

    /// Options of `run`.
    pub fn options_of_run(&self, run: RunId) -> Result<RunOptions> {
        let mut statement = self.0.prepare_cached("SELECT options FROM runs WHERE id = ?1")?;
        let options: String = found(statement.query_row([run.0], |row| row.get(0)), "run", run.0)?;
        from_json("runs.options", &options)
    }

    /// The newest live run of `model` at its destination with an answer.
    pub fn latest_answered_run(&self, model: &Model) -> Result<Option<RunId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id FROM runs WHERE model = ?1 AND destination = ?2 AND mode = 'live' AND wall_millis > 0
             AND EXISTS (SELECT 1 FROM jobs WHERE run_id = runs.id AND state = 'done' AND took_millis IS NOT NULL)
             ORDER BY id DESC LIMIT 1",
        )?;
        let destination = to_json("runs.destination", &model.destination)?;
        Ok(statement.query_row([&model.id.0, &destination], |row| row.get(0)).optional()?.map(RunId))
    }
}

/// A row of [`summaries_sql`], with the ascending durations of the run's images in milliseconds.
fn read_summary(row: &Row<'_>, durations: &[f64]) -> Result<RunSummary> {
    // A run without jobs or requests has null sums.
    let count = |column: &str| Ok::<_, StoreError>(row.get::<_, Option<u32>>(column)?.unwrap_or_default());
    let money = |column: &str| Ok::<_, StoreError>(PicoDollars(row.get::<_, Option<u64>>(column)?.unwrap_or_default()));
    let recipe: Recipe = from_json("runs.recipe", &row.get::<_, String>("recipe")?)?;
    let stop_reason: Option<String> = row.get("stop_reason")?;
    let (total, done, failed) = (count("total")?, count("done")?, count("failed")?);
    let wall_millis: f64 = row.get("wall_millis")?;
    let asked = u32::try_from(durations.len()).unwrap_or(u32::MAX);
    let bill = read_bill(row)?;
    let quoted = quoted(row)?;
    let billed_at_most = money("billed_at_most")?;
    let has_likely_range = row.get::<_, Option<u64>>("quoted_likely_high")?.is_some_and(|high| high > 0);
    let is_complete = done + failed == total && stop_reason == Some(name_of(&StopReason::Completed)?);
    let is_cost_likely =
        quoted.filter(|_| has_likely_range && is_complete).map(|quoted| quoted.is_likely(bill.paid, billed_at_most));
    Ok(RunSummary {
        id: RunId(row.get("id")?),
        description: read_description(row)?,
        state: match stop_reason {
            Some(reason) => RunState::Stopped { reason: from_name("runs.stop_reason", reason)? },
            None => RunState::Running,
        },
        stop_detail: row.get("stop_detail")?,
        model: ModelId(row.get("model")?),
        model_name: row.get("model_name")?,
        recipe_name: recipe.name,
        destination: from_json("runs.destination", &row.get::<_, String>("destination")?)?,
        mode: from_name("runs.mode", row.get("mode")?)?,
        started_at: row.get("started_at")?,
        total,
        done,
        failed,
        waiting: total - done - failed,
        annotation_count: count("annotations")?,
        propagated_count: count("propagated_annotations")?,
        undecided_count: count("undecided")?,
        reviewed_count: count("reviewed")?,
        quoted,
        is_cost_likely,
        paid: bill.paid,
        usage: bill.usage,
        possibly_billed: PossiblyBilled { count: count("possibly_billed")?, at_most: billed_at_most },
        budget: row.get::<_, Option<u64>>("budget")?.map(PicoDollars),
        unsettled: PossiblyBilled { count: count("unsettled")?, at_most: money("unsettled_at_most")? },
        cut_short: count("cut_short")?,
        retryable: count("retryable")?,
        reused: count("reused")?,
        propagated: count("propagated_images")?,
        retries: count("retries")?,
        asked,
        p50_millis: quantile(durations, 0.50),
        p95_millis: quantile(durations, 0.95),
        rate_per_minute: (wall_millis > 0.0 && asked > 0).then(|| rate::average(durations.len(), wall_millis)),
    })
}

/// Runs from before quotes had a range were free: both ends equal the expected cost. Those from before there was a likely
/// range had a low end and the bound only.
fn quoted(row: &Row<'_>) -> Result<Option<CostRange>> {
    let Some(expected) = row.get::<_, Option<u64>>("quoted")? else { return Ok(None) };
    let at_most = row.get::<_, Option<u64>>("quoted_high")?.unwrap_or(expected);
    Ok(Some(CostRange {
        likely_low: PicoDollars(row.get::<_, Option<u64>>("quoted_low")?.unwrap_or(expected)),
        expected: PicoDollars(expected),
        likely_high: PicoDollars(row.get::<_, Option<u64>>("quoted_likely_high")?.unwrap_or(at_most)),
        at_most: PicoDollars(at_most),
    }))
}

impl Edit<'_> {
    /// Stores a run and its queue.
    pub fn add_run(&self, run: &NewRun, now: u64) -> Result<RunId> {
        let id = RunId(self.0.0.query_row(
            "INSERT INTO runs (started_at, model, model_name, recipe, concurrency, quoted, quoted_low, quoted_likely_high,
                 quoted_high,
                 destination, budget, options, answer_key, ignores_saved_answers, mode, pilot_expected, sent_edge, tiles_key,
                 in_flight_millis)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 0) RETURNING id",
            params![
                now,
                run.model.0,
                run.model_name,
                to_json("runs.recipe", &run.recipe)?,
                run.concurrency,
                run.quoted.map(|quoted| quoted.expected.0),
                run.quoted.map(|quoted| quoted.likely_low.0),
                run.quoted.map(|quoted| quoted.likely_high.0),
                run.quoted.map(|quoted| quoted.at_most.0),
                to_json("runs.destination", &run.destination)?,
                run.budget.map(|budget| budget.0),
                to_json("runs.options", &run.options)?,
                run.question.as_ref().map(|question| &question.key),
                run.ignores_saved_answers,
                name_of(&run.mode)?,
                run.pilot.map(|pilot| pilot.expected.0),
                run.question.as_ref().and_then(|question| question.sent_edge),
                run.question.as_ref().and_then(|question| question.tiles_key.as_ref()),
            ],
            |row| row.get(0),
        )?);
        let mut root =
            self.0.0.prepare_cached("INSERT INTO run_roots (run_id, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        for path in &run.roots {
            root.execute(params![id.0, path_bytes::to_bytes(path)])?;
        }
        self.add_jobs(id, &run.images)?;
        if let Some(pilot) = run.pilot {
            self.0.0.execute(
                "UPDATE runs SET pilot_until = (SELECT id FROM jobs WHERE run_id = ?1 ORDER BY id LIMIT 1 OFFSET ?2)
                 WHERE id = ?1",
                params![id.0, pilot.images.saturating_sub(1)],
            )?;
        }
        Ok(id)
    }

    /// Adds active time as it passes, so that a crash loses none.
    pub fn add_wall_millis(&self, run: RunId, millis: f64) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE runs SET wall_millis = wall_millis + ?2 WHERE id = ?1")?
            .execute(params![run.0, millis])?;
        Ok(())
    }

    /// Records the peak number of requests in flight.
    pub fn record_peak_in_flight(&self, run: RunId, peak: u32) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE runs SET peak_in_flight = max(peak_in_flight, ?2) WHERE id = ?1")?
            .execute(params![run.0, peak])?;
        Ok(())
    }

    /// Adds the summed time of requests in flight since the last call. A run whose earlier sessions did not record it
    /// has no such figure.
    pub fn add_in_flight_millis(&self, run: RunId, millis: f64) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE runs SET in_flight_millis = in_flight_millis + ?2 WHERE id = ?1")?
            .execute(params![run.0, millis])?;
        Ok(())
    }

    /// Records the concurrency from now on; `None` is automatic. `count` is that of a run on this machine, which cannot
    /// adapt to a server.
    pub fn record_concurrency(&self, run: RunId, concurrency: Option<u32>, count: Option<u32>) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "UPDATE runs SET options = json_set(options, '$.concurrency', ?2), concurrency = coalesce(?3, concurrency)
                 WHERE id = ?1",
            )?
            .execute(params![run.0, concurrency, count])?;
        Ok(())
    }

    /// Records the limits that apply from now on; those that are left out stay as they are.
    pub fn record_limits(&self, run: RunId, limits: LimitSettings) -> Result<()> {
        let options = self.options_of_run(run)?;
        let options = RunOptions { limits: limits.or(options.limits), ..options };
        self.0
            .0
            .prepare_cached("UPDATE runs SET options = ?2 WHERE id = ?1")?
            .execute(params![run.0, to_json("runs.options", &options)?])?;
        Ok(())
    }

    /// Records the output maximum from now on, in tokens.
    pub fn record_max_tokens(&self, run: RunId, max_tokens: u32) -> Result<()> {
        self.0.0.execute(
            "UPDATE runs SET options = json_set(options, '$.max_tokens', ?2) WHERE id = ?1",
            params![run.0, max_tokens],
        )?;
        Ok(())
    }

    /// Records the question from now on. If it changes, the run has answers of two kinds, and no other run reuses them.
    pub fn record_question(&self, run: RunId, question: Option<&Question>) -> Result<()> {
        self.0.0.execute(
            "UPDATE runs SET answer_key = CASE WHEN answer_key = ?2 AND sent_edge IS ?3 AND tiles_key IS ?4 THEN answer_key END
             WHERE id = ?1",
            params![
                run.0,
                question.map(|question| &question.key),
                question.and_then(|question| question.sent_edge),
                question.and_then(|question| question.tiles_key.as_ref()),
            ],
        )?;
        Ok(())
    }

    /// Ends the pilot of the run: all its images may be sent.
    pub fn end_pilot(&self, run: RunId) -> Result<()> {
        self.0.0.execute("UPDATE runs SET pilot_until = NULL WHERE id = ?1", [run.0])?;
        Ok(())
    }

    /// Raises the bound of the run's quote to `bound`, if that is more: the user has allowed images to be sent
    /// again, or has changed the settings that it depends on.
    pub fn raise_bound(&self, run: RunId, bound: PicoDollars) -> Result<()> {
        self.0.0.execute(
            "UPDATE runs SET quoted_high = max(quoted_high, ?2) WHERE id = ?1 AND quoted_high IS NOT NULL",
            params![run.0, bound.0],
        )?;
        Ok(())
    }

    /// Records that saved answers are ignored from now on.
    pub fn record_ignores_saved_answers(&self, run: RunId) -> Result<()> {
        self.0.0.execute("UPDATE runs SET ignores_saved_answers = 1 WHERE id = ?1", [run.0])?;
        Ok(())
    }

    /// Records the budget from now on.
    pub fn record_budget(&self, run: RunId, budget: PicoDollars) -> Result<()> {
        self.0.0.execute("UPDATE runs SET budget = ?2 WHERE id = ?1", params![run.0, budget.0])?;
        Ok(())
    }

    /// Records the destination from now on.
    pub fn record_destination(&self, run: RunId, destination: &Destination) -> Result<()> {
        let destination = to_json("runs.destination", destination)?;
        self.0.0.execute("UPDATE runs SET destination = ?2 WHERE id = ?1", params![run.0, destination])?;
        Ok(())
    }

    pub fn record_resumed(&self, run: RunId) -> Result<()> {
        self.0.0.execute("UPDATE runs SET stop_reason = NULL, stop_detail = NULL WHERE id = ?1", [run.0])?;
        Ok(())
    }

    /// Records why a run stopped, with details if it stopped on its own.
    pub fn record_stopped(&self, run: RunId, reason: StopReason, detail: Option<&str>) -> Result<()> {
        self.0.0.execute(
            "UPDATE runs SET stop_reason = ?2, stop_detail = ?3 WHERE id = ?1",
            params![run.0, name_of(&reason)?, detail],
        )?;
        Ok(())
    }
}
