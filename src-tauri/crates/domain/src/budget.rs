//! How far a budget reaches. A run sends a request only if its worst case fits in the rest of the budget, so that it
//! stops slightly below the budget, and batches become smaller from one to the next.

use serde::{Deserialize, Serialize};

use crate::money::{CostRange, PicoDollars};
use crate::run_state::RunMode;

/// Whether a budget suffices for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum BudgetReach {
    /// The run cannot cost more.
    Enough,
    /// Between the low end of the likely range and the bound.
    MayStop,
    /// Below the likely range: the run stops after about this many images.
    StopsAfter { images: u32 },
}

/// Effect of a budget on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BudgetForecast {
    pub reach: BudgetReach,
    /// Number of consecutive batches, if the budget has no room for all requests at once: each may take a day. 1 if
    /// nothing waits, and for a live run.
    pub batches: u32,
}

/// Cost of a plan's images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// Images to send.
    pub images: u32,
    pub cost: CostRange,
    /// Maximum cost of the first request for an image, on average.
    pub request_at_most: PicoDollars,
}

impl BudgetForecast {
    #[must_use]
    pub fn new(budget: PicoDollars, spending: Spending, mode: RunMode) -> Self {
        let (images, batches) = match mode {
            RunMode::Live => (images_until_stop(budget, spending), 1),
            RunMode::Batch => in_batches(budget, spending),
        };
        let reach = if budget >= spending.cost.at_most {
            BudgetReach::Enough
        } else if budget >= spending.cost.likely_low {
            BudgetReach::MayStop
        } else {
            BudgetReach::StopsAfter { images }
        };
        Self { reach, batches }
    }
}

impl Spending {
    /// Expected cost per image.
    fn each(&self) -> u64 {
        self.cost.expected.0.div_ceil(u64::from(self.images.max(1))).max(1)
    }
}

/// Images answered before the worst case of the next request no longer fits.
fn images_until_stop(budget: PicoDollars, spending: Spending) -> u32 {
    let Some(room) = budget.0.checked_sub(spending.request_at_most.0) else { return 0 };
    u32::try_from(room / spending.each() + 1).unwrap_or(u32::MAX).min(spending.images)
}

/// Answered images and number of batches: the worst case of all requests of a batch must fit.
fn in_batches(budget: PicoDollars, spending: Spending) -> (u32, u32) {
    let (at_most, each) = (spending.request_at_most.0.max(1), spending.each().min(spending.request_at_most.0.max(1)));
    let (mut left, mut answered, mut batches) = (budget.0, 0_u64, 0);
    let images = u64::from(spending.images);
    while answered < images {
        let batch = (left / at_most).min(images - answered);
        if batch == 0 {
            break;
        }
        left = left.saturating_sub(batch.saturating_mul(each));
        answered += batch;
        batches += 1;
    }
    (u32::try_from(answered).unwrap_or(u32::MAX), batches.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENT: u64 = 10_000_000_000;

    fn spending(images: u32) -> Spending {
        let cents = |cents: u64| PicoDollars(cents * CENT * u64::from(images));
        let cost = CostRange { likely_low: cents(1), expected: cents(2), likely_high: cents(4), at_most: cents(40) };
        Spending { images, cost, request_at_most: PicoDollars(10 * CENT) }
    }

    fn forecast(cents: u64, mode: RunMode) -> BudgetForecast {
        BudgetForecast::new(PicoDollars(cents * CENT), spending(100), mode)
    }

    #[test]
    fn it_is_told_from_the_ends_of_the_quote() {
        let reach = |cents| forecast(cents, RunMode::Live).reach;
        assert_eq!(reach(4_000), BudgetReach::Enough);
        assert_eq!([reach(3_999), reach(100)], [BudgetReach::MayStop; 2]);
        // With 50 cents, 10 of which must remain for the next request: 20 images for 40 cents, and one more.
        assert_eq!(reach(50), BudgetReach::StopsAfter { images: 21 });
        assert_eq!(reach(9), BudgetReach::StopsAfter { images: 0 });
    }

    #[test]
    fn a_budget_that_holds_few_worst_cases_makes_batches_wait_for_each_other() {
        assert_eq!(forecast(4_000, RunMode::Batch).batches, 1);
        // 300 cents: 30 images leave 240, 24 leave 192, then 19, 15 and the last 12.
        assert_eq!(forecast(300, RunMode::Batch), BudgetForecast { reach: BudgetReach::MayStop, batches: 5 });
        // 90 cents: 9, 7, 5, 4, 4, 3, 2, 2, 1, ... until less than 10 cents are left.
        let BudgetReach::StopsAfter { images } = forecast(90, RunMode::Batch).reach else { panic!("it stops") };
        assert_eq!(images, 41);
    }
}
