//! Requests in flight to one endpoint. Refusals arrive at once and answers take seconds, so a request that has not been
//! refused for a while counts as accepted.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Need, Unit};

/// Assumed refusal latency until one is measured.
const ASSUMED_LAG: Duration = Duration::from_millis(50);
/// Minimum spacing of unconfirmed requests, however fast refusals arrive.
const LEAST_SPACING: Duration = Duration::from_millis(40);

/// Identifies a request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlightId(u64);

#[derive(Debug, Clone, Copy)]
pub struct Flight {
    pub sent_at: Instant,
    pub need: Need,
    /// Concurrency when the request was sent, including itself.
    pub crowd: usize,
    pub is_accepted: bool,
}

#[derive(Debug, Default)]
pub struct Flights {
    under_way: HashMap<FlightId, Flight>,
    next: u64,
    /// Lowest refusal latency measured so far.
    lag: Option<Duration>,
}

impl Flights {
    pub fn count(&self) -> usize {
        self.under_way.len()
    }

    pub fn add(&mut self, need: Need, now: Instant) -> FlightId {
        let id = FlightId(self.next);
        self.next += 1;
        let crowd = self.under_way.len() + 1;
        self.under_way.insert(id, Flight { sent_at: now, need, crowd, is_accepted: false });
        id
    }

    pub fn remove(&mut self, id: FlightId) -> Option<Flight> {
        self.under_way.remove(&id)
    }

    /// Marks a request as accepted. Returns the time to the first byte, or `None` if it was already accepted.
    pub fn accept(&mut self, id: FlightId, now: Instant) -> Option<Duration> {
        let flight = self.under_way.get_mut(&id).filter(|flight| !flight.is_accepted)?;
        flight.is_accepted = true;
        Some(now.duration_since(flight.sent_at))
    }

    /// Records the latency of a refusal.
    pub fn record_lag(&mut self, took: Duration) {
        self.lag = Some(self.lag.map_or(took, |lag| lag.min(took)));
    }

    pub fn lag(&self) -> Duration {
        self.lag.unwrap_or(ASSUMED_LAG)
    }

    /// How long a request may still be refused after it was sent. `None` until a refusal was measured: then only an answer
    /// confirms acceptance.
    fn unknown_for(&self) -> Option<Duration> {
        self.lag.map(|lag| (lag * 2).max(LEAST_SPACING))
    }

    fn unknown(&self, now: Instant) -> impl Iterator<Item = &Flight> {
        let unknown_for = self.unknown_for();
        let is_recent = move |flight: &Flight| unknown_for.is_none_or(|lag| now.duration_since(flight.sent_at) < lag);
        self.under_way.values().filter(move |flight| !flight.is_accepted && is_recent(flight))
    }

    pub fn unknown_count(&self, now: Instant) -> usize {
        self.unknown(now).count()
    }

    /// Requests that the server must have accepted, given a refusal with latency `took`.
    pub fn taken(&self, took: Duration, now: Instant) -> impl Iterator<Item = &Flight> {
        let known_after = (took * 2).max(LEAST_SPACING);
        let is_known = move |flight: &Flight| flight.is_accepted || now.duration_since(flight.sent_at) >= known_after;
        self.under_way.values().filter(move |flight| is_known(flight))
    }

    /// Whether a concurrency limit can explain the failure of `flight`: it failed as fast as a refusal, with accepted
    /// requests in flight.
    pub fn may_lack_a_place(&self, flight: &Flight, now: Instant) -> bool {
        let took = now.duration_since(flight.sent_at);
        self.unknown_for().is_none_or(|longest| took < longest) && self.taken(took, now).next().is_some()
    }

    /// When the next unconfirmed request counts as accepted, if time alone decides.
    pub fn known_next_at(&self, now: Instant) -> Option<Instant> {
        Some(self.unknown(now).map(|flight| flight.sent_at).min()? + self.unknown_for()?)
    }

    /// Requests that the server has certainly accepted.
    pub fn accepted_count(&self, now: Instant) -> usize {
        self.under_way.len() - self.unknown_count(now)
    }

    /// Counts requests in flight by their output maximum from now on.
    pub fn reserve(&mut self) {
        for flight in self.under_way.values_mut() {
            flight.need = flight.need.reserved();
        }
    }

    /// Usage that the server cannot have counted yet. `is_reserved`: the server counts the output maximum on arrival.
    pub fn uncounted(&self, unit: Unit, is_reserved: bool, now: Instant) -> f64 {
        let lag = self.lag();
        let uncounted = self.under_way.values().filter(|flight| match unit {
            // The server counts output tokens as it generates them.
            Unit::OutputTokens | Unit::Tokens if !is_reserved => true,
            _ => !flight.is_accepted && now.duration_since(flight.sent_at) < lag,
        });
        uncounted.map(|flight| flight.need.of(unit)).sum()
    }
}
