//! When a photo was taken, by its camera's clock. Cameras rarely record a time zone: days and the order of photos use
//! the clock alone, so that the list agrees with what is shown.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;

const MILLIS_A_DAY: i64 = 86_400_000;

/// The camera's clock when it took a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Taken {
    /// Milliseconds since 1970-01-01 00:00 on that clock.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub clock_millis: i64,
    /// Offset of the clock from UTC; `None` if not recorded.
    pub minutes_ahead_of_utc: Option<i16>,
}

impl Taken {
    /// The clock at the start of `day`.
    #[must_use]
    pub fn clock_millis_at(day: CalendarDate) -> i64 {
        day.days_since_epoch() * MILLIS_A_DAY
    }

    /// The day on the clock.
    #[must_use]
    pub fn day_of(clock_millis: i64) -> CalendarDate {
        CalendarDate::from_days_since_epoch(clock_millis.div_euclid(MILLIS_A_DAY))
    }
}
