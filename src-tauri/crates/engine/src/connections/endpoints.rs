//! The servers that a run's requests are spread over: the connection's own and the additional endpoints. Endpoints that
//! cannot be used are skipped; the reason is shown in the list of endpoints.

use std::sync::Arc;
use std::time::Duration;

use domain::connection::EndpointConnection;
use domain::endpoint::EndpointId;
use domain::settings::{EndpointSettings, LimitSettings, ProviderSettings, Settings};
use prepare::ContentHash;
use providers::base_url::{BaseUrl, Key};
use providers::provider::{ConnectionOptions, Endpoint, EndpointConfig, Provider, Timeouts};
use zeroize::Zeroizing;

use super::key_lookup::PlacedKey;
use super::{Connections, destination_name, unconnected, unusable};
use crate::Result;
use crate::backend::limiter::Bounds;
use crate::provided::ProvidedModel;

/// Characters of a key's fingerprint: enough to distinguish a user's keys, too few to find a key by.
const FINGERPRINT_LENGTH: usize = 8;

/// A server and the user's settings for it.
pub struct ServerEndpoint {
    pub id: EndpointId,
    pub name: String,
    pub endpoint: Arc<dyn Endpoint>,
    pub bounds: Bounds,
    pub price_percent: u16,
    /// Whether it is an additional endpoint.
    pub is_additional: bool,
}

/// An additional endpoint, with its key if there is one.
pub struct AdditionalEndpoint {
    pub(super) set: EndpointSettings,
    pub(super) server: std::result::Result<BaseUrl, String>,
    pub(super) key: Option<PlacedKey>,
    /// Why it is unavailable, regardless of its key.
    unavailable: Option<String>,
    options: ConnectionOptions,
}

impl AdditionalEndpoint {
    pub(super) fn is_usable(&self) -> bool {
        self.server.is_ok() && self.key.is_some() && self.unavailable.is_none()
    }

    /// Opens the endpoint; `None` if it cannot be used.
    pub(super) fn open(&self, model: &ProvidedModel) -> Result<Option<ServerEndpoint>> {
        let (Ok(server), Some((secret, _)), None) = (&self.server, &self.key, &self.unavailable) else {
            return Ok(None);
        };
        Ok(Some(ServerEndpoint {
            id: endpoint_id(server, secret),
            name: self.set.name.clone(),
            endpoint: connect(model, server, Some(secret), self.options.clone())?,
            bounds: bounds(self.set.concurrency, self.set.limits),
            price_percent: self.set.price_percent,
            is_additional: true,
        }))
    }

    /// The endpoint as shown to the user.
    pub fn connection(&self) -> EndpointConnection {
        EndpointConnection {
            name: self.set.name.clone(),
            host: self.server.as_ref().map(destination_name).unwrap_or_default(),
            key: self.key.as_ref().map(|(_, place)| *place),
            key_variable: self.set.key_variable(),
            problem: self.server.as_ref().err().or(self.unavailable.as_ref()).cloned(),
        }
    }
}

impl Connections {
    /// The additional endpoint of `provider` with the settings in `own`. May block on the keychain.
    pub(super) fn additional_endpoint(
        &self,
        provider: &dyn Provider,
        set: &EndpointSettings,
        own: &ProviderSettings,
        settings: &Settings,
    ) -> AdditionalEndpoint {
        let server = BaseUrl::parse(&set.base_url).map_err(|error| format!("{}: {error}", set.base_url));
        let (mut key, mut unavailable) = (None, None);
        if let Ok(server) = &server {
            match self.key_of_endpoint(provider, set, server, settings) {
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
        let options = server.as_ref().map(|server| options_at(server, Some(own), settings)).unwrap_or_default();
        let options = ConnectionOptions { model_prefix: set.model_prefix.clone(), ..options };
        AdditionalEndpoint { set: set.clone(), server, key, unavailable, options }
    }
}

/// The connection options for `server`, without the prefix of model names.
pub(super) fn options_at(server: &BaseUrl, own: Option<&ProviderSettings>, settings: &Settings) -> ConnectionOptions {
    let host = destination_name(server);
    let refuses_large_images = own.is_some_and(|own| own.transformations_hosts.contains(&host));
    ConnectionOptions {
        timeouts: timeouts(settings),
        refuses_large_images: refuses_large_images.then_some(true),
        ..ConnectionOptions::default()
    }
}

/// The timeouts of an answer.
fn timeouts(settings: &Settings) -> Timeouts {
    let (usual, idle) = (Timeouts::default(), Duration::from_millis(settings.run.task_timeout_ms.into()));
    Timeouts { idle, total: usual.total.max(idle) }
}

/// Why nothing may be sent to `server`.
fn unavailable(server: &BaseUrl, settings: &Settings) -> Option<String> {
    if settings.is_local_only && !server.is_loopback() {
        return Some("sending to other machines is disabled".into());
    }
    let name = destination_name(server);
    (!settings.agreed_hosts.contains(&name)).then(|| {
        format!("sending images to {name} is not allowed yet: allow it in Settings, or add it to agreed_hosts")
    })
}

pub(super) fn bounds(concurrency: Option<u32>, limits: LimitSettings) -> Bounds {
    Bounds {
        concurrency,
        requests_per_minute: limits.requests,
        input_tokens_per_minute: limits.input_tokens,
        output_tokens_per_minute: limits.output_tokens,
    }
}

/// Identifies the server together with this key.
pub fn endpoint_id(server: &BaseUrl, secret: &str) -> EndpointId {
    let base_url = server.to_string();
    let mut key_fingerprint = ContentHash::of(format!("{base_url}\n{}", secret.trim()).as_bytes()).to_string();
    key_fingerprint.truncate(FINGERPRINT_LENGTH);
    EndpointId { base_url, key_fingerprint }
}

/// Connects to `model` at `server`, with its key if it has one.
pub fn connect(
    model: &ProvidedModel,
    server: &BaseUrl,
    secret: Option<&Zeroizing<String>>,
    options: ConnectionOptions,
) -> Result<Arc<dyn Endpoint>> {
    let key = secret.map(|secret| Key::for_server(secret, server)).transpose().map_err(|error| unusable(&error))?;
    let connection = EndpointConfig { server: Some((server.clone(), key)), options };
    model.provider.connect(&model.spec, connection).map_err(|error| unconnected(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_base_url_with_a_key() {
        let id = |base_url: &str, secret: &str| endpoint_id(&BaseUrl::parse(base_url).unwrap(), secret);
        let own = id("https://gateway.example/a", "sk-1");
        assert_eq!(own, id("https://gateway.example/a/v1/", " sk-1\n"), "however it is typed");
        for (base_url, secret) in [
            ("https://gateway.example/b", "sk-1"),
            ("https://gateway.example", "sk-1"),
            ("https://gateway.example:8443/a", "sk-1"),
            ("https://gateway.example/a", "sk-2"),
        ] {
            assert_ne!(own, id(base_url, secret), "{base_url}, {secret}");
        }
        // Rate limits are stored by server and key, since neither identifies an endpoint alone.
        assert_ne!(own.base_url, id("https://gateway.example/b", "sk-1").base_url);
        assert_ne!(own.key_fingerprint, id("https://gateway.example/a", "sk-2").key_fingerprint);
    }
}
