//! What the answers and failures of one endpoint in a row say about every request to it: a server of which no answer can be
//! read, or that takes no request of this form, is not asked any more. Pure; counts begin anew with every session of a run.

use std::collections::HashMap;

use tokio::time::Instant;

/// Unreadable answers in a row before the first readable one: each may have been billed.
const FIRST_UNREADABLE: u32 = 3;
/// The same once an answer was read: a server that answered before may have trouble for a moment.
const UNREADABLE_IN_A_ROW: u32 = 10;
/// Answers in a row that broke off or did not come, each to a request that left after the one before was lost: a network that
/// drops everything in flight at once counts as one.
const LOST_IN_A_ROW: u32 = 10;
/// Requests that are refused with the same complaint before the first that is taken.
const SAME_COMPLAINTS: u32 = 3;

/// Whom a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    ThisRequest,
    EveryRequest,
    /// What becomes of other requests will tell.
    Open,
}

/// What has come of the requests to one endpoint.
#[derive(Debug, Default)]
pub struct Streak {
    has_answered: bool,
    /// Whether a request of this form was taken.
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

    /// The endpoint has begun to answer a request of this form, now or in an earlier session.
    pub fn record_form_taken(&mut self) {
        self.is_form_taken = true;
    }

    pub fn is_form_taken(&self) -> bool {
        self.is_form_taken
    }

    /// An answer could not be read; whether that goes for all.
    pub fn record_unreadable(&mut self) -> bool {
        self.unreadable += 1;
        self.unreadable >= if self.has_answered { UNREADABLE_IN_A_ROW } else { FIRST_UNREADABLE }
    }

    /// The answer to a request that left at `sent_at` was lost; whether all are.
    pub fn record_lost(&mut self, sent_at: Instant, now: Instant) -> bool {
        if self.lost_at.is_none_or(|lost_at| sent_at >= lost_at) {
            (self.lost, self.lost_at) = (self.lost + 1, Some(now));
        }
        self.lost >= LOST_IN_A_ROW
    }

    /// A request was refused with this complaint, which does not speak of its image.
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
        // A hundred in flight when the network went.
        assert!(!(0..100).any(|_| streak.record_lost(at(0), at(1))));
        let later: Vec<bool> = (1..10).map(|second| streak.record_lost(at(second), at(second + 1))).collect();
        assert_eq!(later.iter().filter(|stops| **stops).count(), 1, "the tenth");
        streak.record_answered();
        assert!(!streak.record_lost(at(20), at(21)));
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
