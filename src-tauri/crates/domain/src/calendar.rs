//! Days of the calendar, as vendors announce prices and retirements. No time zones: a vendor's day is taken as it is said.

use serde::{Deserialize, Serialize};

/// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;

/// A day, written `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct CalendarDate(#[cfg_attr(feature = "specta", specta(type = String))] YearMonthDay);

/// In the order in which days compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct YearMonthDay {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day: it should look like 2026-11-23")]
pub struct NoDay(String);

impl CalendarDate {
    /// `month` and `day` from 1.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Self {
        Self(YearMonthDay { year, month, day })
    }

    /// The last day of a month.
    #[must_use]
    pub const fn last_of(year: u16, month: u8) -> Self {
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let day = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        Self::new(year, month, day)
    }

    /// Whether its month has such a day.
    #[must_use]
    pub fn is_real(self) -> bool {
        self <= Self::last_of(self.0.year, self.0.month)
    }

    /// Days since 1970-01-01, before it less than nought.
    #[must_use]
    pub fn days_since_epoch(self) -> i64 {
        let YearMonthDay { year, month, day } = self.0;
        // Years that begin in March, so that a leap day is the last of its year.
        let year = i64::from(year) - i64::from(month < 3);
        let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - DAYS_TO_1970
    }
}

impl CalendarDate {
    /// The other way round; what is beyond the years 0 to 9999 is the first or the last day of these.
    #[must_use]
    pub fn from_days_since_epoch(days: i64) -> Self {
        let (first, last) = (Self::new(0, 1, 1), Self::new(9999, 12, 31));
        let days = days.clamp(first.days_since_epoch(), last.days_since_epoch()) + DAYS_TO_1970;
        // The calendar repeats itself every 400 years, which have 146,097 days.
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let months_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_from_march + 2) / 5 + 1;
        let month = (months_from_march + 2) % 12 + 1;
        let year = era * 400 + year + i64::from(month < 3);
        Self::new(
            u16::try_from(year).unwrap_or_default(),
            u8::try_from(month).unwrap_or(1),
            u8::try_from(day).unwrap_or(1),
        )
    }

    /// All days of its month.
    #[must_use]
    pub const fn month(self) -> (Self, Self) {
        let YearMonthDay { year, month, .. } = self.0;
        (Self::new(year, month, 1), Self::last_of(year, month))
    }
}

impl std::fmt::Display for CalendarDate {
    /// ISO 8601.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let YearMonthDay { year, month, day } = self.0;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl From<CalendarDate> for String {
    fn from(date: CalendarDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for CalendarDate {
    type Error = NoDay;

    fn try_from(text: String) -> Result<Self, NoDay> {
        let mut parts = text.splitn(3, '-');
        let year = parts.next().and_then(|part| part.parse().ok());
        let mut within = |range: std::ops::RangeInclusive<u8>| {
            parts.next().and_then(|part| part.parse().ok()).filter(|part| range.contains(part))
        };
        match (year, within(1..=12), within(1..=31)) {
            (Some(year), Some(month), Some(day)) => Ok(Self::new(year, month, day)),
            _ => Err(NoDay(text)),
        }
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
            assert!(day.is_real() && day.days_since_epoch() == days, "{days}: {day}");
        }
        assert_eq!(CalendarDate::from_days_since_epoch(i64::MAX), CalendarDate::new(9999, 12, 31));
        assert_eq!(CalendarDate::from_days_since_epoch(i64::MIN), CalendarDate::new(0, 1, 1));
        assert!(CalendarDate::new(2024, 2, 29).is_real() && !CalendarDate::new(2026, 2, 29).is_real());
    }

    #[test]
    fn days_are_written_as_days_and_read_back() {
        let day = CalendarDate::new(2026, 11, 3);
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-11-03\"");
        assert_eq!(serde_json::from_str::<CalendarDate>("\"2026-11-03\"").unwrap(), day);
        assert!(day < CalendarDate::new(2026, 11, 23) && day > CalendarDate::new(2025, 12, 31));
        for text in ["\"2026-13-01\"", "\"2026-11\"", "\"soon\"", "\"2026-11-03-04\""] {
            assert!(serde_json::from_str::<CalendarDate>(text).is_err(), "{text}");
        }
    }
}
