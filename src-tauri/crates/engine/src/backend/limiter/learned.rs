//! A rate limit that nobody announces, learned from refusals. The server's bucket is empty at each of them, so what it
//! admitted between two is what had flowed in meanwhile.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::bucket::Bucket;

/// Refusals longer ago say little about now.
const MEMORY: Duration = Duration::from_mins(2);
/// Below the estimate, so that the server's bucket slowly fills and takes the jitter.
const CAUTION: f64 = 0.98;
/// Without refusals for so long the limit may have grown, or have been underestimated.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_RAISE: f64 = 0.03;
const LARGEST_RAISE: f64 = 0.24;

#[derive(Debug, Clone, Copy)]
struct Refused {
    at: Instant,
    /// Requests that the server had taken by then, since the beginning.
    admitted: u64,
}

/// What is known of a rate limit; nothing, to begin with.
#[derive(Debug, Default)]
pub struct Learned {
    refusals: VecDeque<Refused>,
    bucket: Option<Bucket>,
    raise: f64,
    raised_at: Option<Instant>,
}

impl Learned {
    /// A refusal that may have been one by rate.
    pub fn note(&mut self, admitted: u64, now: Instant) {
        while self.refusals.front().is_some_and(|first| now.duration_since(first.at) > MEMORY) {
            self.refusals.pop_front();
        }
        self.refusals.push_back(Refused { at: now, admitted });
    }

    /// One that was taken for admitted when the last refusal came has been refused as well.
    pub fn correct(&mut self) {
        if let Some(last) = self.refusals.back_mut() {
            last.admitted = last.admitted.saturating_sub(1);
        }
    }

    /// The last refusal noted was one by rate: from now on requests are spaced. False when it tells no rate yet.
    pub fn settle(&mut self, now: Instant) -> bool {
        let (Some(first), Some(last)) = (self.refusals.front(), self.refusals.back()) else { return false };
        let elapsed = last.at.duration_since(first.at).as_secs_f64();
        let admitted = last.admitted.saturating_sub(first.admitted);
        if elapsed <= 0.0 || admitted == 0 {
            return false;
        }
        // Between two refusals the count is off by less than one; too slow would stay unnoticed for longer than too fast.
        let per_second = CAUTION * (count(admitted) + 0.5) / elapsed;
        // Nothing is saved up, and one more than needed is waited for, or the next would find the server's bucket as empty
        // as this one did.
        self.bucket = Some(Bucket::new(per_second, 1.0, -1.0, now));
        (self.raise, self.raised_at) = (FIRST_RAISE, Some(now));
        true
    }

    /// Goes faster after a while without refusals.
    pub fn grow(&mut self, now: Instant) {
        let (Some(bucket), Some(raised_at)) = (&mut self.bucket, self.raised_at) else { return };
        if now.duration_since(raised_at) >= PATIENCE {
            bucket.set_rate(bucket.per_second() * (1.0 + self.raise), now);
            (self.raise, self.raised_at) = ((self.raise * 2.0).min(LARGEST_RAISE), Some(now));
        }
    }

    pub fn is_known(&self) -> bool {
        self.bucket.is_some()
    }

    pub fn per_second(&self) -> Option<f64> {
        self.bucket.map(|bucket| bucket.per_second())
    }

    pub fn ready_at(&self, now: Instant) -> Instant {
        self.bucket.map_or(now, |bucket| bucket.ready_at(1.0, now))
    }

    pub fn take(&mut self, now: Instant) {
        if let Some(bucket) = &mut self.bucket {
            bucket.take(1.0, now);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "requests, far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}
