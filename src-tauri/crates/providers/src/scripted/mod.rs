//! A provider for tests that gives scripted answers and sends nothing. Not in the registry.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use domain::usage::Usage;

use crate::answer::ReceivedAnswer;
use crate::answer::{FinishReason, RawAnswer};
use crate::base_url::BaseUrl;
use crate::batch::BatchApi;
use crate::catalog::{Catalog, ModelSpec};
use crate::discovery::{CheckError, RemoteModel};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::guideline::guideline;
use crate::parse::{self, AnswerError};
use crate::provider::{
    Capabilities, ConnectError, ConnectionField, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Progress,
    Provider,
};
use crate::rate_limits::RateLimits;
use crate::request::{
    Encoding, LONGER_ANSWER_FACTOR, Picture, PictureError, RecipeError, Request, RequestOptions, check_recipe,
};

const OUTPUT_TOKENS: u64 = 1_000;
const FILE_BYTE_LIMIT: usize = 1_000_000;
/// Output tokens per annotation.
const ANNOTATION_TOKENS: u64 = 30;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "scripted",
    name: "Scripted",
    documentation_url: None,
    host: Host::Server { base_url: "https://scripted.invalid" },
    fields: &[ConnectionField { kind: FieldKind::Key, variable: "SCRIPTED_API_KEY", is_required: true }],
    capabilities: Capabilities { batches: false, discovery: true, resells: false },
};

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::parse(include_str!("../../catalog/scripted.toml")).unwrap_or_else(|_| Catalog::empty()));

/// The provider. Its connections fail; [`ScriptedEndpoint::new`] makes endpoints with a script.
pub struct Scripted;

impl Provider for Scripted {
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
        let max_output_tokens = options.max_output_tokens.unwrap_or(OUTPUT_TOKENS).clamp(1, model.max_output_tokens);
        Ok(Arc::new(PreparedScript {
            model: Arc::clone(model),
            words: guideline(recipe, model.coordinates),
            max_output_tokens,
            is_limited: options.max_output_tokens.is_some(),
        }))
    }

    fn connect(&self, _model: &ModelSpec, connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        let (server, key) = connection.server.ok_or(ConnectError::NoServer)?;
        let key = key.ok_or(ConnectError::NoKey)?;
        if !key.is_for(&server) {
            return Err(ConnectError::KeyOfAnotherServer { origin: server.origin() });
        }
        Ok(Arc::new(ScriptedEndpoint { server: Some(server), ..ScriptedEndpoint::new([]) }))
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        parse::read_kept(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        parse::preview(text, recipe, model.coordinates, sent)
    }
}

#[derive(Debug, Clone)]
struct PreparedScript {
    model: Arc<ModelSpec>,
    words: String,
    max_output_tokens: u64,
    is_limited: bool,
}

/// A request of this provider.
struct ScriptedRequest;

impl PreparedModel for PreparedScript {
    fn model(&self) -> &ModelSpec {
        &self.model
    }

    fn encoding(&self) -> Encoding {
        Encoding::Jpeg { qualities: &[80], byte_limit: FILE_BYTE_LIMIT }
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
        let longer = self.max_output_tokens.saturating_mul(LONGER_ANSWER_FACTOR).min(self.model.max_output_tokens);
        (!self.is_limited && longer > self.max_output_tokens)
            .then(|| Arc::new(Self { max_output_tokens: longer, ..self.clone() }) as Arc<dyn PreparedModel>)
    }

    fn warms_cache(&self) -> bool {
        false
    }

    fn upper_bound(&self, sent: PixelSize) -> Usage {
        let input_tokens = self.model.image_rule.tokens(sent) + self.words.len() as u64;
        Usage { input_tokens, output_tokens: self.max_output_tokens, ..Usage::default() }
    }

    fn likely_prefix_tokens(&self) -> u64 {
        self.words.len() as u64 / self.model.bytes_per_token
    }

    fn likely_text_tokens(&self, _sent: PixelSize) -> u64 {
        self.likely_prefix_tokens()
    }

    fn likely_answer_tokens(&self, annotations: u64) -> u64 {
        annotations * ANNOTATION_TOKENS
    }

    fn request_with(&self, picture: &Picture, _further_text: &str) -> Result<Request, PictureError> {
        let (size, bytes) = (picture.size, picture.bytes.len());
        if bytes == 0 || size.area() == 0 {
            return Err(PictureError::Empty);
        }
        if !self.model.image_rule.fits(size) {
            return Err(PictureError::TooLarge { size });
        }
        Ok(Request::new(size, self.max_output_tokens, bytes, ScriptedRequest))
    }
}

/// A scripted reply.
#[derive(Debug, Clone)]
pub enum ScriptedReply {
    /// This text, with this usage.
    Answer {
        text: String,
        usage: Option<Usage>,
    },
    Fail(RequestError),
}

/// An endpoint that replies by its script, one request after another.
#[derive(Debug)]
pub struct ScriptedEndpoint {
    server: Option<BaseUrl>,
    replies: Mutex<VecDeque<ScriptedReply>>,
}

impl ScriptedEndpoint {
    /// After the last reply it is unreachable.
    #[must_use]
    pub fn new(replies: impl IntoIterator<Item = ScriptedReply>) -> Self {
        Self { server: None, replies: Mutex::new(replies.into_iter().collect()) }
    }
}

impl Endpoint for ScriptedEndpoint {
    fn base_url(&self) -> Option<&BaseUrl> {
        self.server.as_ref()
    }

    fn send<'a>(
        &'a self,
        request: &'a Request,
        on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>> {
        Box::pin(async move {
            if request.body::<ScriptedRequest>().is_none() {
                return Err(RequestError::Unsendable { detail: "it was prepared for another provider".to_owned() });
            }
            let reply = self.replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match reply.unwrap_or(ScriptedReply::Fail(RequestError::Unreachable { detail: "no reply is left".into() }))
            {
                ScriptedReply::Fail(error) => Err(error),
                ScriptedReply::Answer { text, usage } => {
                    on_progress(Progress::Accepted { rate_limits: &RateLimits::default() });
                    on_progress(Progress::Begun { usage: None });
                    on_progress(Progress::Text(&text));
                    let answer = RawAnswer {
                        text,
                        stop_reason: FinishReason::EndTurn,
                        usage,
                        model: CATALOG.default_model.clone(),
                        request_id: None,
                        sent: request.sent(),
                        coordinates: BoxCoordinates::PixelXyxy,
                        time_to_first_byte_millis: 0,
                        took_millis: 0,
                        rate_limits: RateLimits::default(),
                    };
                    answer.received().map_err(|error| RequestError::Failed { detail: error.to_string() })
                }
            }
        })
    }

    fn check<'a>(&'a self, _model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>> {
        Box::pin(async {
            let listed = |model: &Arc<ModelSpec>| RemoteModel {
                id: model.id.clone(),
                name: Some(model.name.clone()),
                lifecycle: None,
                retires_at: None,
            };
            Ok(CATALOG.models.iter().map(listed).collect())
        })
    }

    fn batches(&self) -> Option<&dyn BatchApi> {
        None
    }
}
