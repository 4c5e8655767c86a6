//! The state of one job, and how it reacts to a failed request.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::answer::PartPass;
use domain::money::PicoDollars;
use domain::run_state::{FailureKind, StopReason};
use domain::worst_case::Allowance;
use providers::request::Picture;
use store::{JobOutcome, JobTiming, WaitingJob};

use super::in_flight::InFlightGuard;
use super::outcome::{Stop, better_of};
use super::retry::{RETRIES_IN_OUTAGE, Retrying};
use crate::backend::{AfterFailure, AnswerLength, FailedRequest};

/// The result of an image's requests, before it is settled.
pub enum AskResult {
    Outcome(JobOutcome),
    PutBack,
    MustStop(Stop),
    /// Another run asks the same question about this image.
    PendingElsewhere,
}

/// The state of a job, and of the request about its image that is being answered.
pub struct JobState {
    /// What further requests may cost.
    pub allowance: Allowance,
    /// Whether the image is claimed for this run.
    pub is_claimed: bool,
    /// Pictures of parts that are prepared and not answered yet.
    pub pictures: BTreeMap<u32, Picture>,
    pub edge: u32,
    pub length: AnswerLength,
    pub tries: u32,
    pub tries_in_outage: u32,
    /// Endpoints where requests of this job failed.
    pub avoided: Vec<usize>,
    pub is_shrunk: bool,
    /// A cut-off answer, used if no longer one arrives.
    pub cut_off: Option<JobOutcome>,
    /// Time spent preparing, in flight and in retry delays, without waits for permits.
    pub worked: Duration,
    /// Whether a request was sent for this image.
    pub is_asked: bool,
    /// Time in flight; `None` once another request overlapped.
    pub alone: Option<Duration>,
}

/// What to do after a failed request.
pub enum Next {
    /// Wait for a permit.
    Turn,
    Wait(Duration),
    Shrink,
    /// The endpoint may refuse every request, so the image is not decided yet.
    Undecided(usize),
    Fail(FailureKind),
    Stop(StopReason),
}

impl JobState {
    pub fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            is_claimed: false,
            pictures: BTreeMap::new(),
            edge: 0,
            length: AnswerLength::Usual,
            tries: 0,
            tries_in_outage: 0,
            avoided: Vec::new(),
            is_shrunk: false,
            cut_off: None,
            worked: Duration::ZERO,
            is_asked: false,
            alone: Some(Duration::ZERO),
        }
    }

    /// Begins another request about the image, whose picture has a long edge of `edge`. What was spent stays.
    pub fn begin_request(&mut self, edge: u32) {
        let pictures = std::mem::take(&mut self.pictures);
        let Self { allowance, is_claimed, worked, is_asked, alone, .. } = *self;
        *self = Self { is_claimed, pictures, edge, worked, is_asked, alone, ..Self::new(allowance) };
    }

    pub fn record_flight(&mut self, flight: &InFlightGuard) {
        self.alone = self.alone.zip(flight.end()).map(|(before, this)| before + this);
    }

    /// The timing of `job`; `None` if this run sent no request for it. Answers stored before the process died count with the
    /// duration of their requests.
    pub fn timing(&self, job: &WaitingJob) -> Option<JobTiming> {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let earlier = job.answers.iter().filter(|kept| !kept.is_reused).map(|kept| f64::from(kept.took_millis));
        let earlier = earlier.reduce(|sum, millis| sum + millis);
        if !self.is_asked && earlier.is_none() {
            return None;
        }
        let alone = self.alone.filter(|_| self.is_asked && earlier.is_none());
        Some(JobTiming {
            took_millis: millis(self.worked) + earlier.unwrap_or_default(),
            alone_millis: alone.map(millis),
        })
    }

    /// What follows a failed request. The refusal of one that checks an earlier answer decides nothing about the image.
    pub fn next(&mut self, failed: &FailedRequest, at_most: PicoDollars, retrying: Retrying, pass: PartPass) -> Next {
        let after = failed.next;
        let is_same_again =
            matches!(after, AfterFailure::Again | AfterFailure::AgainAfterOutage { .. } | AfterFailure::Retry { .. });
        let may_move = is_same_again || matches!(after, AfterFailure::Fail | AfterFailure::Undecided { .. });
        let moves_from = failed.avoids.filter(|endpoint| may_move && !self.avoided.contains(endpoint));
        self.avoided.extend(moves_from);
        match after {
            _ if (is_same_again || moves_from.is_some()) && !self.allowance.admits(at_most) => {
                Next::Fail(FailureKind::ModelFailed)
            }
            // Moving to another endpoint uses up no retry of the image.
            _ if moves_from.is_some() => Next::Turn,
            AfterFailure::Again => Next::Turn,
            AfterFailure::AgainAfterOutage { after } => {
                self.tries_in_outage += 1;
                // Every outage so far ended and began again with this image, so it may be what crashes the server.
                if self.tries_in_outage > RETRIES_IN_OUTAGE {
                    Next::Fail(FailureKind::ModelFailed)
                } else {
                    after.map_or(Next::Turn, Next::Wait)
                }
            }
            AfterFailure::Retry { after } => {
                self.tries += 1;
                if self.tries > retrying.attempts {
                    Next::Fail(FailureKind::ModelFailed)
                } else {
                    Next::Wait(retrying.delay(self.tries, after, fastrand::f64()))
                }
            }
            AfterFailure::Shrink if self.is_shrunk => Next::Fail(FailureKind::Refused),
            AfterFailure::Shrink => Next::Shrink,
            AfterFailure::Undecided { endpoint } if self.cut_off.is_none() && !pass.is_check => {
                Next::Undecided(endpoint)
            }
            AfterFailure::Refuse | AfterFailure::Undecided { .. } => Next::Fail(FailureKind::Refused),
            AfterFailure::Fail => Next::Fail(FailureKind::ModelFailed),
            AfterFailure::Stop(reason) => Next::Stop(reason),
        }
    }

    /// Handles a halt. The annotations of a cut-off answer are kept; without any, the image waits for its longer request.
    pub fn interrupted(&mut self) -> AskResult {
        self.cut_off_annotations().map_or(AskResult::PutBack, AskResult::Outcome)
    }

    /// A budget too small for a longer answer is no reason to lose the shorter one.
    pub fn stopped(&mut self, stop: Stop) -> AskResult {
        match self.cut_off_annotations() {
            Some(outcome) if matches!(stop.reason, StopReason::BudgetReached | StopReason::MonthlyCapReached) => {
                AskResult::Outcome(outcome)
            }
            _ => AskResult::MustStop(stop),
        }
    }

    fn cut_off_annotations(&mut self) -> Option<JobOutcome> {
        self.cut_off.take().filter(|outcome| matches!(outcome, JobOutcome::Done { .. }))
    }

    pub fn better_of(&mut self, outcome: JobOutcome) -> JobOutcome {
        better_of(self.cut_off.take(), outcome)
    }
}
