//! Requests under way to one endpoint, and what the server is known to have made of them: a refusal comes at once, an answer
//! takes seconds, so a request that has not been refused for a while was taken.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Need, Unit};

/// How long a refusal takes, until one has shown it.
const ASSUMED_LAG: Duration = Duration::from_millis(50);
/// Requests whose fate is unknown leave no closer to each other than this, however quickly a refusal would come.
const LEAST_SPACING: Duration = Duration::from_millis(40);

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlightId(u64);

#[derive(Debug, Clone, Copy)]
pub struct Flight {
    pub sent_at: Instant,
    pub need: Need,
    /// How many were under way with it when it left, itself counted.
    pub crowd: usize,
    pub is_accepted: bool,
}

#[derive(Debug, Default)]
pub struct Flights {
    under_way: HashMap<FlightId, Flight>,
    next: u64,
    /// What a refusal takes, the quickest so far.
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

    /// The server has begun to answer; how long that took, when it is news.
    pub fn accept(&mut self, id: FlightId, now: Instant) -> Option<Duration> {
        let flight = self.under_way.get_mut(&id).filter(|flight| !flight.is_accepted)?;
        flight.is_accepted = true;
        Some(now.duration_since(flight.sent_at))
    }

    /// A refusal took so long.
    pub fn record_lag(&mut self, took: Duration) {
        self.lag = Some(self.lag.map_or(took, |lag| lag.min(took)));
    }

    pub fn lag(&self) -> Duration {
        self.lag.unwrap_or(ASSUMED_LAG)
    }

    /// How long after leaving a request may still be refused; `None`: until it is answered, as long as no refusal has
    /// shown how quickly they come.
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

    /// Those that the server must have taken, when it has just turned one away that took so long.
    pub fn taken(&self, took: Duration, now: Instant) -> impl Iterator<Item = &Flight> {
        let known_after = (took * 2).max(LEAST_SPACING);
        let is_known = move |flight: &Flight| flight.is_accepted || now.duration_since(flight.sent_at) >= known_after;
        self.under_way.values().filter(move |flight| is_known(flight))
    }

    /// Whether `flight`, which has just failed, can have been turned away for want of a place: as soon as others are, and
    /// with some under way that were taken.
    pub fn may_lack_a_place(&self, flight: &Flight, now: Instant) -> bool {
        let took = now.duration_since(flight.sent_at);
        self.unknown_for().is_none_or(|longest| took < longest) && self.taken(took, now).next().is_some()
    }

    /// When the fate of the next of them is known, if time alone tells.
    pub fn known_next_at(&self, now: Instant) -> Option<Instant> {
        Some(self.unknown(now).map(|flight| flight.sent_at).min()? + self.unknown_for()?)
    }

    /// How many the server has taken for certain.
    pub fn accepted_count(&self, now: Instant) -> usize {
        self.under_way.len() - self.unknown_count(now)
    }

    /// From now on what is under way counts with its output maximum.
    pub fn reserve(&mut self) {
        for flight in self.under_way.values_mut() {
            flight.need = flight.need.reserved();
        }
    }

    /// What the server cannot have counted yet; `is_reserved`: it counts output when a request arrives.
    pub fn uncounted(&self, unit: Unit, is_reserved: bool, now: Instant) -> f64 {
        let lag = self.lag();
        let uncounted = self.under_way.values().filter(|flight| match unit {
            // Counted while they are written.
            Unit::OutputTokens | Unit::Tokens if !is_reserved => true,
            _ => !flight.is_accepted && now.duration_since(flight.sent_at) < lag,
        });
        uncounted.map(|flight| flight.need.of(unit)).sum()
    }
}
