//! Google's Gemini API.

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

use client::GeminiClient;
use prepared::{ContentForm, PreparedContent};

static DESCRIPTOR: Descriptor = Descriptor {
    id: "gemini",
    name: "Gemini",
    documentation_url: Some("https://ai.google.dev/api/generate-content"),
    host: Host::Server { base_url: "https://generativelanguage.googleapis.com" },
    fields: &[
        ConnectionField { kind: FieldKind::Key, variable: "GEMINI_API_KEY", is_required: true },
        ConnectionField { kind: FieldKind::BaseUrl, variable: "GEMINI_BASE_URL", is_required: false },
        ConnectionField { kind: FieldKind::Model, variable: "GEMINI_MODEL", is_required: false },
    ],
    capabilities: Capabilities { batches: true, discovery: true, resells: false },
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    // A test parses the file, so this cannot fail.
    Catalog::parse(include_str!("../../catalog/gemini.toml")).unwrap_or_else(|_| Catalog::empty())
});

/// The provider.
pub struct Gemini;

impl Provider for Gemini {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn catalog(&self) -> &Catalog {
        &CATALOG
    }

    fn prepare(
        &self,
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions<'_>,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError> {
        Ok(Arc::new(PreparedContent::new(model, recipe, options, ContentForm)?))
    }

    fn connect(&self, model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        let EndpointConfig { server, options } = connection;
        let (server, key) = server.ok_or(ConnectError::NoServer)?;
        Ok(Arc::new(GeminiClient::new(server, key.ok_or(ConnectError::NoKey)?, &model.id, &options)?))
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        parse::read_kept(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        parse::preview(text, recipe, model.coordinates, sent)
    }
}
