//! What a provider supplies: its descriptor, its models, a model prepared for a recipe, and endpoints that answer.
//!
//! ```text
//! Provider ── prepare(model, recipe) ─→ PreparedModel ── request(picture) ─→ Request
//!     └────── connect(base URL, key) ─→ Endpoint ─────── send(request) ────→ ReceivedAnswer | RequestError
//!     └────── read(kept, recipe) ─────→ Answer
//! ```
//!
//! The engine knows only these traits. It does the rate limiting, retries, budgets and storage of answers.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::recipe::Recipe;
use domain::settings::ModelSettings;
use domain::usage::Usage;

use crate::answer::ReceivedAnswer;
use crate::base_url::{BaseUrl, Key, KeyError};
use crate::batch::BatchApi;
use crate::catalog::{Catalog, ModelSpec};
use crate::discovery::{CheckError, RemoteModel};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::parse::AnswerError;
use crate::price::Terms;
use crate::rate_limits::RateLimits;
use crate::request::{Encoding, Picture, PictureError, RecipeError, Request, RequestOptions};

/// Description of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// For settings and the command line: lower case letters, digits and `-`.
    pub id: &'static str,
    /// For display.
    pub name: &'static str,
    /// Where the vendor documents its interface.
    pub documentation_url: Option<&'static str>,
    pub host: Host,
    /// Fields of a connection, in display order.
    pub fields: &'static [ConnectionField],
    pub capabilities: Capabilities,
}

/// Where a provider runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// In this process: no connection, and processors shared by the caller.
    ThisComputer,
    Server {
        /// The vendor's own server.
        base_url: &'static str,
    },
    /// A server of the vendor in each region.
    Regions {
        /// The address, with `{region}` in place of the region's name.
        template: &'static str,
        /// The region if the user has chosen none.
        usual: &'static str,
    },
}

/// In place of a region's name.
const REGION: &str = "{region}";

/// A server program for one machine, and the port that it usually has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsualServer {
    pub name: &'static str,
    pub port: u16,
}

/// A field of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionField {
    pub kind: FieldKind,
    /// Its environment variable.
    pub variable: &'static str,
    pub is_required: bool,
}

/// Optional features of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Supports batches.
    pub batches: bool,
    /// Can list the models that a key may use.
    pub discovery: bool,
    /// Serves models of another provider. They are quoted once the user has a key for it.
    pub resells: bool,
}

impl Descriptor {
    /// The environment variable of this field.
    #[must_use]
    pub fn variable(&self, kind: FieldKind) -> Option<&'static str> {
        self.fields.iter().find(|field| field.kind == kind).map(|field| field.variable)
    }

    /// The variable that says which server is used.
    #[must_use]
    pub fn server_variable(&self) -> Option<&'static str> {
        self.variable(FieldKind::BaseUrl).or_else(|| self.variable(FieldKind::Region))
    }

    /// The vendor's own server, in the usual region if it has regions; empty on this computer.
    #[must_use]
    pub fn vendor_url(&self) -> String {
        match self.host {
            Host::ThisComputer => String::new(),
            Host::Server { base_url } => base_url.to_owned(),
            Host::Regions { template, usual } => template.replace(REGION, usual),
        }
    }

    /// The address that `typed` means: where the vendor has regions, a region's name is replaced by its address.
    #[must_use]
    pub fn address(&self, typed: &str) -> String {
        let typed = typed.trim();
        match self.host {
            Host::Regions { template, .. } if is_region(typed) => template.replace(REGION, typed),
            _ => typed.to_owned(),
        }
    }

    /// The region of the vendor's server at this address; `None` if it is another server.
    #[must_use]
    pub fn region_of<'a>(&self, base_url: &'a str) -> Option<&'a str> {
        let Host::Regions { template, .. } = self.host else { return None };
        let (before, after) = template.split_once(REGION)?;
        base_url.strip_prefix(before)?.strip_suffix(after).filter(|region| is_region(region))
    }

    /// Whether it runs in this process.
    #[must_use]
    pub const fn is_on_this_computer(&self) -> bool {
        matches!(self.host, Host::ThisComputer)
    }
}

/// Whether `text` can be the name of a region, such as `eu-west-1`.
fn is_region(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Configuration of an endpoint.
#[derive(Debug)]
pub struct EndpointConfig {
    /// `None` for a provider on this computer. A key is needed unless its field is optional.
    pub server: Option<(BaseUrl, Option<Key>)>,
    pub options: ConnectionOptions,
}

/// Options of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionOptions {
    /// API version in the vendor's notation; `None` for the provider's default.
    pub api_version: Option<String>,
    /// Prefix of model names on this server, such as `us.`; usually empty.
    pub model_prefix: String,
    /// Whether the server can refuse images that it would otherwise resize; `None` for the provider's default.
    pub refuses_large_images: Option<bool>,
    pub timeouts: Timeouts,
}

/// Timeouts of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Between two chunks, and before the first. Keep-alive pings count.
    pub idle: Duration,
    /// From sending to the end.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { idle: Duration::from_mins(1), total: Duration::from_mins(10) }
    }
}

/// Why a connection cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The key belongs to another server.
    #[error("there is no key for {origin}: the given key belongs to another server")]
    KeyOfAnotherServer { origin: String },
    #[error("there is no server to connect to")]
    NoServer,
    #[error("there is no key for the server")]
    NoKey,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the API version contains invalid characters")]
    ApiVersion,
    #[error("the HTTP client could not be set up: {0}")]
    Http(#[source] reqwest::Error),
    /// A local model cannot be loaded.
    #[error("{detail}")]
    Model { detail: String },
}

/// A vendor of models, or this computer.
pub trait Provider: Send + Sync {
    fn descriptor(&self) -> &Descriptor;

    /// The known models.
    fn catalog(&self) -> &Catalog;

    /// A model of a server with models of its own, as the user has described it. `None` if all models are in the
    /// catalogue.
    fn described(&self, _model: &ModelSettings) -> Option<ModelSpec> {
        None
    }

    /// Where servers with its interface usually are on the user's own machine.
    fn usual_servers(&self) -> &'static [UsualServer] {
        &[]
    }

    /// Builds the prompt and the answer format of `recipe` for `model`.
    fn prepare(
        &self,
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions<'_>,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError>;

    /// Creates an endpoint for `model`; nothing is sent. Blocks while a model is loaded.
    fn connect(&self, model: &ModelSpec, config: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError>;

    /// Parses a stored answer ([`ReceivedAnswer::kept`]), in pixels of the picture that was sent.
    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError>;

    /// The complete annotations of an answer that is still streaming, on a picture of `sent` size. For display only.
    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation>;
}

/// A model prepared for one recipe. Results depend on the size of a picture only, so that a plan can be quoted before
/// any picture is decoded.
pub trait PreparedModel: Debug + Send + Sync {
    fn model(&self) -> &ModelSpec;

    /// How its pictures are encoded.
    fn encoding(&self) -> Encoding;

    /// The text sent with every picture, shown before it is sent; empty if there is none.
    fn prompt_text(&self) -> &str;

    /// The JSON schema of the answer as sent with every picture, shown before it is sent; `None` if there is none.
    fn answer_schema(&self) -> Option<String> {
        None
    }

    /// Everything that is the same in every request and determines the answer: model, prompt, answer format. Identifies
    /// runs that need the same answers; not for display. It must stay the same across versions, so that stored answers
    /// are found.
    fn fixed_part(&self) -> String;

    /// Output maximum of each request, in tokens; 0 if answers have no tokens.
    fn max_output_tokens(&self) -> u64;

    /// The same model with a larger output maximum, after a cut-off answer. `None` at the model's maximum or the user's
    /// limit.
    fn with_longer_answers(&self) -> Option<Arc<dyn PreparedModel>>;

    /// Whether the shared prefix is cached. Then one request should be sent first, and the others once its answer
    /// begins.
    fn warms_cache(&self) -> bool;

    /// Maximum usage of a request with a picture of `sent` size.
    fn upper_bound(&self, sent: PixelSize) -> Usage;

    /// Estimated input tokens of the shared prefix.
    fn likely_prefix_tokens(&self) -> u64;

    /// Estimated input tokens of a request's text, including the prefix.
    fn likely_text_tokens(&self, sent: PixelSize) -> u64;

    /// Estimated output tokens of an answer with this many annotations, without reasoning.
    fn likely_answer_tokens(&self, annotations: u64) -> u64;

    /// The request for one picture, with [further text](crate::further) beside it. Models without a prompt leave that
    /// out.
    fn request_with(&self, picture: &Picture, further_text: &str) -> Result<Request, PictureError>;

    /// The first request for the picture of a whole image.
    fn request(&self, picture: &Picture) -> Result<Request, PictureError> {
        self.request_with(picture, "")
    }

    /// Maximum cost of a request with a picture of `sent` size and as much further text: what a budget must reserve
    /// before sending.
    fn worst_case(&self, sent: PixelSize, further_bytes: u64, terms: Terms) -> PicoDollars {
        let usage = self.upper_bound(sent);
        // One token per byte, as for all text.
        let input_tokens = usage.input_tokens.saturating_add(further_bytes);
        self.model().price.cost(Usage { input_tokens, ..usage }, terms)
    }

    /// Estimated usage of a request whose answer has `output_tokens`, with cached parts read from the cache. Exact for
    /// pictures.
    fn likely_when_cached(&self, sent: PixelSize, output_tokens: u64) -> Usage {
        let input_tokens = self.model().image_rule.tokens(sent) + self.likely_text_tokens(sent);
        let cache_read_tokens = if self.warms_cache() { self.likely_prefix_tokens() } else { 0 };
        let input_tokens = input_tokens.saturating_sub(cache_read_tokens);
        Usage { input_tokens, output_tokens, cache_read_tokens, ..Usage::default() }
    }
}

/// Progress of an answer, for previews only: the complete answer is parsed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The server has accepted the request. Use these limits for pacing: at the end of the answer they are stale.
    Accepted { rate_limits: &'a RateLimits },
    /// The answer has begun. From now on the cached prefix can be read.
    Begun { usage: Option<Usage> },
    /// Text was appended.
    Text(&'a str),
}

/// A server with a key, or a model on this computer. One call is one attempt without retries, so that the caller can
/// record every request that may be billed. Dropping the future aborts the request.
pub trait Endpoint: Debug + Send + Sync {
    /// `None` on this computer.
    fn base_url(&self) -> Option<&BaseUrl>;

    /// Sends a request and receives its answer, reporting progress.
    ///
    /// # Errors
    ///
    /// [`RequestError::action`] says how to react, and [`RequestError::may_be_billed`] whether it may have been billed.
    fn send<'a>(
        &'a self,
        request: &'a Request,
        on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>>;

    /// Lists the models, and checks that `model` is among them. This is free, and no picture is sent.
    fn check<'a>(&'a self, model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>>;

    /// `None` if batches are not supported.
    fn batches(&self) -> Option<&dyn BatchApi>;
}
