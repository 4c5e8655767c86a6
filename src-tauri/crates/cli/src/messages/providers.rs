//! Providers and their connections.

use std::io::{self, Write};

use domain::connection::{Connection, ConnectionCheck, FieldKind, LocalServer};
use domain::text::visible;

use super::checkup::{connection, from_where};
use super::format::counted_len;
use super::table::Table;

pub fn providers(out: &mut dyn Write, connections: &[Connection]) -> io::Result<()> {
    let mut table =
        Table::new(["Provider", "Name", "Server", "Key", "Models", "Batches", "Discovery", "Documentation"]);
    table.align_right([4]);
    for connection in connections {
        let provider = &connection.provider;
        let key = match (connection.key, &connection.key_variable) {
            (Some(place), variable) => from_where(place, variable.as_deref()),
            (None, _) if !provider.needs_key() => "not needed".to_owned(),
            (None, Some(variable)) => format!("none (set {variable})"),
            (None, None) => "none".to_owned(),
        };
        table.add([
            provider.id.clone(),
            connection.name.clone(),
            match &connection.problem {
                _ if !connection.has_address() => "not set".to_owned(),
                Some(_) => "unusable".to_owned(),
                None => connection.host.clone(),
            },
            key,
            provider.models.len().to_string(),
            yes_or_no(provider.has_batches),
            yes_or_no(provider.has_discovery),
            provider.documentation_url.clone().unwrap_or_default(),
        ]);
    }
    table.write(out)?;
    let set = connections.iter().filter(|connection| connection.has_address());
    for (connection, problem) in set.filter_map(|each| Some((each, each.problem.as_ref()?))) {
        writeln!(out)?;
        writeln!(out, "{}: {}", visible(&connection.name), visible(problem))?;
    }
    Ok(())
}

/// `with_advice` adds how one of them is used.
pub fn local_servers(out: &mut dyn Write, servers: &[LocalServer], with_advice: bool) -> io::Result<()> {
    if servers.is_empty() {
        return writeln!(out, "No server of models runs at the usual ports of this machine.");
    }
    for (place, server) in servers.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        let used = if server.is_used { ", in use" } else { "" };
        let models = counted_len(server.models.len(), "model");
        writeln!(out, "{} at {}: {models}{used}", visible(&server.name), server.base_url)?;
        for model in &server.models {
            writeln!(out, "  {}", visible(&model.0))?;
        }
    }
    if !with_advice || servers.iter().any(|server| server.is_used) {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "fieldmark providers local --use {} uses the first.", servers[0].base_url)
}

/// The address of the settings is not the one that is used.
pub fn overridden(connection: &Connection) -> String {
    let variable = connection.provider.fields.iter().find(|field| field.kind == FieldKind::BaseUrl);
    format!(
        "the settings name this server from now on, but {} names {}, which is used instead",
        variable.map_or("the environment", |field| &field.variable),
        visible(&connection.base_url)
    )
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// The reply of a provider's server.
pub fn provider_check(out: &mut dyn Write, id: &str, check: &ConnectionCheck) -> io::Result<()> {
    let (seen, advice) = connection(check);
    writeln!(out, "{}", visible(&format!("{id}: {seen}")))?;
    if advice.is_empty() { Ok(()) } else { writeln!(out, "  {advice}") }
}
