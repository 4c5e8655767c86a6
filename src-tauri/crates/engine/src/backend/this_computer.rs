//! Local models as a provider. Only this module knows that they have no server.

use std::sync::{Arc, LazyLock};

use domain::answer::{Answer, AnsweredAnnotation, Reading};
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::model::ModelId;
use domain::recipe::Recipe;
use domain::usage::Usage;
use local_models::{LocalDescriptor, LocalError, LocalModel};
use prepare::Pixels;
use providers::answer::ReceivedAnswer;
use providers::base_url::BaseUrl;
use providers::batch::BatchApi;
use providers::catalog::{Catalog, ModelSpec, Reasoning};
use providers::discovery::{CheckError, RemoteModel};
use providers::error::RequestError;
use providers::future::BoxFuture;
use providers::image_rule::ImageRule;
use providers::parse::AnswerError;
use providers::price::Price;
use providers::provider::{
    Capabilities, ConnectError, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Progress, Provider,
};
use providers::request::{Encoding, MediaType, Picture, PictureError, RecipeError, Request, RequestOptions};

static DESCRIPTOR: Descriptor = Descriptor {
    id: "this-computer",
    name: "This computer",
    documentation_url: None,
    host: Host::ThisComputer,
    fields: &[],
    capabilities: Capabilities { batches: false, discovery: false, resells: false },
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let models: Vec<_> = local_models::registry::all().iter().map(|model| Arc::new(spec(model.descriptor()))).collect();
    let default_model = models.first().map(|spec| spec.id.clone()).unwrap_or_default();
    Catalog { prices_as_of: None, default_model, models }
});

/// The provider for this computer.
pub fn provider() -> &'static dyn Provider {
    &ThisComputer
}

fn spec(descriptor: &LocalDescriptor) -> ModelSpec {
    ModelSpec {
        id: descriptor.id.to_owned(),
        name: descriptor.name.to_owned(),
        vocabulary: descriptor.vocabulary.clone(),
        shapes: descriptor.shapes.clone(),
        fills_attributes: descriptor.fills_attributes,
        takes_examples: false,
        optional_attributes_limit: None,
        image_rule: ImageRule::LongestEdge { pixels: descriptor.longest_edge },
        sent_edge: None,
        is_image_rule_published: true,
        coordinates: BoxCoordinates::PixelXyxy,
        price: Price::FREE,
        context_tokens: 0,
        max_output_tokens: 0,
        min_cacheable_tokens: 0,
        bytes_per_token: 1,
        reasoning: Reasoning::OffByDefault,
        can_force_tool: false,
        takes_effort: false,
        answer_form: None,
        is_legacy: false,
        retires: None,
        successor: None,
        price_periods: Vec::new(),
    }
}

struct ThisComputer;

impl Provider for ThisComputer {
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
        _options: RequestOptions<'_>,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError> {
        Ok(Arc::new(PreparedLocal { spec: Arc::clone(model), recipe: Arc::new(recipe.clone()) }))
    }

    fn connect(&self, model: &ModelSpec, _connection: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        let unloaded = |detail: String| ConnectError::Model { detail };
        let model =
            local_models::registry::find(&model.id).ok_or_else(|| unloaded(format!("no model {}", model.id)))?;
        model.load().map_err(|error| unloaded(error.to_string()))?;
        Ok(Arc::new(LocalEndpoint { model }))
    }

    fn read(&self, kept: &str, _recipe: &Recipe) -> Result<Answer, AnswerError> {
        let unreadable = |error: domain::answer::Unreadable| AnswerError::Unreadable { detail: error.to_string() };
        Answer::from_raw(kept).map(Answer::limited).map_err(unreadable)
    }

    fn preview(&self, _model: &ModelSpec, _text: &str, _recipe: &Recipe, _sent: PixelSize) -> Vec<AnsweredAnnotation> {
        Vec::new()
    }
}

/// A local model prepared for a recipe.
#[derive(Debug)]
struct PreparedLocal {
    spec: Arc<ModelSpec>,
    recipe: Arc<Recipe>,
}

/// The request to a local model.
struct LocalRequest {
    picture: Picture,
    recipe: Arc<Recipe>,
}

impl PreparedModel for PreparedLocal {
    fn model(&self) -> &ModelSpec {
        &self.spec
    }

    fn encoding(&self) -> Encoding {
        Encoding::Rgb
    }

    fn prompt_text(&self) -> &'static str {
        ""
    }

    fn fixed_part(&self) -> String {
        self.spec.id.clone()
    }

    fn max_output_tokens(&self) -> u64 {
        0
    }

    fn with_longer_answers(&self) -> Option<Arc<dyn PreparedModel>> {
        None
    }

    fn warms_cache(&self) -> bool {
        false
    }

    fn upper_bound(&self, _sent: PixelSize) -> Usage {
        Usage::default()
    }

    fn likely_prefix_tokens(&self) -> u64 {
        0
    }

    fn likely_text_tokens(&self, _sent: PixelSize) -> u64 {
        0
    }

    fn likely_answer_tokens(&self, _annotations: u64) -> u64 {
        0
    }

    fn request_with(&self, picture: &Picture, _further_text: &str) -> Result<Request, PictureError> {
        let Picture { size, media_type, bytes } = picture;
        if *media_type != MediaType::Rgb {
            return Err(PictureError::MediaType { media_type: *media_type });
        }
        let body = LocalRequest { picture: picture.clone(), recipe: Arc::clone(&self.recipe) };
        Ok(Request::new(*size, 0, bytes.len(), body))
    }
}

/// A loaded local model.
struct LocalEndpoint {
    model: &'static dyn LocalModel,
}

impl std::fmt::Debug for LocalEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LocalEndpoint").field(&self.model.descriptor().id).finish()
    }
}

impl Endpoint for LocalEndpoint {
    fn base_url(&self) -> Option<&BaseUrl> {
        None
    }

    fn send<'a>(
        &'a self,
        request: &'a Request,
        _on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>> {
        let (model, request) = (self.model, request.clone());
        Box::pin(async move {
            // Inference blocks; a panic in it fails only this image.
            let answered = tokio::task::spawn_blocking(move || {
                let asked =
                    request.body::<LocalRequest>().ok_or_else(|| failed("it was prepared for another model"))?;
                let Picture { size, bytes, .. } = &asked.picture;
                let annotations =
                    model.annotate(*size, bytes, &asked.recipe).map_err(|error| failed(&error.to_string()))?;
                let answer = Answer { sent: *size, annotations, reading: Reading::default() };
                answer.to_raw().map_err(|error| failed(&error.to_string()))
            });
            let kept = answered.await.unwrap_or_else(|_| Err(failed("internal error in the model")))?;
            Ok(ReceivedAnswer { kept, usage: None })
        })
    }

    fn check<'a>(&'a self, _model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn batches(&self) -> Option<&dyn BatchApi> {
        None
    }
}

fn failed(detail: &str) -> RequestError {
    RequestError::Failed { detail: detail.to_owned() }
}

/// A model that can be tried on a few images at any time: free, and without sending anything.
pub struct Trial {
    model: &'static dyn LocalModel,
}

impl Trial {
    /// Returns `None` if trying `model` is not free. Blocks while the model loads.
    ///
    /// # Errors
    /// If the model cannot be loaded.
    pub fn of(model: &ModelId) -> Result<Option<Self>, LocalError> {
        let Some(model) = local_models::registry::find(&model.0) else { return Ok(None) };
        model.load()?;
        Ok(Some(Self { model }))
    }

    /// The built-in model; `None` if there is none. Blocks while the model loads.
    ///
    /// # Errors
    /// If the model cannot be loaded.
    pub fn of_built_in() -> Result<Option<Self>, LocalError> {
        let Some(&model) = local_models::registry::all().first() else { return Ok(None) };
        model.load()?;
        Ok(Some(Self { model }))
    }

    /// The long edge to which images are decoded for this model, in pixels.
    pub fn longest_edge(&self) -> u32 {
        self.model.descriptor().longest_edge
    }

    /// The annotations the model finds. Blocks.
    ///
    /// # Errors
    /// If the model cannot be run.
    pub fn annotations(&self, pixels: &Pixels, recipe: &Recipe) -> Result<Vec<AnsweredAnnotation>, LocalError> {
        self.model.annotate(pixels.size, &pixels.rgb, recipe)
    }
}
