//! The minimum duration of images under the limits of an endpoint.

use serde::{Deserialize, Serialize};

/// What an endpoint limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LimitedUnit {
    /// Per minute.
    Requests,
    /// Input and output together, per minute.
    Tokens,
    InputTokens,
    OutputTokens,
    /// Concurrent requests.
    InFlight,
}

impl LimitedUnit {
    pub const ALL: [Self; 5] = [Self::Requests, Self::Tokens, Self::InputTokens, Self::OutputTokens, Self::InFlight];
}

/// A limit of an endpoint: set by the user, announced by the server, or learned from its refusals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointLimit {
    pub unit: LimitedUnit,
    /// Per minute, or concurrent for requests in flight.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub limit: f64,
    /// The burst that is known to be accepted after a quiet period.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub burst: f64,
}

/// The work that is subject to limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    pub images: f64,
    /// For all images together.
    pub requests: f64,
    /// From an image's start to its answer.
    pub image_millis: f64,
    /// All images together.
    pub input_tokens: f64,
    pub output_tokens: f64,
}

impl EndpointLimit {
    /// The minimum time in milliseconds of `load` under this limit.
    #[must_use]
    pub fn least_millis(&self, load: &Load) -> f64 {
        let amount = match self.unit {
            LimitedUnit::InFlight => return (load.images / self.limit.max(1.0)).ceil() * load.image_millis,
            LimitedUnit::Requests => load.requests,
            LimitedUnit::Tokens => load.input_tokens + load.output_tokens,
            LimitedUnit::InputTokens => load.input_tokens,
            LimitedUnit::OutputTokens => load.output_tokens,
        };
        // After the last image is sent, only its own time remains.
        (amount - self.burst).max(0.0) * 60_000.0 / self.limit.max(f64::MIN_POSITIVE) + load.image_millis
    }

    /// Combined limits of endpoints that share the images. Absent limits stay unlimited.
    #[must_use]
    pub fn of_all(endpoints: &[Vec<Self>]) -> Vec<Self> {
        let tightest = |limits: &Vec<Self>, unit| {
            let of_unit = limits.iter().filter(|limit| limit.unit == unit);
            of_unit.min_by(|one, other| one.limit.total_cmp(&other.limit)).copied()
        };
        let together = LimitedUnit::ALL.into_iter().filter_map(|unit| {
            let each: Option<Vec<Self>> = endpoints.iter().map(|limits| tightest(limits, unit)).collect();
            each?.into_iter().reduce(|one, other| Self {
                unit,
                limit: one.limit + other.limit,
                burst: one.burst + other.burst,
            })
        });
        together.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load =
        Load { images: 170.0, requests: 170.0, image_millis: 500.0, input_tokens: 850_000.0, output_tokens: 34_000.0 };

    fn limit(unit: LimitedUnit, limit: f64, burst: f64) -> EndpointLimit {
        EndpointLimit { unit, limit, burst }
    }

    #[test]
    fn a_limit_lets_its_burst_through_and_then_its_rate() {
        let millis = |unit, at, burst: f64| limit(unit, at, burst).least_millis(&LOAD).to_bits();
        assert_eq!(millis(LimitedUnit::Requests, 600.0, 10.0), 16_500.0_f64.to_bits());
        assert_eq!(millis(LimitedUnit::Requests, 600.0, 600.0), 500.0_f64.to_bits());
        assert_eq!(millis(LimitedUnit::InputTokens, 100_000.0, 100_000.0), 450_500.0_f64.to_bits());
        assert_eq!(millis(LimitedUnit::OutputTokens, 34_000.0, 0.0), 60_500.0_f64.to_bits());
        assert_eq!(millis(LimitedUnit::InFlight, 8.0, 8.0), 11_000.0_f64.to_bits());
    }

    #[test]
    fn endpoints_add_up_and_one_without_a_limit_lifts_it() {
        let (requests, places) = (limit(LimitedUnit::Requests, 60.0, 5.0), limit(LimitedUnit::InFlight, 4.0, 4.0));
        let stricter = limit(LimitedUnit::Requests, 30.0, 1.0);
        let both = EndpointLimit::of_all(&[vec![requests, stricter, places], vec![requests]]);
        assert_eq!(both, [limit(LimitedUnit::Requests, 90.0, 6.0)]);
        assert_eq!(EndpointLimit::of_all(&[vec![requests], vec![]]), []);
    }
}
