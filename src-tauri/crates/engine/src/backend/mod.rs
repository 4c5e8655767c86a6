//! Backends: a provider model prepared for one recipe, and the endpoints that serve it. Local models use the same types;
//! only [`this_computer`] knows how they run.

mod batch;
mod dispatch;
mod endpoint;
mod failure;
pub mod limiter;
pub mod picture;
mod price_percents;
mod rate_limiter;
mod reading;
mod request_costs;
mod slots;
mod status;
mod streak;
pub mod this_computer;
mod waits;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::annotation::NewAnnotation;
use domain::answer::{Answer, PartPass};
use domain::endpoint::EndpointId;
use domain::geometry::{ImageRegion, PixelSize};
use domain::merging::{FoundInPart, merged};
use domain::model::{Model, ModelId};
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::run_state::{FailureKind, RunMode};
use providers::provider::{ConnectionOptions, EndpointConfig, Provider};
use store::Question;
use tokio::sync::Notify;

use crate::clock::today;
use crate::connections::provider::{ProviderConnection, ProviderConnections};
use crate::connections::unconnected;
use crate::examples::Examples;
use crate::provided::{find, providers};
use crate::sync::lock;
use crate::{EngineError, Result};

pub use batch::{CallNext, FailedCall};
pub use dispatch::{Backend, Permit, Received};
use endpoint::PacedEndpoint;
pub use failure::{AfterFailure, FailedRequest, FailureVerdict};
pub use limiter::Bounds;
pub use picture::encoded;
pub use price_percents::PricePercents;
use rate_limiter::RateLimiter;
use reading::read;
pub use request_costs::{AnswerLength, RequestCosts};
use slots::Slots;
pub use this_computer::Trial;

/// Reads a stored answer of `model`. If the model is no longer in a catalogue, the first provider that can parse the answer
/// reads it.
pub fn read_kept(model: &ModelId, kept: &str, recipe: &Recipe) -> std::result::Result<Answer, (FailureKind, String)> {
    if let Some(known) = find(model) {
        return read(known.provider, kept, recipe);
    }
    let mut read_by = providers().map(|provider| read(provider, kept, recipe));
    let unreadable = || Err((FailureKind::AnswerUnreadable, String::new()));
    read_by.find(|read| read.is_ok()).unwrap_or_else(unreadable)
}

/// The annotations of an image of this size from its stored answers, one for each part. An answer that is unreadable now
/// was unreadable then, and has none.
pub fn kept_annotations(
    model: &ModelId,
    kept: &[(PartPass, String)],
    recipe: &Recipe,
    size: PixelSize,
) -> Vec<NewAnnotation> {
    // Where a tile is does not depend on the model, only whether there are any.
    let parts = recipe.parts(size, PixelSize::new(1, 1)).regions;
    let found = kept.iter().filter_map(|(pass, kept)| {
        let region = *parts.get(pass.part as usize)?;
        let recipe = &*pass.recipe(recipe);
        let annotations = read_kept(model, kept, recipe).ok()?.annotations_of(region, recipe, size);
        Some(FoundInPart { region, annotations })
    });
    merged(&found.collect::<Vec<_>>(), ImageRegion::whole(size))
}

/// The state shared by all backends of a library: the rate limiters of the servers.
#[derive(Default)]
pub struct Backends {
    /// By server and key, so that runs share the limits of an endpoint.
    limiters: Mutex<HashMap<EndpointId, Arc<RateLimiter>>>,
    /// Notified whenever a limiter may admit a request.
    moved: Arc<Notify>,
}

impl Backends {
    /// Every model, as offered in a plan.
    pub fn models(connections: &ProviderConnections) -> Vec<Model> {
        let of = |provider: &'static dyn Provider| {
            let destination = connections.destination(provider);
            let models = connections.models_of(provider).into_iter();
            models.map(move |spec| spec.offered_at(destination.clone(), today()))
        };
        providers().flat_map(of).collect()
    }

    pub fn model(connections: &ProviderConnections, id: &ModelId) -> Result<Model> {
        Self::models(connections)
            .into_iter()
            .find(|model| model.id == *id)
            .ok_or_else(|| EngineError::UnknownModel(id.clone()))
    }

    /// The question a live run would ask `model` for `recipe`; `None` if answers are free.
    pub fn question(
        connections: &ProviderConnections,
        model: &Model,
        recipe: &Recipe,
        examples: &Examples,
        options: &RunOptions,
    ) -> Result<Option<Question>> {
        let known = connections.known(&model.id)?.with_longest_edge(options.longest_edge);
        let origin = connections.of(known.provider).and_then(ProviderConnection::origin);
        let (Some(origin), false) = (origin, known.spec.price.is_free()) else { return Ok(None) };
        let costs = examples.estimated_costs(&known, recipe, RunMode::Live, options.max_tokens, 0).ok();
        Ok(costs.map(|costs| dispatch::question(&costs, &origin)))
    }

    /// Opens a backend for `model` with options completed from the settings. Blocks while weights load. A batch run uses
    /// only the first endpoint, since additional endpoints may not have batches.
    pub fn open(
        &self,
        connections: &ProviderConnections,
        model: &Model,
        recipe: &Recipe,
        examples: &Examples,
        mode: RunMode,
        options: &RunOptions,
    ) -> Result<Arc<Backend>> {
        let known = connections.known(&model.id)?.with_longest_edge(options.longest_edge);
        let retries = connections.settings().run.retry_attempts;
        let costs = examples.costs(&known, recipe, mode, options.max_tokens, retries)?;
        if known.provider.descriptor().is_on_this_computer() {
            let connection = EndpointConfig { server: None, options: ConnectionOptions::default() };
            let own = known.provider.connect(&known.spec, connection).map_err(|error| unconnected(&error))?;
            return Ok(Arc::new(Backend::unpaced(known.provider, costs, own)));
        }
        let Some(connection) = connections.of(known.provider) else {
            return Err(EngineError::UnknownModel(model.id.clone()));
        };
        let endpoint_count = match mode {
            RunMode::Live => usize::MAX,
            RunMode::Batch => 1,
        };
        let concurrency = options.concurrency;
        let mut servers = connection.servers(&known, options)?;
        servers.truncate(endpoint_count);
        for server in &mut servers {
            // The run's concurrency applies to the first endpoint; an additional one may have a lower limit of its own.
            let own = server
                .bounds
                .concurrency
                .filter(|own| server.is_additional && concurrency.is_none_or(|all| *own < all));
            server.bounds.concurrency = own.or(concurrency);
        }
        let all: Vec<(EndpointId, Bounds)> = servers.iter().map(|server| (server.id.clone(), server.bounds)).collect();
        let endpoints = servers.into_iter().map(|server| {
            // If the same endpoint is configured twice, the strictest of its limits apply.
            let same = all.iter().filter(|(id, _)| *id == server.id);
            let bounds = same.fold(Bounds::default(), |bounds, (_, other)| bounds.stricter(*other));
            let limiter = self.limiter(&server.id, bounds);
            PacedEndpoint::new(server.id, server.name, server.endpoint, limiter, server.price_percent)
        });
        let unused = if mode == RunMode::Live { connection.unused() } else { Vec::new() };
        let pause = Duration::from_millis(options.pause_millis.unwrap_or(0).into());
        let slots = concurrency.map(|count| Slots::new(count, pause));
        let moved = Arc::clone(&self.moved);
        Ok(Arc::new(Backend::paced(known.provider, costs, endpoints.collect(), unused, slots, moved)))
    }

    fn limiter(&self, id: &EndpointId, bounds: Bounds) -> Arc<RateLimiter> {
        let mut limiters = lock(&self.limiters);
        let limiter =
            limiters.entry(id.clone()).or_insert_with(|| Arc::new(RateLimiter::new(bounds, Arc::clone(&self.moved))));
        limiter.set_bounds(bounds);
        Arc::clone(limiter)
    }
}
