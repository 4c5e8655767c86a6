//! The complaints about a client, in figures and examples, and the tolerances.

use std::time::Duration;

use serde::Serialize;

/// Requests that arrive within this time after a refusal were on their way already, and are not counted.
pub const GRACE: Duration = Duration::from_millis(100);
/// How long arrivals are counted after the first request that follows a hold.
pub const REOPENING: Duration = Duration::from_millis(50);
/// Examples shown of each complaint.
const EXAMPLES: usize = 3;

/// How often a client misbehaved, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ClientVerdict {
    /// Requests that arrived before the end of an announced `retry-after`, except within [`GRACE`] of the refusal. The
    /// `retry-after` of a 429 applies to all requests, that of a 529 to the refused one.
    pub retried_too_early: Complaint,
    /// Requests that repeated one whose answer a retry does not change: 400, 401, 402, 403, a spend limit, a model's
    /// refusal. Keys are not stored, so that a retry with a better key counts too.
    pub retried_in_vain: Complaint,
    /// Times that more requests than [`ClientVerdict::tolerated_at_reopening`] arrived within [`REOPENING`] after a hold. A
    /// hold is the `retry-after` of a 429, or the [`GRACE`] after one without; the time runs from the first request
    /// after it.
    pub stampedes: Complaint,
    /// Stalled answers whose connection the client kept open for longer than [`crate::Options::patience`].
    pub hung_on: Complaint,
    /// Answers billed although the same request was billed before and delivered completely, or is in a batch.
    pub asked_twice: Complaint,
    /// Requests that may arrive within [`REOPENING`] after a hold: twice what the rate allows in that time, as many as
    /// may be in progress at once where that is limited, and at least 2.
    pub tolerated_at_reopening: usize,
}

impl ClientVerdict {
    /// Whether there are no complaints.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        [&self.retried_too_early, &self.retried_in_vain, &self.stampedes, &self.hung_on, &self.asked_twice]
            .iter()
            .all(|complaint| complaint.count == 0)
    }
}

/// One kind of misbehavior.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Complaint {
    /// How often it occurred.
    pub count: u64,
    /// The first few.
    pub examples: Vec<Example>,
}

impl Complaint {
    /// Counts one more; the example is built only if it is shown.
    pub(crate) fn add(&mut self, example: impl FnOnce() -> Example) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }
}

/// One instance of a misbehavior.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The `request-id` header of the answer.
    pub request_id: String,
    /// When, in milliseconds since the simulator's start.
    pub at_millis: u64,
    /// What was wrong, for display.
    pub detail: String,
}
