//! `providers`: lists the providers and checks their connections.

use domain::connection::{Connection, ConnectionCheck, LocalServer, SettingSource};
use engine::Invocation;
use serde::Serialize;

use crate::arguments::{Global, Providers, ProvidersCommand};
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Opened, WhenMissing};
use crate::messages;
use crate::output::{Console, notes};

/// The reply of a provider's server.
#[derive(Serialize)]
struct Checked {
    provider: String,
    check: ConnectionCheck,
}

pub async fn providers(arguments: &Providers, global: &Global, output: Console) -> Result<Exit, CommandError> {
    // Only a server to use from now on is kept.
    let when_missing = match &arguments.command {
        Some(ProvidersCommand::Local { used: Some(_) }) => WhenMissing::Create { is_agreed: false },
        _ => WhenMissing::Refuse,
    };
    let opened = library::open_during(global, Invocation::default(), EnvFileUse::Mention, when_missing).await?;
    let connections = opened.connections.shown()?.connections;
    match &arguments.command {
        None => {
            output.show(&connections, |out| messages::providers(out, &connections))?;
            Ok(Exit::Done)
        }
        Some(ProvidersCommand::Local { used }) => {
            let mut found = opened.connections.local_servers().await?;
            if let Some(base_url) = used {
                found = use_server(&opened, &found, base_url).await?;
            }
            output.show(&found, |out| messages::local_servers(out, &found, used.is_none()))?;
            Ok(Exit::Done)
        }
        Some(ProvidersCommand::Check { provider }) => check(&opened, &connections, provider.as_deref(), output).await,
    }
}

/// Uses the one of the `found` servers that is at `base_url`, and looks again.
async fn use_server(opened: &Opened, found: &[LocalServer], base_url: &str) -> Result<Vec<LocalServer>, CommandError> {
    let server = found.iter().find(|server| address(&server.base_url) == address(base_url));
    let server = server.ok_or_else(|| CommandError::NoLocalServer { base_url: base_url.to_owned() })?;
    opened.connections.use_local_server(&server.provider, &server.base_url).await?;
    let connections = opened.connections.shown()?.connections;
    let used = connections.into_iter().find(|connection| connection.provider.id == server.provider);
    if let Some(connection) = used.filter(|connection| connection.base_url_from != SettingSource::Settings) {
        messages::warn(&mut notes(), &messages::overridden(&connection))?;
    }
    Ok(opened.connections.local_servers().await?)
}

/// The host and port of the base URL of a server on this machine, in any of its spellings.
fn address(base_url: &str) -> String {
    let typed = base_url.trim().to_lowercase();
    let typed = typed.strip_prefix("http://").unwrap_or(&typed);
    let typed = typed.trim_end_matches('/').trim_end_matches("/v1").trim_end_matches('/');
    match typed.rsplit_once(':') {
        Some(("127.0.0.1" | "[::1]", port)) => format!("localhost:{port}"),
        _ => typed.to_owned(),
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
