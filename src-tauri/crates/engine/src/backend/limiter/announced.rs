//! Limits from response headers: pacing follows them and is corrected by every response.

use providers::rate_limits::{RateLimits, Window};
use tokio::time::Instant;

use super::bucket::Bucket;
use super::wait_reason::tightest;
use super::{Need, Unit};

const SECONDS_A_WINDOW: f64 = 60.0;

/// Requests that may accumulate after a limit was exhausted. A server rarely accepts a full minute's limit in one burst.
const SAVED_UP: f64 = 2.0;

/// While fewer requests than this remain in the server's window, send slightly below the limit, so that the server's bucket
/// refills enough to absorb network jitter.
const RESERVE: f64 = 4.0;
const CAUTION: f64 = 0.97;

/// The burst that a server is known to accept beyond its refill rate after an idle period.
#[derive(Debug, Clone, Copy, Default)]
struct Burst {
    level: f64,
    most: f64,
    as_of: Option<Instant>,
}

impl Burst {
    fn take(&mut self, need: f64, per_second: f64, now: Instant) {
        let elapsed = self.as_of.map_or(0.0, |as_of| now.saturating_duration_since(as_of).as_secs_f64());
        self.level = (self.level - elapsed * per_second).max(0.0) + need;
        self.most = self.most.max(self.level);
        self.as_of = Some(now);
    }

    /// Records that the server refused the latest request, of `need`.
    fn refuse(&mut self, need: f64) {
        self.level = (self.level - need).max(0.0);
        self.most = self.most.min(self.level.max(need));
    }
}

/// One bucket for each announced limit.
#[derive(Debug, Clone, Default)]
pub struct Announced {
    buckets: [Option<Bucket>; Unit::ALL.len()],
    bursts: [Burst; Unit::ALL.len()],
    /// The need of the latest request once a limit was exhausted; from then on bursts stay small.
    spaced_for: Option<Need>,
}

impl Announced {
    /// Records that `need` was refused although its bucket had room.
    pub fn space_out(&mut self, need: Need) {
        self.spaced_for = Some(need);
        for (unit, burst) in Unit::ALL.into_iter().zip(&mut self.bursts) {
            burst.refuse(need.of(unit));
        }
    }

    /// Updates the buckets from response headers. `under_way` is the usage the server cannot have counted yet, per unit.
    pub fn hear(&mut self, limits: &RateLimits, under_way: impl Fn(Unit) -> f64, now: Instant) {
        for (unit, bucket) in Unit::ALL.into_iter().zip(&mut self.buckets) {
            if let Some(window) = window(limits, unit) {
                let (limit, remaining) = (count(window.limit), count(window.remaining));
                let (per_second, left) = (limit / SECONDS_A_WINDOW, remaining - under_way(unit));
                *bucket = Some(match (self.spaced_for.map(|need| need.of(unit)), &*bucket) {
                    (Some(need), Some(own)) => {
                        let caution = if remaining < RESERVE * need { CAUTION } else { 1.0 };
                        // The announced remainder may exclude requests still on their way, so it can lower the level but
                        // never raise it.
                        let level = own.level_at(now).min(left);
                        Bucket::new(caution * per_second, (SAVED_UP * need).min(limit), level, now)
                    }
                    _ => Bucket::new(per_second, limit, left, now),
                });
            }
        }
    }

    pub fn ready_at(&self, need: Need, now: Instant) -> Instant {
        let each = Unit::ALL.into_iter().zip(&self.buckets);
        each.filter_map(|(unit, bucket)| Some(bucket.as_ref()?.ready_at(need.of(unit), now))).max().unwrap_or(now)
    }

    /// The limit that delays a request of `need` longest, if any.
    pub fn tightest(&self, need: Need, now: Instant) -> Option<(Unit, Bucket)> {
        tightest(&self.buckets, need, now)
    }

    pub fn take(&mut self, need: Need, now: Instant) {
        for ((unit, bucket), burst) in Unit::ALL.into_iter().zip(&mut self.buckets).zip(&mut self.bursts) {
            if let Some(bucket) = bucket {
                bucket.take(need.of(unit), now);
                burst.take(need.of(unit), bucket.per_second(), now);
            }
        }
    }

    /// Every announced limit per minute, with the burst the server is known to accept.
    pub fn limits(&self) -> impl Iterator<Item = (Unit, f64, f64)> {
        let each = Unit::ALL.into_iter().zip(self.buckets).zip(self.bursts);
        each.filter_map(|((unit, bucket), burst)| Some((unit, bucket?.per_second() * SECONDS_A_WINDOW, burst.most)))
    }

    pub fn requests_per_second(&self) -> Option<f64> {
        self.buckets[Unit::Requests as usize].map(|bucket| bucket.per_second())
    }
}

/// What the headers of a refusal say about its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Nothing,
    /// An announced limit is exhausted.
    UsedUp,
    /// Every announced limit had room; an unannounced one must be exhausted.
    Room,
}

pub fn told(limits: &RateLimits, need: Need) -> Told {
    let left = Unit::ALL.into_iter().filter_map(|unit| Some((window(limits, unit)?, need.of(unit))));
    left.fold(Told::Nothing, |told, (window, need)| match told {
        _ if count(window.remaining) < need.min(count(window.limit)).max(1.0) => Told::UsedUp,
        Told::UsedUp => Told::UsedUp,
        Told::Nothing | Told::Room => Told::Room,
    })
}

fn window(limits: &RateLimits, unit: Unit) -> Option<Window> {
    match unit {
        Unit::Requests => limits.requests,
        Unit::Tokens => limits.tokens,
        Unit::InputTokens => limits.input_tokens,
        Unit::OutputTokens => limits.output_tokens,
    }
}

#[expect(clippy::cast_precision_loss, reason = "requests and tokens a minute, far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}
