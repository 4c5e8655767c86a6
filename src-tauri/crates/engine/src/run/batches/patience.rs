//! When to poll the server, how long to wait for it, and which of its batches may be ours. Pure: times are passed in, in
//! milliseconds since the Unix epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::run::Hold;
use domain::run_state::RetryKind;
use providers::batch::Batch;
use store::KeptBatch;

use super::naming::batch_name;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The poll interval is one twentieth of the batch's age, so that short batches are noticed soon.
const SHARE_OF_AGE: u64 = 20;
const SHORTEST_INTERVAL: u64 = SECOND;
const LONGEST_INTERVAL: u64 = MINUTE;
/// How long a run waits for an unreachable server. One that never answered and holds nothing of the run may have a wrong
/// address. Otherwise the wait covers half a day offline, since waiting costs nothing.
const PATIENCE_UNKNOWN: u64 = 30 * SECOND;
const PATIENCE_KNOWN: u64 = 12 * HOUR;
/// How far the server's clock may be behind ours.
const CLOCK_SKEW: u64 = 5 * MINUTE;
/// How long a submission may take: 100 MB over a slow connection can take most of an hour.
const LONGEST_SUBMISSION: u64 = 90 * MINUTE;
/// How long the vendor keeps results.
const RESULTS_ARE_KEPT: u64 = 29 * 24 * HOUR;

/// The poll interval for a batch of this age.
pub fn look_interval(age_millis: u64) -> u64 {
    (age_millis / SHARE_OF_AGE).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
}

/// Whether the server has deleted the results of a batch of this age.
pub fn are_results_gone(age_millis: u64) -> bool {
    age_millis > RESULTS_ARE_KEPT
}

pub fn millis(at: SystemTime) -> u64 {
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a server batch was created too early to have been submitted at `submitted_at`.
pub fn is_before(batch: &Batch, submitted_at: u64) -> bool {
    batch.created_at.is_some_and(|at| millis(at) < submitted_at.saturating_sub(CLOCK_SKEW))
}

/// Whether a server batch may be the submitted batch `kept`: it has the same name, or, without a name, as many requests, and
/// was created at the time of the submission.
pub fn may_be(batch: &Batch, kept: &KeptBatch) -> bool {
    if let Some(name) = &batch.name {
        return *name == batch_name(&kept.token);
    }
    let submitted_at = kept.submitted_at;
    let is_after = batch.created_at.is_some_and(|at| millis(at) > submitted_at.saturating_add(LONGEST_SUBMISSION));
    batch.counts.total() == u64::from(kept.items) && !is_after && !is_before(batch, submitted_at)
}

/// A period in which the server could not be reached.
#[derive(Debug, Default)]
pub struct BatchOutage {
    is_server_known: bool,
    failure: Option<FailingCall>,
}

#[derive(Debug)]
struct FailingCall {
    since: u64,
    tries: u32,
    again_at: u64,
    kind: RetryKind,
    detail: String,
}

impl BatchOutage {
    /// `is_server_known`: whether the server holds anything of the run, which makes it worth waiting for.
    pub fn new(is_server_known: bool) -> Self {
        Self { is_server_known, failure: None }
    }

    /// Ends the outage: the server has answered.
    pub fn over(&mut self) {
        *self = Self::new(true);
    }

    /// Records a failed call; `after` is the delay the server asked for, if any. Returns whether to keep waiting.
    pub fn note(&mut self, kind: RetryKind, after: Option<Duration>, detail: &str, now: u64) -> bool {
        let (since, tries) = self.failure.as_ref().map_or((now, 0), |failure| (failure.since, failure.tries + 1));
        let own = SHORTEST_INTERVAL.saturating_mul(1 << tries.min(16)).min(LONGEST_INTERVAL);
        let told = after.map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        let again_at = now.saturating_add(own.max(told));
        self.failure = Some(FailingCall { since, tries, again_at, kind, detail: detail.to_owned() });
        let patience = if self.is_server_known { PATIENCE_KNOWN } else { PATIENCE_UNKNOWN };
        now.saturating_sub(since) <= patience
    }

    /// No call before this time.
    pub fn again_at(&self) -> u64 {
        self.failure.as_ref().map_or(0, |failure| failure.again_at)
    }

    /// The outage as shown to the user; `None` if there is none.
    pub fn hold(&self, now: u64) -> Option<Hold> {
        let failure = self.failure.as_ref()?;
        let left_millis = u32::try_from(failure.again_at.saturating_sub(now)).unwrap_or(u32::MAX);
        Some(Hold { kind: failure.kind, left_millis, detail: failure.detail.clone() })
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::BatchId;
    use providers::batch::{BatchCounts, BatchStatus};
    use store::BatchStanding;

    use super::*;

    const NOW: u64 = 1_000 * HOUR;

    fn batch(created_at: Option<u64>, processing: u64, succeeded: u64) -> Batch {
        Batch {
            id: "b".into(),
            name: None,
            state: BatchStatus::InProgress,
            counts: BatchCounts { processing, succeeded, ..BatchCounts::default() },
            created_at: created_at.map(|at| UNIX_EPOCH + Duration::from_millis(at)),
            expires_at: None,
        }
    }

    /// A batch of seven requests, submitted now.
    fn kept() -> KeptBatch {
        KeptBatch {
            id: BatchId(1),
            standing: BatchStanding::Submitting,
            token: "0badcafe".into(),
            origin: String::new(),
            submitted_at: NOW,
            vendor_id: None,
            is_adopted: false,
            items: 7,
            items_left: 7,
            finished: 0,
            expires_at: None,
        }
    }

    #[test]
    fn looks_get_rarer_with_age() {
        let ages = [0, 10 * SECOND, 100 * SECOND, 10 * MINUTE, 5 * HOUR];
        assert_eq!(ages.map(look_interval), [SECOND, SECOND, 5 * SECOND, 30 * SECOND, MINUTE]);
    }

    #[test]
    fn a_batch_is_recognised_by_its_time_and_its_count() {
        assert!(may_be(&batch(Some(NOW - MINUTE), 3, 4), &kept()));
        assert!(may_be(&batch(Some(NOW + HOUR), 7, 0), &kept()));
        assert!(may_be(&batch(None, 7, 0), &kept()));
        assert!(!may_be(&batch(Some(NOW), 3, 3), &kept()));
        assert!(!may_be(&batch(Some(NOW - 6 * MINUTE), 7, 0), &kept()));
        assert!(!may_be(&batch(Some(NOW + 2 * HOUR), 7, 0), &kept()));
        assert!(is_before(&batch(Some(NOW - 6 * MINUTE), 1, 0), NOW) && !is_before(&batch(None, 1, 0), NOW));
    }

    #[test]
    fn a_batch_with_a_name_is_recognised_by_it_alone() {
        let named = |name: &str| Batch { name: Some(name.into()), ..batch(Some(NOW - HOUR), 0, 0) };
        assert!(may_be(&named("fieldmark-0badcafe"), &kept()), "also while it is checked, and whatever the clocks say");
        for other in ["fieldmark-0badcaff", "nightly", ""] {
            assert!(!may_be(&Batch { name: Some(other.into()), ..batch(Some(NOW), 7, 0) }, &kept()), "{other}");
        }
    }

    #[test]
    fn a_server_that_holds_something_is_waited_for_and_another_is_not() {
        let mut known = BatchOutage::new(true);
        assert!(known.note(RetryKind::Unreachable, None, "gone", NOW));
        assert_eq!(known.again_at(), NOW + SECOND);
        assert!(known.note(RetryKind::Unreachable, None, "gone", NOW + 11 * HOUR));
        assert!(!known.note(RetryKind::Unreachable, None, "gone", NOW + 13 * HOUR));
        let mut unknown = BatchOutage::new(false);
        assert!(unknown.note(RetryKind::RateLimited, Some(Duration::from_secs(9)), "slow down", NOW));
        assert_eq!(unknown.hold(NOW + SECOND).map(|hold| hold.left_millis), Some(8_000));
        assert!(!unknown.note(RetryKind::Unreachable, None, "gone", NOW + MINUTE));
        unknown.over();
        assert_eq!((unknown.again_at(), unknown.hold(NOW)), (0, None));
        assert!(unknown.note(RetryKind::Unreachable, None, "gone", NOW) && unknown.is_server_known);
    }
}
