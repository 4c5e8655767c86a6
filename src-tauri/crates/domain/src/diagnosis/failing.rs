//! What went wrong: requests made again, servers that were away, images that failed, answers that were cut off.

use super::{Change, Diagnosis, Finding, Observed, Obstacle};
use crate::run::{FailureKind, RetryGroup, RetryKind};

/// Requests made again over images asked about. One in ten is more than the bad weather of a healthy way: overloads and
/// lost connections of a few percent pass by themselves.
const HIGH_RETRY_RATE: f64 = 0.1;
/// Of the time worked. Less is over before anybody has looked.
const LONG_AWAY: f64 = 0.1;
/// Failed images over finished ones, and the part of them that one kind must have to be called the reason.
const MANY_FAILED: f64 = 0.1;
const MAIN_REASON: f64 = 0.6;
/// Answers cut off over images asked about.
const MANY_CUT_SHORT: f64 = 0.05;

pub fn retries_high(observed: &Observed) -> Option<Diagnosis> {
    let mut by_kind: Vec<RetryGroup> = observed
        .retried
        .iter()
        .copied()
        .filter(|group| group.kind != RetryKind::RateLimited && group.count > 0)
        .collect();
    by_kind.sort_by_key(|group| std::cmp::Reverse(group.count));
    let rate = observed.per_asked(by_kind.iter().map(|group| group.count).sum());
    let main = by_kind.first()?.kind;
    if rate <= HIGH_RETRY_RATE || !observed.is_elsewhere() {
        return None;
    }
    let mut changes = Vec::new();
    match main {
        RetryKind::Unreachable | RetryKind::ConnectionLost => changes.push(Change::CheckNetwork),
        RetryKind::TimedOut => {
            changes.extend([fewer_at_once(observed), Some(Change::CheckNetwork)].into_iter().flatten());
        }
        RetryKind::Overloaded | RetryKind::ServerFailed => {
            changes.extend([fewer_at_once(observed), observed.overnight()].into_iter().flatten());
        }
        RetryKind::TooLarge => changes.push(Change::SmallerPhotos),
        RetryKind::CutShort => changes.push(Change::AskForLess),
        RetryKind::RateLimited => {}
    }
    Some(Diagnosis { finding: Finding::RetriesHigh { rate, by_kind }, changes })
}

/// Half as many as there were.
fn fewer_at_once(observed: &Observed) -> Option<Change> {
    (observed.concurrency > 1).then_some(Change::FewerAtOnce { to: observed.concurrency / 2 })
}

pub fn server_away(observed: &Observed) -> Option<Diagnosis> {
    let unreachable = observed.waited_millis(&[Obstacle::Unreachable]);
    let unwell = observed.waited_millis(&[Obstacle::Unwell]);
    let share = observed.share_of_wall(unreachable + unwell);
    if share <= LONG_AWAY {
        return None;
    }
    let changes = if unreachable >= unwell {
        vec![Change::CheckNetwork]
    } else {
        [fewer_at_once(observed), observed.overnight()].into_iter().flatten().collect()
    };
    Some(Diagnosis { finding: Finding::ServerAway { away_millis: unreachable + unwell, share }, changes })
}

pub fn mostly_one_failure(observed: &Observed) -> Option<Diagnosis> {
    let failed: u32 = observed.failures.iter().map(|group| group.count).sum();
    let main = observed.failures.iter().max_by_key(|group| group.count)?;
    let is_many = super::share(f64::from(failed), f64::from(observed.finished)) > MANY_FAILED;
    let is_main = super::share(f64::from(main.count), f64::from(failed)) >= MAIN_REASON;
    if !is_many || !is_main {
        return None;
    }
    let changes = match main.kind {
        FailureKind::FileMissing | FailureKind::FileUnreadable => vec![Change::CheckPhotos],
        FailureKind::Refused => vec![Change::SmallerPhotos],
        FailureKind::CutOff => vec![Change::AskForLess],
        FailureKind::ModelFailed if observed.is_elsewhere() => {
            [fewer_at_once(observed), Some(Change::OtherModel)].into_iter().flatten().collect()
        }
        FailureKind::ModelFailed | FailureKind::Declined | FailureKind::AnswerUnreadable => vec![Change::OtherModel],
    };
    let finding =
        Finding::MostlyOneFailure { failure: main.kind, count: main.count, failed, finished: observed.finished };
    Some(Diagnosis { finding, changes })
}

pub fn answers_cut_short(observed: &Observed) -> Option<Diagnosis> {
    let share = super::share(f64::from(observed.cut_short), f64::from(observed.asked));
    let finding = Finding::AnswersCutShort { count: observed.cut_short, share };
    (share > MANY_CUT_SHORT).then(|| Diagnosis { finding, changes: vec![Change::AskForLess] })
}
