//! Days of the calendar, as vendors announce prices and retirements. No time zones: a vendor's day is taken as it is said.

use serde::{Deserialize, Serialize};

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
