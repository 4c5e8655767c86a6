//! OpenAI's chat completions, at the vendor's host and at other servers.

mod batch;
mod body;
mod client;
mod compatible;
mod formats;
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

use client::ChatClient;
pub use compatible::Compatible;
use prepared::{ChatForm, PreparedChat};
use wire::request::LimitField;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "openai",
    name: "OpenAI",
    documentation_url: Some("https://platform.openai.com/docs/api-reference/chat"),
    host: Host::Server { base_url: "https://api.openai.com" },
    fields: &[
        ConnectionField { kind: FieldKind::Key, variable: "OPENAI_API_KEY", is_required: true },
        ConnectionField { kind: FieldKind::BaseUrl, variable: "OPENAI_BASE_URL", is_required: false },
        ConnectionField { kind: FieldKind::Model, variable: "OPENAI_MODEL", is_required: false },
    ],
    capabilities: Capabilities { batches: true, discovery: true, resells: false },
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    // A test parses the file, so this cannot fail.
    Catalog::parse(include_str!("../../catalog/openai.toml")).unwrap_or_else(|_| Catalog::empty())
});

/// The provider.
pub struct OpenAi;

impl Provider for OpenAi {
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
        Ok(Arc::new(PreparedChat::new(
            model,
            recipe,
            options,
            ChatForm { limit_name: LimitField::MaxCompletionTokens },
        )?))
    }

    fn connect(&self, _model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        let EndpointConfig { server, options } = connection;
        let (server, key) = server.ok_or(ConnectError::NoServer)?;
        let key = key.ok_or(ConnectError::NoKey)?;
        Ok(Arc::new(ChatClient::new(server, Some(key), &options, None)?))
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        parse::read_kept(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        parse::preview(text, recipe, model.coordinates, sent)
    }
}
