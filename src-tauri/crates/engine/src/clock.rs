//! The only place that reads the clock, and the formats of times.

use std::time::Duration;

use domain::calendar::CalendarDate;
use domain::month::CalendarMonth;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Milliseconds since the Unix epoch.
pub fn now_millis() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// The current day in UTC, which vendors use for their dates.
pub fn today() -> CalendarDate {
    TimeZone::UTC.to_datetime(Timestamp::now()).date().into()
}

/// The day of a time, in milliseconds since the Unix epoch, in the time zone of this machine.
pub fn local_day(millis: u64) -> CalendarDate {
    let time = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    TimeZone::system().to_datetime(time.unwrap_or(Timestamp::MAX)).date().into()
}

/// The current month in the time zone of this machine.
pub fn this_month() -> CalendarMonth {
    let zone = TimeZone::system();
    let today = zone.to_datetime(Timestamp::now()).date();
    let (first, last) = (today.first_of_month(), today.last_of_month());
    let start = |day: Date| {
        let start = zone.to_timestamp(day.at(0, 0, 0, 0)).ok();
        start.and_then(|start| u64::try_from(start.as_millisecond()).ok())
    };
    CalendarMonth {
        first_day: first.into(),
        from_millis: start(first).unwrap_or_default(),
        until_millis: last.tomorrow().ok().and_then(start).unwrap_or(u64::MAX),
    }
}

/// Formats milliseconds since the Unix epoch as RFC 3339 in UTC.
pub fn rfc3339(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
}

/// Formats what a clock without a time zone showed, in milliseconds since it would have shown 1970-01-01 00:00.
pub fn without_zone(millis: i64) -> String {
    let shown = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    TimeZone::UTC.to_datetime(shown).to_string()
}

/// The current second in UTC as a file name, such as `2026-03-01 09-30-00`.
pub fn file_name_of_now() -> String {
    Timestamp::now().strftime("%Y-%m-%d %H-%M-%S").to_string()
}

/// Whether `text` has the form of [`file_name_of_now`], with `separator` between day and time.
pub fn is_file_name_of_time(text: &str, separator: u8) -> bool {
    const FORM: &[u8; 19] = b"0000-00-00 00-00-00";
    let fits = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b' ' => byte == separator,
        form => byte == *form,
    };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits)
}

pub fn whole_millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
pub fn rounded_millis(millis: f64) -> u32 {
    millis.round() as u32
}
