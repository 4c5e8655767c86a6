//! Running totals of a run's requests, kept in memory so that snapshots need no query.

use std::sync::Mutex;

use domain::money::PicoDollars;
use domain::run::{PossiblyBilled, RetryGroup};
use domain::run_state::RetryKind;

use crate::sync::lock;

#[derive(Debug, Clone, Default)]
pub struct Sums {
    pub spent: PicoDollars,
    pub possibly_billed: PossiblyBilled,
    pub retried: Vec<RetryGroup>,
    pub cut_short: u32,
    /// Answers that an earlier run paid for.
    pub reused: u32,
}

/// Executors write it; the dispatcher reads it.
pub struct Tally(Mutex<Sums>);

impl Tally {
    pub fn beginning_with(sums: Sums) -> Self {
        Self(Mutex::new(sums))
    }

    pub fn sums(&self) -> Sums {
        lock(&self.0).clone()
    }

    pub fn record_spent(&self, paid: PicoDollars) {
        lock(&self.0).spent += paid;
    }

    pub fn record_possibly_billed(&self, at_most: PicoDollars) {
        let mut sums = lock(&self.0);
        sums.possibly_billed.count += 1;
        sums.possibly_billed.at_most += at_most;
    }

    /// Records requests whose answers will not arrive.
    pub fn record_lost(&self, lost: PossiblyBilled) {
        let mut sums = lock(&self.0);
        sums.possibly_billed.count += lost.count;
        sums.possibly_billed.at_most += lost.at_most;
    }

    pub fn record_retry(&self, kind: RetryKind) {
        let mut sums = lock(&self.0);
        match sums.retried.iter_mut().find(|group| group.kind == kind) {
            Some(group) => group.count += 1,
            None => sums.retried.push(RetryGroup { kind, count: 1 }),
        }
    }

    pub fn record_cut_short(&self) {
        lock(&self.0).cut_short += 1;
    }

    pub fn record_reused(&self) {
        lock(&self.0).reused += 1;
    }
}
