//! Servers with OpenAI's interface that are not OpenAI's: Ollama, LM Studio, vLLM, llama.cpp, OpenRouter and others. They
//! serve models of their own, which the user names, and enforce less.

use std::sync::{Arc, LazyLock};

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::model::Vocabulary;
use domain::money::PicoDollars;
use domain::recipe::{Recipe, ShapeKind};
use domain::settings::ModelSettings;
use serde::Deserialize;

use super::client::ChatClient;
use super::formats::KnownFormats;
use super::prepared::{ChatForm, PreparedChat};
use super::wire::request::LimitField;
use crate::catalog::{Catalog, ModelSpec, Reasoning};
use crate::image_rule::ImageRule;
use crate::parse::{self, AnswerError};
use crate::price::{Price, Rates};
use crate::provider::{
    Capabilities, ConnectError, ConnectionField, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Provider,
    UsualServer,
};
use crate::request::{RecipeError, RequestOptions};

static DESCRIPTOR: Descriptor = Descriptor {
    id: "openai-compatible",
    name: "OpenAI-compatible server",
    documentation_url: None,
    // The usual address of Ollama, as an example.
    host: Host::Server { base_url: "http://localhost:11434" },
    fields: &[
        ConnectionField { kind: FieldKind::BaseUrl, variable: "OPENAI_COMPATIBLE_BASE_URL", is_required: true },
        ConnectionField { kind: FieldKind::Key, variable: "OPENAI_COMPATIBLE_API_KEY", is_required: false },
        ConnectionField { kind: FieldKind::Model, variable: "OPENAI_COMPATIBLE_MODEL", is_required: false },
    ],
    capabilities: Capabilities { batches: false, discovery: true, resells: false },
};

/// Nothing is in the catalogue: every server has models of its own.
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::empty);

static FAMILIES: LazyLock<Option<FamilyFile>> =
    LazyLock::new(|| toml_edit::de::from_str(include_str!("../../catalog/openai-compatible.toml")).ok());

/// Where servers for one machine usually are, as their documentation says.
static USUAL_SERVERS: [UsualServer; 4] = [
    UsualServer { name: "Ollama", port: 11434 },
    UsualServer { name: "LM Studio", port: 1234 },
    UsualServer { name: "vLLM", port: 8000 },
    UsualServer { name: "llama.cpp", port: 8080 },
];

/// How each server can be asked for JSON, once it is known. Kept for as long as the process runs.
static FORMATS: KnownFormats = KnownFormats::new();

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyFile {
    usual: Usual,
    families: Vec<Family>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Usual {
    coordinates: BoxCoordinates,
    longest_edge: u32,
    patch_side: u32,
    context_tokens: u64,
    max_output_tokens: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    name: String,
    coordinates: BoxCoordinates,
    longest_edge: u32,
}

impl FamilyFile {
    /// The defaults of the model with this id.
    fn defaults(&self, id: &str) -> Usual {
        let letters = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let id = letters(id);
        match self.families.iter().find(|family| id.contains(&letters(&family.name))) {
            Some(Family { coordinates, longest_edge, .. }) => {
                Usual { coordinates: *coordinates, longest_edge: *longest_edge, ..self.usual }
            }
            None => self.usual,
        }
    }
}

/// The price that the user has entered, or none.
fn price(model: &ModelSettings) -> Price {
    let (Some(input), Some(output)) = (model.input_per_million, model.output_per_million) else {
        return Price::UNKNOWN;
    };
    let rate = |PicoDollars(of_million): PicoDollars| of_million.div_ceil(1_000_000);
    let (input, output) = (rate(input), rate(output));
    let rates = Rates { input, output, cache_write_5m: input, cache_write_1h: input, cache_read: input };
    Price { rates, ..Price::FREE }
}

/// The provider.
pub struct Compatible;

impl Provider for Compatible {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn catalog(&self) -> &Catalog {
        &CATALOG
    }

    fn described(&self, model: &ModelSettings) -> Option<ModelSpec> {
        let usual = FAMILIES.as_ref()?.defaults(&model.id);
        let longest_edge = model.longest_edge.unwrap_or(usual.longest_edge).max(usual.patch_side);
        Some(ModelSpec {
            id: model.id.clone(),
            name: model.name.clone().unwrap_or_else(|| model.id.clone()),
            vocabulary: Vocabulary::Open,
            shapes: ShapeKind::ALL.to_vec(),
            fills_attributes: true,
            takes_examples: true,
            optional_attributes_limit: None,
            image_rule: ImageRule::Patches { side: usual.patch_side, longest_edge, token_limit: u64::MAX },
            sent_edge: None,
            is_image_rule_published: false,
            coordinates: model.coordinates.unwrap_or(usual.coordinates),
            price: price(model),
            context_tokens: model.context_tokens.map_or(usual.context_tokens, u64::from).max(1),
            max_output_tokens: model.max_output_tokens.map_or(usual.max_output_tokens, u64::from).max(1),
            min_cacheable_tokens: 0,
            bytes_per_token: 3,
            reasoning: Reasoning::OffByDefault,
            can_force_tool: false,
            takes_effort: false,
            answer_form: model.answer_form,
            is_legacy: false,
            retires: None,
            successor: None,
            price_periods: Vec::new(),
        })
    }

    fn usual_servers(&self) -> &'static [UsualServer] {
        &USUAL_SERVERS
    }

    fn prepare(
        &self,
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions<'_>,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError> {
        Ok(Arc::new(PreparedChat::new(model, recipe, options, ChatForm { limit_name: LimitField::MaxTokens })?))
    }

    fn connect(&self, _model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        let EndpointConfig { server, options } = connection;
        let (server, key) = server.ok_or(ConnectError::NoServer)?;
        Ok(Arc::new(ChatClient::new(server, key, &options, Some(&FORMATS))?))
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        parse::read_kept(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        parse::preview(text, recipe, model.coordinates, sent)
    }
}

#[cfg(test)]
mod tests {
    use domain::usage::Usage;

    use super::*;
    use crate::price::Terms;

    fn spec(id: &str) -> ModelSpec {
        Compatible.described(&ModelSettings::new(id)).unwrap()
    }

    #[test]
    fn families_are_found_by_name() {
        for (id, coordinates) in [
            ("qwen3-vl:8b", BoxCoordinates::Norm1000Xyxy),
            ("Qwen/Qwen2.5-VL-7B-Instruct", BoxCoordinates::ServerPixelXyxy),
            ("qwen2.5vl:7b", BoxCoordinates::ServerPixelXyxy),
            ("google/gemma-3-12b-it", BoxCoordinates::Norm1000Yxyx),
            ("llama3.2-vision:11b", BoxCoordinates::Norm1Xyxy),
            ("pixtral", BoxCoordinates::PixelXyxy),
        ] {
            assert_eq!(spec(id).coordinates, coordinates, "{id}");
        }
    }

    #[test]
    fn what_the_user_says_of_a_model_wins() {
        let own = ModelSettings {
            coordinates: Some(BoxCoordinates::Norm1Xywh),
            longest_edge: Some(700),
            input_per_million: PicoDollars::from_dollars(0.2),
            output_per_million: PicoDollars::from_dollars(0.6),
            ..ModelSettings::new("qwen3-vl:8b")
        };
        let spec = Compatible.described(&own).unwrap();
        assert_eq!(spec.coordinates, BoxCoordinates::Norm1Xywh);
        assert_eq!(spec.image_rule.sent_size(PixelSize::new(1400, 1400)), PixelSize::new(700, 700));
        let usage = Usage { input_tokens: 1_000_000, output_tokens: 1_000_000, ..Usage::default() };
        assert_eq!(Some(spec.price.cost(usage, Terms::LIST)), PicoDollars::from_dollars(0.8));
    }

    #[test]
    fn a_price_that_is_not_entered_is_unknown_and_not_zero() {
        let half = ModelSettings { input_per_million: PicoDollars::from_dollars(0.2), ..ModelSettings::new("x") };
        for model in [ModelSettings::new("x"), half] {
            let price = Compatible.described(&model).unwrap().price;
            assert!(!price.is_known && !price.is_free());
        }
    }
}
