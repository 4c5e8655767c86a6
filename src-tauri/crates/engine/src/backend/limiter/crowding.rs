//! Detects servers that report "overloaded" (529) when they reach their concurrency limit. A server overloaded by other
//! clients fails at any concurrency; a full server accepts nothing beyond a fixed number. The server is full after several
//! consecutive failures, with no success at the same concurrency in between.

use tokio::time::Instant;

use super::flights::{Flight, Flights};

/// Consecutive failures at the same or higher concurrency that rule out chance.
const IN_A_ROW: u32 = 3;
/// The same, when the limit is already known and one more request was tried.
const IN_A_ROW_AGAIN: u32 = 2;

/// Failures that may be due to a concurrency limit.
#[derive(Debug, Clone, Copy)]
struct Suspicion {
    /// Time of the latest failure.
    at: Instant,
    /// The lowest concurrency at which a request failed, including itself.
    crowd: usize,
    /// Failures, each of a request sent after the previous failure.
    count: u32,
}

/// Evidence from failures about the server's concurrency limit.
#[derive(Debug, Default)]
pub struct Crowding {
    suspicion: Option<Suspicion>,
    /// When the limit was last detected. Requests sent before then fail for the same reason.
    found_at: Option<Instant>,
}

impl Crowding {
    /// Records that the server accepted a request.
    pub fn record_taken(&mut self, flight: &Flight) {
        self.suspicion.take_if(|suspicion| flight.disproves(suspicion));
    }

    /// Records an "overloaded" failure of `flight` and returns whether the concurrency limit caused it. `known` is the limit
    /// detected earlier; confirming it takes fewer failures.
    pub fn record_overloaded(&mut self, flight: &Flight, known: Option<usize>, others: &Flights, now: Instant) -> bool {
        if self.found_at.is_some_and(|found_at| flight.sent_at <= found_at) {
            return true;
        }
        let took = now.duration_since(flight.sent_at);
        self.suspicion.take_if(|suspicion| others.taken(took, now).any(|other| other.disproves(suspicion)));
        match &mut self.suspicion {
            None => self.suspicion = Some(Suspicion { at: now, crowd: flight.crowd, count: 1 }),
            Some(suspicion) => {
                suspicion.crowd = suspicion.crowd.min(flight.crowd);
                if flight.sent_at > suspicion.at {
                    (suspicion.at, suspicion.count) = (now, suspicion.count + 1);
                }
            }
        }
        let needed = if known.is_some_and(|known| flight.crowd > known) { IN_A_ROW_AGAIN } else { IN_A_ROW };
        if self.suspicion.take_if(|suspicion| suspicion.count >= needed).is_none() {
            return false;
        }
        self.found_at = Some(now);
        true
    }
}

impl Flight {
    /// Whether the success of this request rules out the suspected limit.
    fn disproves(&self, suspicion: &Suspicion) -> bool {
        self.sent_at > suspicion.at && self.crowd >= suspicion.crowd
    }
}
