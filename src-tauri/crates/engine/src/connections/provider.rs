//! The connection to one provider: what the settings, the environment and the keychain say together.

use std::sync::Arc;

use domain::connection::{KeyPlace, SettingSource};
use domain::endpoint::{EndpointFailure, EndpointId, EndpointProblem};
use domain::model::{Destination, Model, ModelId, Unavailable};
use domain::run_options::RunOptions;
use domain::settings::Settings;
use providers::base_url::BaseUrl;
use providers::provider::{Endpoint, Host, Provider};
use zeroize::Zeroizing;

use super::endpoints::{self, AdditionalEndpoint, ServerEndpoint, bounds, endpoint_id, options_at};
use super::{destination_name, unusable};
use crate::backend::PricePercents;
use crate::backend::limiter::Bounds;
use crate::clock::today;
use crate::provided::{self, ProvidedModel};
use crate::{EngineError, Result};

/// The connections to all providers, as they are at one moment. Holds the keys.
pub struct ProviderConnections {
    pub(super) settings: Arc<Settings>,
    /// Images at once; `None` is found out.
    pub(super) concurrency: (Option<u32>, SettingSource),
    /// In the order of the registry.
    pub(super) each: Vec<ProviderConnection>,
}

impl ProviderConnections {
    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The connection to `provider`; `None` where the provider is this computer.
    pub fn of(&self, provider: &dyn Provider) -> Option<&ProviderConnection> {
        let id = provider.descriptor().id;
        self.each.iter().find(|connection| connection.provider.descriptor().id == id)
    }

    /// The connection to the provider of `model`; `None` where that is this computer, or no provider has it.
    pub fn of_model(&self, model: &ModelId) -> Option<&ProviderConnection> {
        provided::find(model).and_then(|found| self.of(found.provider))
    }

    /// The model that is chosen when the user has not chosen one, and whether it can be asked: that of the first provider
    /// with a key, or else of the default provider.
    pub fn suggested_model(&self) -> Option<(&ModelId, bool)> {
        let with_key = self.each.iter().find(|connection| connection.has_key());
        with_key.or(self.each.first()).map(|connection| (connection.suggested_model(), connection.has_key()))
    }

    /// Where the pixels go that `provider` is sent.
    pub fn destination(&self, provider: &dyn Provider) -> Destination {
        self.of(provider).map_or(Destination::ThisMachine, ProviderConnection::destination)
    }

    /// Why `model` cannot be used now.
    pub fn unavailable(&self, model: &Model) -> Option<Unavailable> {
        let host = model.destination.host()?;
        if self.settings.is_local_only && model.destination.is_elsewhere() {
            return Some(Unavailable::LocalOnly);
        }
        if let Some(on) = model.retires.filter(|_| model.is_retired(today())) {
            return Some(Unavailable::Retired { on });
        }
        self.of_model(&model.id)?.unavailable(host)
    }

    /// The host that is sent images of `model` without the user having agreed to that; `None` when all is agreed.
    pub fn not_agreed(&self, model: &Model) -> Option<String> {
        let host = model.destination.host()?.to_owned();
        (!self.settings.agreed_hosts.contains(&host)).then_some(host)
    }

    /// `options` of a run of `model`, and where they say nothing, what the environment and the settings say.
    pub fn complete(&self, _model: &ModelId, options: RunOptions) -> RunOptions {
        options.completed_by(&self.settings)
    }
}

/// The connection to a provider as it is at one moment. Holds the key.
pub struct ProviderConnection {
    pub(super) provider: &'static dyn Provider,
    pub(super) base_url: (String, SettingSource),
    pub(super) server: std::result::Result<BaseUrl, String>,
    pub(super) key: Option<(Zeroizing<String>, KeyPlace)>,
    /// Why the key of the environment is not sent there.
    pub(super) withheld: Option<String>,
    pub(super) model: (ModelId, SettingSource),
    pub(super) settings: Arc<Settings>,
    pub(super) additional: Vec<AdditionalEndpoint>,
}

impl ProviderConnection {
    /// What cannot be used, in words; `None` when all can.
    pub(super) fn problem(&self) -> Option<String> {
        self.server.as_ref().err().cloned()
    }

    /// The model that is chosen when the user has not chosen one.
    pub fn suggested_model(&self) -> &ModelId {
        &self.model.0
    }

    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Where pixels go: to the server as it is set up, or to the vendor's own when that is unusable.
    fn destination(&self) -> Destination {
        let Host::Server { base_url } = self.provider.descriptor().host else { return Destination::ThisMachine };
        let vendor = || BaseUrl::parse(base_url).ok();
        let server = self.server.as_ref().ok().cloned().or_else(vendor).map(|server| server.destination());
        // An address in a descriptor can be read; a test sees to that.
        server.unwrap_or(Destination::Host { name: base_url.to_owned(), is_on_this_machine: false })
    }

    /// Why nothing can be sent to `host`, which is where it leads.
    fn unavailable(&self, host: &str) -> Option<Unavailable> {
        if let Some(detail) = self.problem() {
            return Some(Unavailable::Unusable { detail });
        }
        self.key.is_none().then(|| self.no_key(host))
    }

    fn no_key(&self, host: &str) -> Unavailable {
        match &self.withheld {
            Some(detail) => Unavailable::Unusable { detail: detail.clone() },
            None => Unavailable::NoKey { host: host.to_owned() },
        }
    }

    /// The endpoint at the server as it is set up, for `model`.
    pub(super) fn connect(&self, model: &ProvidedModel) -> Result<Arc<dyn Endpoint>> {
        let server = self.server.as_ref().map_err(unusable)?;
        let host = destination_name(server);
        let (secret, _) = self.key.as_ref().ok_or_else(|| EngineError::Unavailable(self.no_key(&host)))?;
        endpoints::connect(model, server, secret, options_at(server, &self.settings))
    }

    /// The model that connections are tried with: the one that is chosen when the user has not chosen one.
    pub(super) fn tried_model(&self) -> Result<ProvidedModel> {
        provided::known(self.suggested_model())
    }

    /// The server as it is set up, with its key.
    pub(super) fn endpoint_id(&self) -> Option<EndpointId> {
        let (secret, _) = self.key.as_ref()?;
        Some(endpoint_id(self.server.as_ref().ok()?, secret))
    }

    /// Of the server as it is set up.
    pub fn origin(&self) -> Option<String> {
        self.server.as_ref().ok().map(BaseUrl::origin)
    }

    /// Every server that requests may be spread over, the one of the connection first, and held to what `options` say.
    pub fn servers(&self, model: &ProvidedModel, options: &RunOptions) -> Result<Vec<ServerEndpoint>> {
        let endpoint = self.connect(model)?;
        let mut servers = vec![ServerEndpoint {
            id: self.endpoint_id().unwrap_or_default(),
            name: endpoint.base_url().map(destination_name).unwrap_or_default(),
            endpoint,
            bounds: bounds(options.concurrency, options.limits),
            price_percent: PricePercents::LIST.dearest,
            is_additional: false,
        }];
        for further in &self.additional {
            servers.extend(further.open(model)?);
        }
        Ok(servers)
    }

    /// All endpoints that may be used, each with what a person has set for it.
    pub fn endpoints(&self, options: &RunOptions) -> Vec<(EndpointId, Bounds)> {
        let own = self.endpoint_id().map(|id| (id, bounds(options.concurrency, options.limits)));
        let further = self.additional.iter().filter(|further| further.is_usable()).filter_map(|further| {
            let (Ok(server), Some((secret, _))) = (&further.server, &further.key) else { return None };
            Some((endpoint_id(server, secret), bounds(further.route.concurrency, further.route.limits)))
        });
        own.into_iter().chain(further).collect()
    }

    /// Additional endpoints that are set up and cannot be used, with the reason.
    pub fn unused(&self) -> Vec<(String, EndpointFailure)> {
        let unused = self.additional.iter().filter_map(|further| {
            let connection = further.connection();
            let is_keyless = connection.problem.is_none();
            let problem = if is_keyless { EndpointProblem::NoKey } else { EndpointProblem::Unusable };
            let detail = connection.why_unused()?;
            Some((connection.name, EndpointFailure { problem, detail, again_in_millis: None }))
        });
        unused.collect()
    }

    /// What requests cost on all servers that may be used, in percent of the list price.
    pub fn price_percents(&self) -> PricePercents {
        let further = self.additional.iter().filter(|further| further.is_usable());
        PricePercents::of(
            std::iter::once(PricePercents::LIST.dearest).chain(further.map(|further| further.route.price_percent)),
        )
    }
}
