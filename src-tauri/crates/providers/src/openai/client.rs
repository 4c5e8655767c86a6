//! Sends requests to one server with one key.

#[cfg(test)]
pub(super) mod tests;

use std::time::Duration;

use domain::settings::AnswerForm;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};

use super::body::ChatBody;
use super::formats::KnownFormats;
use super::refusal;
use super::wire::answer::{ModelList, ReceivingCompletion};
use crate::answer::{RawAnswer, ReceivedAnswer};
use crate::base_url::{BaseUrl, Key};
use crate::batch::BatchApi;
use crate::discovery::{CheckError, RemoteModel, checked};
use crate::error::RequestError;
use crate::exchange::{self, Call};
use crate::future::BoxFuture;
use crate::http::{HttpClient, unreadable, with_json};
use crate::provider::{ConnectError, ConnectionOptions, Endpoint, Progress};
use crate::refusal::Refusal;
use crate::request::{Reply, Request};

/// A client of one server.
#[derive(Debug, Clone)]
pub struct ChatClient {
    pub(super) http: HttpClient,
    pub(super) model_prefix: String,
    /// Where the answer formats of this server are remembered; `None` for the vendor's interface, which enforces schemas and
    /// has batches.
    formats: Option<&'static KnownFormats>,
}

impl ChatClient {
    /// Sets up a client; nothing is sent. Needs no runtime yet.
    pub fn new(
        server: BaseUrl,
        key: Option<Key>,
        options: &ConnectionOptions,
        formats: Option<&'static KnownFormats>,
    ) -> Result<Self, ConnectError> {
        let bearer = key.as_ref().map(Key::bearer).transpose()?;
        let headers = HeaderMap::from_iter(bearer.map(|bearer| (AUTHORIZATION, bearer)));
        let http = HttpClient::new(server, key, headers, options.timeouts, refusal::read)?;
        Ok(Self { http, model_prefix: options.model_prefix.clone(), formats })
    }

    /// Like [`Endpoint::send`], with the full answer. A server that cannot enforce a schema refuses it before it answers;
    /// it is then asked in a simpler form, within this attempt, because nothing was billed.
    pub async fn send(
        &self,
        request: &Request,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<RawAnswer, RequestError> {
        let body = ChatBody::of(request)?;
        let Some(formats) = self.formats else {
            return self.send_as(AnswerForm::JsonSchema, body, request, on_progress).await;
        };
        let (server, model) = (self.http.server().to_string(), &body.prompt.model.id);
        // What the user says of a model is tried first.
        let mut format = body.prompt.model.answer_form.unwrap_or_else(|| formats.of(&server, model));
        loop {
            let answer = self.send_as(format, body, request, on_progress).await;
            match (&answer, format.next()) {
                (Err(RequestError::Refused(refusal)), Some(next)) if is_about_format(refusal) => format = next,
                (Ok(_), _) => {
                    formats.remember(&server, model, format);
                    return answer;
                }
                (Err(_), _) => return answer,
            }
        }
    }

    async fn send_as(
        &self,
        format: AnswerForm,
        body: &ChatBody,
        request: &Request,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<RawAnswer, RequestError> {
        let pieces = body.pieces(&self.model_prefix, format, Reply::Streamed);
        let sending = self.http.request(Method::POST, self.http.server().endpoint("v1/chat/completions"));
        let call = Call {
            request: with_json(sending, pieces),
            byte_count: request.byte_count(),
            sent: request.sent(),
            coordinates: body.prompt.model.coordinates,
            rate_limits: refusal::rate_limits,
        };
        exchange::send::<ReceivingCompletion>(&self.http, call, on_progress).await
    }

    /// Requests the server's models, and checks that `model` is among them, by the vendor's name or the endpoint's.
    /// Returns all models.
    pub async fn check(&self, model: &str) -> Result<Vec<RemoteModel>, CheckError> {
        let listing = self.http.request(Method::GET, self.http.server().endpoint("v1/models"));
        let list = self.http.page(listing, Duration::ZERO).await;
        let list: ModelList = list.map_err(|error| CheckError::from_request(&error))?;
        let listed = list.data.into_iter();
        let available = listed
            .map(|listed| RemoteModel { id: listed.id, name: listed.name, lifecycle: None, retires_at: None })
            .collect();
        checked(available, &self.model_prefix, model)
    }
}

impl Endpoint for ChatClient {
    fn base_url(&self) -> Option<&BaseUrl> {
        Some(self.http.server())
    }

    fn send<'a>(
        &'a self,
        request: &'a Request,
        on_progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    ) -> BoxFuture<'a, Result<ReceivedAnswer, RequestError>> {
        Box::pin(async move {
            let answer = Self::send(self, request, on_progress).await?;
            answer.received().map_err(|error| unreadable(error.to_string()))
        })
    }

    fn check<'a>(&'a self, model: &'a str) -> BoxFuture<'a, Result<Vec<RemoteModel>, CheckError>> {
        Box::pin(Self::check(self, model))
    }

    fn batches(&self) -> Option<&dyn BatchApi> {
        self.formats.is_none().then_some(self as &dyn BatchApi)
    }
}

/// Words of complaints about how JSON is asked for.
const FORMAT_WORDS: [&str; 7] = [
    "response_format",
    "json_schema",
    "json_object",
    "json schema",
    "parse grammar",
    "guided_json",
    "structured output",
];

/// Whether a server refuses how it was asked for JSON. A server that fails (500) may have generated and billed, except if it
/// could not read the form.
fn is_about_format(refusal: &Refusal) -> bool {
    let message = refusal.message.to_lowercase();
    let is_refusal = match refusal.status {
        400 | 415 | 422 | 501 => true,
        500 => ["failed to parse", "not supported", "unsupported"].iter().any(|word| message.contains(word)),
        _ => false,
    };
    is_refusal && FORMAT_WORDS.iter().any(|word| message.contains(word))
}
