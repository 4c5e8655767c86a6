//! Counts a run's requests in flight and detects those that ran alone. Snapshots would miss a run that ends within 100 ms.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::sync::lock;

/// The requests of one run.
#[derive(Default)]
pub struct InFlightCounter(Mutex<State>);

#[derive(Default)]
struct State {
    count: u32,
    /// The highest count so far.
    peak: u32,
    /// Total number of requests started.
    begun: u64,
    /// Combined duration of all requests since the last `take_summed`, up to `summed_until`.
    summed: Duration,
    summed_until: Option<Instant>,
}

impl State {
    /// Adds the time since the last change for each request in flight.
    fn sum_up(&mut self) {
        let now = Instant::now();
        let since = self.summed_until.replace(now).map_or(Duration::ZERO, |until| now.duration_since(until));
        self.summed += since * self.count;
    }
}

impl InFlightCounter {
    /// Starts a request. It ends with [`InFlightGuard::end`], or when the guard is dropped.
    pub fn begin(self: &Arc<Self>) -> InFlightGuard {
        let mut state = lock(&self.0);
        state.sum_up();
        state.count += 1;
        state.begun += 1;
        state.peak = state.peak.max(state.count);
        InFlightGuard {
            counter: Arc::clone(self),
            since: Instant::now(),
            number: state.begun,
            began_alone: state.count == 1,
            ended: OnceLock::new(),
        }
    }

    /// The combined duration of all requests since the last call. Requests in flight count up to now.
    pub fn take_summed(&self) -> Duration {
        let mut state = lock(&self.0);
        state.sum_up();
        std::mem::take(&mut state.summed)
    }

    /// The highest number of requests in flight so far.
    pub fn peak(&self) -> u32 {
        lock(&self.0).peak
    }
}

/// A request in flight.
pub struct InFlightGuard {
    counter: Arc<InFlightCounter>,
    since: Instant,
    number: u64,
    began_alone: bool,
    /// The request's duration, if it ran alone.
    ended: OnceLock<Option<Duration>>,
}

impl InFlightGuard {
    /// Ends the request. Call this before releasing its permit; otherwise the next request would seem concurrent. Returns
    /// the duration if the request ran alone.
    pub fn end(&self) -> Option<Duration> {
        *self.ended.get_or_init(|| {
            let mut state = lock(&self.counter.0);
            state.sum_up();
            state.count -= 1;
            (self.began_alone && state.begun == self.number).then(|| self.since.elapsed())
        })
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_exact_and_only_what_had_nothing_beside_it_was_alone() {
        let run = Arc::new(InFlightCounter::default());
        assert!(run.begin().end().is_some());
        assert_eq!(run.peak(), 1, "however short it was");
        let (first, second) = (run.begin(), run.begin());
        assert_eq!(second.end(), None);
        // It is alone now, but was not the whole time.
        assert_eq!(first.end(), None);
        assert_eq!(first.end(), None, "it ends once");
        assert_eq!(run.peak(), 2);
        drop(run.begin());
        assert!(run.begin().end().is_some());
    }
}
