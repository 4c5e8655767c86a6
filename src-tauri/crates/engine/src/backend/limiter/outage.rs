//! Outages: consecutive failures of a server, and the backoff they cause.

use std::time::Duration;

use tokio::time::Instant;

/// Consecutive failures after which the server is to blame, not the requests.
const OUTAGE: u32 = 6;
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// A period in which the server has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub since: Instant,
    /// Whether the server has never answered.
    pub is_new: bool,
}

/// The health of a server.
#[derive(Debug, Default)]
pub struct Health {
    has_answered: bool,
    /// When the first of the consecutively refused requests was sent.
    refused_since: Option<Instant>,
    failing_since: Option<Instant>,
    failures_in_a_row: u32,
    holds_in_a_row: u32,
}

impl Health {
    pub fn record_answer(&mut self) {
        *self = Self { has_answered: true, ..Self::default() };
    }

    /// Restarts the outage timer for a new run.
    pub fn begin_waiting_anew(&mut self) {
        (self.failing_since, self.refused_since) = (None, None);
    }

    /// Records that a request sent at `sent_at` was refused because of a limit. Returns when the first of the consecutively
    /// refused requests was sent.
    pub fn record_refusal(&mut self, sent_at: Instant) -> Instant {
        *self.refused_since.get_or_insert(sent_at)
    }

    /// Records that a request sent at `sent_at` failed, and returns the outage it belongs to. A single failure counts as an
    /// outage if the server is unreachable.
    pub fn record_failure(&mut self, sent_at: Instant, is_unreachable: bool) -> Option<Outage> {
        let since = *self.failing_since.get_or_insert(sent_at);
        self.failures_in_a_row += 1;
        let is_outage = is_unreachable || self.failures_in_a_row >= OUTAGE;
        is_outage.then_some(Outage { since, is_new: !self.has_answered })
    }

    /// The next backoff: doubles as long as every request fails.
    pub fn next_backoff(&mut self) -> Duration {
        let doubled = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(self.holds_in_a_row));
        self.holds_in_a_row += 1;
        doubled.min(LONGEST_BACKOFF)
    }
}
