//! A token bucket that refills continuously, as rate limits do. Pure: the time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// Upper bound for a computed wait; the caller checks again afterwards.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Available requests or tokens. The level goes negative when actual use exceeds the estimate.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    per_second: f64,
    capacity: f64,
    level: f64,
    as_of: Instant,
}

impl Bucket {
    pub fn new(per_second: f64, capacity: f64, level: f64, now: Instant) -> Self {
        Self { per_second, capacity, level: level.min(capacity), as_of: now }
    }

    pub fn per_second(&self) -> f64 {
        self.per_second
    }

    pub fn level_at(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.as_of).as_secs_f64();
        (self.level + elapsed * self.per_second).min(self.capacity)
    }

    /// When the bucket holds `need`: now or later. A need above the capacity requires a full bucket.
    pub fn ready_at(&self, need: f64, now: Instant) -> Instant {
        let missing = need.min(self.capacity) - self.level_at(now);
        if missing <= 0.0 {
            return now;
        }
        let wait = Duration::try_from_secs_f64(missing / self.per_second).unwrap_or(LONGEST_WAIT);
        now + wait.min(LONGEST_WAIT)
    }

    pub fn take(&mut self, need: f64, now: Instant) {
        self.level = self.level_at(now) - need;
        self.as_of = now;
    }

    pub fn set_rate(&mut self, per_second: f64, now: Instant) {
        self.level = self.level_at(now);
        self.as_of = now;
        self.per_second = per_second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_refills_up_to_its_capacity_and_may_be_overdrawn() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut bucket = Bucket::new(10.0, 5.0, 1.0, start);
        assert_eq!(bucket.ready_at(1.0, start), start);
        bucket.take(2.0, start);
        assert_eq!(bucket.ready_at(1.0, start), after(200));
        // Full after a long idle time; a need above the capacity waits for a full bucket.
        assert_eq!(bucket.ready_at(99.0, after(60_000)), after(60_000));
        bucket.take(5.0, after(60_000));
        assert_eq!(bucket.ready_at(99.0, after(60_000)), after(60_500));
        bucket.set_rate(0.0, after(60_000));
        assert_eq!(bucket.ready_at(1.0, after(60_000)), after(120_000));
    }
}
