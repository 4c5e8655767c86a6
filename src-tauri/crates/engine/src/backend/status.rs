//! The status of a backend's endpoints, for progress, reports and quotes.

use domain::diagnosis::Wait;
use domain::endpoint::{EndpointId, RunEndpoint};
use domain::pace::EndpointLimit;
use domain::run::{EndpointState, Hold};

use super::dispatch::Backend;
use super::endpoint::PacedEndpoint;
use super::price_percents::PricePercents;

impl Backend {
    /// How long ready images waited since the last call, and why.
    pub fn take_waits(&self) -> Vec<Wait> {
        self.waits.take()
    }

    /// The state of every endpoint; empty for a local model.
    pub fn states(&self) -> Vec<EndpointState> {
        let unused = self.unused.iter().map(|(name, failure)| EndpointState {
            name: name.clone(),
            under_way: 0,
            concurrency: 0,
            is_adaptive: false,
            requests_per_minute: None,
            hold: None,
            failure: Some(failure.clone()),
        });
        self.endpoints.iter().map(PacedEndpoint::state).chain(unused).collect()
    }

    /// What the endpoints did since the last call, including unused ones.
    pub fn take_records(&self) -> Vec<RunEndpoint> {
        let unused = self.unused.iter().map(|(name, failure)| RunEndpoint {
            name: name.clone(),
            answered: 0,
            failed: 0,
            problem: Some(failure.problem),
            detail: Some(failure.detail.clone()),
            is_working: false,
        });
        self.endpoints.iter().map(PacedEndpoint::take_record).chain(unused).collect()
    }

    /// The known limits of all endpoints.
    pub fn known_limits(&self) -> Vec<(EndpointId, Vec<EndpointLimit>)> {
        self.endpoints.iter().map(|endpoint| (endpoint.id.clone(), endpoint.limiter.known_limits())).collect()
    }

    /// The hold that ends first, if every endpoint is held.
    pub fn held(&self) -> Option<Hold> {
        let holds: Option<Vec<Hold>> = self.used_endpoints().map(|endpoint| endpoint.limiter.state().hold).collect();
        holds?.into_iter().min_by_key(|hold| hold.left_millis)
    }

    /// The price on the cheapest and the dearest endpoint, in percent of the list price.
    pub fn price_percents(&self) -> PricePercents {
        PricePercents::of(self.endpoints.iter().map(|endpoint| endpoint.price_percent))
    }

    /// The current concurrency over all endpoints; `None` for a local model, which only the CPU limits.
    pub fn concurrency(&self) -> Option<usize> {
        if self.unpaced.is_some() {
            return None;
        }
        let all = self.used_endpoints().map(|endpoint| endpoint.limiter.state().concurrency).sum();
        Some(self.slots.as_ref().map_or(all, |slots| all.min(slots.count as usize)))
    }
}
