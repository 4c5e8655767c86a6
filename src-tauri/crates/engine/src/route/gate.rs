//! Where requests wait until they may leave on one route. Shared by everything that sends to its server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::pace::EndpointLimit;
use domain::run::{Hold, RetryKind};
use providers::refusal::RateLimits;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::limiter::{Bounds, FlightId, Limiter, Met, Need, Opening, Outage};
use crate::library::lock;

/// The limits of one server with one key, and who waits for them.
pub struct Gate {
    limiter: Mutex<Limiter>,
    /// Told whenever somebody may have got a reason to look again; shared by all gates, since a request may wait for
    /// several.
    moved: Arc<Notify>,
}

/// How a gate stands.
pub struct GateState {
    pub under_way: usize,
    pub at_once: usize,
    pub is_adaptive: bool,
    pub requests_per_minute: Option<f64>,
    pub hold: Option<Hold>,
}

impl Gate {
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
    pub fn obstacle(&self, need: Need) -> Option<Met> {
        lock(&self.limiter).obstacle(need, Instant::now())
    }

    /// Lets a request leave that has found the gate open.
    pub fn pass(self: &Arc<Self>, need: Need) -> Pass {
        let flight = lock(&self.limiter).send(need, Instant::now());
        Pass { gate: Arc::clone(self), flight }
    }

    /// What is known of the server's limits.
    pub fn known_limits(&self) -> Vec<EndpointLimit> {
        lock(&self.limiter).known_limits()
    }

    pub fn state(&self) -> GateState {
        let limiter = lock(&self.limiter);
        GateState {
            under_way: limiter.in_flight(),
            at_once: limiter.places(),
            is_adaptive: limiter.is_adaptive(),
            requests_per_minute: limiter.requests_per_minute(),
            hold: limiter.held(Instant::now()),
        }
    }
}

/// The right to have one request under way. Dropping it says that nobody waits for the answer any more.
pub struct Pass {
    gate: Arc<Gate>,
    flight: FlightId,
}

impl Pass {
    /// The server has begun to answer.
    pub fn accepted(&self, limits: &RateLimits) {
        self.tell(|limiter, flight, now| limiter.accepted(flight, limits, now));
    }

    /// The server has answered, or said what is wrong with this one request.
    pub fn ended(self) {
        self.tell(|limiter, flight, now| limiter.ended(flight, now));
    }

    /// The server has refused it for its limits: it may be sent again as if nothing had happened. Returns since when the
    /// server has taken nothing.
    pub fn refused(self, retry_after: Option<Duration>, limits: &RateLimits, detail: &str) -> Instant {
        self.tell(|limiter, flight, now| limiter.refused(flight, retry_after, limits, detail, now))
    }

    /// The server failed, or could not be reached. Returns the outage that this is part of.
    pub fn failed(self, kind: RetryKind, detail: &str) -> Option<Outage> {
        self.tell(|limiter, flight, now| limiter.failed(flight, kind, detail, now))
    }

    fn tell<T>(&self, what: impl FnOnce(&mut Limiter, FlightId, Instant) -> T) -> T {
        let told = what(&mut lock(&self.gate.limiter), self.flight, Instant::now());
        self.gate.moved.notify_waiters();
        told
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.tell(|limiter, flight, now| limiter.abandoned(flight, now));
    }
}
