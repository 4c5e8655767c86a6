//! The page docs/reference/providers.md, from the descriptors of providers and local models and from the catalogues.
//! `UPDATE_DOCS=1` writes it anew.

use std::fmt::Write;
use std::path::Path;

use domain::connection::FieldKind;
use domain::money::PicoDollars;
use domain::recipe::ShapeKind;
use local_models::registry as local;
use providers::provider::{Descriptor, Host};
use providers::registry;

const HEAD: &str = "\
# Providers and models

<!-- Written from the descriptors and the catalogues: make docs -->

Every provider of this version with its connection, and every model that is built in. Prices are dollars per million tokens, from
the vendors' pages on the days that `fieldmark prices` shows. [providers.md](../providers.md) says what works with which
vendor and what has been tried; [settings.md](settings.md) has the keys of their settings.
";

fn server(descriptor: &Descriptor) -> String {
    match descriptor.host {
        Host::ThisComputer => "this machine".to_owned(),
        Host::Server { base_url: "" } => "your own".to_owned(),
        Host::Server { base_url } => format!("`{base_url}`"),
        Host::Regions { template, usual } => format!("`{template}`, usually `{usual}`"),
    }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A rate per token, for a million of them.
fn dollars(rate: u64) -> String {
    PicoDollars(rate * 1_000_000).to_string().trim_start_matches('$').to_owned()
}

fn shapes(shapes: &[ShapeKind]) -> String {
    let names = shapes.iter().filter_map(|shape| serde_json::to_value(shape).unwrap().as_str().map(ToOwned::to_owned));
    names.collect::<Vec<_>>().join(", ")
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Providers\n\n| id | name | server | batches | lists its models |\n|---|---|---|---|---|\n");
    for provider in registry::all() {
        let descriptor = provider.descriptor();
        let name = match descriptor.documentation_url {
            Some(url) => format!("[{}]({url})", descriptor.name),
            None => descriptor.name.to_owned(),
        };
        let (batches, discovery) = (yes(descriptor.capabilities.batches), yes(descriptor.capabilities.discovery));
        writeln!(page, "| `{}` | {name} | {} | {batches} | {discovery} |", descriptor.id, server(descriptor)).unwrap();
    }
    page.push_str(
        "\n## Fields of a connection\n\n| provider | field | environment variable | required |\n|---|---|---|---|\n",
    );
    for descriptor in registry::all().iter().map(|provider| provider.descriptor()) {
        for field in descriptor.fields {
            let kind = match field.kind {
                FieldKind::BaseUrl => "base URL",
                FieldKind::Region => "region",
                FieldKind::Key => "key",
                FieldKind::Model => "default model",
            };
            writeln!(page, "| `{}` | {kind} | `{}` | {} |", descriptor.id, field.variable, yes(field.is_required))
                .unwrap();
        }
    }
    page.push_str(
        "\n## Models on this machine\n\n| id | name | finds | longest edge | price |\n|---|---|---|---|---|\n",
    );
    for descriptor in local::all().iter().map(|model| model.descriptor()) {
        let (name, url) = (descriptor.name, descriptor.documentation_url);
        let edge = descriptor.longest_edge;
        writeln!(page, "| `{}` | [{name}]({url}) | {} | {edge} px | 0 |", descriptor.id, shapes(&descriptor.shapes))
            .unwrap();
    }
    for provider in registry::all().iter().filter(|provider| !provider.catalog().models.is_empty()) {
        writeln!(
            page,
            "\n## Models of {}\n\n| id | input | output | cached | batch | context | longest answer | boxes |\n\
             |---|---|---|---|---|---|---|---|",
            provider.descriptor().name
        )
        .unwrap();
        for model in &provider.catalog().models {
            let (price, rates) = (&model.price, &model.price.rates);
            let batch = if price.batch_percent == 100 { "-".to_owned() } else { format!("{} %", price.batch_percent) };
            let retires = model.retires.map(|day| format!(", until {day}")).unwrap_or_default();
            writeln!(
                page,
                "| `{}`{retires} | {} | {} | {} | {batch} | {} | {} | `{}` |",
                model.id,
                dollars(rates.input),
                dollars(rates.output),
                dollars(rates.cache_read),
                model.context_tokens,
                model.max_output_tokens,
                model.coordinates.name()
            )
            .unwrap();
        }
    }
    page
}

#[test]
fn docs_list_every_provider_and_model() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/providers.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == page, "{}: run `make docs`", path.display());
}
