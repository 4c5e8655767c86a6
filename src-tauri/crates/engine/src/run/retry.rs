//! When one image is asked about again: after 1, 2 and 4 seconds or as long as the server says, three times. The only layer
//! that retries: the HTTP client under it makes every request once. Limits and outages are the route's, and use up no try.

use std::time::Duration;

/// Requests for one image beyond the first, holds of the whole route aside.
pub const RETRIES: u32 = 3;
/// Requests for one image that ended a hold and began another.
pub const RETRIES_IN_OUTAGE: u32 = 8;

const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// What the server says is the least, so that those who wait for it spread out behind it.
const SPREAD: f64 = 0.25;

/// How long to wait before the request number `tries` + 1, `tries` from 1, when the server has asked for `after`.
/// `chance` is a random number from 0 to 1.
pub fn delay(tries: u32, after: Option<Duration>, chance: f64) -> Duration {
    if let Some(after) = after {
        return after + FIRST_DELAY.mul_f64(SPREAD * chance);
    }
    let doubled = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    doubled.min(LONGEST_DELAY).mul_f64(1.0 + SPREAD * (2.0 * chance - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_around_a_second_and_the_server_s_word_is_the_least() {
        let plain = |tries| delay(tries, None, 0.5).as_millis();
        assert_eq!([plain(1), plain(2), plain(3), plain(20)], [1_000, 2_000, 4_000, 30_000]);
        assert_eq!([delay(1, None, 0.0).as_millis(), delay(1, None, 1.0).as_millis()], [750, 1_250]);
        let told = |chance| delay(3, Some(Duration::from_secs(7)), chance).as_millis();
        assert_eq!([told(0.0), told(1.0)], [7_000, 7_250]);
    }
}
