//! What a provider supplies: its descriptor, its models, a model prepared for a recipe, and endpoints that answer.
//!
//! ```text
//! Provider ── prepare(model, recipe) ─→ PreparedModel ── request(picture) ─→ Request
//!     └────── connect(base URL, key) ─→ Endpoint ─────── send(request) ────→ ReceivedAnswer | RequestError
//!     └────── read(kept, recipe) ─────→ Answer
//! ```
//!
//! The owner of a run knows these traits alone. It paces, retries, reserves money and keeps answers.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::FieldKind;
use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::recipe::Recipe;
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

/// What a provider says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// In settings and on the command line: lower case letters, digits and `-`.
    pub id: &'static str,
    /// As it is shown.
    pub name: &'static str,
    /// Where the vendor documents its interface.
    pub documentation_url: Option<&'static str>,
    pub host: Host,
    /// What a connection is made of, in the order in which it is asked for.
    pub fields: &'static [ConnectionField],
    pub capabilities: Capabilities,
}

/// Where a provider computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// In this process: without a connection, and on processors that the caller shares out.
    ThisComputer,
    Server {
        /// The vendor's own.
        base_url: &'static str,
    },
}

/// One thing that a connection needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionField {
    pub kind: FieldKind,
    /// The variable of the environment that may hold it.
    pub variable: &'static str,
    pub is_required: bool,
}

/// What a provider can do beside answering one request at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Takes requests in batches.
    pub batches: bool,
    /// Lists the models that a key may use.
    pub discovery: bool,
}

impl Descriptor {
    /// The variable of the environment that may hold this field.
    #[must_use]
    pub fn variable(&self, kind: FieldKind) -> Option<&'static str> {
        self.fields.iter().find(|field| field.kind == kind).map(|field| field.variable)
    }

    /// Whether it computes in this process.
    #[must_use]
    pub const fn is_on_this_computer(&self) -> bool {
        matches!(self.host, Host::ThisComputer)
    }
}

/// Where requests are to go, and how.
#[derive(Debug)]
pub struct EndpointConfig {
    /// `None` for a provider on this computer.
    pub server: Option<(BaseUrl, Key)>,
    pub options: ConnectionOptions,
}

/// What may be set for a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionOptions {
    /// The version of the interface, as the vendor writes it; `None` leaves it to the provider.
    pub api_version: Option<String>,
    /// What this server puts before the vendor's name of a model, such as `us.`; empty as a rule.
    pub model_prefix: String,
    /// Whether the server knows how to refuse an image that it would otherwise resize; `None` leaves it to the provider.
    pub refuses_large_images: Option<bool>,
    pub timeouts: Timeouts,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Between two pieces of an answer, and before the first. Keep-alive pings count as pieces.
    pub idle: Duration,
    /// From sending to the end, whatever arrives in between.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { idle: Duration::from_mins(1), total: Duration::from_mins(10) }
    }
}

/// A connection that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The key was entered for another server and is not sent to this one.
    #[error("there is no key for {origin}: the one at hand belongs to another server")]
    KeyOfAnotherServer { origin: String },
    #[error("there is no server to connect to")]
    NoServer,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the interface version contains characters that no version contains")]
    ApiVersion,
    #[error("the HTTP client could not be set up: {0}")]
    Http(#[source] reqwest::Error),
    /// A model on this computer cannot be loaded.
    #[error("{detail}")]
    Model { detail: String },
}

/// A vendor of models, or this computer.
pub trait Provider: Send + Sync {
    fn descriptor(&self) -> &Descriptor;

    /// The models that it is known to have.
    fn catalog(&self) -> &Catalog;

    /// Puts `recipe` into words, and into a form of answer, for `model`.
    fn prepare(
        &self,
        model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError>;

    /// Sets up an endpoint for `model`; nothing is sent. Blocks where a model has to be loaded.
    fn connect(&self, model: &ModelSpec, config: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError>;

    /// Reads an answer that was kept ([`ReceivedAnswer::kept`]), in pixels of the picture that was sent.
    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError>;

    /// The annotations of an answer that is still on its way, as far as they are whole, on a picture of `sent` size. To be
    /// shown, never to be kept.
    fn preview(&self, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation>;
}

/// A model that is ready to be asked for one recipe. Everything is known from the size of a picture alone, so that a plan
/// can be quoted before a pixel is decoded.
pub trait PreparedModel: Debug + Send + Sync {
    fn model(&self) -> &ModelSpec;

    /// How its pictures are encoded.
    fn encoding(&self) -> Encoding;

    /// The words that leave the machine with every picture, to be shown before they do; empty where none do.
    fn prompt_text(&self) -> &str;

    /// All that is the same in every request and decides its answer: model, words, form of the answer. Tells whether two
    /// runs ask the same; not for people. It never changes for the same question, so that kept answers are found.
    fn fixed_part(&self) -> String;

    /// The output maximum of each request, in tokens; 0 where answers have no tokens.
    fn max_output_tokens(&self) -> u64;

    /// The same with a larger output maximum, for a picture whose answer was cut off. `None` when the model has no more to
    /// give, or the user wants no longer answers.
    fn with_longer_answers(&self) -> Option<Arc<dyn PreparedModel>>;

    /// Whether the part that is the same in every request is cached. Then it pays to send one request first and the
    /// others once it has begun to be answered.
    fn warms_cache(&self) -> bool;

    /// The most that a request with a picture of `sent` size can consume.
    fn upper_bound(&self, sent: PixelSize) -> Usage;

    /// Input tokens that the part which is the same in every request is likely to take. For estimates only.
    fn likely_prefix_tokens(&self) -> u64;

    /// Input tokens that the words of a request are likely to take, its prefix included. For estimates only.
    fn likely_text_tokens(&self, sent: PixelSize) -> u64;

    /// Output tokens that an answer with so many annotations is likely to take, reasoning aside. For estimates only.
    fn likely_answer_tokens(&self, annotations: u64) -> u64;

    /// The request for one picture.
    fn request(&self, picture: &Picture) -> Result<Request, PictureError>;

    /// The most that a request with a picture of `sent` size can cost: what a budget has to set aside before sending.
    fn worst_case(&self, sent: PixelSize, terms: Terms) -> PicoDollars {
        self.model().price.cost(self.upper_bound(sent), terms)
    }

    /// What a request is likely to consume when its answer takes `output_tokens`, with what is cached read from the cache:
    /// pictures exactly.
    fn likely_when_cached(&self, sent: PixelSize, output_tokens: u64) -> Usage {
        let input_tokens = self.model().image_rule.tokens(sent) + self.likely_text_tokens(sent);
        let cache_read_tokens = if self.warms_cache() { self.likely_prefix_tokens() } else { 0 };
        let input_tokens = input_tokens.saturating_sub(cache_read_tokens);
        Usage { input_tokens, output_tokens, cache_read_tokens, ..Usage::default() }
    }
}

/// News of an answer on its way. A preview only: the answer is read once, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The server takes the request. These limits are the ones to pace by: at the end of an answer they are stale.
    Accepted { rate_limits: &'a RateLimits },
    /// The server has begun to answer. From now on what it was asked to cache can be read from its cache.
    Begun { usage: Option<Usage> },
    /// This was added to the answer's text.
    Text(&'a str),
}

/// A server with a key, or a model on this computer. One call is one attempt: there is no retry in here, so that the owner
/// of the ledger sees every request that may be billed. Dropping a call's future aborts it.
pub trait Endpoint: Debug + Send + Sync {
    /// Where it is; `None` on this computer.
    fn base_url(&self) -> Option<&BaseUrl>;

    /// Sends a request and receives its answer, telling what arrives meanwhile.
    ///
    /// # Errors
    /// With what is known about the failure: [`RequestError::action`] says what to do, and
    /// [`RequestError::may_be_billed`] whether it can have cost something.
    fn send<'a>(
        &'a self,
        request: &'a Request,
        on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>>;

    /// Asks for the models there are, and whether `model` is among them. Nothing is billed, and no picture is sent.
    fn check<'a>(&'a self, model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>>;

    /// Its batches; `None` where it has none.
    fn batches(&self) -> Option<&dyn BatchApi>;
}
