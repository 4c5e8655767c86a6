//! Claude at Amazon Bedrock (its endpoint "Mantle"): Anthropic's interface at a server in each region, where models have other
//! names and prices, and there are no batches. Source: Amazon's guide to Bedrock as of 2026-11-23.

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;

use crate::anthropic::{self, Anthropic};
use crate::catalog::{Catalog, ModelSpec};
use crate::parse::AnswerError;
use crate::provider::{
    Capabilities, ConnectError, ConnectionField, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Provider,
};
use crate::request::{RecipeError, RequestOptions};

static DESCRIPTOR: Descriptor = Descriptor {
    id: "bedrock",
    name: "Amazon Bedrock",
    documentation_url: Some("https://docs.aws.amazon.com/bedrock/latest/userguide/"),
    host: Host::Regions { template: "https://bedrock-mantle.{region}.api.aws/anthropic", usual: "us-east-1" },
    // The variables of Amazon's own programs.
    fields: &[
        ConnectionField { kind: FieldKind::Key, variable: "AWS_BEARER_TOKEN_BEDROCK", is_required: true },
        ConnectionField { kind: FieldKind::Region, variable: "AWS_REGION", is_required: false },
        ConnectionField { kind: FieldKind::Model, variable: "BEDROCK_MODEL", is_required: false },
    ],
    capabilities: Capabilities { batches: false, discovery: false, resells: true },
};

/// What precedes the vendor's id of a model.
const PREFIX: &str = "anthropic.";
/// A region costs a tenth more than the vendor.
const PRICE_PERCENT: u16 = 110;

/// The models that Anthropic does not call legacy and does not retire.
static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| anthropic::catalog().current().elsewhere(PREFIX, "Bedrock", PRICE_PERCENT));

/// The provider.
pub struct Bedrock;

impl Provider for Bedrock {
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
        Anthropic.prepare(model, recipe, options)
    }

    fn connect(&self, _model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        Ok(Arc::new(anthropic::connect(connection)?.without_batches()))
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        Anthropic.read(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        Anthropic.preview(model, text, recipe, sent)
    }
}
