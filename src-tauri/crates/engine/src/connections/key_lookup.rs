//! Which key is sent to which server: a key from the environment goes to the address set beside it, a key that the user
//! entered to the provider and server it was entered for, and a key named in the settings to the server it is named
//! for.

use domain::connection::{FieldKind, KeyPlace};
use domain::settings::{EndpointSettings, ProviderSettings, Settings};
use keys::{Environment, KeyOwner, Place, Source};
use providers::base_url::BaseUrl;
use providers::provider::Provider;
use providers::registry;
use zeroize::Zeroizing;

use super::Connections;
use crate::surroundings::SERVE_PASSWORD;

/// A key and its source.
pub type PlacedKey = (Zeroizing<String>, KeyPlace);

/// The key for a server, or why an existing key is not sent to it.
#[derive(Default)]
pub struct KeyLookup {
    pub key: Option<PlacedKey>,
    pub withheld: Option<String>,
}

impl KeyLookup {
    fn found(key: Option<PlacedKey>) -> Self {
        Self { key, withheld: None }
    }

    fn withheld(why: String) -> Self {
        Self { key: None, withheld: Some(why) }
    }
}

impl Connections {
    /// The key for `server`: from the variable that the settings of `provider` name, if they are about that server,
    /// otherwise the usual one.
    pub(super) fn key_of_connection(
        &self,
        provider: &dyn Provider,
        own: Option<&ProviderSettings>,
        server: &BaseUrl,
        settings: &Settings,
    ) -> KeyLookup {
        let Some(variable) = own.and_then(|own| own.key_env.as_deref()) else {
            let key = self.key_for(provider, server);
            let withheld = if key.is_none() { self.withheld_from(provider, server) } else { None };
            return KeyLookup { key, withheld };
        };
        if own.is_some_and(|own| !is_about(own, server)) {
            let key = self.key_for(provider, server);
            let withheld = key.is_none().then(|| {
                let set = own.and_then(configured_server).map(|set| set.to_string()).unwrap_or_default();
                format!(
                    "the key in {variable} belongs to {set} and is not sent to {server}: enter a key for this server in \
                     the window's settings"
                )
            });
            return KeyLookup { key, withheld };
        }
        let usual = provider.descriptor().variable(FieldKind::Key);
        if let Some(other) = owner_of(variable).filter(|_| usual != Some(variable)) {
            return KeyLookup::withheld(belongs_to(variable, other));
        }
        if !self.settings.is_own() {
            return KeyLookup::withheld(format!(
                "the key in {variable} is not used: another person's settings name it. Enter a key for this server in the \
                 window's settings"
            ));
        }
        let id = provider.descriptor().id;
        let mut others = settings.providers.iter().filter(|other| other.id != id);
        if others.any(|other| other.key_env.as_deref() == Some(variable) && !is_about(other, server)) {
            return KeyLookup::withheld(format!("{variable} is used by several providers: set key_env of each"));
        }
        match self.key_in(variable) {
            Ok(Some(key)) => KeyLookup::found(Some(key)),
            Ok(None) => KeyLookup::found(self.entered_key(provider, server)),
            Err(problem) => KeyLookup::withheld(problem),
        }
    }

    /// The key of `provider` from the environment if it belongs to `server`, otherwise the key that the user entered.
    fn key_for(&self, provider: &dyn Provider, server: &BaseUrl) -> Option<PlacedKey> {
        let descriptor = provider.descriptor();
        let environment = self.environment();
        let given = environment.as_ref().as_ref().ok();
        let given = given.and_then(|environment| environment.key(descriptor.id, &descriptor.vendor_url()));
        let is_own =
            |its: &str| BaseUrl::parse(&descriptor.address(its)).is_ok_and(|its| its.origin() == server.origin());
        let given = given.filter(|given| is_own(&given.base_url));
        match given {
            Some(given) => Some((given.secret, place_of(given.source))),
            None => self.entered_key(provider, server),
        }
    }

    fn entered_key(&self, provider: &dyn Provider, server: &BaseUrl) -> Option<PlacedKey> {
        match self.keys.find(&owner(provider, server)) {
            Ok(found) => found.map(|found| {
                let place = match found.place {
                    Place::Keychain => KeyPlace::Keychain,
                    Place::Session => KeyPlace::Session,
                };
                (found.secret, place)
            }),
            Err(error) => {
                // The key form reports keychain errors to the user.
                tracing::debug!(%error, "the keychain was not asked");
                None
            }
        }
    }

    fn key_in(&self, variable: &str) -> Result<Option<PlacedKey>, String> {
        let environment = self.environment();
        let Ok(environment) = environment.as_ref() else { return Ok(None) };
        let found = environment.key_in(variable).map_err(|error| error.to_string())?;
        Ok(found.map(|(secret, source)| (secret, place_of(source))))
    }

    /// Why the key from the environment is not sent to `server`.
    fn withheld_from(&self, provider: &dyn Provider, server: &BaseUrl) -> Option<String> {
        let descriptor = provider.descriptor();
        let key = self.environment().as_ref().as_ref().ok()?.key(descriptor.id, &descriptor.vendor_url())?;
        let place = match key.source {
            Source::Variable => "the environment",
            Source::DotEnv => "the .env file",
        };
        let (its, server) = (descriptor.address(key.base_url.trim_end_matches('/')), server.to_string());
        let place_there = descriptor.region_of(&server).unwrap_or(&server);
        let advice = descriptor
            .server_variable()
            .map_or_else(String::new, |variable| format!("set {variable}={place_there} beside the key, or "));
        Some(format!(
            "the key in {place} belongs to {its} and is not sent to {server}: {advice}enter a key for this server in the \
             window's settings"
        ))
    }

    /// The key for an endpoint. In order of precedence: the key given for this invocation, the endpoint's environment
    /// variable, the key that the user entered for its server.
    pub(super) fn key_of_endpoint(
        &self,
        provider: &dyn Provider,
        endpoint: &EndpointSettings,
        server: &BaseUrl,
        settings: &Settings,
    ) -> Result<Option<PlacedKey>, String> {
        let environment = self.environment();
        let Ok(environment) = environment.as_ref() else { return Ok(None) };
        if let Some(given) = environment.endpoint_keys().iter().find(|given| given.endpoint == endpoint.name) {
            if settings.endpoints().filter(|other| other.name == endpoint.name).count() > 1 {
                return Err(format!("several endpoints are called {}: give each a unique name", endpoint.name));
            }
            return Ok(Some((given.secret.clone(), KeyPlace::CommandLine)));
        }
        let variable = endpoint.key_variable();
        if let Some(other) = owner_of(&variable) {
            return Err(belongs_to(&variable, other));
        }
        match self.key_in(&variable)? {
            None => Ok(self.key_for(provider, server)),
            Some(_) if shares_variable(endpoint, server, settings) => {
                Err(format!("{variable} is used by several endpoints: set key_env of each"))
            }
            key => Ok(key),
        }
    }

    /// Environment variables that may hold a key or a password, and those of the connections. Child processes do not get them. A
    /// region is no secret and belongs to the vendor's own programs too.
    pub(crate) fn variables_withheld(&self, settings: &Settings) -> Vec<String> {
        let environment = self.environment();
        let given = environment.iter().flat_map(Environment::endpoint_keys);
        let given = given.filter_map(|given| given.variable.clone());
        let own = crate::surroundings::variable_names(settings.key_variables());
        let is_region = |name: &str| {
            registry::all().iter().any(|provider| provider.descriptor().variable(FieldKind::Region) == Some(name))
        };
        let ours = [SERVE_PASSWORD, keys::DATABASE_URL, keys::SUPABASE_KEY];
        let own_names: Vec<String> =
            own.of_connections().filter(|name| !is_region(name)).map(ToOwned::to_owned).collect();
        own_names.into_iter().chain(own.keys).chain(given).chain(ours.map(ToOwned::to_owned)).collect()
    }
}

/// The server that the settings of a provider are about: the configured one, otherwise the vendor's own.
fn configured_server(own: &ProviderSettings) -> Option<BaseUrl> {
    let known = registry::all().iter().find(|known| known.descriptor().id == own.id);
    let set = own.base_url.as_deref().map(|typed| registry::address_at(&own.id, typed));
    BaseUrl::parse(&set.or_else(|| known.map(|known| known.descriptor().vendor_url()))?).ok()
}

/// Whether `own` is about `server`: another address, from the environment or the command line, has neither its key nor
/// its price.
pub(super) fn is_about(own: &ProviderSettings, server: &BaseUrl) -> bool {
    configured_server(own).is_some_and(|configured| configured.origin() == server.origin())
}

/// The owner under which the key of `provider` for `server` is stored.
pub(super) fn owner(provider: &dyn Provider, server: &BaseUrl) -> KeyOwner {
    let id = provider.descriptor().id;
    KeyOwner { provider: id.to_owned(), origin: server.origin(), is_default: id == registry::default().descriptor().id }
}

pub(super) fn place_of(source: Source) -> KeyPlace {
    match source {
        Source::Variable => KeyPlace::Variable,
        Source::DotEnv => KeyPlace::DotEnv,
    }
}

/// The provider whose usual variables include this name.
fn owner_of(variable: &str) -> Option<&'static dyn Provider> {
    let has =
        |provider: &&&'static dyn Provider| provider.descriptor().fields.iter().any(|field| field.variable == variable);
    registry::all().iter().find(has).copied()
}

fn belongs_to(variable: &str, provider: &dyn Provider) -> String {
    let name = provider.descriptor().name;
    format!("{variable} is used by the connection to {name}: set another variable in key_env")
}

/// Whether the variable of `endpoint`, derived from its name, is also that of an endpoint at another server. A key is
/// sent to one server only.
fn shares_variable(endpoint: &EndpointSettings, server: &BaseUrl, settings: &Settings) -> bool {
    let is_elsewhere =
        |other: &EndpointSettings| BaseUrl::parse(&other.base_url).is_ok_and(|its| its.origin() != server.origin());
    endpoint.key_env.is_none()
        && settings.endpoints().any(|other| other.key_variable() == endpoint.key_variable() && is_elsewhere(other))
}
