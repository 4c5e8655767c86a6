//! Detects failures that affect every request to an endpoint: a server whose answers cannot be read, or that rejects the
//! form of the requests, gets no more of them. Pure; counts restart with every session of a run.

use std::collections::HashMap;

use tokio::time::Instant;

/// Unreadable answers in a row before the first readable one. Each may have been billed.
const FIRST_UNREADABLE: u32 = 3;
/// The same after a readable answer, since the server may have a temporary problem.
const UNREADABLE_IN_A_ROW: u32 = 10;
/// Lost answers in a row before the first readable one, each to a request sent after the previous loss. A network failure
/// that drops everything in flight counts once, so each of these stands for as many requests as are in flight.
const FIRST_LOST: u32 = 5;
/// The same after a readable answer.
const LOST_IN_A_ROW: u32 = 10;
/// Refusals with the same message before the first accepted request.
const SAME_COMPLAINTS: u32 = 3;

/// The scope of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    ThisRequest,
    EveryRequest,
    /// Undecided until other requests succeed or fail.
    Open,
}

/// The outcomes of the requests to one endpoint.
#[derive(Debug, Default)]
pub struct Streak {
    has_answered: bool,
    /// Whether a request of this form was accepted.
    is_form_taken: bool,
    unreadable: u32,
    lost: u32,
    lost_at: Option<Instant>,
    complaints: HashMap<String, u32>,
}

impl Streak {
    pub fn record_answered(&mut self) {
        *self = Self { has_answered: true, is_form_taken: true, ..Self::default() };
    }

    /// Records that the endpoint has accepted a request of this form, now or in an earlier session.
    pub fn record_form_taken(&mut self) {
        self.is_form_taken = true;
    }

    pub fn is_form_taken(&self) -> bool {
        self.is_form_taken
    }

    /// Records an unreadable answer. Returns whether every answer is likely unreadable.
    pub fn record_unreadable(&mut self) -> bool {
        self.unreadable += 1;
        self.unreadable >= if self.has_answered { UNREADABLE_IN_A_ROW } else { FIRST_UNREADABLE }
    }

    /// Records that the answer to a request sent at `sent_at` was lost. Returns whether every answer is likely lost.
    pub fn record_lost(&mut self, sent_at: Instant, now: Instant) -> bool {
        if self.lost_at.is_none_or(|lost_at| sent_at >= lost_at) {
            (self.lost, self.lost_at) = (self.lost + 1, Some(now));
        }
        self.lost >= if self.has_answered { LOST_IN_A_ROW } else { FIRST_LOST }
    }

    /// Records a refusal whose message does not concern the image.
    pub fn record_complaint(&mut self, complaint: String) -> Concern {
        if self.is_form_taken {
            return Concern::ThisRequest;
        }
        let count = self.complaints.entry(complaint).or_default();
        *count += 1;
        if *count >= SAME_COMPLAINTS { Concern::EveryRequest } else { Concern::Open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_answers_count_until_one_is_read() {
        let mut streak = Streak::default();
        assert_eq!([(); 4].map(|()| streak.record_unreadable()), [false, false, true, true]);
        streak.record_answered();
        let later = [(); 11].map(|()| streak.record_unreadable());
        assert_eq!(later.iter().filter(|stops| **stops).count(), 2, "from the tenth on");
        streak.record_answered();
        assert!(!streak.record_unreadable());
    }

    #[test]
    fn lost_answers_count_one_after_the_other() {
        let (mut streak, start) = (Streak::default(), Instant::now());
        let at = |seconds: u64| start + std::time::Duration::from_secs(seconds);
        // A hundred requests in flight when the network fails.
        assert!(!(0..100).any(|_| streak.record_lost(at(0), at(1))));
        let first: Vec<bool> = (1..5).map(|second| streak.record_lost(at(second), at(second + 1))).collect();
        assert_eq!(first, [false, false, false, true], "the fifth");
        streak.record_answered();
        let later: Vec<bool> = (20..30).map(|second| streak.record_lost(at(second), at(second + 1))).collect();
        assert_eq!(later.iter().filter(|stops| **stops).count(), 1, "the tenth");
    }

    #[test]
    fn the_same_complaint_three_times_is_about_every_request() {
        let mut streak = Streak::default();
        let mut complaint = |what: &str| streak.record_complaint(what.to_owned());
        assert_eq!(["a", "b", "a", "b"].map(&mut complaint), [Concern::Open; 4]);
        assert_eq!(complaint("a"), Concern::EveryRequest);
        streak.record_form_taken();
        assert_eq!(streak.record_complaint("a".to_owned()), Concern::ThisRequest);
    }
}
