//! Learns an unannounced rate limit from refusals. The server's bucket is empty at each refusal, so what it admitted between
//! two refusals equals what was refilled in that time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::bucket::Bucket;

/// Refusals older than this are ignored.
const MEMORY: Duration = Duration::from_mins(2);
/// Factor below the estimated rate, so that the server's bucket slowly refills and absorbs jitter.
const CAUTION: f64 = 0.98;
/// Without a refusal for this long, the limit may have grown or been underestimated.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_RAISE: f64 = 0.03;
const LARGEST_RAISE: f64 = 0.24;

#[derive(Debug, Clone, Copy)]
struct Refused {
    at: Instant,
    /// Requests the server had accepted by then, in total.
    admitted: u64,
}

/// What is known about a rate limit; initially nothing.
#[derive(Debug, Default)]
pub struct Learned {
    refusals: VecDeque<Refused>,
    bucket: Option<Bucket>,
    raise: f64,
    raised_at: Option<Instant>,
}

impl Learned {
    /// Records a refusal that may be due to the rate.
    pub fn note(&mut self, admitted: u64, now: Instant) {
        while self.refusals.front().is_some_and(|first| now.duration_since(first.at) > MEMORY) {
            self.refusals.pop_front();
        }
        self.refusals.push_back(Refused { at: now, admitted });
    }

    /// Corrects the last refusal: a request counted as admitted was refused as well.
    pub fn correct(&mut self) {
        if let Some(last) = self.refusals.back_mut() {
            last.admitted = last.admitted.saturating_sub(1);
        }
    }

    /// Treats the last refusal as rate limiting: requests are spaced from now on. Returns `false` if no rate can be derived
    /// yet.
    pub fn settle(&mut self, now: Instant) -> bool {
        let (Some(first), Some(last)) = (self.refusals.front(), self.refusals.back()) else { return false };
        let elapsed = last.at.duration_since(first.at).as_secs_f64();
        let admitted = last.admitted.saturating_sub(first.admitted);
        if elapsed <= 0.0 || admitted == 0 {
            return false;
        }
        // The count between two refusals is off by less than one. Rounding up is safer: too slow a rate goes unnoticed for
        // longer than too fast a one.
        let per_second = CAUTION * (count(admitted) + 0.5) / elapsed;
        // No burst, and one extra request's wait at the start; otherwise the next request would find the server's bucket
        // just as empty.
        self.bucket = Some(Bucket::new(per_second, 1.0, -1.0, now));
        (self.raise, self.raised_at) = (FIRST_RAISE, Some(now));
        true
    }

    /// Raises the rate after a while without refusals.
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
