//! The servers that a run's requests are spread over: the one of the connection, and the additional endpoints that the user
//! has set up beside it. One that cannot be used is left out, and says why where endpoints are shown.

use std::sync::Arc;

use domain::connection::{ConnectionCheck, FurtherConnection, KeyPlace};
use domain::endpoint::{EndpointFailure, EndpointId, EndpointProblem};
use domain::run_options::RunOptions;
use domain::settings::{FurtherRoute, RouteLimits, Settings};
use keys::{Environment, Source};
use prepare::ContentHash;
use providers::base_url::{BaseUrl, Key};
use providers::provider::{ConnectionOptions, Endpoint, EndpointConfig};
use providers::registry;
use zeroize::Zeroizing;

use crate::backend::{Bounds, PricePercents, ProvidedModel};
use crate::connection::{Way, check, destination_name, unconnected, unusable};
use crate::library::Library;
use crate::{EngineError, Result};

/// Characters of a key's fingerprint: enough to tell the keys of a person apart, too few to find a key by.
const FINGERPRINT_LENGTH: usize = 8;

/// One server, and what a person has set for it.
pub struct Server {
    pub id: EndpointId,
    pub name: String,
    pub endpoint: Arc<dyn Endpoint>,
    pub bounds: Bounds,
    pub price_percent: u16,
    /// Whether it is an additional endpoint.
    pub is_further: bool,
}

/// An additional endpoint, with its key when there is one.
pub struct Further {
    route: FurtherRoute,
    server: std::result::Result<BaseUrl, String>,
    key: Option<(Zeroizing<String>, KeyPlace)>,
    /// Why it is not used, whatever its key.
    unavailable: Option<String>,
}

impl Way {
    /// Every server that requests may be spread over, the one of the connection first, and held to what `options` say.
    pub fn servers(&self, model: &ProvidedModel, options: &RunOptions) -> Result<Vec<Server>> {
        let endpoint = self.connect(model)?;
        let mut servers = vec![Server {
            id: self.endpoint_id().unwrap_or_default(),
            name: endpoint.base_url().map(destination_name).unwrap_or_default(),
            endpoint,
            bounds: bounds(options.concurrency, options.limits),
            price_percent: PricePercents::LIST.dearest,
            is_further: false,
        }];
        for further in self.further() {
            servers.extend(further.open(self, model)?);
        }
        Ok(servers)
    }
}

impl Way {
    /// All endpoints that may be used, each with what a person has set for it.
    pub fn endpoints(&self, options: &RunOptions) -> Vec<(EndpointId, Bounds)> {
        let own = self.endpoint_id().map(|id| (id, bounds(options.concurrency, options.limits)));
        let further = self.further().iter().filter(|further| further.is_usable()).filter_map(|further| {
            let (Ok(server), Some((secret, _))) = (&further.server, &further.key) else { return None };
            Some((endpoint_id(server, secret), bounds(further.route.concurrency, further.route.limits)))
        });
        own.into_iter().chain(further).collect()
    }

    /// Additional endpoints that are set up and cannot be used, with the reason.
    pub fn unused(&self) -> Vec<(String, EndpointFailure)> {
        let unused = self.further().iter().filter_map(|further| {
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
        let further = self.further().iter().filter(|further| further.is_usable());
        PricePercents::of(
            std::iter::once(PricePercents::LIST.dearest).chain(further.map(|further| further.route.price_percent)),
        )
    }
}

impl Further {
    fn is_usable(&self) -> bool {
        self.server.is_ok() && self.key.is_some() && self.unavailable.is_none()
    }

    /// `None` when it cannot be used.
    fn open(&self, way: &Way, model: &ProvidedModel) -> Result<Option<Server>> {
        let (Ok(server), Some((secret, _)), None) = (&self.server, &self.key, &self.unavailable) else {
            return Ok(None);
        };
        let model_prefix = self.route.model_prefix.clone();
        let options = ConnectionOptions { model_prefix, ..way.connection_options(server) };
        Ok(Some(Server {
            id: endpoint_id(server, secret),
            name: self.route.name.clone(),
            endpoint: connect(model, server, secret, options)?,
            bounds: bounds(self.route.concurrency, self.route.limits),
            price_percent: self.route.price_percent,
            is_further: true,
        }))
    }

    /// As it is shown.
    pub fn connection(&self) -> FurtherConnection {
        FurtherConnection {
            name: self.route.name.clone(),
            host: self.server.as_ref().map(destination_name).unwrap_or_default(),
            key: self.key.as_ref().map(|(_, place)| *place),
            key_variable: self.route.key_variable(),
            problem: self.server.as_ref().err().or(self.unavailable.as_ref()).cloned(),
        }
    }
}

impl Library {
    /// The additional endpoints as they are set up. Blocks as the keychain does.
    pub(crate) fn further_routes(&self, settings: &Settings) -> Vec<Further> {
        settings.further_routes.iter().map(|route| self.further_route(route, settings)).collect()
    }

    fn further_route(&self, route: &FurtherRoute, settings: &Settings) -> Further {
        let server = BaseUrl::parse(&route.base_url).map_err(|error| format!("{}: {error}", route.base_url));
        let (mut key, mut unavailable) = (None, None);
        if let Ok(server) = &server {
            match self.endpoint_key(route, server, settings) {
                Ok(found) => key = found,
                Err(problem) => unavailable = Some(problem),
            }
            if let Some((secret, _)) = &key
                && let Err(error) = Key::for_server(secret, server)
            {
                unavailable = Some(error.to_string());
            }
            unavailable = self::unavailable(server, settings).or(unavailable);
        }
        Further { route: route.clone(), server, key, unavailable }
    }

    /// The key that was given for this invocation, or else the one in the variable of this endpoint, or else the one that was
    /// entered for its server.
    fn endpoint_key(
        &self,
        route: &FurtherRoute,
        server: &BaseUrl,
        settings: &Settings,
    ) -> std::result::Result<Option<(Zeroizing<String>, KeyPlace)>, String> {
        let environment = self.environment();
        let Ok(environment) = environment.as_ref() else { return Ok(None) };
        if let Some(given) = environment.endpoint_keys().iter().find(|given| given.endpoint == route.name) {
            return Ok(Some((given.secret.clone(), KeyPlace::CommandLine)));
        }
        let variable = route.key_variable();
        if keys::VARIABLES.contains(&variable.as_str()) {
            let provider = registry::default().descriptor().name;
            return Err(format!(
                "{variable} belongs to the connection to {provider}: name another variable in key_env"
            ));
        }
        match environment.key_in(&variable).map_err(|error| error.to_string())? {
            None => Ok(self.key_for(server)),
            Some(_) if shares_variable(route, server, settings) => {
                Err(format!("{variable} stands for several endpoints: name a variable for each in key_env"))
            }
            Some((secret, Source::Variable)) => Ok(Some((secret, KeyPlace::Variable))),
            Some((secret, Source::DotEnv)) => Ok(Some((secret, KeyPlace::DotEnv))),
        }
    }

    /// Fails when a key was given for an endpoint that is not in the settings.
    pub fn check_endpoint_keys(&self) -> Result<()> {
        let environment = self.environment();
        let Ok(environment) = environment.as_ref() else { return Ok(()) };
        let known: Vec<String> = self.settings_in_force()?.further_routes.into_iter().map(|route| route.name).collect();
        match environment.endpoint_keys().iter().find(|given| !known.contains(&given.endpoint)) {
            Some(given) => Err(EngineError::UnknownEndpoint { asked: given.endpoint.clone(), known }),
            None => Ok(()),
        }
    }

    /// Asks every additional endpoint that is used for its models. Sends no image and costs nothing.
    pub(crate) async fn check_endpoints(self: &Arc<Self>) -> Result<Vec<(String, ConnectionCheck)>> {
        let library = Arc::clone(self);
        let way = tokio::task::spawn_blocking(move || library.way()).await.map_err(|_| EngineError::TaskLost)??;
        let mut checks = Vec::new();
        let model = way.tried_model()?;
        for further in way.further() {
            let name = further.route.name.clone();
            match further.open(&way, &model) {
                Ok(Some(server)) => checks.push((name, check(&*server.endpoint, way.suggested_model()).await)),
                Ok(None) => {}
                Err(error) => checks.push((name, ConnectionCheck::Unusable { detail: error.to_string() })),
            }
        }
        Ok(checks)
    }

    /// Variables of the environment that may hold the key of an endpoint.
    pub(crate) fn endpoint_key_variables(&self, settings: &Settings) -> Vec<String> {
        let environment = self.environment();
        let given = environment.iter().flat_map(Environment::endpoint_keys);
        let given = given.filter_map(|given| given.variable.clone());
        settings.further_routes.iter().map(FurtherRoute::key_variable).chain(given).collect()
    }
}

/// Whether the variable of `route`, which is made of its name, is that of an endpoint elsewhere too: each key is sent to one
/// server.
fn shares_variable(route: &FurtherRoute, server: &BaseUrl, settings: &Settings) -> bool {
    let is_elsewhere =
        |other: &FurtherRoute| BaseUrl::parse(&other.base_url).is_ok_and(|its| its.origin() != server.origin());
    route.key_env.is_none()
        && settings
            .further_routes
            .iter()
            .any(|other| other.key_variable() == route.key_variable() && is_elsewhere(other))
}

/// Why nothing may be sent to `server`.
fn unavailable(server: &BaseUrl, settings: &Settings) -> Option<String> {
    if settings.is_local_only && !server.is_loopback() {
        return Some("nothing may be sent to another machine".into());
    }
    let name = destination_name(server);
    (!settings.agreed_hosts.contains(&name)).then(|| {
        format!("it is not agreed yet that images are sent to {name}: agree in the window's settings, or add it to agreed_hosts")
    })
}

fn bounds(concurrency: Option<u32>, limits: RouteLimits) -> Bounds {
    Bounds {
        concurrency,
        requests_per_minute: limits.requests,
        input_tokens_per_minute: limits.input_tokens,
        output_tokens_per_minute: limits.output_tokens,
    }
}

/// The server with this key.
pub fn endpoint_id(server: &BaseUrl, secret: &str) -> EndpointId {
    let base_url = server.to_string();
    let mut key_fingerprint = ContentHash::of(format!("{base_url}\n{}", secret.trim()).as_bytes()).to_string();
    key_fingerprint.truncate(FINGERPRINT_LENGTH);
    EndpointId { base_url, key_fingerprint }
}

/// An endpoint of `model` at `server`, with its key.
pub fn connect(
    model: &ProvidedModel,
    server: &BaseUrl,
    secret: &Zeroizing<String>,
    options: ConnectionOptions,
) -> Result<Arc<dyn Endpoint>> {
    let key = Key::for_server(secret, server).map_err(|error| unusable(&error))?;
    let connection = EndpointConfig { server: Some((server.clone(), key)), options };
    model.provider.connect(&model.spec, connection).map_err(|error| unconnected(&error))
}
