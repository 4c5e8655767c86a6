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
    /// Notified whenever a waiting request should check again. Shared by all limiters, since a request may wait for several.
    moved: Arc<Notify>,
}

/// A snapshot of a limiter.
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

    /// Starts a run with the user's current limits; learned limits stay.
    pub fn set_bounds(&self, bounds: Bounds) {
        lock(&self.limiter).set_bounds(bounds, Instant::now());
        self.moved.notify_waiters();
    }

    pub fn opening(&self, need: Need) -> Opening {
        lock(&self.limiter).opening(need, Instant::now())
    }

    /// Why a request of `need` waits.
    pub fn wait_reason(&self, need: Need) -> Option<Met> {
        lock(&self.limiter).wait_reason(need, Instant::now())
    }

    /// Issues a permit; the limiter must be open.
    pub fn admit(self: &Arc<Self>, need: Need) -> LimiterPermit {
        let flight = lock(&self.limiter).send(need, Instant::now());
        LimiterPermit { owner: Arc::clone(self), flight }
    }

    /// The known limits of the server.
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

/// Permission for one request in flight. Dropping it means the caller gave up on the answer.
pub struct LimiterPermit {
    owner: Arc<RateLimiter>,
    flight: FlightId,
}

impl LimiterPermit {
    /// The server has started to answer.
    pub fn accepted(&self, limits: &RateLimits) {
        self.notify(|limiter, flight, now| limiter.accepted(flight, limits, now));
    }

    /// The server answered, or rejected this request for its content.
    pub fn ended(self) {
        self.notify(|limiter, flight, now| limiter.ended(flight, now));
    }

    /// The server refused the request because of a limit; the request may be sent again unchanged. Returns since when the
    /// server has accepted none.
    pub fn refused(self, retry_after: Option<Duration>, limits: &RateLimits, detail: &str) -> Instant {
        self.notify(|limiter, flight, now| limiter.refused(flight, retry_after, limits, detail, now))
    }

    /// The server failed or could not be reached. Returns the outage this belongs to.
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
