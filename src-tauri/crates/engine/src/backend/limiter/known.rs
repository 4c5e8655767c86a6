//! Known limits of a server, stored for later estimates.

use domain::pace::{EndpointLimit, LimitedUnit};

use super::{Bounds, Limiter, Unit};

impl Unit {
    const fn limited(self) -> LimitedUnit {
        match self {
            Self::Requests => LimitedUnit::Requests,
            Self::Tokens => LimitedUnit::Tokens,
            Self::InputTokens => LimitedUnit::InputTokens,
            Self::OutputTokens => LimitedUnit::OutputTokens,
        }
    }
}

impl Limiter {
    /// Limits that the server announced or that were learned from refusals. User limits are excluded.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "requests in flight")]
    pub fn known_limits(&self) -> Vec<EndpointLimit> {
        let announced = self.announced.limits();
        let mut known: Vec<EndpointLimit> =
            announced.map(|(unit, limit, burst)| EndpointLimit { unit: unit.limited(), limit, burst }).collect();
        // Refusals reveal only the rate, not the burst.
        let learned = self.learned.per_second().map(|per_second| EndpointLimit {
            unit: LimitedUnit::Requests,
            limit: per_second * 60.0,
            burst: 1.0,
        });
        if let Some(learned) = learned {
            known.retain(|limit| limit.unit != LimitedUnit::Requests || limit.limit < learned.limit);
            if known.iter().all(|limit| limit.unit != LimitedUnit::Requests) {
                known.push(learned);
            }
        }
        known.extend(self.window.size().map(|places| EndpointLimit {
            unit: LimitedUnit::InFlight,
            limit: places as f64,
            burst: places as f64,
        }));
        known
    }
}

impl Bounds {
    /// The lower of the two values for each limit.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let lower = |one: Option<u32>, other: Option<u32>| one.into_iter().chain(other).min();
        Self {
            concurrency: lower(self.concurrency, other.concurrency),
            requests_per_minute: lower(self.requests_per_minute, other.requests_per_minute),
            input_tokens_per_minute: lower(self.input_tokens_per_minute, other.input_tokens_per_minute),
            output_tokens_per_minute: lower(self.output_tokens_per_minute, other.output_tokens_per_minute),
        }
    }

    /// The user's limits per minute, without a burst.
    pub fn limits(self) -> impl Iterator<Item = EndpointLimit> {
        let each = [
            (LimitedUnit::Requests, self.requests_per_minute),
            (LimitedUnit::InputTokens, self.input_tokens_per_minute),
            (LimitedUnit::OutputTokens, self.output_tokens_per_minute),
        ];
        each.into_iter().filter_map(|(unit, limit)| {
            let limit = limit.filter(|&limit| limit > 0)?;
            Some(EndpointLimit { unit, limit: limit.into(), burst: 1.0 })
        })
    }
}
