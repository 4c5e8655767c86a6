//! Rate limits: three buckets that refill continuously, as the vendor's do, and their headers. The limits of a gateway
//! can be hidden by leaving out the headers, `retry-after` or both. The clocks are passed in: monotonic, and wall time
//! for display. Answers in progress are counted elsewhere; the response when there are too many is here.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::error::ErrorResponse;

const CROWDED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The limits of one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests per minute.
    pub requests_per_minute: u32,
    /// Capacity of the bucket that refills at `requests_per_minute`: requests possible at once after a quiet time.
    /// `None` is a minute's worth, as at the vendor.
    pub burst: Option<u32>,
    /// Input tokens per minute, tokens read from the cache excepted.
    pub input_tokens_per_minute: u32,
    /// Output tokens per minute, as generated.
    pub output_tokens_per_minute: u32,
    /// Whether a request counts its maximum output when it arrives, instead of the output generated.
    pub counts_max_tokens: bool,
    /// Whether answers and 429s carry `anthropic-ratelimit-*` headers.
    pub are_announced: bool,
    /// Whether errors due to these limits carry `retry-after`.
    pub sends_retry_after: bool,
    /// Answers in progress at once above which requests are refused; never announced.
    pub most_in_flight: Option<usize>,
    /// The response above `most_in_flight`.
    pub crowded: Crowded,
}

/// The response when too many answers are in progress. Its `retry-after`, if sent, is one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Crowded {
    /// 529.
    #[default]
    Overloaded,
    /// 429.
    RateLimited,
}

impl Default for Limits {
    /// The vendor's published start tier.
    fn default() -> Self {
        Self {
            requests_per_minute: 1000,
            burst: None,
            input_tokens_per_minute: 2_000_000,
            output_tokens_per_minute: 400_000,
            counts_max_tokens: false,
            are_announced: true,
            sends_retry_after: true,
            most_in_flight: None,
            crowded: Crowded::default(),
        }
    }
}

impl Limits {
    /// The response when [`Limits::most_in_flight`] others are in progress.
    pub(crate) fn crowded_out(&self) -> ErrorResponse {
        let retry_after = self.sends_retry_after.then_some(CROWDED_RETRY_AFTER);
        match self.crowded {
            Crowded::Overloaded => ErrorResponse { retry_after, ..ErrorResponse::overloaded() },
            Crowded::RateLimited => ErrorResponse::rate_limited(
                "Number of concurrent connections has exceeded your rate limit.",
                retry_after,
            ),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    per_minute: f64,
    capacity: f64,
    level: f64,
}

impl Bucket {
    fn full(per_minute: u32, capacity: u32) -> Self {
        Self { per_minute: f64::from(per_minute), capacity: f64::from(capacity), level: f64::from(capacity) }
    }

    fn refill(&mut self, elapsed: Duration) {
        self.level = (self.level + self.per_minute * elapsed.as_secs_f64() / 60.0).min(self.capacity);
    }

    /// Time until the bucket holds this much; a minute if it never will.
    fn wait_for(&self, amount: f64) -> Duration {
        if amount <= self.level {
            return Duration::ZERO;
        }
        if amount > self.capacity {
            return Duration::from_mins(1);
        }
        Duration::try_from_secs_f64((amount - self.level) * 60.0 / self.per_minute).unwrap_or(Duration::from_mins(1))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a level between 0 and a u32")]
    fn remaining(&self) -> u64 {
        self.level.max(0.0) as u64
    }
}

/// The state of the three limits.
#[derive(Debug)]
pub(crate) struct Meter {
    limits: Limits,
    refilled_at: Instant,
    requests: Bucket,
    input: Bucket,
    output: Bucket,
}

impl Meter {
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            refilled_at: now,
            requests: Bucket::full(limits.requests_per_minute, limits.burst.unwrap_or(limits.requests_per_minute)),
            input: Bucket::full(limits.input_tokens_per_minute, limits.input_tokens_per_minute),
            output: Bucket::full(limits.output_tokens_per_minute, limits.output_tokens_per_minute),
        }
    }

    /// Admits a request, or returns when to retry. Output is counted when it is generated, and may overdraw.
    #[expect(clippy::cast_precision_loss, reason = "token counts, far below 2^52")]
    pub(crate) fn admit(&mut self, input_tokens: u64, max_tokens: u64, now: Instant) -> Result<(), ErrorResponse> {
        self.refill(now);
        let input_tokens = input_tokens as f64;
        let reserved = if self.limits.counts_max_tokens { max_tokens as f64 } else { 0.0 };
        let waits = [
            (self.requests.wait_for(1.0), "requests", self.limits.requests_per_minute),
            (self.input.wait_for(input_tokens), "input tokens", self.limits.input_tokens_per_minute),
            (self.output.wait_for(reserved.max(1.0)), "output tokens", self.limits.output_tokens_per_minute),
        ];
        if let Some((wait, unit, limit)) =
            waits.into_iter().max_by_key(|(wait, ..)| *wait).filter(|(wait, ..)| !wait.is_zero())
        {
            let message =
                format!("This request would exceed your organization's rate limit of {limit} {unit} per minute.");
            return Err(ErrorResponse::rate_limited(message, self.limits.sends_retry_after.then_some(wait)));
        }
        self.requests.level -= 1.0;
        self.input.level -= input_tokens;
        self.output.level -= reserved;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "token counts, far below 2^52")]
    pub(crate) fn generated(&mut self, output_tokens: u64) {
        if self.limits.counts_max_tokens {
            return;
        }
        self.output.level -= output_tokens as f64;
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled_at);
        self.refilled_at = now;
        for bucket in [&mut self.requests, &mut self.input, &mut self.output] {
            bucket.refill(elapsed);
        }
    }

    /// The headers of an answer, unless they are hidden. `tokens` is the sum of input and output.
    pub(crate) fn headers(&mut self, now: Instant, clock: Timestamp) -> Vec<(String, String)> {
        if !self.limits.are_announced {
            return Vec::new();
        }
        self.refill(now);
        let units = [
            ("requests", self.requests),
            ("tokens", self.both()),
            ("input-tokens", self.input),
            ("output-tokens", self.output),
        ];
        units
            .into_iter()
            .flat_map(|(unit, bucket)| {
                let full_at = clock + bucket.wait_for(bucket.capacity);
                let name = |what: &str| format!("anthropic-ratelimit-{unit}-{what}");
                [
                    (name("limit"), format!("{:.0}", bucket.per_minute)),
                    (name("remaining"), bucket.remaining().to_string()),
                    (name("reset"), full_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
                ]
            })
            .collect()
    }

    /// Like [`Meter::headers`], by the names of chat completions.
    pub(crate) fn chat_headers(&mut self, now: Instant) -> Vec<(String, String)> {
        if !self.limits.are_announced {
            return Vec::new();
        }
        self.refill(now);
        [("requests", self.requests), ("tokens", self.both())]
            .into_iter()
            .flat_map(|(unit, bucket)| {
                let name = |what: &str| format!("x-ratelimit-{what}-{unit}");
                [
                    (name("limit"), format!("{:.0}", bucket.per_minute)),
                    (name("remaining"), bucket.remaining().to_string()),
                    (name("reset"), spelled(bucket.wait_for(bucket.capacity))),
                ]
            })
            .collect()
    }

    /// Input and output together.
    fn both(&self) -> Bucket {
        Bucket {
            per_minute: self.input.per_minute + self.output.per_minute,
            capacity: self.input.capacity + self.output.capacity,
            level: self.input.level + self.output.level,
        }
    }
}

/// A duration as headers of chat completions have it, such as `12ms`, `1s` or `6m0s`.
fn spelled(wait: Duration) -> String {
    let millis = wait.as_millis();
    match millis {
        0..1_000 => format!("{millis}ms"),
        1_000..60_000 => format!("{}s", wait.as_secs_f64()),
        _ => format!("{}m{}s", millis / 60_000, (millis % 60_000) / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_refill_and_say_when() {
        let start = Instant::now();
        let limits = Limits { requests_per_minute: 2, input_tokens_per_minute: 600, ..Limits::default() };
        let mut meter = Meter::new(limits, start);
        assert_eq!(meter.admit(600, 1, start), Ok(()));
        let refused = meter.admit(100, 1, start).unwrap_err();
        assert_eq!((refused.status, refused.retry_after), (429, Some(Duration::from_secs(10))));
        assert_eq!(meter.admit(100, 1, start + Duration::from_secs(10)), Ok(()));
        let headers = meter.chat_headers(start + Duration::from_secs(10));
        assert!(headers.contains(&("x-ratelimit-reset-requests".to_owned(), "50s".to_owned())), "{headers:?}");
        assert!(headers.contains(&("x-ratelimit-limit-tokens".to_owned(), "400600".to_owned())), "{headers:?}");
        assert_eq!([12, 1_500, 360_000].map(|millis| spelled(Duration::from_millis(millis))), ["12ms", "1.5s", "6m0s"]);
        let headers = meter.headers(start + Duration::from_secs(10), Timestamp::UNIX_EPOCH);
        assert!(headers.contains(&("anthropic-ratelimit-input-tokens-limit".to_owned(), "600".to_owned())));
        assert!(headers.contains(&("anthropic-ratelimit-requests-remaining".to_owned(), "0".to_owned())));
        assert!(
            headers.contains(&("anthropic-ratelimit-input-tokens-reset".to_owned(), "1970-01-01T00:01:00Z".to_owned()))
        );
    }

    #[test]
    fn output_maxima_may_be_what_is_counted() {
        let start = Instant::now();
        let limits = Limits { output_tokens_per_minute: 6_000, counts_max_tokens: true, ..Limits::default() };
        let mut meter = Meter::new(limits, start);
        assert_eq!(meter.admit(1, 4_000, start), Ok(()));
        meter.generated(50);
        assert_eq!(meter.admit(1, 4_000, start).unwrap_err().retry_after, Some(Duration::from_secs(20)));
        assert_eq!(meter.admit(1, 2_000, start), Ok(()));
    }

    #[test]
    fn a_burst_is_a_capacity_apart_from_the_rate() {
        let start = Instant::now();
        let limits = Limits { requests_per_minute: 600, burst: Some(3), ..Limits::default() };
        let mut meter = Meter::new(limits, start);
        for _ in 0..3 {
            assert_eq!(meter.admit(1, 1, start), Ok(()));
        }
        assert_eq!(meter.admit(1, 1, start).unwrap_err().retry_after, Some(Duration::from_millis(100)));
        let hidden = Limits { sends_retry_after: false, burst: Some(0), ..limits };
        assert_eq!(Meter::new(hidden, start).admit(1, 1, start).unwrap_err().retry_after, None);
        let headers = meter.headers(start + Duration::from_mins(5), Timestamp::UNIX_EPOCH);
        assert!(headers.contains(&("anthropic-ratelimit-requests-limit".to_owned(), "600".to_owned())));
        assert!(headers.contains(&("anthropic-ratelimit-requests-remaining".to_owned(), "3".to_owned())));
    }
}
