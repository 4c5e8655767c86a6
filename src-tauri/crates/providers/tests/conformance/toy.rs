//! A minimal provider. In `src/` it would be this folder, and a line in the registry.

use std::sync::{Arc, LazyLock};

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use domain::usage::Usage;
use providers::answer::ReceivedAnswer;
use providers::base_url::BaseUrl;
use providers::batch::BatchApi;
use providers::catalog::{Catalog, ModelSpec};
use providers::discovery::{CheckError, RemoteModel};
use providers::error::RequestError;
use providers::future::BoxFuture;
use providers::parse::AnswerError;
use providers::provider::{
    Capabilities, ConnectError, ConnectionField, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Progress,
    Provider,
};
use providers::request::{Encoding, Picture, PictureError, RecipeError, Request, RequestOptions, check_recipe};

static DESCRIPTOR: Descriptor = Descriptor {
    id: "toy",
    name: "Toy",
    documentation_url: None,
    host: Host::Server { base_url: "https://toy.example" },
    fields: &[ConnectionField { kind: FieldKind::Key, variable: "TOY_API_KEY", is_required: true }],
    capabilities: Capabilities { batches: false, discovery: false, resells: false },
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::parse(include_str!("toy.toml")).unwrap());

pub struct Toy;

impl Provider for Toy {
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
        check_recipe(recipe, model)?;
        let labels = recipe.labels.iter().map(|label| label.name.as_str());
        let words: Vec<_> = labels.chain(recipe.attributes.iter().map(|attribute| attribute.name.as_str())).collect();
        let most = model.max_output_tokens;
        Ok(Arc::new(PreparedToy {
            model: Arc::clone(model),
            words: words.join(", "),
            max_output_tokens: options.max_output_tokens.map_or(most, |limit| limit.min(most)),
        }))
    }

    fn connect(&self, _model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        let (server, key) = connection.server.ok_or(ConnectError::NoServer)?;
        let key = key.ok_or(ConnectError::NoKey)?;
        if !key.is_for(&server) {
            return Err(ConnectError::KeyOfAnotherServer { origin: server.origin() });
        }
        Ok(Arc::new(ToyEndpoint(server)))
    }

    fn read(&self, kept: &str, _recipe: &Recipe) -> Result<Answer, AnswerError> {
        Answer::from_raw(kept).map_err(|error| AnswerError::Unreadable { detail: error.to_string() })
    }

    fn preview(&self, _model: &ModelSpec, _text: &str, _recipe: &Recipe, _sent: PixelSize) -> Vec<AnsweredAnnotation> {
        Vec::new()
    }
}

#[derive(Debug)]
struct PreparedToy {
    model: Arc<ModelSpec>,
    words: String,
    max_output_tokens: u64,
}

impl PreparedModel for PreparedToy {
    fn model(&self) -> &ModelSpec {
        &self.model
    }

    fn encoding(&self) -> Encoding {
        Encoding::Jpeg { qualities: &[90], byte_limit: 1_000_000 }
    }

    fn prompt_text(&self) -> &str {
        &self.words
    }

    fn fixed_part(&self) -> String {
        format!("{}\n{}", self.model.id, self.words)
    }

    fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    fn with_longer_answers(&self) -> Option<Arc<dyn PreparedModel>> {
        None
    }

    fn warms_cache(&self) -> bool {
        false
    }

    fn upper_bound(&self, sent: PixelSize) -> Usage {
        let input_tokens = self.model.image_rule.tokens(sent) + self.words.len() as u64;
        Usage { input_tokens, output_tokens: self.max_output_tokens, ..Usage::default() }
    }

    fn likely_prefix_tokens(&self) -> u64 {
        0
    }

    fn likely_text_tokens(&self, _sent: PixelSize) -> u64 {
        self.words.len() as u64 / self.model.bytes_per_token
    }

    fn likely_answer_tokens(&self, annotations: u64) -> u64 {
        20 * annotations
    }

    fn request_with(&self, picture: &Picture, _further_text: &str) -> Result<Request, PictureError> {
        if picture.bytes.is_empty() {
            return Err(PictureError::Empty);
        }
        if !self.model.image_rule.fits(picture.size) {
            return Err(PictureError::TooLarge { size: picture.size });
        }
        Ok(Request::new(picture.size, self.max_output_tokens, picture.bytes.len(), picture.bytes.clone()))
    }
}

/// A server that does not exist.
#[derive(Debug)]
struct ToyEndpoint(BaseUrl);

impl Endpoint for ToyEndpoint {
    fn base_url(&self) -> Option<&BaseUrl> {
        Some(&self.0)
    }

    fn send<'a>(
        &'a self,
        _request: &'a Request,
        _on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>> {
        Box::pin(async { Err(RequestError::Unreachable { detail: "a toy".to_owned() }) })
    }

    fn check<'a>(&'a self, _model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>> {
        Box::pin(async { Err(CheckError::Unreachable { detail: "a toy".to_owned() }) })
    }

    fn batches(&self) -> Option<&dyn BatchApi> {
        None
    }
}
