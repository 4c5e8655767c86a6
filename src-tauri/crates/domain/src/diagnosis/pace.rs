//! What held a run back, by the time that the next request could not be sent.
//!
//! The least time that a run of N images can take, with K at once, L an image (its median) and R requests a minute, is
//! `max(ceil(N / K) x L, N x 60 / R)`, and the throughput that is possible is N over that. It is compared with what there
//! was only where the time waited leaves no other reason.

use super::{Change, Diagnosis, Finding, LimitUnit, MetLimit, Observed, Wait, WaitReason, share_unbounded, whole};
use crate::run_state::RetryKind;

/// Of the time worked. Below it the limit is about as fast as the run was anyway.
const LONG_HELD: f64 = 0.1;
/// Refusals over images asked about from which asking slower is worth a setting; a few are how limits are found out.
const MANY_REFUSALS: f64 = 0.05;
/// Of the time worked, for which all places were taken: then nothing else was what the run waited for.
const MOSTLY_FULL: f64 = 0.5;
/// A run that is shorter is mostly its beginning and its end, and nobody waits for it.
const TELLING_MILLIS: f64 = 10_000.0;
/// Of the possible throughput: limits are approached from below, and the last images leave places empty.
const FAR_BELOW: f64 = 0.6;
/// Of the requests that could have been in flight: more is worth smaller photos.
const OFTEN_UNPREPARED: f64 = 0.4;
/// As many as Fieldmark ever has under way on a route that it finds out about.
const MAX_AT_ONCE: f64 = 64.0;

const BY_SERVER: [WaitReason; 4] =
    [WaitReason::Refusal, WaitReason::ServerRequests, WaitReason::ServerTokens, WaitReason::ServerConcurrency];
const BY_OWN_LIMIT: [WaitReason; 2] = [WaitReason::OwnRequests, WaitReason::OwnTokens];

pub fn rate_limited(observed: &Observed) -> Option<Diagnosis> {
    let held_millis = observed.waited_millis(&BY_SERVER);
    let share = observed.share_of_wall(held_millis);
    if share <= LONG_HELD {
        return None;
    }
    let limit = main_limit(observed, &BY_SERVER);
    let (refusals, overloads) = (observed.retried(RetryKind::RateLimited), observed.retried(RetryKind::Overloaded));
    let mut changes = vec![Change::AddEndpoint];
    changes.extend(observed.batch());
    match limit {
        Some(MetLimit { unit: LimitUnit::Concurrency, count }) if count < observed.concurrency => {
            changes.insert(0, Change::LowerConcurrency { to: count });
        }
        Some(MetLimit { unit: LimitUnit::RequestsPerMinute, count })
            if observed.per_asked(refusals) > MANY_REFUSALS =>
        {
            changes.push(Change::LimitRequests { per_minute: count });
        }
        _ => {}
    }
    Some(Diagnosis { finding: Finding::RateLimited { refusals, overloads, held_millis, share, limit }, changes })
}

pub fn slowed_by_own_limit(observed: &Observed) -> Option<Diagnosis> {
    let share = observed.share_of_wall(observed.waited_millis(&BY_OWN_LIMIT));
    let limit = main_limit(observed, &BY_OWN_LIMIT);
    let finding = Finding::SlowedByOwnLimit { share, limit };
    (share > LONG_HELD).then(|| Diagnosis { finding, changes: vec![Change::RaiseOwnLimit] })
}

/// Time waited for a pause overstates what it costs, since others are under way meanwhile. What it costs is the part of its
/// place's time that it takes.
pub fn slowed_by_pause(observed: &Observed) -> Option<Diagnosis> {
    let paused = observed.waits.iter().find(|wait| wait.wait_reason == WaitReason::OwnPause)?;
    let pause_millis = paused.limit?;
    let share = super::share(pause_millis, pause_millis + observed.p50_millis);
    let is_long = observed.share_of_wall(paused.millis) > LONG_HELD && share > LONG_HELD;
    let finding = Finding::SlowedByPause { pause_millis: whole(pause_millis), share };
    (is_long && !observed.had_enough()).then(|| Diagnosis { finding, changes: vec![Change::NoPause] })
}

pub fn slowed_by_concurrency(observed: &Observed) -> Option<Diagnosis> {
    let full = observed.waits.iter().find(|wait| wait.wait_reason == WaitReason::OwnConcurrency)?;
    let share = observed.share_of_wall(full.millis);
    if share < MOSTLY_FULL
        || observed.had_enough()
        || observed.wall_millis < TELLING_MILLIS
        || observed.p50_millis <= 0.0
    {
        return None;
    }
    let seconds = observed.p50_millis / 1000.0;
    let possible = full.limit.map(|per_minute| (per_minute / 60.0).min(MAX_AT_ONCE / seconds));
    let to = possible.map(|possible| whole((possible * seconds).ceil()));
    let images_per_second = images_per_second(observed);
    // Already about as fast as the server lets it be.
    if possible.is_some_and(|possible| images_per_second >= FAR_BELOW * possible)
        || to.is_some_and(|to| to <= observed.concurrency)
    {
        return None;
    }
    let finding =
        Finding::SlowedByConcurrency { concurrency: observed.concurrency, share, images_per_second, possible };
    Some(Diagnosis { finding, changes: vec![Change::RaiseConcurrency { to }] })
}

pub fn slowed_by_preparing(observed: &Observed) -> Option<Diagnosis> {
    let share = observed.share_of_wall(observed.waited_millis(&[WaitReason::Preparing]));
    if share <= OFTEN_UNPREPARED || observed.wall_millis < TELLING_MILLIS {
        return None;
    }
    let finding = Finding::SlowedByPreparing { images_per_second: images_per_second(observed), share };
    Some(Diagnosis { finding, changes: vec![Change::SmallerPhotos] })
}

/// Images asked about a second.
fn images_per_second(observed: &Observed) -> f64 {
    share_unbounded(f64::from(observed.asked), observed.wall_millis / 1000.0)
}

/// The limit that kept the run longest, of those that have a number.
fn main_limit(observed: &Observed, wait_reasons: &[WaitReason]) -> Option<MetLimit> {
    let known = observed.waits.iter().filter(|wait| wait_reasons.contains(&wait.wait_reason));
    let (unit, limit) = known
        .filter_map(|wait| Some((wait.millis, unit_of(wait)?, wait.limit?)))
        .max_by(|(one, ..), (other, ..)| one.total_cmp(other))
        .map(|(_, unit, limit)| (unit, limit))?;
    Some(MetLimit { unit, count: whole(limit) }).filter(|limit| limit.count > 0)
}

fn unit_of(wait: &Wait) -> Option<LimitUnit> {
    match wait.wait_reason {
        WaitReason::OwnRequests | WaitReason::ServerRequests | WaitReason::Refusal => {
            Some(LimitUnit::RequestsPerMinute)
        }
        WaitReason::OwnTokens | WaitReason::ServerTokens => Some(LimitUnit::TokensPerMinute),
        WaitReason::ServerConcurrency => Some(LimitUnit::Concurrency),
        WaitReason::OwnConcurrency
        | WaitReason::OwnPause
        | WaitReason::AutomaticConcurrency
        | WaitReason::ServerFailing
        | WaitReason::Unreachable
        | WaitReason::Preparing => None,
    }
}
