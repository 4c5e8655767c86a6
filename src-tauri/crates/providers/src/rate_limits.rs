//! Rate limits and waiting times in response headers.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The remainder of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Maximum within the window.
    pub limit: u64,
    pub remaining: u64,
    /// When it is full again; now if in the past.
    pub resets_at: Option<SystemTime>,
}

/// Rate limits from response headers, used for pacing; all may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    pub requests: Option<Window>,
    /// The tightest token limit.
    pub tokens: Option<Window>,
    /// Input that is not read from the cache.
    pub input_tokens: Option<Window>,
    pub output_tokens: Option<Window>,
}

/// The requested wait: `retry-after-ms`, otherwise `retry-after` in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    header("retry-after-ms")
        .and_then(|millis| seconds(millis, 1_000.0))
        .or_else(|| header(RETRY_AFTER.as_str()).and_then(|value| seconds_or_date(value, now)))
}

fn seconds_or_date(value: &str, now: SystemTime) -> Option<Duration> {
    seconds(value, 1.0).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    })
}

/// A wait beyond the representable range is the longest one.
fn seconds(value: &str, per_second: f64) -> Option<Duration> {
    let seconds = value.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0)? / per_second;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A time in RFC 3339.
pub(crate) fn moment(told: &str) -> Option<SystemTime> {
    SystemTime::try_from(told.parse::<Timestamp>().ok()?).ok()
}

/// A duration such as `12ms`, `1.5s` or `6m0s`.
pub(crate) fn duration(told: &str) -> Option<Duration> {
    let mut rest = told.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let unit = &unit[..unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len())];
        seconds += number
            * match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[digits + unit.len()..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (told, millis) in [
            ("12ms", Some(12)),
            ("1s", Some(1_000)),
            ("1.5s", Some(1_500)),
            ("6m0s", Some(360_000)),
            ("1h2m3s", Some(3_723_000)),
            ("1s250ms", Some(1_250)),
            ("", Some(0)),
            ("soon", None),
            ("12", None),
            ("1w", None),
            ("-1s", None),
            ("1..2s", None),
        ] {
            assert_eq!(duration(told), millis.map(Duration::from_millis), "{told}");
        }
    }
}
