//! The connection to one provider, combined from the settings, the environment and the keychain.

use std::sync::Arc;

use domain::connection::{Connection, FieldKind, OwnModels, ProviderDescription, ProviderField, SettingSource};
use domain::endpoint::{EndpointFailure, EndpointId, EndpointProblem};
use domain::model::{Destination, Model, ModelId, Unavailable};
use domain::run_options::RunOptions;
use domain::settings::{ModelSettings, ProviderSettings, Settings};
use providers::base_url::BaseUrl;
use providers::catalog::ModelSpec;
use providers::provider::{ConnectionField, Endpoint, Provider};

use super::endpoints::{self, AdditionalEndpoint, ServerEndpoint, bounds, endpoint_id, options_at};
use super::key_lookup::{PlacedKey, is_about};
use super::{destination_name, unusable};
use crate::backend::PricePercents;
use crate::backend::limiter::Bounds;
use crate::provided::{self, ProvidedModel};
use crate::{EngineError, Result};

/// A snapshot of the connections to all providers. Holds the keys.
pub struct ProviderConnections {
    pub(super) settings: Arc<Settings>,
    /// `None` is automatic.
    pub(super) concurrency: (Option<u32>, SettingSource),
    /// In registry order.
    pub(super) each: Vec<ProviderConnection>,
}

impl ProviderConnections {
    /// The effective settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The connection to `provider`; `None` if it runs on this computer.
    pub fn of(&self, provider: &dyn Provider) -> Option<&ProviderConnection> {
        let id = provider.descriptor().id;
        self.each.iter().find(|connection| connection.provider.descriptor().id == id)
    }

    /// The connection to the provider of `model`; `None` if that runs on this computer, or the model is unknown.
    pub fn of_model(&self, model: &ModelId) -> Option<&ProviderConnection> {
        self.find(model).and_then(|found| self.of(found.provider))
    }

    /// The model with this id: of a catalogue, or of a server with models of its own.
    pub fn find(&self, id: &ModelId) -> Option<ProvidedModel> {
        self.each.iter().find_map(|connection| connection.find(id)).or_else(|| provided::find(id))
    }

    /// Like [`ProviderConnections::find`].
    ///
    /// # Errors
    /// If no provider has it.
    pub fn known(&self, id: &ModelId) -> Result<ProvidedModel> {
        self.find(id).ok_or_else(|| EngineError::UnknownModel(id.clone()))
    }

    /// The models of `provider`.
    pub fn models_of(&self, provider: &dyn Provider) -> Vec<Arc<ModelSpec>> {
        self.of(provider).map_or_else(|| provider.catalog().models.clone(), |own| own.models.clone())
    }

    /// The default model, and whether it is available: that of the first provider with a key, otherwise of the default
    /// provider.
    pub fn suggested_model(&self) -> Option<(&ModelId, bool)> {
        let usable = self.each.iter().find(|connection| connection.is_usable());
        usable.or(self.each.first()).map(|connection| (connection.suggested_model(), connection.is_usable()))
    }

    /// Where images for `provider` are sent.
    pub fn destination(&self, provider: &dyn Provider) -> Destination {
        self.of(provider).map_or(Destination::ThisMachine, ProviderConnection::destination)
    }

    /// Why `model` is unavailable now.
    pub fn unavailable(&self, model: &Model) -> Option<Unavailable> {
        let host = model.destination.host()?;
        if self.settings.is_local_only && model.destination.is_elsewhere() {
            return Some(Unavailable::LocalOnly);
        }
        self.of_model(&model.id)?.unavailable(host)
    }

    /// Whether the model is another provider's, and the user has no key for the one that resells it.
    pub fn is_resold_without_key(&self, model: &Model) -> bool {
        self.of_model(&model.id).is_some_and(|connection| {
            let resells = connection.provider.descriptor().capabilities.resells;
            resells && connection.key.is_none() && connection.withheld.is_none()
        })
    }

    /// The host that would receive images for `model` without the user's consent; `None` if no consent is missing.
    pub fn not_agreed(&self, model: &Model) -> Option<String> {
        let host = model.destination.host()?.to_owned();
        (!self.settings.agreed_hosts.contains(&host)).then_some(host)
    }

    /// Completes `options` for a run of `model` from the environment and the settings.
    pub fn complete(&self, model: &ModelId, options: RunOptions) -> RunOptions {
        let connection = self.of_model(model);
        options.completed_by(&self.settings.run, connection.and_then(ProviderConnection::set))
    }
}

/// A snapshot of the connection to a provider. Holds the key.
pub struct ProviderConnection {
    pub(super) provider: &'static dyn Provider,
    pub(super) base_url: (String, SettingSource),
    pub(super) server: std::result::Result<BaseUrl, String>,
    pub(super) key: Option<PlacedKey>,
    /// Why the key from the environment is not sent to the server.
    pub(super) withheld: Option<String>,
    pub(super) model: (ModelId, SettingSource),
    /// Those of the catalogue, then those of the server.
    pub(super) models: Vec<Arc<ModelSpec>>,
    /// Of a server with models of its own, as they are shown.
    pub(super) own_models: Option<OwnModels>,
    pub(super) settings: Arc<Settings>,
    pub(super) additional: Vec<AdditionalEndpoint>,
}

impl ProviderConnection {
    /// The user's settings for this provider, if any.
    pub(super) fn set(&self) -> Option<&ProviderSettings> {
        self.settings.provider(self.provider.descriptor().id)
    }

    /// The environment variable that may hold its key.
    fn key_variable(&self) -> Option<String> {
        let usual = || self.provider.descriptor().variable(FieldKind::Key).map(ToOwned::to_owned);
        self.set().and_then(|set| set.key_env.clone()).or_else(usual)
    }

    /// The price at the configured server, in percent of the list price.
    pub fn own_price_percent(&self) -> u16 {
        let set = self.set().filter(|set| self.server.as_ref().is_ok_and(|server| is_about(set, server)));
        set.map_or(PricePercents::LIST.dearest, |set| set.price_percent)
    }

    /// What is invalid, as text; `None` if nothing is.
    pub(super) fn problem(&self) -> Option<String> {
        self.server.as_ref().err().cloned()
    }

    /// The default model.
    pub fn suggested_model(&self) -> &ModelId {
        &self.model.0
    }

    /// Whether there is a model, and the key that it needs.
    pub fn is_usable(&self) -> bool {
        let needs_nothing = || !self.needs_key() && self.server.is_ok();
        !self.models.is_empty() && (self.key.is_some() || needs_nothing())
    }

    /// Whether the server does nothing without a key.
    pub(super) fn needs_key(&self) -> bool {
        let fields = self.provider.descriptor().fields;
        fields.iter().any(|field| field.kind == FieldKind::Key && field.is_required)
    }

    fn find(&self, id: &ModelId) -> Option<ProvidedModel> {
        let spec = self.models.iter().find(|spec| spec.id == id.0)?;
        Some(ProvidedModel { provider: self.provider, spec: Arc::clone(spec) })
    }

    /// Where images are sent: the configured server, or the vendor's own if that is invalid.
    fn destination(&self) -> Destination {
        if self.provider.descriptor().is_on_this_computer() {
            return Destination::ThisMachine;
        }
        let base_url = self.provider.descriptor().vendor_url();
        let vendor = || BaseUrl::parse(&base_url).ok();
        let server = self.server.as_ref().ok().cloned().or_else(vendor).map(|server| server.destination());
        // Addresses in descriptors are valid; a test checks this.
        server.unwrap_or(Destination::Host { name: base_url, is_on_this_machine: false })
    }

    /// Why nothing can be sent to `host`, the configured server.
    fn unavailable(&self, host: &str) -> Option<Unavailable> {
        if let Some(detail) = self.problem() {
            return Some(Unavailable::Unusable { detail });
        }
        (self.key.is_none() && self.needs_key()).then(|| self.no_key(host))
    }

    fn no_key(&self, host: &str) -> Unavailable {
        match &self.withheld {
            Some(detail) => Unavailable::Unusable { detail: detail.clone() },
            None => Unavailable::NoKey { host: host.to_owned(), variable: self.key_variable() },
        }
    }

    /// Connects to `model` at the configured server.
    pub(super) fn connect(&self, model: &ProvidedModel) -> Result<Arc<dyn Endpoint>> {
        let server = self.server.as_ref().map_err(unusable)?;
        let host = destination_name(server);
        if self.key.is_none() && self.needs_key() {
            return Err(EngineError::Unavailable(self.no_key(&host)));
        }
        let secret = self.key.as_ref().map(|(secret, _)| secret);
        endpoints::connect(model, server, secret, options_at(server, self.set(), &self.settings))
    }

    /// The model used in connection tests: the default model, or any of a server whose models are not known yet.
    pub(super) fn tried_model(&self) -> Result<ProvidedModel> {
        let id = self.suggested_model();
        let any = || self.provider.described(&ModelSettings::new(&id.0)).map(Arc::new);
        let any = || Some(ProvidedModel { provider: self.provider, spec: any()? });
        self.find(id).or_else(any).ok_or_else(|| EngineError::UnknownModel(id.clone()))
    }

    /// Identifies the configured server with its key.
    pub(super) fn endpoint_id(&self) -> Option<EndpointId> {
        if self.key.is_none() && self.needs_key() {
            return None;
        }
        let secret = self.key.as_ref().map_or("", |(secret, _)| secret);
        Some(endpoint_id(self.server.as_ref().ok()?, secret))
    }

    /// The origin of the configured server.
    pub fn origin(&self) -> Option<String> {
        self.server.as_ref().ok().map(BaseUrl::origin)
    }

    /// Every server that requests may be spread over, with the limits of `options`, the connection's own first.
    pub fn servers(&self, model: &ProvidedModel, options: &RunOptions) -> Result<Vec<ServerEndpoint>> {
        let endpoint = self.connect(model)?;
        let mut servers = vec![ServerEndpoint {
            id: self.endpoint_id().unwrap_or_default(),
            name: endpoint.base_url().map(destination_name).unwrap_or_default(),
            endpoint,
            bounds: bounds(options.concurrency, options.limits),
            price_percent: self.own_price_percent(),
            is_additional: false,
        }];
        for additional in &self.additional {
            servers.extend(additional.open(model)?);
        }
        Ok(servers)
    }

    /// All usable endpoints, each with the user's limits.
    pub fn endpoints(&self, options: &RunOptions) -> Vec<(EndpointId, Bounds)> {
        let own = self.endpoint_id().map(|id| (id, bounds(options.concurrency, options.limits)));
        let additional = self.additional.iter().filter(|additional| additional.is_usable()).filter_map(|additional| {
            let (Ok(server), Some((secret, _))) = (&additional.server, &additional.key) else { return None };
            Some((endpoint_id(server, secret), bounds(additional.set.concurrency, additional.set.limits)))
        });
        own.into_iter().chain(additional).collect()
    }

    /// Additional endpoints that cannot be used, with the reason.
    pub fn unused(&self) -> Vec<(String, EndpointFailure)> {
        let unused = self.additional.iter().filter_map(|additional| {
            let connection = additional.connection();
            let is_keyless = connection.problem.is_none();
            let problem = if is_keyless { EndpointProblem::NoKey } else { EndpointProblem::Unusable };
            let detail = connection.why_unused()?;
            Some((connection.name, EndpointFailure { problem, detail, again_in_millis: None }))
        });
        unused.collect()
    }

    /// The prices at all usable servers, in percent of the list price.
    pub fn price_percents(&self) -> PricePercents {
        let additional = self.additional.iter().filter(|additional| additional.is_usable());
        PricePercents::of(
            std::iter::once(self.own_price_percent()).chain(additional.map(|additional| additional.set.price_percent)),
        )
    }

    /// The connection as shown to the user.
    pub(super) fn shown(&self) -> Connection {
        let models = self.models.iter().map(|spec| ModelId(spec.id.clone())).collect();
        let provider = ProviderDescription { models, ..describe(self.provider) };
        let server = self.server.as_ref().ok();
        let set_name = self.set().and_then(|set| set.name.clone());
        Connection {
            name: set_name.unwrap_or_else(|| provider.name.clone()),
            base_url: self.base_url.0.clone(),
            base_url_from: self.base_url.1,
            region: self.provider.descriptor().region_of(&self.base_url.0).map(ToOwned::to_owned),
            host: server.map(destination_name).unwrap_or_default(),
            is_on_this_machine: server.is_some_and(BaseUrl::is_loopback),
            key: self.key.as_ref().map(|(_, place)| *place),
            key_variable: self.key_variable(),
            key_withheld: self.withheld.clone(),
            model: self.model.0.clone(),
            model_from: self.model.1,
            own_models: self.own_models.clone(),
            endpoints: self.additional.iter().map(AdditionalEndpoint::connection).collect(),
            problem: self.problem(),
            provider,
        }
    }
}

/// The description of `provider`.
pub(super) fn describe(provider: &dyn Provider) -> ProviderDescription {
    let descriptor = provider.descriptor();
    let field = |field: &ConnectionField| ProviderField {
        kind: field.kind,
        variable: field.variable.to_owned(),
        is_required: field.is_required,
    };
    ProviderDescription {
        id: descriptor.id.to_owned(),
        name: descriptor.name.to_owned(),
        documentation_url: descriptor.documentation_url.map(ToOwned::to_owned),
        fields: descriptor.fields.iter().map(field).collect(),
        has_batches: descriptor.capabilities.batches,
        has_discovery: descriptor.capabilities.discovery,
        models: provider.catalog().models.iter().map(|model| ModelId(model.id.clone())).collect(),
    }
}
