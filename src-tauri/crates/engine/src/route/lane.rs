//! One server with one key: what people set up as a route. Several lanes may lead to the same model.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::endpoint::{EndpointId, EndpointProblem, EndpointTrouble, RunEndpoint};
use domain::run::{RetryKind, RouteState, StopReason};
use providers::anthropic::client::Client;
use providers::error::SendError;
use providers::refusal::{LONGEST_WAIT, RateLimits};
use providers::retry::{Disposition, ItemFailure, RetryCause, StopCause};
use tokio::time::Instant;

use super::Remedy;
use super::gate::{Gate, Pass};
use super::limiter::{Met, Need, Opening};
use super::places::Place;
use super::streak::{Concern, Streak};
use crate::library::lock;

/// How long a written cache entry can be counted on, less than the vendor's five minutes.
const CACHE_LIFE: Duration = Duration::from_secs(270);
/// How long a server may be out of reach before a run gives up on it: it may be a wrong address, as long as it has never
/// answered, and a night without network when it has.
const PATIENCE_UNKNOWN: Duration = Duration::from_secs(6);
const PATIENCE_UNWELL: Duration = Duration::from_mins(5);
const PATIENCE_KNOWN: Duration = Duration::from_hours(2);

/// Failures in a row after which an endpoint is suspended while others are open.
const FAILURES_IN_A_ROW: u32 = 3;
/// How long a suspended endpoint is not used, doubled each time that it fails again.
const FIRST_SUSPENSION: Duration = Duration::from_secs(2);
/// At most, after failures that pass without a person.
const LONGEST_SUSPENSION: Duration = Duration::from_secs(30);
/// At most, after failures that a person has to deal with.
const LONGEST_CLOSURE: Duration = Duration::from_mins(5);

/// Whether the vendor has the fixed part of requests in its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warmth {
    Cold,
    /// One request is on its way to leave it there.
    Warming,
    Warm {
        since: Instant,
    },
}

/// A way to the model that can be sent on.
pub struct Lane {
    pub id: EndpointId,
    pub name: String,
    pub client: Client,
    pub gate: Arc<Gate>,
    pub price_percent: u16,
    standing: Arc<Standing>,
    streak: Mutex<Streak>,
}

/// What requests under way have to undo when they end without a word.
struct Standing {
    warmth: Mutex<Warmth>,
    health: Mutex<Health>,
}

/// How an endpoint has done for a run.
#[derive(Default)]
struct Health {
    suspension: Option<Suspension>,
    /// Suspensions since the last answer.
    suspensions: u32,
    /// Without an answer between them.
    failures_in_a_row: u32,
    is_unreachable: bool,
    /// Since they were taken last, as is the problem.
    answered: u32,
    failed: u32,
    problem: Option<(EndpointProblem, String)>,
}

/// A time in which an endpoint is not used because others are.
struct Suspension {
    problem: EndpointProblem,
    /// What the run stops as when no other endpoint is left; `None` for failures that pass without a person.
    stop: Option<StopReason>,
    detail: String,
    again_at: Instant,
    /// One request is on its way to find out whether it works again.
    is_probing: bool,
}

impl Health {
    fn is_failing(&self) -> bool {
        self.suspension.is_some() || self.is_unreachable || self.failures_in_a_row >= FAILURES_IN_A_ROW
    }

    fn note_answer(&mut self) {
        *self =
            Self { answered: self.answered + 1, failed: self.failed, problem: self.problem.take(), ..Self::default() };
    }

    fn suspend(&mut self, problem: EndpointProblem, stop: Option<StopReason>, detail: &str) {
        // What left before the suspension fails as well, and does not prolong it.
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

/// How the other lanes to the same model stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// There is none, or nothing more is sent on any.
    Closed,
    /// Every one that is not closed fails.
    Failing,
    /// At least one works, as far as is known.
    Open,
}

/// Why nothing more is sent on a lane.
#[derive(Debug, Clone)]
pub struct Closed {
    pub reason: StopReason,
    pub detail: String,
}

/// The right to send one request on a lane. Dropped without its outcome, as by a panic, it leaves the lane as if it had not
/// been sent.
pub struct Entry {
    pub lane: usize,
    entered_at: Instant,
    // Before the pass, which wakes those that wait.
    task: Task,
    pass: Pass,
    /// Its place among those that a person has allowed at once, over all lanes.
    _place: Option<Place>,
}

/// What a request does for the requests after it.
struct Task {
    standing: Arc<Standing>,
    /// It leaves the fixed part of requests in the vendor's cache.
    is_warming: bool,
    /// It finds out whether a suspended endpoint works again.
    is_probing: bool,
}

impl Task {
    /// What comes of the request is taken into account elsewhere.
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

impl Entry {
    /// The server has begun to answer.
    pub fn note_accepted(&self, limits: &RateLimits) {
        self.pass.accepted(limits);
    }
}

impl Lane {
    pub fn new(id: EndpointId, name: String, client: Client, gate: Arc<Gate>, price_percent: u16) -> Self {
        let standing = Arc::new(Standing { warmth: Mutex::new(Warmth::Cold), health: Mutex::default() });
        Self { id, name, client, gate, price_percent, standing, streak: Mutex::default() }
    }

    /// Why a person has to do something before it can be used; it is tried again all the same.
    pub fn closed(&self) -> Option<Closed> {
        let health = lock(&self.standing.health);
        let suspension = health.suspension.as_ref()?;
        Some(Closed { reason: suspension.stop?, detail: suspension.detail.clone() })
    }

    /// Whether others are used instead at the moment.
    pub fn is_suspended(&self) -> bool {
        lock(&self.standing.health).suspension.is_some()
    }

    /// Whether nothing works here, as far as is known.
    pub fn is_failing(&self) -> bool {
        lock(&self.standing.health).is_failing()
    }

    /// Whether this endpoint has taken a request of this form.
    pub fn is_form_taken(&self) -> bool {
        lock(&self.streak).is_form_taken()
    }

    /// This endpoint has answered requests of this form before.
    pub fn note_form_taken(&self) {
        lock(&self.streak).note_form_taken();
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
        self.gate.opening(need)
    }

    /// What keeps a request of `need` from leaving here. That it waits for another to warm the cache is none: that is over
    /// with the first answer.
    pub fn obstacle(&self, need: Need, warms_cache: bool) -> Option<Met> {
        if warms_cache && self.warmth() == Warmth::Warming { None } else { self.gate.obstacle(need) }
    }

    /// Enters lane number `lane`, which was found open.
    pub fn enter(&self, lane: usize, need: Need, warms_cache: bool, place: Option<Place>) -> Entry {
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
        Entry { lane, entered_at: Instant::now(), task, pass: self.gate.pass(need), _place: place }
    }

    fn warmth(&self) -> Warmth {
        match *lock(&self.standing.warmth) {
            Warmth::Warm { since } if since.elapsed() > CACHE_LIFE => Warmth::Cold,
            warmth => warmth,
        }
    }

    /// An answer has begun: what was to be cached can be read now, and reading it keeps it.
    pub fn note_begun(&self, warms_cache: bool) {
        self.note_form_taken();
        if warms_cache {
            *lock(&self.standing.warmth) = Warmth::Warm { since: Instant::now() };
        }
    }

    pub fn note_answered(&self, mut entry: Entry) {
        entry.task.end();
        lock(&self.standing.health).note_answer();
        lock(&self.streak).note_answered();
        entry.pass.ended();
    }

    /// What follows from a failure, for the lane and for the request.
    pub fn note_failed(&self, mut entry: Entry, error: &SendError, others: Others) -> Remedy {
        entry.task.end();
        let (kind, detail) = (retry_kind(error), error.to_string());
        let disposition = error.disposition();
        self.note_health(disposition, kind, &said(error), others);
        match disposition {
            Disposition::HoldRoute { after } => {
                let limits = match error {
                    SendError::Refused(refusal) => refusal.rate_limits,
                    _ => RateLimits::default(),
                };
                let since = entry.pass.refused(after, &limits, &detail);
                if since.elapsed() > LONGEST_WAIT {
                    return self.give_up(StopReason::WaitTooLong, &detail, others);
                }
                Remedy::Again
            }
            Disposition::Unreadable => {
                entry.pass.ended();
                if lock(&self.streak).note_unreadable() {
                    return self.give_up(StopReason::AnswersUnreadable, &detail, others);
                }
                Remedy::Retry { after: None }
            }
            Disposition::RefuseForm => {
                let endpoint = entry.lane;
                entry.pass.ended();
                match lock(&self.streak).note_complaint(error.complaint().unwrap_or_default()) {
                    Concern::ThisRequest => Remedy::Refuse,
                    Concern::Open => Remedy::Undecided { endpoint },
                    Concern::EveryRequest => self.give_up(StopReason::RequestRefused, &detail, others),
                }
            }
            // Each may have been billed. Where another endpoint works, it carries on.
            Disposition::Retry { .. }
                if matches!(kind, RetryKind::ConnectionLost | RetryKind::TimedOut)
                    && others != Others::Open
                    && lock(&self.streak).note_lost(entry.entered_at, Instant::now()) =>
            {
                self.give_up(StopReason::AnswersUnreadable, &detail, others)
            }
            Disposition::Retry { after, .. } => match entry.pass.failed(kind, &said(error)) {
                None => Remedy::Retry { after },
                // They carry on, and this one is asked again after its hold.
                Some(_) if others == Others::Open => Remedy::Again,
                Some(outage) => {
                    let patience = match (outage.is_new, kind) {
                        (true, RetryKind::Unreachable) => PATIENCE_UNKNOWN,
                        (true, _) => PATIENCE_UNWELL,
                        (false, _) => PATIENCE_KNOWN,
                    };
                    match kind {
                        _ if outage.since.elapsed() > patience => Remedy::Stop(StopReason::Unreachable),
                        // No image is what keeps a server from being reached.
                        RetryKind::Unreachable => Remedy::Again,
                        _ => Remedy::AgainAfterOutage { after },
                    }
                }
            },
            disposition => {
                entry.pass.ended();
                self.remedy_of(disposition, &detail, others)
            }
        }
    }

    /// Takes a failure into account: the endpoint is suspended when it fails while others work.
    fn note_health(&self, disposition: Disposition, kind: RetryKind, detail: &str, others: Others) {
        let mut health = lock(&self.standing.health);
        match disposition {
            Disposition::StopRun(_) => health.failed += 1,
            Disposition::Retry { .. } | Disposition::Unreadable => {
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
            // It is there and takes the key: what it says is about its limits or about this one image.
            Disposition::HoldRoute { .. }
            | Disposition::FailItem(_)
            | Disposition::RefuseForm
            | Disposition::ShrinkOnce => health.suspension = None,
        }
    }

    fn remedy_of(&self, disposition: Disposition, detail: &str, others: Others) -> Remedy {
        match disposition {
            Disposition::FailItem(ItemFailure::Refused) => Remedy::Refuse,
            Disposition::ShrinkOnce => Remedy::Shrink,
            Disposition::StopRun(cause) => self.give_up(stop_reason(cause), detail, others),
            Disposition::FailItem(ItemFailure::ServerFailed)
            | Disposition::RefuseForm
            | Disposition::Unreadable
            | Disposition::Retry { .. }
            | Disposition::HoldRoute { .. } => Remedy::Fail,
        }
    }

    /// A person has to do something. The other endpoints carry on, if there are any.
    fn give_up(&self, reason: StopReason, detail: &str, others: Others) -> Remedy {
        lock(&self.standing.health).suspend(reason.into(), Some(reason), detail);
        if others == Others::Closed { Remedy::Stop(reason) } else { Remedy::Again }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and so may a figure")]
    pub fn state(&self) -> RouteState {
        let gate = self.gate.state();
        RouteState {
            name: self.name.clone(),
            under_way: gate.under_way as u32,
            at_once: gate.at_once as u32,
            is_adaptive: gate.is_adaptive,
            requests_per_minute: gate.requests_per_minute.map(|limit| limit.round() as u32),
            hold: gate.hold,
            trouble: self.trouble(),
        }
    }

    fn trouble(&self) -> Option<EndpointTrouble> {
        let health = lock(&self.standing.health);
        let suspension = health.suspension.as_ref()?;
        let left = suspension.again_at.saturating_duration_since(Instant::now());
        Some(EndpointTrouble {
            problem: suspension.problem,
            detail: suspension.detail.clone(),
            again_in_millis: Some(u32::try_from(left.as_millis()).unwrap_or(u32::MAX)),
        })
    }

    /// What it did for the run since this was asked last.
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

/// What a run stops as.
pub fn stop_reason(cause: StopCause) -> StopReason {
    match cause {
        StopCause::KeyRejected => StopReason::KeyRejected,
        StopCause::NoCredit => StopReason::NoCredit,
        StopCause::SpendLimit => StopReason::SpendLimit,
        StopCause::NotPermitted => StopReason::NotPermitted,
        StopCause::UnknownModel => StopReason::UnknownModel,
        StopCause::NotSuchAServer => StopReason::NotSuchAServer,
        StopCause::Configuration => StopReason::RequestRefused,
        StopCause::WaitTooLong => StopReason::WaitTooLong,
    }
}

/// Under which name a request that failed so is counted when it is made again.
pub fn retry_kind(error: &SendError) -> RetryKind {
    match error {
        SendError::Unreachable { .. } => RetryKind::Unreachable,
        SendError::Lost { .. } => RetryKind::ConnectionLost,
        SendError::Unreadable { .. } => RetryKind::AnswerUnreadable,
        SendError::IdleTimeout { .. } | SendError::TotalTimeout { .. } => RetryKind::TimedOut,
        SendError::Refused(_) | SendError::BrokenOff { .. } | SendError::Unsendable { .. } => match error.disposition()
        {
            Disposition::HoldRoute { .. } => RetryKind::RateLimited,
            Disposition::ShrinkOnce => RetryKind::TooLarge,
            Disposition::Retry { cause: RetryCause::Overloaded, .. } => RetryKind::Overloaded,
            _ => RetryKind::ServerFailed,
        },
    }
}

/// What is told of a failure: that a server cannot be reached is what its kind says.
pub fn said(error: &SendError) -> String {
    match error {
        SendError::Unreachable { detail } => detail.clone(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use providers::anthropic::client::ClientOptions;
    use providers::base_url::{BaseUrl, Key};
    use providers::error::Partial;
    use providers::refusal::Refusal;
    use tokio::sync::Notify;

    use super::*;
    use crate::route::limiter::Bounds;

    fn lane() -> Lane {
        let server = BaseUrl::parse("http://127.0.0.1:1").unwrap();
        let key = Key::for_server("sk-any", &server).unwrap();
        let client = Client::new(server, key, &ClientOptions::default()).unwrap();
        let id = EndpointId { base_url: "http://127.0.0.1:1".into(), key_fingerprint: String::new() };
        Lane::new(id, "first".into(), client, Arc::new(Gate::new(Bounds::default(), Arc::new(Notify::new()))), 100)
    }

    fn failed(lane: &Lane, others: Others) -> Remedy {
        let entry = lane.enter(0, Need::default(), false, None);
        lane.note_failed(entry, &SendError::Unreachable { detail: "refused".into() }, others)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_ends_without_a_word_leaves_the_lane_open() {
        let lane = lane();
        let is_open = |lane: &Lane| matches!(lane.opening(Need::default(), true), Opening::Open { .. });
        let warming = lane.enter(0, Need::default(), true, None);
        assert!(!is_open(&lane), "the others wait until the cache is warm");
        drop(warming);
        assert!(is_open(&lane));

        for _ in 0..FAILURES_IN_A_ROW {
            failed(&lane, Others::Open);
        }
        tokio::time::advance(LONGEST_SUSPENSION).await;
        assert!(is_open(&lane), "it is tried again");
        let probing = lane.enter(0, Need::default(), false, None);
        assert!(!is_open(&lane));
        drop(probing);
        assert!(is_open(&lane));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_break_off_everywhere_close_one_endpoint_after_the_other() {
        let lane = lane();
        let lost = || SendError::Lost { detail: "reset".into(), partial: Partial::default() };
        let remedies: Vec<Remedy> = (0..20)
            .map(|_| lane.note_failed(lane.enter(0, Need::default(), false, None), &lost(), Others::Failing))
            .collect();
        assert!(lane.closed().is_some_and(|closed| closed.reason == StopReason::AnswersUnreadable), "{remedies:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_has_answered_is_waited_for_and_no_image_pays_for_it() {
        let lane = lane();
        lane.note_answered(lane.enter(0, Need::default(), false, None));
        for _ in 0..100 {
            assert_eq!(failed(&lane, Others::Closed), Remedy::Again);
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        tokio::time::advance(PATIENCE_KNOWN).await;
        assert_eq!(failed(&lane, Others::Closed), Remedy::Stop(StopReason::Unreachable));
        // A run that is taken up again begins to wait anew.
        lane.gate.set_bounds(Bounds::default());
        assert_eq!(failed(&lane, Others::Closed), Remedy::Again);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_refuses_for_hours_is_not_waited_for_without_end() {
        let lane = lane();
        lane.note_answered(lane.enter(0, Need::default(), false, None));
        let refused = || {
            let refusal = Refusal { status: 429, retry_after: Some(LONGEST_WAIT / 2), ..Refusal::default() };
            let entry = lane.enter(0, Need::default(), false, None);
            lane.note_failed(entry, &SendError::Refused(Box::new(refusal)), Others::Closed)
        };
        for _ in 0..3 {
            assert_eq!(refused(), Remedy::Again);
            tokio::time::advance(LONGEST_WAIT / 2).await;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(refused(), Remedy::Stop(StopReason::WaitTooLong));
    }

    #[tokio::test(start_paused = true)]
    async fn others_stand_in_as_long_as_one_of_them_is_sent_on() {
        let lane = lane();
        for _ in 0..10 {
            assert_eq!(failed(&lane, Others::Open), Remedy::Again);
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        assert_eq!(failed(&lane, Others::Failing), Remedy::Stop(StopReason::Unreachable), "all are out of reach");
    }
}
