//! Limits that the server announces with every answer: pacing follows them, and is put right by each of them.

use providers::rate_limits::{RateLimits, Window};
use tokio::time::Instant;

use super::bucket::Bucket;
use super::wait_reason::tightest;
use super::{Need, Unit};

const SECONDS_A_WINDOW: f64 = 60.0;

/// Requests that may be saved up once a limit was found used up: what is announced as the limit of a minute is not what a
/// server takes at once.
const SAVED_UP: f64 = 2.0;

/// As long as less than so many requests' worth is left over there, requests leave a little slower than the limit allows,
/// so that the server's bucket fills enough to take the jitter of the way.
const RESERVE: f64 = 4.0;
const CAUTION: f64 = 0.97;

/// What was used at once, beyond what flows in: as much the server is known to take after a quiet time.
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

    /// The server did not take the latest `need`.
    fn refuse(&mut self, need: f64) {
        self.level = (self.level - need).max(0.0);
        self.most = self.most.min(self.level.max(need));
    }
}

/// A bucket for each limit that was announced.
#[derive(Debug, Clone, Default)]
pub struct Announced {
    buckets: [Option<Bucket>; Unit::ALL.len()],
    bursts: [Burst; Unit::ALL.len()],
    /// What the latest request needed, once a limit was found used up: from then on little is saved up.
    spaced_for: Option<Need>,
}

impl Announced {
    /// A limit was used up although its bucket did not say so: `need` was refused.
    pub fn space_out(&mut self, need: Need) {
        self.spaced_for = Some(need);
        for (unit, burst) in Unit::ALL.into_iter().zip(&mut self.bursts) {
            burst.refuse(need.of(unit));
        }
    }

    /// Takes the server's word. `under_way` is what it cannot have counted yet, a unit each.
    pub fn hear(&mut self, limits: &RateLimits, under_way: impl Fn(Unit) -> f64, now: Instant) {
        for (unit, bucket) in Unit::ALL.into_iter().zip(&mut self.buckets) {
            if let Some(window) = window(limits, unit) {
                let (limit, remaining) = (count(window.limit), count(window.remaining));
                let (per_second, left) = (limit / SECONDS_A_WINDOW, remaining - under_way(unit));
                *bucket = Some(match (self.spaced_for.map(|need| need.of(unit)), &*bucket) {
                    (Some(need), Some(own)) => {
                        let caution = if remaining < RESERVE * need { CAUTION } else { 1.0 };
                        // What is on its way there is not in what is left; so it may lower the level, and never raises it.
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

    /// The limit that holds a request of `need` back longest, if any does.
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

    /// Every announced limit a minute, with what the server is known to take at once.
    pub fn limits(&self) -> impl Iterator<Item = (Unit, f64, f64)> {
        let each = Unit::ALL.into_iter().zip(self.buckets).zip(self.bursts);
        each.filter_map(|((unit, bucket), burst)| Some((unit, bucket?.per_second() * SECONDS_A_WINDOW, burst.most)))
    }

    pub fn requests_per_second(&self) -> Option<f64> {
        self.buckets[Unit::Requests as usize].map(|bucket| bucket.per_second())
    }
}

/// What a refusal's own headers say about its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Nothing,
    /// One of the limits is used up.
    UsedUp,
    /// There was room under every limit: it must have been another one.
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
