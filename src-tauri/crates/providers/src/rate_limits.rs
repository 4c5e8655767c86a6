//! What a server says about its limits, and when to come back.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What is left of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The most within the window.
    pub limit: u64,
    pub remaining: u64,
    /// When it is full again; in the past means now.
    pub resets_at: Option<SystemTime>,
}

/// The limits an answer's headers tell. Pacing follows these and no constants; a server may tell none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    pub requests: Option<Window>,
    /// The tightest of the token limits.
    pub tokens: Option<Window>,
    /// Input that does not come from the cache.
    pub input_tokens: Option<Window>,
    pub output_tokens: Option<Window>,
}

/// How long the server asks to be left alone: `retry-after-ms`, or else `retry-after` in seconds or as a date.
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

/// A wait that is longer than can be told is the longest that can.
fn seconds(value: &str, per_second: f64) -> Option<Duration> {
    let seconds = value.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0)? / per_second;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A moment in the form of RFC 3339.
pub(crate) fn moment(told: &str) -> Option<SystemTime> {
    SystemTime::try_from(told.parse::<Timestamp>().ok()?).ok()
}
