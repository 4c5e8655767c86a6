//! Findings about failures: retries, unavailable servers, failed images, cut-off answers.

use super::{Change, Diagnosis, Finding, Observed, OutputLimit, WaitReason, whole};
use crate::run::RetryGroup;
use crate::run_state::{FailureKind, RetryKind};

/// Retries per image. A few per cent of overloads and lost connections are normal.
const HIGH_RETRY_RATE: f64 = 0.1;
/// Minimum share of the active time.
const LONG_AWAY: f64 = 0.1;
/// Failed images per finished one, and the share of one kind that makes it the reason.
const MANY_FAILED: f64 = 0.1;
const MAIN_REASON: f64 = 0.6;
/// Cut-off answers per image.
const MANY_CUT_SHORT: f64 = 0.05;
/// Suitable idle timeout, as a multiple of the time per image, and its rounding in milliseconds.
const FITTING_SILENCE: f64 = 4.0;
const SILENCE_STEP: f64 = 10_000.0;
/// No shorter idle timeout is advised, in milliseconds, because a busy server may need it.
const LEAST_SILENCE: u32 = 20_000;
const MOST_SILENCE: u32 = 3_600_000;
/// Minimum factor between suitable and actual timeout for advice.
const FAR_OFF: f64 = 2.0;

pub fn retries_high(observed: &Observed) -> Option<Diagnosis> {
    let mut by_kind: Vec<RetryGroup> = observed.retried.iter().copied().filter(|group| group.count > 0).collect();
    by_kind.sort_by_key(|group| std::cmp::Reverse(group.count));
    // Rate limits have their own finding.
    let faults = || by_kind.iter().filter(|group| group.kind != RetryKind::RateLimited);
    let main = faults().next()?.kind;
    if observed.per_asked(faults().map(|group| group.count).sum()) <= HIGH_RETRY_RATE || !observed.is_elsewhere() {
        return None;
    }
    let changes = changes_for(main, observed);
    let repeated = by_kind.iter().map(|group| group.count).sum();
    Some(Diagnosis { finding: Finding::RetriesHigh { repeated, asked: observed.asked, by_kind }, changes })
}

/// Changes for retries of this kind.
fn changes_for(kind: RetryKind, observed: &Observed) -> Vec<Change> {
    match kind {
        RetryKind::Unreachable | RetryKind::ConnectionLost | RetryKind::AnswerUnreadable => {
            vec![observed.check_connection()]
        }
        // Expired batch requests, before expiry had its own kind.
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

/// A better idle timeout, if the current one is far off.
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

/// Half the concurrency.
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

/// A single answer in another coordinate system, or without usable annotations, characterizes the model, so these count
/// in runs of any size.
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
        // It was first sent smaller if its size was the reason.
        FailureKind::Refused if observed.retried(RetryKind::TooLarge) > 0 => vec![Change::SmallerPhotos],
        FailureKind::CutOff => longer_answers(observed),
        FailureKind::Expired => vec![Change::RunLive],
        FailureKind::AnswerUnusable if observed.has_unknown_labels => vec![Change::AddLabels, Change::OtherModel],
        FailureKind::ModelFailed => model_failed(observed),
        _ if main.suggests_calibration => vec![Change::Calibrate, Change::OtherModel],
        FailureKind::Refused
        | FailureKind::Declined
        | FailureKind::AnswerUnreadable
        | FailureKind::AnswerUnusable
        | FailureKind::CoordinatesAsFractions
        | FailureKind::CoordinatesAsThousandths => vec![Change::OtherModel],
        // Nothing that the user can change.
        FailureKind::InternalError => return None,
    };
    let finding =
        Finding::MostlyOneFailure { failure: main.kind, count: main.count, failed, finished: observed.finished };
    Some(Diagnosis { finding, changes })
}

/// Changes for images without an answer, by the reasons of their retries.
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

pub fn coordinates_suspected(observed: &Observed) -> Option<Diagnosis> {
    let finding = Finding::CoordinatesSuspected { coordinates: observed.coordinates? };
    Some(Diagnosis { finding, changes: vec![Change::Calibrate, Change::OtherModel] })
}

pub fn answers_cut_short(observed: &Observed) -> Option<Diagnosis> {
    let share = super::share(f64::from(observed.cut_short), f64::from(observed.asked));
    let finding = Finding::AnswersCutShort { count: observed.cut_short, share, room: room(observed) };
    (share > MANY_CUT_SHORT).then(|| Diagnosis { finding, changes: longer_answers(observed) })
}

/// A cut-off answer is requested again with a higher maximum at once, unless the user has set it or it was in a batch.
fn room(observed: &Observed) -> OutputLimit {
    match observed.max_tokens {
        _ if observed.retried(RetryKind::CutShort) > 0 => OutputLimit::More,
        Some(tokens) => OutputLimit::OwnMaximum { tokens },
        None => OutputLimit::Usual,
    }
}

/// Changes for cut-off answers.
fn longer_answers(observed: &Observed) -> Vec<Change> {
    let more = match room(observed) {
        OutputLimit::OwnMaximum { tokens } => Some(Change::RaiseMaxTokens { than: Some(tokens) }),
        OutputLimit::Usual if !observed.is_live() => Some(Change::RaiseMaxTokens { than: None }),
        // The maximum has been raised since, or it was higher already.
        OutputLimit::Usual | OutputLimit::More => None,
    };
    more.into_iter().chain([Change::SmallerRecipe]).collect()
}
