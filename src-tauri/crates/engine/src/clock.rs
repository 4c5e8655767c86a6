//! The one place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::calendar::CalendarDate;

/// Milliseconds since the Unix epoch.
pub fn now_millis() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// The day it is in UTC, as vendors count days.
pub fn today() -> CalendarDate {
    let date = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    CalendarDate::new(date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// A time in milliseconds since the Unix epoch, as RFC 3339 in UTC.
pub fn rfc3339(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX).to_string()
}
