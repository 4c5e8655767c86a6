//! The rate limiter of one endpoint, shared by everything that sends to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::pace::EndpointLimit;
use domain::run::Hold;
use domain::run_state::RetryKind;
use providers::rate_limits::RateLimits;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::limiter::{Bounds, FlightId, Limiter, Met, Need, Opening, Outage};
use crate::sync::lock;

/// The limits of one server with one key.
pub struct RateLimiter {
    limiter: Mutex<Limiter>,
    /// Notified whenever a waiting request may have got a reason to look again; shared by all limiters, since a request may wait
    /// for several.
    moved: Arc<Notify>,
}

/// How a limiter stands.
pub struct LimiterState {
    pub under_way: usize,
    pub concurrency: usize,
    pub is_adaptive: bool,
    pub requests_per_minute: Option<f64>,
    pub hold: Option<Hold>,
}

impl RateLimiter {
    pub fn new(bounds: Bounds, moved: Arc<Notify>) -> Self {
        Self { limiter: Mutex::new(Limiter::new(bounds, Instant::now())), moved }
    }

    /// A run begins, with what a person has set since; what was learned stays.
    pub fn set_bounds(&self, bounds: Bounds) {
        lock(&self.limiter).set_bounds(bounds, Instant::now());
        self.moved.notify_waiters();
    }

    pub fn opening(&self, need: Need) -> Opening {
        lock(&self.limiter).opening(need, Instant::now())
    }

    /// What keeps a request of `need` from leaving.
    pub fn wait_reason(&self, need: Need) -> Option<Met> {
        lock(&self.limiter).wait_reason(need, Instant::now())
    }

    /// Lets a request leave that has found the limiter open.
    pub fn admit(self: &Arc<Self>, need: Need) -> LimiterPermit {
        let flight = lock(&self.limiter).send(need, Instant::now());
        LimiterPermit { owner: Arc::clone(self), flight }
    }

    /// What is known of the server's limits.
    pub fn known_limits(&self) -> Vec<EndpointLimit> {
        lock(&self.limiter).known_limits()
    }

    pub fn state(&self) -> LimiterState {
        let limiter = lock(&self.limiter);
        LimiterState {
            under_way: limiter.in_flight(),
            concurrency: limiter.places(),
            is_adaptive: limiter.is_adaptive(),
            requests_per_minute: limiter.requests_per_minute(),
            hold: limiter.held(Instant::now()),
        }
    }
}

/// The right to have one request under way. Dropping it says that the answer is no longer waited for.
pub struct LimiterPermit {
    owner: Arc<RateLimiter>,
    flight: FlightId,
}

impl LimiterPermit {
    /// The server has begun to answer.
    pub fn accepted(&self, limits: &RateLimits) {
        self.notify(|limiter, flight, now| limiter.accepted(flight, limits, now));
    }

    /// The server has answered, or said what is wrong with this one request.
    pub fn ended(self) {
        self.notify(|limiter, flight, now| limiter.ended(flight, now));
    }

    /// The server has refused it for its limits: it may be sent again as if nothing had happened. Returns since when the
    /// server has taken nothing.
    pub fn refused(self, retry_after: Option<Duration>, limits: &RateLimits, detail: &str) -> Instant {
        self.notify(|limiter, flight, now| limiter.refused(flight, retry_after, limits, detail, now))
    }

    /// The server failed, or could not be reached. Returns the outage that this is part of.
    pub fn failed(self, kind: RetryKind, detail: &str) -> Option<Outage> {
        self.notify(|limiter, flight, now| limiter.failed(flight, kind, detail, now))
    }

    fn notify<T>(&self, what: impl FnOnce(&mut Limiter, FlightId, Instant) -> T) -> T {
        let told = what(&mut lock(&self.owner.limiter), self.flight, Instant::now());
        self.owner.moved.notify_waiters();
        told
    }
}

impl Drop for LimiterPermit {
    fn drop(&mut self) {
        self.notify(|limiter, flight, now| limiter.abandoned(flight, now));
    }
}
