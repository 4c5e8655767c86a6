//! Calibrations and their requests: a ledger like that of attempts. `sent` is on disk before a request is sent, `received`
//! with the raw answer before it is read; `failed` has an error instead of an answer.

use domain::coordinates::BoxCoordinates;
use domain::ids::CalibrationId;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::month::MonthLimit;
use rusqlite::params;

use super::all;
use crate::{Edit, Result, View};

/// A request of a calibration, as the library keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationRequest {
    /// The place of its picture.
    pub picture: u32,
    /// `sent`, `received` or `failed`.
    pub state: String,
    /// The most that it can cost.
    pub at_most: PicoDollars,
    /// `None` without a reported usage, or without a price.
    pub paid: Option<PicoDollars>,
    /// As received.
    pub answer: Option<String>,
}

impl View<'_> {
    /// The requests of a calibration, in the order of their pictures.
    pub fn calibration_requests(&self, calibration: CalibrationId) -> Result<Vec<CalibrationRequest>> {
        let mut statement = self.0.prepare_cached(
            "SELECT picture, state, at_most, paid, answer FROM calibration_requests WHERE calibration_id = ?1
             ORDER BY picture",
        )?;
        all(&mut statement, [calibration.0], |row| {
            Ok(CalibrationRequest {
                picture: row.get(0)?,
                state: row.get(1)?,
                at_most: PicoDollars(row.get(2)?),
                paid: row.get::<_, Option<u64>>(3)?.map(PicoDollars),
                answer: row.get(4)?,
            })
        })
    }

    /// What requests of calibrations that were sent in this time, in milliseconds, may have cost: those without a reported
    /// usage at their maximum.
    pub(super) fn spent_on_calibrations(&self, from: u64, until: u64) -> Result<PicoDollars> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(sum(coalesce(paid, at_most)), 0) FROM calibration_requests WHERE sent_at >= ?1 AND sent_at < ?2",
        )?;
        Ok(PicoDollars(statement.query_row([from, until], |row| row.get(0))?))
    }
}

impl Edit<'_> {
    pub fn add_calibration(
        &self,
        model: &ModelId,
        base_url: &str,
        asked_for: BoxCoordinates,
        now: u64,
    ) -> Result<CalibrationId> {
        self.0.0.execute(
            "INSERT INTO calibrations (model_id, base_url, asked_for, started_at) VALUES (?1, ?2, ?3, ?4)",
            params![model.0, base_url, asked_for.name(), now],
        )?;
        Ok(CalibrationId(self.0.0.query_row("SELECT last_insert_rowid()", [], |row| row.get(0))?))
    }

    /// Records a request before it is sent; `false`, and nothing is recorded, if the month has no room for it.
    pub fn record_calibration_sent(
        &self,
        limit: Option<&MonthLimit>,
        calibration: CalibrationId,
        picture: u32,
        at_most: PicoDollars,
        now: u64,
    ) -> Result<bool> {
        if !self.has_month_room(limit, at_most)? {
            return Ok(false);
        }
        self.0.0.execute(
            "INSERT INTO calibration_requests (calibration_id, picture, state, sent_at, at_most) VALUES (?1, ?2, 'sent', ?3, ?4)",
            params![calibration.0, picture, now, at_most.0],
        )?;
        Ok(true)
    }

    /// Records an answer before it is read. `paid` is `None` if the server reported no usage.
    pub fn record_calibration_answer(
        &self,
        calibration: CalibrationId,
        picture: u32,
        answer: &str,
        paid: Option<PicoDollars>,
    ) -> Result<()> {
        self.0.0.execute(
            "UPDATE calibration_requests SET state = 'received', answer = ?3, paid = ?4
             WHERE calibration_id = ?1 AND picture = ?2",
            params![calibration.0, picture, answer, paid.map(|paid| paid.0)],
        )?;
        Ok(())
    }

    /// Records a request that ended without an answer. One that was certainly not billed has cost nothing.
    pub fn record_calibration_failure(
        &self,
        calibration: CalibrationId,
        picture: u32,
        error: &str,
        may_be_billed: bool,
    ) -> Result<()> {
        let paid = if may_be_billed { None } else { Some(0) };
        self.0.0.execute(
            "UPDATE calibration_requests SET state = 'failed', error = ?3, paid = ?4
             WHERE calibration_id = ?1 AND picture = ?2",
            params![calibration.0, picture, error, paid],
        )?;
        Ok(())
    }
}
