//! What went wrong: requests made again, servers that were away, images that failed, answers that were cut off.

use super::{Change, Diagnosis, Finding, Observed, OutputLimit, WaitReason, whole};
use crate::run::RetryGroup;
use crate::run_state::{FailureKind, RetryKind};

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
/// How long an answer may well be silent, in times that an image takes, and in whole steps of milliseconds.
const FITTING_SILENCE: f64 = 4.0;
const SILENCE_STEP: f64 = 10_000.0;
/// Nobody is told to wait less long, in milliseconds: a server with much to do may need it before it begins.
const LEAST_SILENCE: u32 = 20_000;
const MOST_SILENCE: u32 = 3_600_000;
/// How many times shorter or longer than that a silence has to be for a word about it.
const FAR_OFF: f64 = 2.0;

pub fn retries_high(observed: &Observed) -> Option<Diagnosis> {
    let mut by_kind: Vec<RetryGroup> = observed.retried.iter().copied().filter(|group| group.count > 0).collect();
    by_kind.sort_by_key(|group| std::cmp::Reverse(group.count));
    // Refusals for limits have a finding of their own.
    let faults = || by_kind.iter().filter(|group| group.kind != RetryKind::RateLimited);
    let main = faults().next()?.kind;
    if observed.per_asked(faults().map(|group| group.count).sum()) <= HIGH_RETRY_RATE || !observed.is_elsewhere() {
        return None;
    }
    let changes = changes_for(main, observed);
    let repeated = by_kind.iter().map(|group| group.count).sum();
    Some(Diagnosis { finding: Finding::RetriesHigh { repeated, asked: observed.asked, by_kind }, changes })
}

/// What to change where requests are made again for this reason.
fn changes_for(kind: RetryKind, observed: &Observed) -> Vec<Change> {
    match kind {
        RetryKind::Unreachable | RetryKind::ConnectionLost | RetryKind::AnswerUnreadable => {
            vec![observed.check_connection()]
        }
        // Nobody waits for an answer in a batch: before expiry had a kind of its own, it was counted as this.
        RetryKind::Expired | RetryKind::TimedOut if !observed.is_live() => vec![Change::RunLive],
        RetryKind::TimedOut => {
            let silence = silence(observed);
            let is_longer = matches!(silence, Some(Change::LongerIdleTimeout { .. }));
            let (first, last) = if is_longer { (silence, None) } else { (None, silence) };
            let connection = Some(observed.check_connection());
            [first, lower_concurrency(observed), connection, last].into_iter().flatten().collect()
        }
        RetryKind::Overloaded | RetryKind::ServerFailed if observed.is_live() => {
            [lower_concurrency(observed), observed.batch()].into_iter().flatten().collect()
        }
        RetryKind::Overloaded | RetryKind::ServerFailed => vec![Change::RunLive],
        RetryKind::TooLarge => vec![Change::SmallerPhotos],
        // Each of them was paid for twice.
        RetryKind::CutShort => {
            let more = observed.max_tokens.is_none().then_some(Change::RaiseMaxTokens { than: None });
            more.into_iter().chain([Change::SmallerRecipe]).collect()
        }
        RetryKind::RateLimited | RetryKind::Expired => Vec::new(),
    }
}

/// Another silence, where the one that is allowed is far from what images take.
fn silence(observed: &Observed) -> Option<Change> {
    let allowed = observed.silence_millis.filter(|_| observed.p50_millis > 0.0)?;
    let fitting = observed.p50_millis * FITTING_SILENCE;
    let to_millis = whole((fitting / SILENCE_STEP).ceil() * SILENCE_STEP).clamp(LEAST_SILENCE, MOST_SILENCE);
    if f64::from(allowed) * FAR_OFF <= fitting {
        (to_millis > allowed).then_some(Change::LongerIdleTimeout { to_millis })
    } else {
        (f64::from(allowed) >= f64::from(to_millis) * FAR_OFF).then_some(Change::ShorterIdleTimeout { to_millis })
    }
}

/// Half as many as there were.
fn lower_concurrency(observed: &Observed) -> Option<Change> {
    let is_told = observed.is_live() && observed.concurrency > 1;
    is_told.then_some(Change::LowerConcurrency { to: observed.concurrency / 2 })
}

pub fn server_away(observed: &Observed) -> Option<Diagnosis> {
    let unreachable = observed.waited_millis(&[WaitReason::Unreachable]);
    let server_failing = observed.waited_millis(&[WaitReason::ServerFailing]);
    let share = observed.share_of_wall(unreachable + server_failing);
    if share <= LONG_AWAY {
        return None;
    }
    let changes = if unreachable >= server_failing {
        vec![observed.check_connection()]
    } else {
        [lower_concurrency(observed), observed.batch()].into_iter().flatten().collect()
    };
    Some(Diagnosis { finding: Finding::ServerAway { away_millis: unreachable + server_failing, share }, changes })
}

/// A single answer in another coordinate system says what the model does, and so do answers of which none is usable: they
/// count in a run of any size.
pub fn mostly_one_failure(observed: &Observed) -> Option<Diagnosis> {
    let failed: u32 = observed.failures.iter().map(|group| group.count).sum();
    let main = observed.failures.iter().max_by_key(|group| group.count)?;
    let is_conclusive = match main.kind {
        FailureKind::CoordinatesAsFractions | FailureKind::CoordinatesAsThousandths => true,
        FailureKind::AnswerUnusable => main.count == observed.finished,
        _ => false,
    };
    if observed.asked + observed.unread < super::FEWEST_IMAGES && !is_conclusive {
        return None;
    }
    let is_many = super::share(f64::from(failed), f64::from(observed.finished)) > MANY_FAILED;
    let is_main = super::share(f64::from(main.count), f64::from(failed)) >= MAIN_REASON;
    if !is_many || !is_main {
        return None;
    }
    let changes = match main.kind {
        FailureKind::FileMissing | FailureKind::FileUnreadable => vec![Change::CheckPhotos],
        // It was sent smaller first where its size was the reason.
        FailureKind::Refused if observed.retried(RetryKind::TooLarge) > 0 => vec![Change::SmallerPhotos],
        FailureKind::CutOff => longer_answers(observed),
        FailureKind::Expired => vec![Change::RunLive],
        FailureKind::AnswerUnusable if observed.has_unknown_labels => vec![Change::AddLabels, Change::OtherModel],
        FailureKind::ModelFailed => model_failed(observed),
        FailureKind::Refused
        | FailureKind::Declined
        | FailureKind::AnswerUnreadable
        | FailureKind::AnswerUnusable
        | FailureKind::CoordinatesAsFractions
        | FailureKind::CoordinatesAsThousandths => vec![Change::OtherModel],
        // Nothing that a person can change.
        FailureKind::InternalError => return None,
    };
    let finding =
        Finding::MostlyOneFailure { failure: main.kind, count: main.count, failed, finished: observed.finished };
    Some(Diagnosis { finding, changes })
}

/// What to change where images stayed unanswered: what their requests were repeated for says why.
fn model_failed(observed: &Observed) -> Vec<Change> {
    let is_reason = |kind| !matches!(kind, RetryKind::RateLimited | RetryKind::TooLarge | RetryKind::CutShort);
    let main = observed.retried.iter().filter(|group| is_reason(group.kind)).max_by_key(|group| group.count);
    let Some(main) = main.filter(|group| group.count > 0) else { return vec![Change::OtherModel] };
    let mut changes = changes_for(main.kind, observed);
    if matches!(main.kind, RetryKind::Overloaded | RetryKind::ServerFailed) {
        changes.push(Change::OtherModel);
    }
    changes
}

pub fn answers_cut_short(observed: &Observed) -> Option<Diagnosis> {
    let share = super::share(f64::from(observed.cut_short), f64::from(observed.asked));
    let finding = Finding::AnswersCutShort { count: observed.cut_short, share, room: room(observed) };
    (share > MANY_CUT_SHORT).then(|| Diagnosis { finding, changes: longer_answers(observed) })
}

/// An answer that was cut off is asked for with more room at once, unless a person has set its maximum or it came in a batch.
fn room(observed: &Observed) -> OutputLimit {
    match observed.max_tokens {
        _ if observed.retried(RetryKind::CutShort) > 0 => OutputLimit::More,
        Some(tokens) => OutputLimit::OwnMaximum { tokens },
        None => OutputLimit::Usual,
    }
}

/// What to do about answers that were cut off.
fn longer_answers(observed: &Observed) -> Vec<Change> {
    let more = match room(observed) {
        OutputLimit::OwnMaximum { tokens } => Some(Change::RaiseMaxTokens { than: Some(tokens) }),
        OutputLimit::Usual if !observed.is_live() => Some(Change::RaiseMaxTokens { than: None }),
        // The maximum that they met has been lifted since, or there was more room already.
        OutputLimit::Usual | OutputLimit::More => None,
    };
    more.into_iter().chain([Change::SmallerRecipe]).collect()
}
