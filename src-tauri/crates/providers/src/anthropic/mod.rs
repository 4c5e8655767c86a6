//! Anthropic's Messages API, at the vendor's host or a compatible server.

mod batch;
mod body;
mod client;
mod discovery;
mod prepared;
mod refusal;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::{Arc, LazyLock};

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;

use crate::catalog::{Catalog, ModelSpec};
use crate::parse::{self, AnswerError};
use crate::provider::{
    Capabilities, ConnectError, ConnectionField, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Provider,
};
use crate::request::{RecipeError, RequestOptions};

use client::Client;
use prepared::PreparedMessages;

const HOST: &str = "api.anthropic.com";

static DESCRIPTOR: Descriptor = Descriptor {
    id: "anthropic",
    name: "Anthropic",
    documentation_url: Some("https://docs.anthropic.com/en/api/messages"),
    host: Host::Server { base_url: "https://api.anthropic.com" },
    fields: &[
        ConnectionField { kind: FieldKind::Key, variable: "ANTHROPIC_API_KEY", is_required: true },
        ConnectionField { kind: FieldKind::BaseUrl, variable: "ANTHROPIC_BASE_URL", is_required: false },
        ConnectionField { kind: FieldKind::Model, variable: "ANTHROPIC_MODEL", is_required: false },
    ],
    capabilities: Capabilities { batches: true, discovery: true, resells: false },
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    // A test parses the file, so this cannot fail.
    Catalog::parse(include_str!("../../catalog/anthropic.toml")).unwrap_or_else(|_| Catalog::empty())
});

pub(crate) fn catalog() -> &'static Catalog {
    &CATALOG
}

/// Connects to a server with this interface; nothing is sent.
pub(crate) fn connect(connection: EndpointConfig) -> Result<Client, ConnectError> {
    let EndpointConfig { server, options } = connection;
    let (server, key) = server.ok_or(ConnectError::NoServer)?;
    Client::new(server, key.ok_or(ConnectError::NoKey)?, &options)
}

/// The provider.
pub struct Anthropic;

impl Provider for Anthropic {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn catalog(&self) -> &Catalog {
        catalog()
    }

    fn prepare(
        &self,
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions<'_>,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError> {
        Ok(Arc::new(PreparedMessages::new(model, recipe, options)?))
    }

    fn connect(&self, _model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        Ok(Arc::new(connect(connection)?))
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        parse::read_kept(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        parse::preview(text, recipe, model.coordinates, sent)
    }
}
