//! The connections to providers. A typed key arrives here once and never returns to the window.

use domain::connection::{ConnectionCheck, ConnectionOverview, LocalServer};
use zeroize::Zeroizing;

use crate::router::operations;

operations! {
    /// The current connections to all providers, without keys.
    read connections(api) -> ConnectionOverview {
        api.ask(|library| library.connections.shown()).await
    }

    /// Stores a typed key of a provider for the server at `base_url`, or for the configured one: in the keychain, or for the
    /// session if there is no keychain.
    write keep_key(api, provider: String, base_url: Option<String>, key: String) -> ConnectionOverview {
        let key = Zeroizing::new(key);
        api.ask(move |library| library.connections.keep_key(&provider, base_url.as_deref(), &key)).await
    }

    write forget_key(api, provider: String, base_url: Option<String>) -> ConnectionOverview {
        api.ask(move |library| library.connections.forget_key(&provider, base_url.as_deref())).await
    }

    /// Uses the `.env` file of the working folder, as it was shown, until it changes.
    write allow_env_file(api) -> ConnectionOverview {
        api.ask(|library| library.connections.allow_env_file()).await
    }

    /// Asks the usual ports of this machine for servers with models. Sends no key.
    write local_servers(api) -> Vec<LocalServer> {
        Ok(api.library.connections.local_servers().await?)
    }

    /// Makes a server on this machine that of a provider, and asks it for its models.
    write use_local_server(api, provider: String, base_url: String) -> () {
        Ok(api.library.connections.use_local_server(&provider, &base_url).await?)
    }

    /// Requests the list of models from the server of a provider, with the key. Sends no image and costs nothing.
    write check_connection(api, provider: String) -> ConnectionCheck {
        Ok(api.library.connections.check(&provider).await?)
    }
}
