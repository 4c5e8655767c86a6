//! Calendar days, as vendors announce prices and retirements, without time zones.

use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

const EPOCH: Date = Date::constant(1970, 1, 1);
const HOURS_A_DAY: i64 = 24;

/// A day of the years 0 to 9999, written `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct CalendarDate(#[cfg_attr(feature = "specta", specta(type = String))] Date);

/// Text that is not a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date; expected a date such as 2026-11-23")]
pub struct NoDay(String);

impl CalendarDate {
    /// A constant day. `month` and `day` from 1; panics if invalid.
    #[must_use]
    pub const fn new(year: i16, month: i8, day: i8) -> Self {
        Self(Date::constant(year, month, day))
    }

    /// `month` and `day` from 1. `None` if invalid.
    #[must_use]
    pub fn of(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().filter(|date| date.year() >= 0).map(Self)
    }

    /// Days since 1970-01-01; negative before.
    #[must_use]
    pub fn days_since_epoch(self) -> i64 {
        self.0.duration_since(EPOCH).as_hours() / HOURS_A_DAY
    }

    /// The inverse, clamped to the years 0 to 9999.
    #[must_use]
    pub fn from_days_since_epoch(days: i64) -> Self {
        let (first, last) = (Self::new(0, 1, 1), Self::new(9999, 12, 31));
        let days = days.clamp(first.days_since_epoch(), last.days_since_epoch());
        Self(EPOCH.saturating_add(SignedDuration::from_hours(days * HOURS_A_DAY)))
    }

    /// The first and last day of its month.
    #[must_use]
    pub fn month(self) -> (Self, Self) {
        (Self(self.0.first_of_month()), Self(self.0.last_of_month()))
    }
}

impl From<Date> for CalendarDate {
    /// Days before the year 0 are clamped.
    fn from(date: Date) -> Self {
        Self(date.max(Date::constant(0, 1, 1)))
    }
}

impl std::fmt::Display for CalendarDate {
    /// ISO 8601.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<CalendarDate> for String {
    fn from(date: CalendarDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for CalendarDate {
    type Error = NoDay;

    /// Leading zeros may be omitted.
    fn try_from(text: String) -> Result<Self, NoDay> {
        let mut parts = text.splitn(3, '-');
        let mut date =
            || Self::of(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        date().ok_or(NoDay(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years_and_centuries() {
        let day = |year, month, day| CalendarDate::new(year, month, day).days_since_epoch();
        assert_eq!([day(1970, 1, 1), day(1969, 12, 31), day(2026, 11, 23)], [0, -1, 20_780]);
        for (year, days) in [(2023, 365), (2024, 366), (2000, 366), (2100, 365)] {
            assert_eq!(day(year + 1, 1, 1) - day(year, 1, 1), days, "{year}");
        }
        assert_eq!(day(2024, 3, 1) - day(2024, 2, 28), 2);
        for days in (-719_528..2_932_897).step_by(11) {
            let day = CalendarDate::from_days_since_epoch(days);
            assert_eq!(day.days_since_epoch(), days, "{day}");
        }
        assert_eq!(CalendarDate::from_days_since_epoch(i64::MAX), CalendarDate::new(9999, 12, 31));
        assert_eq!(CalendarDate::from_days_since_epoch(i64::MIN), CalendarDate::new(0, 1, 1));
        assert!(CalendarDate::of(2024, 2, 29).is_some() && CalendarDate::of(2026, 2, 29).is_none());
        assert_eq!(
            CalendarDate::new(2024, 2, 3).month(),
            (CalendarDate::new(2024, 2, 1), CalendarDate::new(2024, 2, 29))
        );
    }

    #[test]
    fn days_are_written_as_days_and_read_back() {
        let day = CalendarDate::new(2026, 11, 3);
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-11-03\"");
        assert_eq!(serde_json::from_str::<CalendarDate>("\"2026-11-03\"").unwrap(), day);
        assert!(day < CalendarDate::new(2026, 11, 23) && day > CalendarDate::new(2025, 12, 31));
        for text in [
            "\"2026-13-01\"",
            "\"2026-02-30\"",
            "\"-2026-01-01\"",
            "\"2026-11-03T10:00\"",
            "\" 2026-11-03\"",
            "\"2026-11\"",
            "\"soon\"",
            "\"2026-11-03-04\"",
        ] {
            assert!(serde_json::from_str::<CalendarDate>(text).is_err(), "{text}");
        }
    }
}
