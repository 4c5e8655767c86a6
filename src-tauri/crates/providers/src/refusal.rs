//! A server's "no": status, error body and the headers that say when to come back. Reading one is pure; what follows from
//! it is in [`crate::retry`]. Source: Anthropic's error and rate limit pages as of 2026-11-23.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

/// The longest time that a server is waited for because it says so or because of a limit. A run that would have to wait
/// longer stops, says why, and can be resumed. The figure stands in docs/reliability.md.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The longest part of a server's message that is kept, in characters.
const MESSAGE_LIMIT: usize = 500;

/// A request that the server refused, or gave up after it had begun to answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// HTTP status; 200 when the error came within a stream that had begun, or among a batch's results.
    pub status: u16,
    /// Such as `rate_limit_error`; `None` when the body was not in the vendor's form.
    pub error_type: Option<String>,
    /// A finer code that some errors carry.
    pub error_code: Option<String>,
    /// What the server said, shortened. May be empty.
    pub message: String,
    /// To be named when one asks the vendor about it.
    pub request_id: Option<String>,
    /// The server's own word on whether trying again makes sense.
    pub should_retry: Option<bool>,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What the headers said about limits.
    pub rate_limits: RateLimits,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
    #[serde(default)]
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct ErrorDetail {
    #[serde(rename = "type", default)]
    error_type: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    error_code: Option<String>,
}

impl Refusal {
    /// Reads a refused response. `now` is needed where a date says when to come back.
    pub(crate) fn read(status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let mut refusal = Self::from_body(status, body);
        refusal.request_id = header("request-id").map(Into::into).or(refusal.request_id);
        refusal.should_retry = match header("x-should-retry") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        refusal.retry_after = header("retry-after-ms")
            .and_then(|millis| seconds(millis, 1_000.0))
            .or_else(|| header(RETRY_AFTER.as_str()).and_then(|value| seconds_or_date(value, now)));
        refusal.rate_limits = RateLimits::read(headers);
        refusal
    }

    /// The same refusal without what `redact` takes out of its texts, and not longer than anybody reads. In this order:
    /// half of a secret must not remain where a text was cut.
    pub(crate) fn presentable(self, redact: impl Fn(&str) -> String) -> Self {
        let redacted = |text: Option<String>| text.map(|text| shortened(&redact(&text)));
        Self {
            error_type: redacted(self.error_type),
            error_code: redacted(self.error_code),
            message: shortened(&redact(&self.message)),
            request_id: redacted(self.request_id),
            ..self
        }
    }

    /// An error object by itself, as it also comes within a stream.
    pub(crate) fn from_body(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<ErrorBody>(body) {
            Ok(ErrorBody { error, request_id }) => Self {
                status,
                error_type: error.error_type,
                error_code: error.details.and_then(|details| details.error_code),
                message: error.message.unwrap_or_default(),
                request_id,
                ..Self::default()
            },
            Err(_) => Self { status, message: String::from_utf8_lossy(body).into_owned(), ..Self::default() },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(error_type) = &self.error_type {
            write!(f, ", {error_type}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        match self.retry_after {
            Some(after) if after > LONGEST_WAIT => {
                let (asked, most) = (after.as_secs(), LONGEST_WAIT.as_secs());
                write!(f, "; it asks to wait {asked} seconds, and Fieldmark waits {most} at most")
            }
            _ => Ok(()),
        }
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(MESSAGE_LIMIT).collect()
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

/// A moment as the vendor tells it: RFC 3339.
pub(crate) fn moment(told: &str) -> Option<SystemTime> {
    SystemTime::try_from(told.parse::<Timestamp>().ok()?).ok()
}

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

impl RateLimits {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let header = |kind: &str, what: &str| headers.get(format!("anthropic-ratelimit-{kind}-{what}"))?.to_str().ok();
        let window = |kind: &str| {
            Some(Window {
                // Nothing can be paced by a limit of nothing; what it means, a refusal tells.
                limit: header(kind, "limit")?.parse().ok().filter(|limit| *limit > 0)?,
                remaining: header(kind, "remaining")?.parse().ok()?,
                resets_at: header(kind, "reset").and_then(moment),
            })
        };
        Self {
            requests: window("requests"),
            tokens: window("tokens"),
            input_tokens: window("input-tokens"),
            output_tokens: window("output-tokens"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::{Disposition, StopCause};
    use reqwest::header::{HeaderName, HeaderValue};

    type Pairs = &'static [(&'static str, &'static str)];

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_body_in_the_vendor_s_form() {
        let body = br#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down",
            "details":{"error_code":"ramp_limit_exceeded"}},"request_id":"req_body"}"#;
        let pairs = [("request-id", "req_head"), ("x-should-retry", "true"), ("retry-after", "2")];
        let refusal = Refusal::read(429, &headers(&pairs), body, SystemTime::UNIX_EPOCH);
        assert_eq!(
            refusal,
            Refusal {
                status: 429,
                error_type: Some("rate_limit_error".into()),
                error_code: Some("ramp_limit_exceeded".into()),
                message: "Slow down".into(),
                request_id: Some("req_head".into()),
                should_retry: Some(true),
                retry_after: Some(Duration::from_secs(2)),
                rate_limits: RateLimits::default(),
            }
        );
        assert_eq!(refusal.to_string(), "status 429, rate_limit_error: Slow down (request req_head)");
    }

    #[test]
    fn a_body_in_any_other_form() {
        for body in [&b"<html>Bad gateway</html>"[..], b"", b"[]", b"{\"error\":\"no\"}", b"\xff\xfe"] {
            let refusal = Refusal::read(502, &HeaderMap::new(), body, SystemTime::UNIX_EPOCH);
            assert_eq!((refusal.status, refusal.error_type), (502, None));
        }
    }

    #[test]
    fn half_a_secret_does_not_remain() {
        let body = format!("{} secret and more", "x".repeat(MESSAGE_LIMIT - 4));
        let message = Refusal::from_body(400, body.as_bytes()).presentable(|text| text.replace("secret", "-")).message;
        assert!(message.ends_with("x - a") && message.len() == MESSAGE_LIMIT, "{message}");
    }

    #[test]
    fn when_to_come_back() {
        // 1994-11-06 08:49:30 UTC.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let table: [(Pairs, Option<u64>); 10] = [
            (&[("retry-after", "3")], Some(3_000)),
            (&[("retry-after", "0.25")], Some(250)),
            (&[("retry-after-ms", "1500"), ("retry-after", "9")], Some(1_500)),
            (&[("retry-after-ms", "soon"), ("retry-after", "9")], Some(9_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(7_000)),
            (&[("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT")], Some(7_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "NaN")], None),
            (&[], None),
        ];
        for (pairs, millis) in table {
            let refusal = Refusal::read(429, &headers(pairs), b"", now);
            assert_eq!(refusal.retry_after, millis.map(Duration::from_millis), "{pairs:?}");
        }
    }

    #[test]
    fn a_wait_beyond_all_bounds_stops_the_run() {
        let refused = |value: &'static str, status| {
            Refusal::read(status, &headers(&[("retry-after", value)]), b"", SystemTime::UNIX_EPOCH)
        };
        for told in [
            "3601",
            "9300000000000000000",
            "18446744073709551616",
            "1e18",
            "1e300",
            "1e999",
            "inf",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            for status in [429, 500, 503, 529] {
                let refusal = refused(told, status);
                assert_eq!(refusal.disposition(), Disposition::StopRun(StopCause::WaitTooLong), "{told}, {status}");
                assert!(refusal.to_string().contains("asks to wait"), "{refusal}");
            }
        }
        assert_eq!(refused("3600", 429).disposition(), Disposition::HoldRoute { after: Some(LONGEST_WAIT) });
    }

    #[test]
    fn limits_from_headers() {
        let limits = RateLimits::read(&headers(&[
            ("anthropic-ratelimit-requests-limit", "1000"),
            ("anthropic-ratelimit-requests-remaining", "999"),
            ("anthropic-ratelimit-requests-reset", "1970-01-01T00:01:00Z"),
            ("anthropic-ratelimit-input-tokens-limit", "2000000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-limit", "many"),
        ]));
        let minute = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        assert_eq!(limits.requests, Some(Window { limit: 1_000, remaining: 999, resets_at: Some(minute) }));
        assert_eq!(limits.input_tokens, Some(Window { limit: 2_000_000, remaining: 0, resets_at: None }));
        assert_eq!((limits.tokens, limits.output_tokens), (None, None));
    }

    #[test]
    fn limits_that_are_no_number_are_not_announced() {
        for limit in ["0", "-1", "1e9", "NaN", "inf", "18446744073709551616", ""] {
            let name = HeaderName::from_static("anthropic-ratelimit-requests-limit");
            let mut told = headers(&[("anthropic-ratelimit-requests-remaining", "5")]);
            told.insert(name, HeaderValue::from_static(limit));
            assert_eq!(RateLimits::read(&told), RateLimits::default(), "{limit}");
        }
    }
}
