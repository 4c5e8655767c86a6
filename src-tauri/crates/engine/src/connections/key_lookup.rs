//! Which key goes to which server: the environment's to the address that is set beside it, an entered one to the server it was
//! entered for, that of an additional endpoint to that endpoint alone.

use domain::connection::KeyPlace;
use domain::settings::{FurtherRoute, Settings};
use keys::{Environment, Place, Source};
use providers::base_url::BaseUrl;
use providers::provider::FieldKind;
use providers::registry;
use zeroize::Zeroizing;

use super::{Connections, vendor_url};

impl Connections {
    /// The key from the environment where it belongs to `server`, otherwise the one that was entered for it.
    pub(super) fn key_for(&self, server: &BaseUrl) -> Option<(Zeroizing<String>, KeyPlace)> {
        let environment = self.environment();
        let given = environment
            .as_ref()
            .as_ref()
            .ok()
            .and_then(|environment| environment.key(vendor_url(registry::default().descriptor())));
        let given =
            given.filter(|given| BaseUrl::parse(&given.base_url).is_ok_and(|its| its.origin() == server.origin()));
        if let Some(given) = given {
            let place = match given.source {
                Source::Variable => KeyPlace::Variable,
                Source::DotEnv => KeyPlace::DotEnv,
            };
            return Some((given.secret, place));
        }
        match self.keys.find(&server.origin()) {
            Ok(found) => found.map(|found| {
                let place = match found.place {
                    Place::Keychain => KeyPlace::Keychain,
                    Place::Session => KeyPlace::Session,
                };
                (found.secret, place)
            }),
            Err(error) => {
                // The person is told of it where keys are entered.
                tracing::debug!(%error, "the keychain was not asked");
                None
            }
        }
    }

    /// Why the key of the environment is not sent to `server`.
    pub(super) fn withheld_from(&self, server: &BaseUrl) -> Option<String> {
        let descriptor = registry::default().descriptor();
        let key = self.environment().as_ref().as_ref().ok()?.key(vendor_url(descriptor))?;
        let place = match key.source {
            Source::Variable => "the environment",
            Source::DotEnv => "the .env file",
        };
        let (its, server) = (key.base_url.trim_end_matches('/'), server.to_string());
        let variable = descriptor.variable(FieldKind::BaseUrl).unwrap_or_default();
        Some(format!(
            "the key in {place} belongs to {its} and is not sent to {server}: set {variable}={server} beside the \
             key, or enter a key for this server in the window's settings"
        ))
    }

    /// The key that was given for this invocation, or else the one in the variable of this endpoint, or else the one that was
    /// entered for its server.
    pub(super) fn endpoint_key(
        &self,
        route: &FurtherRoute,
        server: &BaseUrl,
        settings: &Settings,
    ) -> Result<Option<(Zeroizing<String>, KeyPlace)>, String> {
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
