//! `providers`: lists the providers and checks their connections.

use domain::connection::{Connection, ConnectionCheck};
use engine::Invocation;
use serde::Serialize;

use crate::arguments::{Global, Providers, ProvidersCommand};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Opened, WhenMissing};
use crate::messages;
use crate::output::Console;

/// The reply of a provider's server.
#[derive(Serialize)]
struct Checked {
    provider: String,
    check: ConnectionCheck,
}

pub async fn providers(arguments: &Providers, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let opened = library::open_during(global, Invocation::default(), EnvFileUse::Mention, WhenMissing::Refuse).await?;
    let connections = opened.connections.shown()?.connections;
    match &arguments.command {
        None => {
            output.show(&connections, |out| messages::providers(out, &connections))?;
            Ok(Exit::Done)
        }
        Some(ProvidersCommand::Local { used }) => {
            let mut found = opened.connections.local_servers().await?;
            if let Some(base_url) = used {
                let server =
                    found.iter().find(|server| server.base_url.trim_end_matches('/') == base_url.trim_end_matches('/'));
                let server = server.ok_or_else(|| CommandError::NoLocalServer { base_url: base_url.clone() })?;
                opened.connections.use_local_server(&server.provider, &server.base_url).await?;
                found = opened.connections.local_servers().await?;
            }
            output.show(&found, |out| messages::local_servers(out, &found))?;
            Ok(Exit::Done)
        }
        Some(ProvidersCommand::Check { provider }) => check(&opened, &connections, provider.as_deref(), output).await,
    }
}

async fn check(
    opened: &Opened,
    connections: &[Connection],
    only: Option<&str>,
    output: Console,
) -> Result<Exit, CommandError> {
    let set = connections.iter().filter(|connection| connection.has_address());
    let asked: Vec<&str> =
        only.map_or_else(|| set.map(|connection| connection.provider.id.as_str()).collect(), |id| vec![id]);
    let mut checked = Vec::new();
    for id in asked {
        checked.push(Checked { provider: id.to_owned(), check: opened.connections.check(id).await? });
    }
    output.show(&checked, |out| {
        checked.iter().try_for_each(|each| messages::provider_check(out, &each.provider, &each.check))
    })?;
    let is_fine = checked.iter().all(|each| {
        matches!(each.check, ConnectionCheck::Works { .. }) || only.is_none() && each.check == ConnectionCheck::NoKey
    });
    Ok(if is_fine { Exit::Done } else { Exit::Failed })
}
