//! Retries of one image: as often as the settings allow (default 3), with exponential backoff (1, 2 and 4 seconds) or after
//! the delay the server asks for. This is the only retry layer; the HTTP client sends every request once. Rate limits and
//! outages belong to the endpoint and use up no retry.

use std::time::Duration;

use domain::settings::RunSettings;

/// Maximum number of requests for one image that were sent when a hold ended and started the next one.
pub const RETRIES_IN_OUTAGE: u32 = 8;

const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Jitter as a fraction of the delay.
const SPREAD: f64 = 0.25;

/// Jitter base for a delay set by the server. It only adds to the delay, since the server's value is a minimum.
const SPREAD_AFTER: Duration = Duration::from_secs(1);

/// How often and when to retry an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retrying {
    /// Max retries per image, not counting holds of the whole endpoint.
    pub attempts: u32,
    /// Delay before the first retry.
    pub first_delay: Duration,
}

impl Retrying {
    pub fn of(settings: &RunSettings) -> Self {
        Self { attempts: settings.retry_attempts, first_delay: Duration::from_millis(settings.retry_delay_ms.into()) }
    }

    /// The delay before request number `tries` + 1, with `tries` from 1 and the server's `after` if it sent one. `chance` is
    /// a random number from 0 to 1.
    pub fn delay(self, tries: u32, after: Option<Duration>, chance: f64) -> Duration {
        if let Some(after) = after {
            return after + SPREAD_AFTER.mul_f64(SPREAD * chance);
        }
        let doubled = self.first_delay.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
        // The user may set a first delay above the maximum.
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
