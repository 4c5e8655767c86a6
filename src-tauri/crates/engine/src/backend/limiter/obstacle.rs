//! What keeps a request from leaving, for the record of a run. Nothing is decided here: [`Limiter::opening`] does that.

use domain::diagnosis::Obstacle;
use domain::run_state::RetryKind;
use tokio::time::Instant;

use super::bucket::Bucket;
use super::{Limiter, Need, Unit};

/// An obstacle with what is known of its limit: requests or tokens a minute, or places.
pub type Met = (Obstacle, Option<f64>);

impl Limiter {
    /// What keeps a request of `need` from leaving. `None` when nothing does, or only the growing of the group that leaves
    /// together, which passes within a moment.
    #[must_use]
    pub fn obstacle(&self, need: Need, now: Instant) -> Option<Met> {
        let need = self.counted(need);
        if let Some(held) = self.hold.as_ref().filter(|held| held.until > now) {
            return Some(match held.kind {
                RetryKind::RateLimited => (Obstacle::Refusal, self.requests_per_minute()),
                RetryKind::Unreachable | RetryKind::ConnectionLost | RetryKind::TimedOut => {
                    (Obstacle::Unreachable, None)
                }
                _ => (Obstacle::Unwell, None),
            });
        }
        if self.flights.count() >= self.places() {
            return Some(self.obstacle_of_number());
        }
        if let Some((unit, bucket)) = tightest(&self.set, need, now) {
            let obstacle = if unit == Unit::Requests { Obstacle::OwnRequests } else { Obstacle::OwnTokens };
            return Some((obstacle, Some(per_minute(&bucket))));
        }
        if let Some((unit, bucket)) = self.announced.tightest(need, now) {
            let obstacle = if unit == Unit::Requests { Obstacle::ServerRequests } else { Obstacle::ServerTokens };
            return Some((obstacle, Some(per_minute(&bucket))));
        }
        (self.learned.ready_at(now) > now).then(|| (Obstacle::ServerRequests, self.requests_per_minute()))
    }

    /// With as many under way as there are places.
    #[expect(clippy::cast_precision_loss, reason = "requests under way")]
    fn obstacle_of_number(&self) -> Met {
        match self.window.size().filter(|&window| window < self.ceiling.height()) {
            Some(window) => (Obstacle::ServerPlaces, Some(window as f64)),
            None if self.ceiling.is_adaptive() => (Obstacle::FoundPlaces, self.requests_per_minute()),
            None => (Obstacle::OwnPlaces, self.requests_per_minute()),
        }
    }
}

/// The bucket that holds enough last, of those that do not yet.
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
