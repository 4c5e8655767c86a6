//! Capture times, by the camera's clock.

use domain::calendar::CalendarDate;
use domain::ids::ImageId;
use domain::query::Span;
use domain::taken::Taken;
use rusqlite::params;

use super::id_set::IdSet;
use crate::{Edit, Result, View};

/// A calendar month, by its first and last day.
pub struct Month(CalendarDate, CalendarDate);

impl Month {
    pub fn days(&self) -> Span<CalendarDate> {
        Span::Between { least: self.0, most: self.1 }
    }

    /// As typed: `2026-05`.
    pub fn name(&self) -> String {
        let mut name = self.0.to_string();
        name.truncate("2026-05".len());
        name
    }
}

impl View<'_> {
    /// Whether `image` was imported before capture times were read.
    pub fn is_taken_unread(&self, image: ImageId) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT 1 FROM images WHERE id = ?1 AND NOT is_taken_read")?;
        Ok(statement.exists([image.0])?)
    }

    /// The capture months of `found`, or of the library, latest first, with counts.
    pub(super) fn months_taken(&self, found: Option<&IdSet>) -> Result<Vec<(Month, u32)>> {
        // In index order, the calendar is consulted once a month.
        let mut statement = self
            .0
            .prepare_cached("SELECT taken_at, id FROM images WHERE taken_at IS NOT NULL ORDER BY taken_at DESC")?;
        let mut rows = statement.query([])?;
        let mut months: Vec<(Month, u32)> = Vec::new();
        let mut month_begins = i64::MAX;
        while let Some(row) = rows.next()? {
            if found.is_some_and(|found| row.get(1).is_ok_and(|id| !found.contains(id))) {
                continue;
            }
            let clock_millis: i64 = row.get(0)?;
            if clock_millis < month_begins {
                let (first, last) = Taken::day_of(clock_millis).month();
                month_begins = Taken::clock_millis_at(first);
                months.push((Month(first, last), 0));
            }
            if let Some((_, count)) = months.last_mut() {
                *count += 1;
            }
        }
        Ok(months)
    }
}

impl Edit<'_> {
    /// Records the capture time of an image from before it was read; others keep theirs.
    pub fn record_when_taken(&self, image: ImageId, taken: Option<Taken>) -> Result<()> {
        self.0
            .0
            .prepare_cached(
                "UPDATE images SET taken_at = ?2, taken_minutes_ahead = ?3, is_taken_read = 1
                 WHERE id = ?1 AND NOT is_taken_read",
            )?
            .execute(params![
                image.0,
                taken.map(|taken| taken.clock_millis),
                taken.and_then(|taken| taken.minutes_ahead_of_utc)
            ])?;
        Ok(())
    }
}

pub fn from_columns(taken_at: Option<i64>, taken_minutes_ahead: Option<i16>) -> Option<Taken> {
    taken_at.map(|clock_millis| Taken { clock_millis, minutes_ahead_of_utc: taken_minutes_ahead })
}
