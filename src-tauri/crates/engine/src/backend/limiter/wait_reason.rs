//! Why a request waits, for the run's diagnosis. [`Limiter::opening`] makes the decision.

use domain::diagnosis::WaitReason;
use domain::run_state::RetryKind;
use tokio::time::Instant;

use super::bucket::Bucket;
use super::{Limiter, Need, Unit};

/// A wait reason with the known value of its limit: requests or tokens per minute, or concurrency.
pub type Met = (WaitReason, Option<f64>);

impl Limiter {
    /// Why a request of `need` waits. `None` if it does not, or if it waits only for the ramp-up, which takes a moment.
    #[must_use]
    pub fn wait_reason(&self, need: Need, now: Instant) -> Option<Met> {
        let need = self.counted(need);
        if let Some(held) = self.hold.as_ref().filter(|held| held.until > now) {
            return Some(match held.kind {
                RetryKind::RateLimited => (WaitReason::Refusal, self.requests_per_minute()),
                RetryKind::Unreachable | RetryKind::ConnectionLost | RetryKind::TimedOut => {
                    (WaitReason::Unreachable, None)
                }
                _ => (WaitReason::ServerFailing, None),
            });
        }
        if self.flights.count() >= self.places() {
            return Some(self.wait_reason_of_concurrency());
        }
        if let Some((unit, bucket)) = tightest(&self.set, need, now) {
            let wait_reason = if unit == Unit::Requests { WaitReason::OwnRequests } else { WaitReason::OwnTokens };
            return Some((wait_reason, Some(per_minute(&bucket))));
        }
        if let Some((unit, bucket)) = self.announced.tightest(need, now) {
            let wait_reason =
                if unit == Unit::Requests { WaitReason::ServerRequests } else { WaitReason::ServerTokens };
            return Some((wait_reason, Some(per_minute(&bucket))));
        }
        (self.learned.ready_at(now) > now).then(|| (WaitReason::ServerRequests, self.requests_per_minute()))
    }

    /// The wait reason when the concurrency limit is reached.
    #[expect(clippy::cast_precision_loss, reason = "requests under way")]
    fn wait_reason_of_concurrency(&self) -> Met {
        match self.window.size().filter(|&window| window < self.ceiling.height()) {
            Some(window) => (WaitReason::ServerConcurrency, Some(window as f64)),
            None if self.ceiling.is_adaptive() => (WaitReason::AutomaticConcurrency, self.requests_per_minute()),
            None => (WaitReason::OwnConcurrency, self.requests_per_minute()),
        }
    }
}

/// Of the buckets without room for `need`, the one that has room last.
pub(super) fn tightest(
    buckets: &[Option<Bucket>; Unit::ALL.len()],
    need: Need,
    now: Instant,
) -> Option<(Unit, Bucket)> {
    let known = Unit::ALL.into_iter().zip(buckets).filter_map(|(unit, bucket)| Some((unit, (*bucket)?)));
    let empty = known.map(|(unit, bucket)| (bucket.ready_at(need.of(unit), now), unit, bucket));
    let last = empty.filter(|(ready_at, ..)| *ready_at > now).max_by_key(|(ready_at, ..)| *ready_at);
    last.map(|(_, unit, bucket)| (unit, bucket))
}

fn per_minute(bucket: &Bucket) -> f64 {
    bucket.per_second() * 60.0
}
