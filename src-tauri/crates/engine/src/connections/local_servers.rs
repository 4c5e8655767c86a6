//! Servers with models of their own that run on this machine. Their usual ports are asked for lists of models, without a
//! key, and only when the user looks at what could be used.

use std::sync::Arc;
use std::time::Duration;

use domain::connection::LocalServer;
use domain::model::ModelId;
use domain::settings::ModelSettings;
use providers::base_url::BaseUrl;
use providers::provider::{ConnectionOptions, EndpointConfig, Provider};
use providers::registry;
use tokio::task::JoinSet;

use super::checks::models_in;
use super::{Connections, provider_of};
use crate::blocking::off_workers;
use crate::{EngineError, Result};

/// A server on this machine answers at once.
const PATIENCE: Duration = Duration::from_millis(700);
/// Replaces the usual servers: `Ollama=11434,vLLM=8000`, or nothing. For tests, and for servers at other ports.
const VARIABLE: &str = "FIELDMARK_LOCAL_SERVERS";

impl Connections {
    /// The servers that run at their usual ports of this machine and have models.
    pub async fn local_servers(self: &Arc<Self>) -> Result<Vec<LocalServer>> {
        let asked = std::env::var(VARIABLE).ok();
        let mut asking = JoinSet::new();
        for provider in registry::all() {
            for (name, port) in servers_of(*provider, asked.as_deref()) {
                asking.spawn(ask(*provider, name, port));
            }
        }
        let mut found: Vec<(u16, LocalServer)> = asking.join_all().await.into_iter().flatten().collect();
        found.sort_by_key(|(port, _)| *port);
        let connections = Arc::clone(self);
        let current = off_workers(move || connections.current()).await?;
        // Whatever name of this machine the user has entered.
        let is_at = |used: &BaseUrl, port: u16| used.is_loopback() && used.origin().ends_with(&format!(":{port}"));
        let is_used = |port| current.each.iter().flat_map(|each| &each.server).any(|used| is_at(used, port));
        Ok(found.into_iter().map(|(port, server)| LocalServer { is_used: is_used(port), ..server }).collect())
    }

    /// Makes a server on this machine that of its provider, and asks it for its models.
    ///
    /// # Errors
    /// If `base_url` is not on this machine.
    pub async fn use_local_server(self: &Arc<Self>, provider: &str, base_url: &str) -> Result<()> {
        let known = provider_of(provider)?;
        let server =
            BaseUrl::parse(base_url).map_err(|source| EngineError::Address { typed: base_url.to_owned(), source })?;
        if !server.is_loopback() {
            return Err(super::unusable(&format!("{server} is not on this machine")));
        }
        let (connections, base_url) = (Arc::clone(self), base_url.to_owned());
        off_workers(move || {
            let before = connections.settings.stated()?;
            let mut after = before.clone();
            after.provider_mut(known.descriptor().id).base_url = Some(base_url);
            connections.settings.change(&before, &after)
        })
        .await?;
        self.check(provider).await.map(drop)
    }
}

/// The servers that are looked for.
fn servers_of(provider: &dyn Provider, replaced: Option<&str>) -> Vec<(String, u16)> {
    let usual = provider.usual_servers();
    let Some(replaced) = replaced.filter(|_| !usual.is_empty()) else {
        return usual.iter().map(|server| (server.name.to_owned(), server.port)).collect();
    };
    let named = replaced.split(',').filter_map(|server| server.split_once('='));
    named.filter_map(|(name, port)| Some((name.trim().to_owned(), port.trim().parse().ok()?))).collect()
}

/// The server at this port, if it answers in time with a list of models.
async fn ask(provider: &'static dyn Provider, name: String, port: u16) -> Option<(u16, LocalServer)> {
    let base_url = format!("http://localhost:{port}/v1");
    // Not by name, which the machine may resolve to an address that the server does not listen at.
    let address = BaseUrl::parse(&format!("http://127.0.0.1:{port}")).ok()?;
    let any = provider.described(&ModelSettings::new(""))?;
    let config = EndpointConfig { server: Some((address, None)), options: ConnectionOptions::default() };
    let endpoint = provider.connect(&any, config).ok()?;
    let listed = tokio::time::timeout(PATIENCE, endpoint.check("")).await.ok()?;
    let models: Vec<ModelId> = models_in(&listed)?.iter().map(|model| ModelId(model.id.clone())).collect();
    let provider = provider.descriptor().id.to_owned();
    (!models.is_empty()).then_some((port, LocalServer { provider, name, base_url, models, is_used: false }))
}
