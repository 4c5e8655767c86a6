//! What requests have cost over all runs. Recording that a request is sent reserves its maximum cost: both happen in one
//! transaction, so that processes that share a library cannot pass a cap together.

use domain::ids::{AttemptId, JobId};
use domain::money::PicoDollars;
use domain::month::{CalendarMonth, MonthLimit};
use domain::spend::SpendRow;

use super::all;
use super::attempts::IS_IN_OPEN_BATCH;
use crate::{Edit, Result, View};

const QUARTER_HOUR_MILLIS: u64 = 900_000;
/// A request without an answer may be billed so long after it was sent: it counts in the month that began since. One in an
/// open batch may be billed at any time.
const OPEN_MILLIS: u64 = 2 * 24 * 3_600_000;

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

    /// All requests that have ended, by month, model, recipe and collection, calibrations included.
    pub fn spend(&self) -> Result<Vec<SpendRow>> {
        let mut statement = self.0.prepare_cached(
            "SELECT strftime('%Y-%m', coalesce(answered_at, sent_at) / 1000, 'unixepoch', 'localtime') AS month,
                    model, recipe ->> 'name' AS recipe_name,
                    coalesce((SELECT collections.name FROM collection_images
                              JOIN collections ON collections.id = collection_id
                              WHERE collection_images.image_id = jobs.image_id ORDER BY collection_id LIMIT 1), '') AS collection,
                    count(*), sum(paid), sum(iif(may_be_billed, at_most, 0)),
                    sum(usage_input + usage_cache_write_5m + usage_cache_write_1h + usage_cache_read), sum(usage_output)
             FROM attempts JOIN jobs ON jobs.id = job_id JOIN runs ON runs.id = run_id
             WHERE attempts.state <> 'sent' GROUP BY 1, 2, 3, 4
             UNION ALL
             SELECT strftime('%Y-%m', sent_at / 1000, 'unixepoch', 'localtime'), model_id, '', '',
                    count(*), sum(coalesce(paid, 0)), sum(iif(paid IS NULL, at_most, 0)), 0, 0
             FROM calibration_requests JOIN calibrations ON calibrations.id = calibration_id
             WHERE state <> 'sent' GROUP BY 1, 2
             ORDER BY 1, 2, 3, 4",
        )?;
        all(&mut statement, [], |row| {
            Ok(SpendRow {
                month: row.get(0)?,
                model: row.get(1)?,
                recipe: row.get(2)?,
                collection: row.get(3)?,
                requests: row.get(4)?,
                paid: PicoDollars(row.get(5)?),
                possibly_billed: PicoDollars(row.get(6)?),
                input_tokens: row.get(7)?,
                output_tokens: row.get(8)?,
            })
        })
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
