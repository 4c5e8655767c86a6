//! The behavior of clients: what a vendor would object to, or what costs the user twice. Requests are judged in the
//! order of their arrival; the clock is passed in. Nothing here refuses anything: misbehavior is only recorded.
//!
//! Only `POST /v1/messages` is judged, for all keys together: limits are per organisation.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::error::ErrorResponse;
use crate::ledger::{Delivery, Ledger};
use crate::limits::Limits;
use crate::verdict::{ClientVerdict, Complaint, Example, GRACE, REOPENING};

/// A request later than this after the end of a hold is unrelated to it.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// A time in which no request may be sent, or not the same one again.
#[derive(Debug, Clone, Copy)]
struct Hold {
    refused_at: Instant,
    until: Instant,
    /// The request, if the hold is for that one only.
    digest: Option<Digest>,
}

/// The first moments after a hold.
#[derive(Debug, Clone, Copy)]
struct Reopening {
    from: Instant,
    arrivals: usize,
}

/// Everything observed of the clients so far.
#[derive(Debug)]
pub(crate) struct Manners {
    started: Instant,
    patience: Duration,
    /// The announced ones.
    holds: Vec<Hold>,
    /// The end of the last hold, announced or not, until the next request.
    closed_until: Option<Instant>,
    reopening: Option<Reopening>,
    /// Answers that a retry does not change.
    beyond_mending: HashMap<Digest, String>,
    /// When each stalled answer with an open connection stalled, by request id.
    stalls: HashMap<String, Instant>,
    verdict: ClientVerdict,
}

impl Manners {
    pub(crate) fn new(started: Instant, patience: Duration, limits: &Limits) -> Self {
        // Twice the requests of 50 ms, from a rate per minute: 2 * 50 / 60,000.
        let by_rate = usize::try_from(limits.requests_per_minute / 600).unwrap_or(usize::MAX);
        let tolerated_at_reopening = by_rate.max(limits.most_in_flight.unwrap_or(0)).max(2);
        Self {
            started,
            patience,
            holds: Vec::new(),
            closed_until: None,
            reopening: None,
            beyond_mending: HashMap::new(),
            stalls: HashMap::new(),
            verdict: ClientVerdict { tolerated_at_reopening, ..ClientVerdict::default() },
        }
    }

    fn example(&self, request_id: &str, at: Instant, detail: String) -> Example {
        let since_start = at.saturating_duration_since(self.started).as_millis();
        let at_millis = u64::try_from(since_start).unwrap_or(u64::MAX);
        Example { request_id: request_id.to_owned(), at_millis, detail }
    }

    /// Records that the head of a request arrived.
    pub(crate) fn arrived(&mut self, request_id: &str, at: Instant) {
        self.holds.retain(|hold| hold.until > at);
        self.record_haste(None, request_id, at);
        if let Some(until) = self.closed_until.take_if(|until| *until <= at)
            && at < until + FORGOTTEN
        {
            self.reopening = Some(Reopening { from: at, arrivals: 0 });
        }
        let Some(reopening) = &mut self.reopening else { return };
        if at.saturating_duration_since(reopening.from) >= REOPENING {
            self.reopening = None;
            return;
        }
        reopening.arrivals += 1;
        if reopening.arrivals == self.verdict.tolerated_at_reopening + 1 {
            let detail = format!(
                "more than {} requests within {} ms after a hold",
                self.verdict.tolerated_at_reopening,
                REOPENING.as_millis()
            );
            let example = self.example(request_id, at, detail);
            self.verdict.stampedes.add(|| example);
        }
    }

    /// Complains about a request during a hold, a general one or one for the same request.
    fn record_haste(&mut self, digest: Option<Digest>, request_id: &str, at: Instant) {
        let concerned = self.holds.iter().filter(|hold| hold.digest == digest && hold.refused_at + GRACE <= at);
        if let Some(until) = concerned.map(|hold| hold.until).filter(|until| *until > at).max() {
            let detail = format!("{} ms before the end of a retry-after", until.duration_since(at).as_millis());
            let example = self.example(request_id, at, detail);
            self.verdict.retried_too_early.add(|| example);
        }
    }

    /// Records the content of a request that arrived at `at`.
    pub(crate) fn asked(&mut self, digest: Digest, request_id: &str, at: Instant) {
        self.record_haste(Some(digest), request_id, at);
        if let Some(answer) = self.beyond_mending.get(&digest) {
            let example = self.example(request_id, at, format!("the same had already been answered: {answer}"));
            self.verdict.retried_in_vain.add(|| example);
        }
    }

    /// Records an error response that is about to be sent.
    pub(crate) fn refused(&mut self, digest: Digest, refusal: &ErrorResponse, at: Instant) {
        if refusal.is_beyond_mending() {
            self.beyond_mending.insert(digest, format!("{} {}", refusal.status, refusal.message));
            return;
        }
        let retry_after = refusal.retry_after_seconds().map(Duration::from_secs);
        let is_for_everybody = refusal.status == 429;
        if let Some(wait) = retry_after {
            let digest = (!is_for_everybody).then_some(digest);
            self.holds.push(Hold { refused_at: at, until: at + wait, digest });
        }
        if is_for_everybody {
            let until = at + retry_after.unwrap_or_default().max(GRACE);
            self.closed_until = Some(self.closed_until.map_or(until, |earlier| earlier.max(until)));
        }
    }

    /// Records that the model refused.
    pub(crate) fn declined(&mut self, digest: Digest) {
        self.beyond_mending.insert(digest, "the model refused".to_owned());
    }

    /// Records that an answer stalled.
    pub(crate) fn stalled(&mut self, request_id: &str, at: Instant) {
        self.stalls.insert(request_id.to_owned(), at);
    }

    /// Records that the client closed the connection of a stalled answer.
    pub(crate) fn hung_up(&mut self, request_id: &str, at: Instant) {
        if let Some(since) = self.stalls.remove(request_id)
            && let Some(example) = self.impatience(request_id, since, at)
        {
            self.verdict.hung_on.add(|| example);
        }
    }

    fn impatience(&self, request_id: &str, since: Instant, now: Instant) -> Option<Example> {
        let kept = now.saturating_duration_since(since);
        (kept > self.patience)
            .then(|| self.example(request_id, since, format!("kept open for {} s after it stalled", kept.as_secs())))
    }

    /// The verdict at a moment, including stalled answers that are still open. Double billing is read from the ledger.
    pub(crate) fn verdict(&self, ledger: &Ledger, now: Instant) -> ClientVerdict {
        let mut verdict = ClientVerdict { asked_twice: asked_twice(ledger), ..self.verdict.clone() };
        let mut open: Vec<_> = self.stalls.iter().collect();
        open.sort_by_key(|(_, since)| **since);
        for example in open.into_iter().filter_map(|(request_id, since)| self.impatience(request_id, *since, now)) {
            verdict.hung_on.add(|| example);
        }
        verdict
    }
}

fn asked_twice(ledger: &Ledger) -> Complaint {
    let mut complaint = Complaint::default();
    let mut paid = HashMap::new();
    for entry in &ledger.billed {
        if let Some(earlier) = paid.get(&entry.digest) {
            complaint.add(|| Example {
                request_id: entry.request_id.clone(),
                at_millis: entry.arrived_millis,
                detail: format!("{earlier} had been billed for the same"),
            });
        }
        if entry.delivery == Delivery::Whole || entry.is_batched {
            paid.entry(entry.digest).or_insert(&entry.request_id);
        }
    }
    complaint
}

#[cfg(test)]
mod tests;
