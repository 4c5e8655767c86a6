//! The most requests at a time: as many as a person has said, or as many as do not slow each other down. The time until
//! an answer begins tells; how long it takes in all does not, since that follows its length.

use std::time::Duration;

const FIRST: usize = 4;
const HIGHEST: usize = 64;
/// Answers whose beginning is compared before the ceiling moves.
const FEWEST_SAMPLES: usize = 4;
/// Medians at the summit before trying beyond it again: servers grow, and noise passes.
const FIRST_PATIENCE: u32 = 8;
/// Slower than the best by this: requests wait for each other over there.
const SLOWER: f64 = 1.6;

/// How many requests may be under way at once.
#[derive(Debug)]
pub enum Ceiling {
    Fixed(usize),
    Adaptive(Climb),
}

/// Doubles the number at a time as long as answers begin as soon as before.
#[derive(Debug)]
pub struct Climb {
    height: usize,
    /// Higher than this answers began later.
    summit: usize,
    /// Medians to wait for at the summit before going beyond it; doubles with every time that this was too high.
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

    /// An answer began `wait` after its request left, with `in_flight` under way.
    pub fn record_begun(&mut self, wait: Duration, in_flight: usize) {
        let Self::Adaptive(climb) = self else { return };
        // A half-empty endpoint says nothing about a full one.
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

    /// A server that works on `concurrency` requests at a time, each for 100 ms; the rest queue up.
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
