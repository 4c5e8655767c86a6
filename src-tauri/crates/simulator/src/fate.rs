//! Random outcomes: how long the n-th admitted request waits for its first byte, and which fault it meets. All follow
//! from a seed, so that a benchmark can repeat the same draws, and can compute the best possible speed beforehand.
//! Nothing here waits or fails: a fate is only drawn.

use std::f64::consts::TAU;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::Fault;

/// The longest wait, however unlikely the draw.
const LONGEST: Duration = Duration::from_hours(1);
/// Separates the draws of faults from those of latency: the same seed gives the same latencies with and without faults.
const CHAOS_STREAM: u64 = 0x9e37_79b9_7f4a_7c15;
/// An answer broken by chance has sent between one event and this many; the shortest stream has eight.
const MOST_EVENTS_BEFORE: usize = 7;
/// The size of the pieces of a slow answer.
const DRIP_BYTES: usize = 16;
const DRIP_MILLIS: u64 = 20;

/// How a duration is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Always the same, so that measurements can be explained.
    Fixed(Duration),
    /// The logarithm of the duration is normally distributed, as is observed for the answer times of models.
    LogNormal {
        /// The median.
        median: Duration,
        /// The standard deviation of the natural logarithm; 0.5 puts a twentieth of the draws beyond 2.3 medians.
        sigma: f64,
    },
}

impl Default for Distribution {
    fn default() -> Self {
        Self::Fixed(Duration::ZERO)
    }
}

impl From<Duration> for Distribution {
    fn from(duration: Duration) -> Self {
        Self::Fixed(duration)
    }
}

impl Distribution {
    fn draw(self, rng: &mut Rng) -> Duration {
        match self {
            Self::Fixed(duration) => duration,
            Self::LogNormal { median, sigma } => {
                // The Box-Muller transform. One of its two normal deviates is dropped, so that every draw takes the
                // same two numbers from the generator.
                let (radius, angle) = ((-2.0 * (1.0 - rng.f64()).ln()).sqrt(), TAU * rng.f64());
                let seconds = median.as_secs_f64() * (sigma * radius * angle.cos()).exp();
                Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
            }
        }
    }
}

/// How long a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Latency {
    /// From the whole request to the first byte of the answer.
    pub first_byte: Distribution,
    /// Between two events of a stream.
    pub between_events: Duration,
}

/// Faults of admitted requests: a probability between 0 and 1 for each. A request meets at most one; where they add up
/// to more than 1, the last ones get the remainder.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Chaos {
    /// 529.
    pub overloaded: f64,
    /// 500.
    pub internal_error: f64,
    /// The connection is reset before the first byte of an answer.
    pub reset: f64,
    /// The connection is reset in the middle of the answer.
    pub broken: f64,
    /// The answer is complete, but arrives slowly in small pieces.
    pub drip: f64,
    /// The answer stops in the middle, and the connection stays open.
    pub stall: f64,
    /// The stream ends properly, but too early.
    pub truncated: f64,
    /// An `error` event after HTTP 200.
    pub error_in_stream: f64,
    /// The model's text is not JSON.
    pub wrong_json: f64,
    /// The model declines.
    pub refusal: f64,
}

impl Chaos {
    /// The fault at a point between 0 and 1.
    fn fault(&self, point: f64, after_events: usize) -> Option<Fault> {
        let shares = [
            (self.overloaded, Fault::Overloaded),
            (self.internal_error, Fault::InternalError),
            (self.reset, Fault::Reset),
            (self.broken, Fault::Broken { after_events }),
            (self.drip, Fault::Drip { bytes: DRIP_BYTES, every_millis: DRIP_MILLIS }),
            (self.stall, Fault::Stall { after_events }),
            (self.truncated, Fault::Truncated { after_events }),
            (self.error_in_stream, Fault::ErrorInStream { after_events }),
            (self.wrong_json, Fault::WrongJson),
            (self.refusal, Fault::Refusal),
        ];
        let mut end = 0.0;
        shares.into_iter().find_map(|(share, fault)| {
            end += share;
            (point < end).then_some(fault)
        })
    }
}

/// The outcome of one admitted request.
#[derive(Debug, Clone, PartialEq)]
pub struct Fate {
    /// Time to the first byte of its answer; an error response or a reset comes at once.
    pub first_byte: Duration,
    /// Its fault. A scripted fault replaces this one and leaves the latency.
    pub fault: Option<Fault>,
}

/// The fates of all admitted requests, in the order of their admission: the n-th request that passes the checks and the
/// limits gets the n-th fate. A retry is a request like any other. Endless.
#[must_use]
pub fn fates(seed: u64, latency: Latency, chaos: Chaos) -> Fates {
    Fates { latency, chaos, durations: Rng::with_seed(seed), faults: Rng::with_seed(seed ^ CHAOS_STREAM) }
}

/// An endless iterator; see [`fates`].
#[derive(Debug, Clone)]
pub struct Fates {
    latency: Latency,
    chaos: Chaos,
    durations: Rng,
    faults: Rng,
}

impl Fates {
    pub(crate) fn draw(&mut self) -> Fate {
        let first_byte = self.latency.first_byte.draw(&mut self.durations);
        let (point, after_events) = (self.faults.f64(), self.faults.usize(1..=MOST_EVENTS_BEFORE));
        Fate { first_byte, fault: self.chaos.fault(point, after_events) }
    }
}

impl Iterator for Fates {
    type Item = Fate;

    fn next(&mut self) -> Option<Fate> {
        Some(self.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIAN: Duration = Duration::from_millis(500);

    fn latency() -> Latency {
        Latency { first_byte: Distribution::LogNormal { median: MEDIAN, sigma: 0.5 }, ..Latency::default() }
    }

    #[test]
    fn a_seed_tells_the_same_latencies_whatever_else_happens() {
        let chaos = Chaos { overloaded: 0.3, ..Chaos::default() };
        let durations = |seed: u64, chaos: Chaos| {
            fates(seed, latency(), chaos).take(100).map(|fate| fate.first_byte).collect::<Vec<_>>()
        };
        assert_eq!(durations(7, Chaos::default()), durations(7, chaos));
        assert_ne!(durations(7, chaos), durations(8, chaos));
    }

    #[test]
    fn draws_follow_their_distribution() {
        let mut drawn: Vec<f64> =
            fates(1, latency(), Chaos::default()).take(10_000).map(|fate| fate.first_byte.as_secs_f64()).collect();
        drawn.sort_by(f64::total_cmp);
        let near = |quantile: usize, expected: f64| (drawn[quantile] / (0.5 * expected) - 1.0).abs() < 0.05;
        // One standard deviation of the logarithm on either side of the median.
        assert!(near(5000, 1.0) && near(8413, 0.5_f64.exp()) && near(1587, (-0.5_f64).exp()));
    }

    #[test]
    fn faults_strike_as_often_as_their_probability_says() {
        let chaos = Chaos { overloaded: 0.03, reset: 0.02, ..Chaos::default() };
        let drawn: Vec<Fault> = fates(1, latency(), chaos).take(10_000).filter_map(|fate| fate.fault).collect();
        let count = |wanted: &Fault| drawn.iter().filter(|fault| *fault == wanted).count();
        let (overloaded, reset) = (count(&Fault::Overloaded), count(&Fault::Reset));
        assert!((250..350).contains(&overloaded) && (150..250).contains(&reset), "{overloaded} {reset}");
        assert_eq!(overloaded + reset, drawn.len());
    }
}
