//! An endpoint of a backend: one server with one key, its rate limiter and its health. Several endpoints can serve the same
//! model.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::endpoint::{EndpointFailure, EndpointId, EndpointProblem, RunEndpoint};
use domain::run::EndpointState;
use domain::run_state::{RetryKind, StopReason};
use providers::error::RequestError;
use providers::provider::Endpoint;
use providers::rate_limits::RateLimits;
use providers::refusal::LONGEST_WAIT;
use providers::retry::{ItemFailure, RetryAction};
use tokio::time::Instant;

use super::failure::AfterFailure;
use super::limiter::{Met, Need, Opening};
use super::rate_limiter::{LimiterPermit, RateLimiter};
use super::slots::Slot;
use super::streak::{Concern, Streak};
use crate::sync::lock;

/// How long a cache entry is assumed to live; shorter than the vendor's five minutes.
const CACHE_LIFE: Duration = Duration::from_secs(270);
/// How long a run waits for an unreachable server. A server that never answered may have a wrong address; one that has may
/// be offline overnight.
const PATIENCE_UNKNOWN: Duration = Duration::from_secs(6);
const PATIENCE_UNWELL: Duration = Duration::from_mins(5);
const PATIENCE_KNOWN: Duration = Duration::from_hours(2);

/// Consecutive failures after which an endpoint is suspended while others are open.
const FAILURES_IN_A_ROW: u32 = 3;
/// Length of the first suspension; doubles with each further failure.
const FIRST_SUSPENSION: Duration = Duration::from_secs(2);
/// Longest suspension after a failure that resolves by itself.
const LONGEST_SUSPENSION: Duration = Duration::from_secs(30);
/// Longest suspension after a failure that needs user action.
const LONGEST_CLOSURE: Duration = Duration::from_mins(5);

/// Whether the vendor has the fixed part of requests in its prompt cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warmth {
    Cold,
    /// One request in flight is filling the cache.
    Warming,
    Warm {
        since: Instant,
    },
}

/// An endpoint with its rate limiter.
pub struct PacedEndpoint {
    pub id: EndpointId,
    pub name: String,
    pub endpoint: Arc<dyn Endpoint>,
    pub limiter: Arc<RateLimiter>,
    pub price_percent: u16,
    standing: Arc<Standing>,
    streak: Mutex<Streak>,
}

/// State that a request in flight must restore if it ends without an outcome.
struct Standing {
    warmth: Mutex<Warmth>,
    health: Mutex<Health>,
}

/// The health of an endpoint during a run.
#[derive(Default)]
struct Health {
    suspension: Option<Suspension>,
    /// Suspensions since the last answer.
    suspensions: u32,
    /// Failures since the last answer.
    failures_in_a_row: u32,
    is_unreachable: bool,
    /// The counts and the problem accumulate until the next [`PacedEndpoint::take_record`].
    answered: u32,
    failed: u32,
    problem: Option<(EndpointProblem, String)>,
}

/// A period in which the endpoint is not used because others are available.
struct Suspension {
    problem: EndpointProblem,
    /// The stop reason if no other endpoint is left; `None` for failures that resolve by themselves.
    stop: Option<StopReason>,
    detail: String,
    again_at: Instant,
    /// One request in flight is testing whether the endpoint has recovered.
    is_probing: bool,
}

impl Health {
    fn is_failing(&self) -> bool {
        self.suspension.is_some() || self.is_unreachable || self.failures_in_a_row >= FAILURES_IN_A_ROW
    }

    fn record_answer(&mut self) {
        *self =
            Self { answered: self.answered + 1, failed: self.failed, problem: self.problem.take(), ..Self::default() };
    }

    fn suspend(&mut self, problem: EndpointProblem, stop: Option<StopReason>, detail: &str) {
        // Failures of requests sent before the suspension do not extend it.
        if let Some(suspension) = self.suspension.as_mut().filter(|suspension| !suspension.is_probing) {
            suspension.stop = suspension.stop.or(stop);
            return;
        }
        let longest = if stop.is_some() { LONGEST_CLOSURE } else { LONGEST_SUSPENSION };
        let pause = FIRST_SUSPENSION.saturating_mul(2_u32.saturating_pow(self.suspensions)).min(longest);
        self.suspensions += 1;
        self.problem = Some((problem, detail.to_owned()));
        let again_at = Instant::now() + pause;
        self.suspension = Some(Suspension { problem, stop, detail: detail.to_owned(), again_at, is_probing: false });
    }
}

/// The combined state of the other endpoints for the same model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// There are none, or all are closed.
    Closed,
    /// Every open one is failing.
    Failing,
    /// At least one is working.
    Open,
}

/// Why an endpoint accepts no more requests.
#[derive(Debug, Clone)]
pub struct Closed {
    pub reason: StopReason,
    pub detail: String,
}

/// Permission to send one request to an endpoint. If dropped without an outcome, for example by a panic, it restores the
/// endpoint to its state before the request.
pub struct EndpointPermit {
    pub endpoint: usize,
    entered_at: Instant,
    // Declared before the limiter's permit, because dropping that wakes the waiters.
    task: Task,
    limiter: LimiterPermit,
    /// The request's slot in the user's concurrency limit over all endpoints.
    _slot: Option<Slot>,
}

/// Side effects of a request on later requests.
struct Task {
    standing: Arc<Standing>,
    /// The request fills the vendor's prompt cache.
    is_warming: bool,
    /// The request tests whether a suspended endpoint has recovered.
    is_probing: bool,
}

impl Task {
    /// Ends the task when the caller records the outcome itself.
    fn end(&mut self) {
        self.cool_unless_warm();
        self.is_probing = false;
    }

    fn cool_unless_warm(&mut self) {
        let mut warmth = lock(&self.standing.warmth);
        if std::mem::take(&mut self.is_warming) && *warmth == Warmth::Warming {
            *warmth = Warmth::Cold;
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.cool_unless_warm();
        if self.is_probing
            && let Some(suspension) = &mut lock(&self.standing.health).suspension
        {
            suspension.is_probing = false;
        }
    }
}

impl EndpointPermit {
    /// The server has started to answer.
    pub fn record_accepted(&self, limits: &RateLimits) {
        self.limiter.accepted(limits);
    }
}

impl PacedEndpoint {
    pub fn new(
        id: EndpointId,
        name: String,
        endpoint: Arc<dyn Endpoint>,
        limiter: Arc<RateLimiter>,
        price_percent: u16,
    ) -> Self {
        let standing = Arc::new(Standing { warmth: Mutex::new(Warmth::Cold), health: Mutex::default() });
        Self { id, name, endpoint, limiter, price_percent, standing, streak: Mutex::default() }
    }

    /// Why the endpoint needs user action. It is still probed from time to time.
    pub fn closed(&self) -> Option<Closed> {
        let health = lock(&self.standing.health);
        let suspension = health.suspension.as_ref()?;
        Some(Closed { reason: suspension.stop?, detail: suspension.detail.clone() })
    }

    /// Whether the endpoint is unused for now because others are available.
    pub fn is_suspended(&self) -> bool {
        lock(&self.standing.health).suspension.is_some()
    }

    /// Whether requests to this endpoint are currently failing.
    pub fn is_failing(&self) -> bool {
        lock(&self.standing.health).is_failing()
    }

    /// Whether this endpoint has accepted a request of this form.
    pub fn is_form_taken(&self) -> bool {
        lock(&self.streak).is_form_taken()
    }

    /// Records that this endpoint has accepted a request of this form.
    pub fn record_form_taken(&self) {
        lock(&self.streak).record_form_taken();
    }

    pub fn opening(&self, need: Need, warms_cache: bool) -> Opening {
        if let Some(suspension) = &lock(&self.standing.health).suspension {
            if suspension.is_probing {
                return Opening::Full;
            }
            if suspension.again_at > Instant::now() {
                return Opening::At(suspension.again_at);
            }
        }
        if warms_cache && self.warmth() == Warmth::Warming {
            return Opening::Full;
        }
        self.limiter.opening(need)
    }

    /// Why a request of `need` cannot be sent here. Waiting for another request to warm the cache is not reported, since it
    /// ends with the first answer.
    pub fn wait_reason(&self, need: Need, warms_cache: bool) -> Option<Met> {
        if warms_cache && self.warmth() == Warmth::Warming { None } else { self.limiter.wait_reason(need) }
    }

    /// Takes a permit from endpoint number `endpoint`, which must be open.
    pub fn enter(&self, endpoint: usize, need: Need, warms_cache: bool, slot: Option<Slot>) -> EndpointPermit {
        let is_probing = match &mut lock(&self.standing.health).suspension {
            Some(suspension) => {
                suspension.is_probing = true;
                true
            }
            None => false,
        };
        let is_warming = warms_cache && self.warmth() == Warmth::Cold;
        if is_warming {
            *lock(&self.standing.warmth) = Warmth::Warming;
        }
        let task = Task { standing: Arc::clone(&self.standing), is_warming, is_probing };
        EndpointPermit { endpoint, entered_at: Instant::now(), task, limiter: self.limiter.admit(need), _slot: slot }
    }

    fn warmth(&self) -> Warmth {
        match *lock(&self.standing.warmth) {
            Warmth::Warm { since } if since.elapsed() > CACHE_LIFE => Warmth::Cold,
            warmth => warmth,
        }
    }

    /// Records the start of an answer: the prompt cache is warm from now on, and each read renews it.
    pub fn record_begun(&self, warms_cache: bool) {
        self.record_form_taken();
        if warms_cache {
            *lock(&self.standing.warmth) = Warmth::Warm { since: Instant::now() };
        }
    }

    pub fn record_answered(&self, mut permit: EndpointPermit) {
        permit.task.end();
        lock(&self.standing.health).record_answer();
        lock(&self.streak).record_answered();
        permit.limiter.ended();
    }

    /// Classifies a failure for the endpoint and for the request.
    pub fn record_failed(&self, mut permit: EndpointPermit, error: &RequestError, others: Others) -> AfterFailure {
        permit.task.end();
        let (kind, detail) = (error.retry_kind(), error.to_string());
        let action = error.action();
        self.record_health(action, kind, &error.detail(), others);
        match action {
            RetryAction::HoldEndpoint { after } => {
                let limits = match error {
                    RequestError::Refused(refusal) => refusal.rate_limits,
                    _ => RateLimits::default(),
                };
                let since = permit.limiter.refused(after, &limits, &detail);
                tracing::warn!(endpoint = self.name, class = ?kind, ?after, "the endpoint is held");
                if since.elapsed() > LONGEST_WAIT {
                    return self.give_up(StopReason::WaitTooLong, &detail, others);
                }
                AfterFailure::Again
            }
            RetryAction::Unreadable => {
                permit.limiter.ended();
                if lock(&self.streak).record_unreadable() {
                    return self.give_up(StopReason::AnswersUnreadable, &detail, others);
                }
                AfterFailure::Retry { after: None }
            }
            RetryAction::RefuseForm => {
                let endpoint = permit.endpoint;
                permit.limiter.ended();
                match lock(&self.streak).record_complaint(error.complaint().unwrap_or_default()) {
                    Concern::ThisRequest => AfterFailure::Refuse,
                    Concern::Open => AfterFailure::Undecided { endpoint },
                    Concern::EveryRequest => self.give_up(StopReason::RequestRefused, &detail, others),
                }
            }
            // Each lost answer may have been billed. If another endpoint works, the run continues there.
            RetryAction::Retry { .. }
                if error.may_be_billed()
                    && others != Others::Open
                    && lock(&self.streak).record_lost(permit.entered_at, Instant::now()) =>
            {
                self.give_up(StopReason::AnswersUnreadable, &detail, others)
            }
            RetryAction::Retry { after, .. } => match permit.limiter.failed(kind, &error.detail()) {
                None => AfterFailure::Retry { after },
                // The other endpoints continue; this one is retried after its hold.
                Some(_) if others == Others::Open => AfterFailure::Again,
                Some(outage) => {
                    let patience = match (outage.is_new, kind) {
                        (true, RetryKind::Unreachable) => PATIENCE_UNKNOWN,
                        (true, _) => PATIENCE_UNWELL,
                        (false, _) => PATIENCE_KNOWN,
                    };
                    match kind {
                        _ if outage.since.elapsed() > patience => AfterFailure::Stop(StopReason::Unreachable),
                        // An unreachable server is never due to the image.
                        RetryKind::Unreachable => AfterFailure::Again,
                        _ => AfterFailure::AgainAfterOutage { after },
                    }
                }
            },
            action => {
                permit.limiter.ended();
                self.next_of(action, &detail, others)
            }
        }
    }

    /// Updates the health after a failure; suspends the endpoint if others work.
    fn record_health(&self, action: RetryAction, kind: RetryKind, detail: &str, others: Others) {
        let mut health = lock(&self.standing.health);
        match action {
            RetryAction::StopRun(_) => health.failed += 1,
            RetryAction::Retry { .. } | RetryAction::Unreadable => {
                health.failed += 1;
                health.failures_in_a_row += 1;
                health.is_unreachable |= kind == RetryKind::Unreachable;
                if !health.is_failing() {
                    return;
                }
                if others == Others::Open {
                    health.suspend(kind.into(), None, detail);
                } else {
                    (health.suspension, health.problem) = (None, Some((kind.into(), detail.to_owned())));
                }
            }
            // The server is reachable and accepts the key; the failure concerns its limits or this image.
            RetryAction::HoldEndpoint { .. }
            | RetryAction::FailItem(_)
            | RetryAction::RefuseForm
            | RetryAction::ShrinkOnce => health.suspension = None,
        }
    }

    fn next_of(&self, action: RetryAction, detail: &str, others: Others) -> AfterFailure {
        match action {
            RetryAction::FailItem(ItemFailure::Refused) => AfterFailure::Refuse,
            RetryAction::ShrinkOnce => AfterFailure::Shrink,
            RetryAction::StopRun(cause) => self.give_up(cause.into(), detail, others),
            RetryAction::FailItem(ItemFailure::ServerFailed)
            | RetryAction::RefuseForm
            | RetryAction::Unreadable
            | RetryAction::Retry { .. }
            | RetryAction::HoldEndpoint { .. } => AfterFailure::Fail,
        }
    }

    /// Suspends the endpoint until the user acts. Other endpoints continue, if there are any.
    fn give_up(&self, reason: StopReason, detail: &str, others: Others) -> AfterFailure {
        lock(&self.standing.health).suspend(reason.into(), Some(reason), detail);
        tracing::warn!(endpoint = self.name, ?reason, "the endpoint is not used any more");
        if others == Others::Closed { AfterFailure::Stop(reason) } else { AfterFailure::Again }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and so may a figure")]
    pub fn state(&self) -> EndpointState {
        let limiter = self.limiter.state();
        EndpointState {
            name: self.name.clone(),
            under_way: limiter.under_way as u32,
            concurrency: limiter.concurrency as u32,
            is_adaptive: limiter.is_adaptive,
            requests_per_minute: limiter.requests_per_minute.map(|limit| limit.round() as u32),
            hold: limiter.hold,
            failure: self.failure(),
        }
    }

    fn failure(&self) -> Option<EndpointFailure> {
        let health = lock(&self.standing.health);
        let suspension = health.suspension.as_ref()?;
        let left = suspension.again_at.saturating_duration_since(Instant::now());
        Some(EndpointFailure {
            problem: suspension.problem,
            detail: suspension.detail.clone(),
            again_in_millis: Some(u32::try_from(left.as_millis()).unwrap_or(u32::MAX)),
        })
    }

    /// Returns what the endpoint did for the run since the last call.
    pub fn take_record(&self) -> RunEndpoint {
        let mut health = lock(&self.standing.health);
        let (problem, detail) = health.problem.take().unzip();
        RunEndpoint {
            name: self.name.clone(),
            answered: std::mem::take(&mut health.answered),
            failed: std::mem::take(&mut health.failed),
            is_working: !health.is_failing(),
            problem,
            detail,
        }
    }
}
