//! What was spent in a calendar month over all runs, and the cap on it.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
use crate::money::{CostRange, PicoDollars};

/// A calendar month in the user's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarMonth {
    pub first_day: CalendarDate,
    /// Its first millisecond since the Unix epoch.
    pub from_millis: u64,
    /// The first millisecond after it.
    pub until_millis: u64,
}

/// A month with a cap on what is spent in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthLimit {
    pub month: CalendarMonth,
    pub cap: PicoDollars,
}

impl MonthLimit {
    /// Whether a request that costs `at_most` may be sent after `committed` was spent, or may have been.
    #[must_use]
    pub fn admits(&self, committed: PicoDollars, at_most: PicoDollars) -> bool {
        at_most == PicoDollars::ZERO || committed + at_most <= self.cap
    }
}

/// What was spent in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MonthSpending {
    pub first_day: CalendarDate,
    /// Paid, with the maximum of what may have been billed without an answer.
    #[serde(rename = "spent_dollars")]
    pub spent: PicoDollars,
    /// Maximum cost of requests without an answer so far: in flight, in batches, or lost when their process died.
    #[serde(rename = "reserved_dollars")]
    pub reserved: PicoDollars,
    /// The user's cap; `None` for no limit.
    #[serde(rename = "cap_dollars")]
    pub cap: Option<PicoDollars>,
    /// What the cap leaves; `None` without one.
    #[serde(rename = "left_dollars")]
    pub left: Option<PicoDollars>,
}

/// Whether what is left of a month suffices for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthReach {
    /// The run cannot cost more, or there is no cap.
    Enough,
    /// It may stop: its bound is higher.
    MayStop,
    /// It will probably stop: the low end of its likely range is higher.
    Stops,
}

impl MonthSpending {
    #[must_use]
    pub fn new(month: CalendarMonth, spent: PicoDollars, reserved: PicoDollars, cap: Option<PicoDollars>) -> Self {
        let left = cap.map(|cap| PicoDollars(cap.0.saturating_sub((spent + reserved).0)));
        Self { first_day: month.first_day, spent, reserved, cap, left }
    }

    #[must_use]
    pub fn reach(&self, cost: CostRange) -> MonthReach {
        match self.left {
            Some(left) if cost.likely_low > left => MonthReach::Stops,
            Some(left) if cost.at_most > left => MonthReach::MayStop,
            _ => MonthReach::Enough,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: CalendarMonth =
        CalendarMonth { first_day: CalendarDate::new(2026, 11, 1), from_millis: 0, until_millis: 1 };

    #[test]
    fn what_is_reserved_is_not_left() {
        let of = |cap| MonthSpending::new(MONTH, PicoDollars(400), PicoDollars(100), cap);
        assert_eq!(of(None).left, None);
        assert_eq!(of(Some(PicoDollars(2_500))).left, Some(PicoDollars(2_000)));
        // The cap was lowered.
        assert_eq!(of(Some(PicoDollars(300))).left, Some(PicoDollars::ZERO));
    }

    #[test]
    fn a_plan_may_pass_the_month_by_its_bound_or_by_its_likely_range() {
        let left = MonthSpending::new(MONTH, PicoDollars::ZERO, PicoDollars::ZERO, Some(PicoDollars(100)));
        let cost = |low, at_most| CostRange {
            likely_low: PicoDollars(low),
            expected: PicoDollars(low),
            likely_high: PicoDollars(low),
            at_most: PicoDollars(at_most),
        };
        assert_eq!(left.reach(cost(20, 100)), MonthReach::Enough);
        assert_eq!(left.reach(cost(20, 101)), MonthReach::MayStop);
        assert_eq!(left.reach(cost(101, 900)), MonthReach::Stops);
        let limitless = MonthSpending { cap: None, left: None, ..left };
        assert_eq!(limitless.reach(cost(101, 900)), MonthReach::Enough);
    }

    #[test]
    fn free_requests_are_admitted_even_above_the_cap() {
        let limit = MonthLimit { month: MONTH, cap: PicoDollars(10) };
        assert!(limit.admits(PicoDollars(7), PicoDollars(3)) && !limit.admits(PicoDollars(8), PicoDollars(3)));
        assert!(limit.admits(PicoDollars(99), PicoDollars::ZERO));
    }
}
