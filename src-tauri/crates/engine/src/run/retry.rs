//! When one image is asked about again: as often as the settings say (three times), after a delay that doubles (1, 2 and 4
//! seconds) or as long as the server says. The only layer that retries: the HTTP client under it makes every request once.
//! Limits and outages are the endpoint's, and use up no try.

use std::time::Duration;

use domain::settings::RunSettings;

/// Requests for one image that ended a hold and began another.
pub const RETRIES_IN_OUTAGE: u32 = 8;

const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// What the server says is the least, so that those who wait for it spread out behind it.
const SPREAD: f64 = 0.25;

/// Of this, one part in four, so that those who wait for the same thing spread out behind it.
const SPREAD_AFTER: Duration = Duration::from_secs(1);

/// How often an image is asked about again, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retrying {
    /// Requests for one image beyond the first, holds of the whole endpoint aside.
    pub attempts: u32,
    /// Before the second request.
    pub first_delay: Duration,
}

impl Retrying {
    pub fn of(settings: &RunSettings) -> Self {
        Self { attempts: settings.retry_attempts, first_delay: Duration::from_millis(settings.retry_delay_ms.into()) }
    }

    /// How long to wait before the request number `tries` + 1, `tries` from 1, when the server has asked for `after`.
    /// `chance` is a random number from 0 to 1.
    pub fn delay(self, tries: u32, after: Option<Duration>, chance: f64) -> Duration {
        if let Some(after) = after {
            return after + SPREAD_AFTER.mul_f64(SPREAD * chance);
        }
        let doubled = self.first_delay.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
        // A person may want to wait longer than it would grow to.
        doubled.min(LONGEST_DELAY.max(self.first_delay)).mul_f64(1.0 + SPREAD * (2.0 * chance - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_around_a_second_and_the_server_s_word_is_the_least() {
        let usual = Retrying::of(&RunSettings::default());
        let plain = |tries| usual.delay(tries, None, 0.5).as_millis();
        assert_eq!([plain(1), plain(2), plain(3), plain(20)], [1_000, 2_000, 4_000, 30_000]);
        assert_eq!([usual.delay(1, None, 0.0).as_millis(), usual.delay(1, None, 1.0).as_millis()], [750, 1_250]);
        let told = |chance| usual.delay(3, Some(Duration::from_secs(7)), chance).as_millis();
        assert_eq!([told(0.0), told(1.0)], [7_000, 7_250]);
    }
}
