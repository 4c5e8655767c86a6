//! Times when a server answers nobody: failures in a row, and how long it is left alone for them.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row, without an answer in between, from which on it is the server's and not the requests' matter.
const OUTAGE: u32 = 6;
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// A server that has not answered for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub since: Instant,
    /// Whether it has never answered.
    pub is_new: bool,
}

/// How a server has been doing.
#[derive(Debug, Default)]
pub struct Health {
    has_answered: bool,
    /// When the first request left of those that were all refused.
    refused_since: Option<Instant>,
    failing_since: Option<Instant>,
    failures_in_a_row: u32,
    holds_in_a_row: u32,
}

impl Health {
    pub fn record_answer(&mut self) {
        *self = Self { has_answered: true, ..Self::default() };
    }

    /// Somebody begins to wait for the server, who has not waited before.
    pub fn begin_waiting_anew(&mut self) {
        (self.failing_since, self.refused_since) = (None, None);
    }

    /// A request that left at `sent_at` was refused for a limit; since when all are.
    pub fn record_refusal(&mut self, sent_at: Instant) -> Instant {
        *self.refused_since.get_or_insert(sent_at)
    }

    /// A request that left at `sent_at` failed; the outage that this is part of. One that found no server is one at once.
    pub fn record_failure(&mut self, sent_at: Instant, is_unreachable: bool) -> Option<Outage> {
        let since = *self.failing_since.get_or_insert(sent_at);
        self.failures_in_a_row += 1;
        let is_outage = is_unreachable || self.failures_in_a_row >= OUTAGE;
        is_outage.then_some(Outage { since, is_new: !self.has_answered })
    }

    /// How long to leave the server alone now: longer each time, as long as nothing gets through.
    pub fn next_backoff(&mut self) -> Duration {
        let doubled = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(self.holds_in_a_row));
        self.holds_in_a_row += 1;
        doubled.min(LONGEST_BACKOFF)
    }
}
