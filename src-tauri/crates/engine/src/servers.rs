//! The servers that a run's requests are spread over: the one for Claude, and the further routes that a person has set up
//! beside it. A further route that cannot be used is left out, and says why where routes are shown.

use domain::connection::{FurtherConnection, KeyPlace};
use domain::model::Destination;
use domain::run_options::RunOptions;
use domain::settings::{FurtherRoute, RouteLimits, Settings};
use provider::client::{Client, ClientOptions, Timeouts};
use provider::server::{BaseUrl, Key};
use zeroize::Zeroizing;

use crate::Result;
use crate::connection::{Way, destination_name, unusable};
use crate::library::Library;
use crate::route::Bounds;

/// What the server for Claude charges, in percent of its own list.
const LIST_PERCENT: u16 = 100;

/// One server, and what a person has set for it.
pub struct Server {
    pub name: String,
    pub client: Client,
    pub bounds: Bounds,
    pub price_percent: u16,
    /// Whether it stands beside the one for Claude.
    pub is_further: bool,
}

/// What requests cost on the cheapest and the dearest of several ways, in percent of the list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricePercents {
    pub cheapest: u16,
    pub dearest: u16,
}

impl PricePercents {
    pub const LIST: Self = Self { cheapest: LIST_PERCENT, dearest: LIST_PERCENT };

    pub fn of(percents: impl Iterator<Item = u16>) -> Self {
        let wider = |all: Option<Self>, percent: u16| {
            Some(all.map_or(Self { cheapest: percent, dearest: percent }, |all| Self {
                cheapest: all.cheapest.min(percent),
                dearest: all.dearest.max(percent),
            }))
        };
        percents.fold(None, wider).unwrap_or(Self::LIST)
    }
}

/// A further route, with its key when there is one.
pub struct Further {
    route: FurtherRoute,
    server: std::result::Result<BaseUrl, String>,
    key: Option<(Zeroizing<String>, KeyPlace)>,
    hindrance: Option<String>,
}

impl Way {
    /// Every server that requests may be spread over, the one for Claude first, and held to what `options` say.
    pub fn servers(&self, options: &RunOptions) -> Result<Vec<Server>> {
        let client = self.client()?;
        let mut servers = vec![Server {
            name: destination_name(client.server()),
            client,
            bounds: bounds(options.concurrency, options.limits),
            price_percent: LIST_PERCENT,
            is_further: false,
        }];
        for further in self.further() {
            servers.extend(further.open(self.timeouts())?);
        }
        Ok(servers)
    }
}

impl Way {
    /// The origins of all servers that may be used, each with what a person has set for it.
    pub fn endpoints(&self, options: &RunOptions) -> Vec<(String, Bounds)> {
        let own = self.origin().map(|origin| (origin, bounds(options.concurrency, options.limits)));
        let further = self.further().iter().filter(|further| further.is_usable()).filter_map(|further| {
            let server = further.server.as_ref().ok()?;
            Some((server.origin(), bounds(further.route.concurrency, further.route.limits)))
        });
        own.into_iter().chain(further).collect()
    }

    /// What requests cost on all servers that may be used, in percent of the list price.
    pub fn price_percents(&self) -> PricePercents {
        let further = self.further().iter().filter(|further| further.is_usable());
        PricePercents::of(std::iter::once(LIST_PERCENT).chain(further.map(|further| further.route.price_percent)))
    }
}

impl Further {
    fn is_usable(&self) -> bool {
        self.server.is_ok() && self.key.is_some() && self.hindrance.is_none()
    }

    /// `None` when it cannot be used.
    fn open(&self, timeouts: Timeouts) -> Result<Option<Server>> {
        let (Ok(server), Some((secret, _)), None) = (&self.server, &self.key, &self.hindrance) else { return Ok(None) };
        let model_prefix = self.route.model_prefix.clone();
        let options = ClientOptions { model_prefix, timeouts, ..ClientOptions::default() };
        Ok(Some(Server {
            name: self.route.name.clone(),
            client: client(server, secret, &options)?,
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
            problem: self.server.as_ref().err().or(self.hindrance.as_ref()).cloned(),
        }
    }
}

impl Library {
    /// The further routes as they are set up. Blocks as the keychain does.
    pub(crate) fn further_routes(&self, settings: &Settings) -> Vec<Further> {
        let each = settings.further_routes.iter().map(|route| {
            let server = BaseUrl::parse(&route.base_url).map_err(|error| format!("{}: {error}", route.base_url));
            let hindrance = server.as_ref().ok().and_then(|server| hindrance(server, settings));
            let key = server.as_ref().ok().and_then(|server| self.key_for(server));
            Further { route: route.clone(), server, key, hindrance }
        });
        each.collect()
    }
}

/// Why nothing may be sent to `server`.
fn hindrance(server: &BaseUrl, settings: &Settings) -> Option<String> {
    let Destination::Host { name, is_on_this_machine } = server.destination() else { return None };
    if settings.is_local_only && !is_on_this_machine {
        return Some("nothing may be sent to another machine".into());
    }
    (!settings.agreed_hosts.contains(&name)).then(|| format!("it is not agreed yet that images are sent to {name}"))
}

fn bounds(at_once: Option<u32>, limits: RouteLimits) -> Bounds {
    Bounds {
        at_once,
        requests_per_minute: limits.requests,
        input_tokens_per_minute: limits.input_tokens,
        output_tokens_per_minute: limits.output_tokens,
    }
}

/// A client for `server` with its key.
pub fn client(server: &BaseUrl, secret: &Zeroizing<String>, options: &ClientOptions) -> Result<Client> {
    let key = Key::for_server(secret, server).map_err(|error| unusable(&error))?;
    Client::new(server.clone(), key, options).map_err(|error| unusable(&error))
}
