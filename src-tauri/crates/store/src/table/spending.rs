//! What requests have cost over all runs. Recording that a request is sent reserves its maximum cost: both happen in one
//! transaction, so that processes that share a library cannot pass a cap together.

use domain::ids::{AttemptId, JobId, RunId};
use domain::money::PicoDollars;
use domain::month::{CalendarMonth, MonthLimit};
use domain::spend::{LedgerSum, Pace, ReviewedSum, SpendFigures};

use super::all;
use super::attempts::IS_IN_OPEN_BATCH;
use crate::{Edit, Result, View};

const QUARTER_HOUR_MILLIS: u64 = 900_000;
const QUARTER_HOUR_SECONDS: u64 = 900;
const A_DAY_MILLIS: u64 = 24 * 3_600_000;
/// A request without an answer may be billed so long after it was sent: it counts in the month that began since. One in an
/// open batch may be billed at any time.
const OPEN_MILLIS: u64 = 2 * 24 * 3_600_000;

/// The name of the first collection of the image of `jobs`, so that no request counts twice; empty without one.
const FIRST_COLLECTION: &str = "coalesce((SELECT collections.name FROM collection_images
    JOIN collections ON collections.id = collection_id
    WHERE collection_images.image_id = jobs.image_id ORDER BY collection_id LIMIT 1), '')";

/// Whether the price of a request of `runs` in `attempts` was not known.
const IS_UNPRICED: &str = "(quoted IS NULL AND paid = 0 AND destination ->> 'kind' <> 'this_machine')";

impl View<'_> {
    /// What was spent in `month`: paid or possibly billed, and reserved for requests without a known answer. Those of
    /// calibrations count when they were sent.
    pub fn spent_in(&self, month: CalendarMonth) -> Result<(PicoDollars, PicoDollars)> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(sum(CASE WHEN quarter_hour >= ?1 THEN settled END), 0), coalesce(sum(open), 0)
             FROM spending WHERE quarter_hour >= ?2 AND quarter_hour < ?3",
        )?;
        let [from, open_from, until] =
            [month.from_millis, month.from_millis.saturating_sub(OPEN_MILLIS), month.until_millis]
                .map(|millis| millis / QUARTER_HOUR_MILLIS);
        let amount = |sum: i64| PicoDollars(u64::try_from(sum).unwrap_or_default());
        let (settled, open): (PicoDollars, PicoDollars) =
            statement.query_row([from, open_from, until], |row| Ok((amount(row.get(0)?), amount(row.get(1)?))))?;
        let settled = settled + self.spent_on_calibrations(month.from_millis, month.until_millis)?;
        Ok((settled, open + self.in_batches_before(open_from)?))
    }

    /// The maximum of the requests in open batches that were sent before this quarter of an hour. Of other open batches only
    /// the oldest request is read, as this is asked before every request.
    fn in_batches_before(&self, quarter_hour: u64) -> Result<PicoDollars> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT coalesce(sum(at_most), 0) FROM batches JOIN batch_items ON batch_id = batches.id
             JOIN attempts ON attempts.id = attempt_id
             WHERE standing NOT IN ('ended', 'given_up') AND (
                     SELECT sent_at / {QUARTER_HOUR_MILLIS} < ?1 FROM attempts
                     WHERE id = (SELECT min(attempt_id) FROM batch_items WHERE batch_id = batches.id))
                 AND attempts.state = 'sent' AND sent_at / {QUARTER_HOUR_MILLIS} < ?1"
        ))?;
        Ok(PicoDollars(statement.query_row([quarter_hour], |row| row.get(0))?))
    }

    /// Whether the month has room for a request that costs `at_most`.
    pub fn has_month_room(&self, limit: Option<&MonthLimit>, at_most: PicoDollars) -> Result<bool> {
        let Some(limit) = limit else { return Ok(true) };
        let (settled, open) = self.spent_in(limit.month)?;
        Ok(limit.admits(settled + open, at_most))
    }

    /// All requests that have ended, by month, model, recipe, collection and run, calibrations included.
    pub fn spend(&self) -> Result<Vec<LedgerSum>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT strftime('%Y-%m', coalesce(answered_at, sent_at) / 1000, 'unixepoch', 'localtime') AS month,
                    model, recipe ->> 'name' AS recipe_name, {FIRST_COLLECTION} AS collection, run_id,
                    sum(NOT EXISTS (SELECT 1 FROM attempts AS later
                                    WHERE later.job_id = jobs.id AND later.state <> 'sent' AND later.id > attempts.id)),
                    count(*), sum({IS_UNPRICED}),
                    sum(paid), sum(iif(jobs.state = 'failed', paid, 0)), sum(iif(may_be_billed, at_most, 0)),
                    sum(usage_input + usage_cache_write_5m + usage_cache_write_1h + usage_cache_read), sum(usage_output)
             FROM attempts JOIN jobs ON jobs.id = job_id JOIN runs ON runs.id = run_id
             WHERE attempts.state <> 'sent' GROUP BY 1, 2, 3, 4, 5
             UNION ALL
             SELECT strftime('%Y-%m', sent_at / 1000, 'unixepoch', 'localtime'), model_id, '', '', NULL,
                    0, count(*), 0, sum(coalesce(paid, 0)), 0, sum(iif(paid IS NULL, at_most, 0)), 0, 0
             FROM calibration_requests JOIN calibrations ON calibrations.id = calibration_id
             WHERE state <> 'sent' GROUP BY 1, 2
             ORDER BY 1, 2, 3, 4, 5"
        ))?;
        all(&mut statement, [], |row| {
            Ok(LedgerSum {
                month: row.get(0)?,
                model: row.get(1)?,
                recipe: row.get(2)?,
                collection: row.get(3)?,
                run: row.get::<_, Option<u32>>(4)?.map(RunId),
                figures: SpendFigures {
                    images: row.get(5)?,
                    requests: row.get(6)?,
                    unpriced_requests: row.get(7)?,
                    paid: PicoDollars(row.get(8)?),
                    paid_for_failed: PicoDollars(row.get(9)?),
                    possibly_billed: PicoDollars(row.get(10)?),
                    input_tokens: row.get(11)?,
                    output_tokens: row.get(12)?,
                },
            })
        })
    }

    /// The images that runs sent and people reviewed, by run, collection and month: what they cost, and the annotations of the
    /// run that were accepted on them.
    pub fn reviewed_spend(&self) -> Result<Vec<ReviewedSum>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT run_id, model, {FIRST_COLLECTION} AS collection,
                    (SELECT strftime('%Y-%m', max(coalesce(answered_at, sent_at)) / 1000, 'unixepoch', 'localtime')
                     FROM attempts WHERE job_id = jobs.id AND attempts.state <> 'sent') AS month,
                    count(*), sum((SELECT count(*) FROM attempts WHERE job_id = jobs.id AND {IS_UNPRICED})),
                    sum((SELECT coalesce(sum(paid), 0) FROM attempts WHERE job_id = jobs.id)),
                    sum((SELECT count(*) FROM annotations
                         WHERE image_id = jobs.image_id AND run_id = runs.id AND status IN ('accepted', 'edited')))
             FROM jobs JOIN images ON images.id = image_id JOIN runs ON runs.id = run_id
             WHERE jobs.state = 'done' AND reused_attempt IS NULL AND NOT is_propagated AND review <> 'unreviewed'
                 AND NOT EXISTS (SELECT 1 FROM layer_figures
                                 WHERE run_id = runs.id AND image_id = images.id AND proposed > 0)
             GROUP BY 1, 3, 4 ORDER BY 1, 3, 4"
        ))?;
        all(&mut statement, [], |row| {
            Ok(ReviewedSum {
                run: RunId(row.get(0)?),
                model: row.get(1)?,
                collection: row.get(2)?,
                month: row.get(3)?,
                images: row.get(4)?,
                unpriced_requests: row.get(5)?,
                paid: PicoDollars(row.get(6)?),
                accepted: row.get(7)?,
            })
        })
    }

    /// The days of `month` on which something was spent, as in [`Self::spent_in`].
    pub fn spent_by_day(&self, month: CalendarMonth) -> Result<Vec<(String, PicoDollars)>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT day, sum(spent) FROM (
                 SELECT strftime('%Y-%m-%d', quarter_hour * {QUARTER_HOUR_SECONDS}, 'unixepoch', 'localtime') AS day, settled AS spent
                 FROM spending WHERE quarter_hour >= ?1 / {QUARTER_HOUR_MILLIS} AND quarter_hour < ?2 / {QUARTER_HOUR_MILLIS}
                 UNION ALL
                 SELECT strftime('%Y-%m-%d', sent_at / 1000, 'unixepoch', 'localtime'), coalesce(paid, at_most)
                 FROM calibration_requests WHERE sent_at >= ?1 AND sent_at < ?2)
             GROUP BY day HAVING sum(spent) > 0 ORDER BY day"
        ))?;
        all(&mut statement, [month.from_millis, month.until_millis], |row| Ok((row.get(0)?, PicoDollars(row.get(1)?))))
    }

    /// What was spent in the last days before `now_millis`; `None` if requests do not go back long enough.
    pub fn pace(&self, now_millis: u64) -> Result<Option<Pace>> {
        let mut first = self.0.prepare_cached("SELECT min(quarter_hour) FROM spending WHERE settled > 0")?;
        let first: Option<u64> = first.query_row([], |row| row.get(0))?;
        let ledger_millis =
            first.map_or(0, |quarter_hour| now_millis.saturating_sub(quarter_hour * QUARTER_HOUR_MILLIS));
        let Some(days) = Pace::days_of(ledger_millis / A_DAY_MILLIS) else { return Ok(None) };
        let from = now_millis.saturating_sub(u64::from(days) * A_DAY_MILLIS);
        let mut settled =
            self.0.prepare_cached("SELECT coalesce(sum(settled), 0) FROM spending WHERE quarter_hour >= ?1")?;
        let spent = PicoDollars(settled.query_row([from / QUARTER_HOUR_MILLIS], |row| row.get(0))?);
        Ok(Some(Pace { days, spent: spent + self.spent_on_calibrations(from, i64::MAX.unsigned_abs())? }))
    }

    /// Whether any run with a worker waits for an answer outside of batches, which may cost less than is reserved for it.
    pub fn is_any_in_flight(&self) -> Result<bool> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT EXISTS (
                 SELECT 1 FROM attempts JOIN jobs ON jobs.id = job_id JOIN runs ON runs.id = run_id
                 WHERE attempts.state = 'sent' AND at_most > 0 AND worker_id IS NOT NULL AND NOT {IS_IN_OPEN_BATCH})"
        ))?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}

impl Edit<'_> {
    /// Like [`Edit::record_sent`]; `None`, and nothing is recorded, if the month has no room for the request.
    pub fn record_sent_within(
        &self,
        limit: Option<&MonthLimit>,
        job: JobId,
        at_most: PicoDollars,
        now: u64,
    ) -> Result<Option<AttemptId>> {
        if self.has_month_room(limit, at_most)? { Ok(Some(self.record_sent(job, at_most, now)?)) } else { Ok(None) }
    }
}
