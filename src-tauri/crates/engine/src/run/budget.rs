//! Enforces the budget of a run. The worst case of every request is reserved before sending and settled with the reported
//! usage; without a report, it stays committed. So actual and possible cost together never exceed the cap, whatever fails
//! and in whatever order answers arrive.

use std::sync::Mutex;

use domain::money::PicoDollars;
use tokio::sync::Notify;

use crate::sync::lock;

#[derive(Debug, Clone, Copy, Default)]
struct Account {
    /// Paid, or possibly paid.
    committed: PicoDollars,
    /// Reserved for requests in flight.
    reserved: PicoDollars,
    /// The largest reservation requested so far, granted or not.
    largest: PicoDollars,
}

/// The budget of one run.
#[derive(Debug)]
pub struct Budget {
    cap: Option<PicoDollars>,
    account: Mutex<Account>,
    settled: Notify,
}

/// The request could exceed the cap, and no request in flight can release budget.
#[derive(Debug, PartialEq, Eq)]
pub struct CapReached;

/// The reserved worst case of one request. Before the request is sent, dropping it releases everything; afterwards, dropping
/// it releases nothing.
#[derive(Debug)]
pub struct Reservation<'a> {
    budget: &'a Budget,
    at_most: PicoDollars,
    committed_when_dropped: PicoDollars,
}

impl Reservation<'_> {
    /// The reserved amount.
    pub fn at_most(&self) -> PicoDollars {
        self.at_most
    }

    /// Records that the request is about to be sent and may be billed from now on.
    pub fn record_sent(&mut self) {
        self.committed_when_dropped = self.at_most;
    }

    /// Settles the reservation with the actual or possible cost.
    pub fn settle(mut self, committed: PicoDollars) {
        self.committed_when_dropped = committed;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.settle(self.at_most, self.committed_when_dropped);
    }
}

impl Budget {
    /// `committed` is the actual and possible cost of earlier sessions.
    pub fn new(cap: Option<PicoDollars>, committed: PicoDollars) -> Self {
        let account = Mutex::new(Account { committed, ..Account::default() });
        Self { cap, account, settled: Notify::new() }
    }

    pub fn cap(&self) -> Option<PicoDollars> {
        self.cap
    }

    pub fn reserved(&self) -> PicoDollars {
        lock(&self.account).reserved
    }

    /// The largest reservation of this session. A cap must have room for another of this size.
    pub fn largest(&self) -> PicoDollars {
        lock(&self.account).largest
    }

    /// Reserves `at_most`. Near the cap, waits for requests in flight, which usually cost less than their worst case.
    pub async fn reserve(&self, at_most: PicoDollars) -> Result<Reservation<'_>, CapReached> {
        loop {
            // Registered before the check, so that no settlement is missed between check and wait.
            let settled = self.settled.notified();
            if let Some(reservation) = self.reserve_now(at_most) {
                return Ok(reservation);
            }
            if self.reserved() == PicoDollars::ZERO {
                return Err(CapReached);
            }
            settled.await;
        }
    }

    /// Reserves `at_most` if there is room now.
    pub fn reserve_now(&self, at_most: PicoDollars) -> Option<Reservation<'_>> {
        let mut account = lock(&self.account);
        account.largest = account.largest.max(at_most);
        let needed = account.committed + account.reserved + at_most;
        if self.cap.is_some_and(|cap| needed > cap) {
            return None;
        }
        account.reserved += at_most;
        Some(Reservation { budget: self, at_most, committed_when_dropped: PicoDollars::ZERO })
    }

    /// Reserves `at_most` for a request that an earlier session sent, regardless of the cap.
    pub fn take_up(&self, at_most: PicoDollars) -> Reservation<'_> {
        lock(&self.account).reserved += at_most;
        Reservation { budget: self, at_most, committed_when_dropped: at_most }
    }

    /// Releases a reservation, less the actual or possible cost.
    fn settle(&self, at_most: PicoDollars, committed: PicoDollars) {
        let mut account = lock(&self.account);
        account.reserved = PicoDollars(account.reserved.0.saturating_sub(at_most.0));
        account.committed += committed;
        drop(account);
        self.settled.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::task::JoinSet;

    use super::*;

    /// A simulated request: its worst case, duration, the percentage of the worst case it costs, and whether usage is
    /// reported.
    #[derive(Debug, Clone)]
    struct Fate {
        at_most: u64,
        millis: u64,
        percent: u64,
        is_told: bool,
    }

    fn fates() -> impl Strategy<Value = Vec<Fate>> {
        let fate = (1_u64..500, 0_u64..50, 0_u64..=100, any::<bool>())
            .prop_map(|(at_most, millis, percent, is_told)| Fate { at_most, millis, percent, is_told });
        prop::collection::vec(fate, 1..60)
    }

    /// Sends all requests within a budget. Returns the amount billed and the number sent.
    async fn spend(budget: Arc<Budget>, fates: Vec<Fate>, concurrency: usize) -> (u64, usize) {
        let mut sending = JoinSet::new();
        let (mut billed, mut sent, mut is_over) = (0, 0, false);
        let mut waiting = fates.into_iter();
        loop {
            while !is_over && sending.len() < concurrency {
                let Some(fate) = waiting.next() else { break };
                let budget = Arc::clone(&budget);
                sending.spawn(async move {
                    let at_most = PicoDollars(fate.at_most);
                    let mut reservation = budget.reserve(at_most).await.ok()?;
                    reservation.record_sent();
                    tokio::time::sleep(Duration::from_millis(fate.millis)).await;
                    let cost = fate.at_most * fate.percent / 100;
                    // Without reported usage, the worst case is assumed, whatever the vendor billed.
                    if fate.is_told {
                        reservation.settle(PicoDollars(cost));
                    }
                    Some(cost)
                });
            }
            match sending.join_next().await {
                Some(Ok(Some(cost))) => (billed, sent) = (billed + cost, sent + 1),
                Some(_) => is_over = true,
                None => return (billed, sent),
            }
        }
    }

    proptest! {
        #[test]
        fn no_order_of_answers_and_failures_passes_the_cap(
            fates in fates(), cap in 0_u64..3_000, before in 0_u64..500, concurrency in 1_usize..9,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let count = fates.len();
            let budget = Arc::new(Budget::new(Some(PicoDollars(cap)), PicoDollars(before)));
            let (billed, sent) = runtime.block_on(spend(Arc::clone(&budget), fates.clone(), concurrency));
            if sent > 0 {
                prop_assert!(before + billed <= cap, "{billed} billed under a cap of {cap}");
            }
            let account = *lock(&budget.account);
            prop_assert_eq!(account.reserved, PicoDollars::ZERO);
            prop_assert!(sent == 0 || account.committed <= PicoDollars(cap));
            // It stops no earlier than necessary: the first unsent request did not fit the remaining budget.
            if sent < count {
                let dearest = fates.iter().map(|fate| fate.at_most).max().unwrap_or_default();
                prop_assert!(account.committed.0 + dearest > cap);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn near_the_cap_it_waits_for_what_is_under_way() {
        let budget = Arc::new(Budget::new(Some(PicoDollars(100)), PicoDollars::ZERO));
        let first = budget.reserve(PicoDollars(80)).await.unwrap();
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.reserve(PicoDollars(80)).await.map(|reservation| reservation.settle(PicoDollars(15))) }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!waiting.is_finished());
        first.settle(PicoDollars(15));
        assert_eq!(waiting.await.unwrap(), Ok(()));
        assert_eq!(budget.reserve(PicoDollars(80)).await.map(drop), Err(CapReached));
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_left_is_given_back_and_what_did_is_not() {
        let budget = Budget::new(Some(PicoDollars(100)), PicoDollars::ZERO);
        drop(budget.reserve(PicoDollars(80)).await.unwrap());
        let mut sent = budget.reserve(PicoDollars(80)).await.unwrap();
        sent.record_sent();
        drop(sent);
        assert_eq!(budget.reserve(PicoDollars(80)).await.map(drop), Err(CapReached));
    }
}
