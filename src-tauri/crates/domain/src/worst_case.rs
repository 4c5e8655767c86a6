//! The maximum cost of one image. A quote adds it up over its images, and a run sends no request that could exceed it
//! for its image, so no run costs more than the high end of its quote: what was paid, plus what may have been billed
//! without an answer, never exceeds it.

use crate::money::PicoDollars;

/// Upper bounds of the requests for one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorstCase {
    /// Of a request with the initial output maximum.
    pub request: PicoDollars,
    /// Of the longer request after a cut-off answer; `None` if there is none.
    pub longer: Option<PicoDollars>,
    /// Maximum retries of billed and lost requests.
    pub retries: u32,
}

impl WorstCase {
    /// The answer is cut off, then the longer request and each of its retries is billed.
    #[must_use]
    pub fn total(self) -> PicoDollars {
        let requests = u64::from(self.retries) + 1;
        match self.longer {
            Some(longer) => self.request + longer.max(self.request).times(requests),
            None => self.request.times(requests),
        }
    }
}

/// The rest of one image's worst case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    limit: PicoDollars,
    /// Paid, or possibly so.
    committed: PicoDollars,
}

impl Allowance {
    /// `committed` is the actual and possible cost of earlier requests for the image.
    #[must_use]
    pub const fn new(limit: PicoDollars, committed: PicoDollars) -> Self {
        Self { limit, committed }
    }

    /// Whether a request that costs `at_most` may be sent.
    #[must_use]
    pub fn admits(self, at_most: PicoDollars) -> bool {
        self.committed + at_most <= self.limit
    }

    /// Records the actual or possible cost of an ended request.
    pub fn commit(&mut self, cost: PicoDollars) {
        self.committed += cost;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn worst_cases() -> impl Strategy<Value = WorstCase> {
        (1_u64..1_000, proptest::option::of(1_u64..5_000), 0_u32..6).prop_map(|(request, longer, retries)| WorstCase {
            request: PicoDollars(request),
            longer: longer.map(PicoDollars),
            retries,
        })
    }

    proptest! {
        #[test]
        fn no_order_of_requests_passes_the_worst_case(
            worst in worst_cases(),
            requests in prop::collection::vec((any::<bool>(), 0_u64..=100), 0..40),
        ) {
            let mut allowance = Allowance::new(worst.total(), PicoDollars::ZERO);
            let mut committed = PicoDollars::ZERO;
            for (is_longer, percent) in requests {
                let at_most = worst.longer.filter(|_| is_longer).unwrap_or(worst.request);
                if allowance.admits(at_most) {
                    let cost = PicoDollars(at_most.0 * percent / 100);
                    allowance.commit(cost);
                    committed += cost;
                }
            }
            prop_assert!(committed <= worst.total());
        }

        #[test]
        fn every_request_that_the_settings_allow_is_admitted(worst in worst_cases(), lost_before in 0_u32..6) {
            let mut allowance = Allowance::new(worst.total(), PicoDollars::ZERO);
            let mut send = |at_most: PicoDollars| {
                let is_admitted = allowance.admits(at_most);
                allowance.commit(at_most);
                is_admitted
            };
            let lost_before = lost_before.min(worst.retries);
            for _ in 0..=lost_before {
                // Each is billed and lost, except the last, which is cut off.
                prop_assert!(send(worst.request));
            }
            if let Some(longer) = worst.longer {
                for _ in lost_before..=worst.retries {
                    prop_assert!(send(longer));
                }
            }
        }
    }
}
