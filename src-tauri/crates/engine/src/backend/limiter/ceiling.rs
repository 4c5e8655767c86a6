//! The concurrency ceiling: fixed by the user, or adaptive. It adapts to the time to the first byte, since the total time
//! depends on the length of the answer.

use std::time::Duration;

const FIRST: usize = 4;
const HIGHEST: usize = 64;
/// Samples of the time to the first byte before the ceiling moves.
const FEWEST_SAMPLES: usize = 4;
/// Medians to wait at the summit before probing above it: servers scale up, and noise passes.
const FIRST_PATIENCE: u32 = 8;
/// A median this many times slower than the best means that requests queue at the server.
const SLOWER: f64 = 1.6;

/// How many requests may be in flight.
#[derive(Debug)]
pub enum Ceiling {
    Fixed(usize),
    Adaptive(Climb),
}

/// Doubles the concurrency as long as answers start as quickly as before.
#[derive(Debug)]
pub struct Climb {
    height: usize,
    /// Above this height, answers started later.
    summit: usize,
    /// Medians to wait at the summit before probing above it; doubles each time the probe fails.
    patience: u32,
    quiet: u32,
    best_median: Option<Duration>,
    waits: Vec<Duration>,
}

impl Ceiling {
    pub fn new(fixed: Option<u32>) -> Self {
        match fixed {
            Some(count) => Self::Fixed(count.max(1) as usize),
            None => Self::Adaptive(Climb {
                height: FIRST,
                summit: HIGHEST,
                patience: FIRST_PATIENCE,
                quiet: 0,
                best_median: None,
                waits: Vec::new(),
            }),
        }
    }

    pub fn height(&self) -> usize {
        match self {
            Self::Fixed(height) => *height,
            Self::Adaptive(climb) => climb.height,
        }
    }

    pub fn is_adaptive(&self) -> bool {
        matches!(self, Self::Adaptive(_))
    }

    /// Records that an answer started `wait` after its request was sent, with `in_flight` requests in flight.
    pub fn record_begun(&mut self, wait: Duration, in_flight: usize) {
        let Self::Adaptive(climb) = self else { return };
        // Latency at half load says nothing about latency at full load.
        if in_flight * 4 < climb.height * 3 {
            return;
        }
        climb.waits.push(wait);
        if climb.waits.len() < FEWEST_SAMPLES.max(climb.height) {
            return;
        }
        let middle = climb.waits.len() / 2;
        let median = *climb.waits.select_nth_unstable(middle).1;
        climb.waits.clear();
        match climb.best_median {
            Some(best) if median > best.mul_f64(SLOWER) && climb.height > 1 => {
                climb.height = (climb.height / 2).max(1);
                climb.summit = climb.height;
                (climb.patience, climb.quiet) = (climb.patience.saturating_mul(2), 0);
            }
            best => {
                climb.best_median = Some(best.map_or(median, |best| best.min(median)));
                climb.quiet += 1;
                if climb.height == climb.summit && climb.quiet >= climb.patience {
                    climb.summit = HIGHEST;
                    climb.quiet = 0;
                }
                climb.height = (climb.height * 2).min(climb.summit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simulates a server that processes `concurrency` requests at a time, 100 ms each, and queues the rest.
    fn settled(concurrency: usize) -> usize {
        let mut ceiling = Ceiling::new(None);
        let mut spent_at = [0; HIGHEST + 1];
        for _ in 0..20_000 {
            let height = ceiling.height();
            let turns = height.div_ceil(concurrency);
            ceiling.record_begun(Duration::from_millis(100) * u32::try_from(turns).unwrap(), height);
            spent_at[height] += 1;
        }
        (0..=HIGHEST).max_by_key(|&height| spent_at[height]).unwrap()
    }

    #[test]
    fn it_climbs_until_answers_begin_later() {
        assert_eq!(settled(1_000), HIGHEST);
        assert_eq!(settled(16), 16);
        assert_eq!(settled(4), 4);
        assert_eq!(Ceiling::new(Some(0)).height(), 1);
    }

    #[test]
    fn an_idle_endpoint_teaches_nothing() {
        let mut ceiling = Ceiling::new(None);
        (0..100).for_each(|_| ceiling.record_begun(Duration::from_millis(100), 2));
        assert_eq!(ceiling.height(), FIRST);
    }
}
