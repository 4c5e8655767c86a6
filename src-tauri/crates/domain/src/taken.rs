//! When a photo was taken, as its camera has written it down. Cameras know the time on their clock and seldom where that
//! clock was: days and the order of photos go by the clock alone, so that what is listed agrees with what is shown.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;

const MILLIS_A_DAY: i64 = 86_400_000;

/// What the clock of a camera showed when it took a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Taken {
    /// Milliseconds since that clock would have shown 1970-01-01 00:00.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub clock_millis: i64,
    /// How far the clock was ahead of UTC; `None`: the camera does not say.
    pub minutes_ahead_of_utc: Option<i16>,
}

impl Taken {
    /// What a clock shows at the first moment of `day`.
    #[must_use]
    pub fn clock_millis_at(day: CalendarDate) -> i64 {
        day.days_since_epoch() * MILLIS_A_DAY
    }

    /// The day that a clock shows.
    #[must_use]
    pub fn day_of(clock_millis: i64) -> CalendarDate {
        CalendarDate::from_days_since_epoch(clock_millis.div_euclid(MILLIS_A_DAY))
    }
}
