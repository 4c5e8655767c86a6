//! Servers that say "overloaded" instead of refusing when they have as many requests as they take at a time. One that is
//! overloaded by others fails on any request, however few of ours are under way; one that is full takes none beyond a
//! number. Some in a row tell, when nothing that left with as many under way was taken between them.

use tokio::time::Instant;

use super::flights::{Flight, Flights};

/// Failures in a row, of requests with at least as many under way and none such taken between, that are no chance.
const IN_A_ROW: u32 = 3;
/// The same where such a number was found before, and one more was tried.
const IN_A_ROW_AGAIN: u32 = 2;

/// Failures that may have been for want of a place.
#[derive(Debug, Clone, Copy)]
struct Suspicion {
    /// When the latest failed.
    at: Instant,
    /// Under way with the fewest that failed, itself counted.
    crowd: usize,
    /// Failures, each of a request that left after the one before had failed.
    count: u32,
}

/// What failures have shown of the number at a time.
#[derive(Debug, Default)]
pub struct Crowding {
    suspicion: Option<Suspicion>,
    /// When it was found last. Those that had left by then meet the same.
    found_at: Option<Instant>,
}

impl Crowding {
    /// A request that left with others was taken.
    pub fn record_taken(&mut self, flight: &Flight) {
        self.suspicion.take_if(|suspicion| flight.disproves(suspicion));
    }

    /// `flight` found the server overloaded. Whether it did for want of a place; `known` is the number at a time that was
    /// found before, which fewer failures confirm.
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
    /// Whether that this one was taken shows that it was chance.
    fn disproves(&self, suspicion: &Suspicion) -> bool {
        self.sent_at > suspicion.at && self.crowd >= suspicion.crowd
    }
}
