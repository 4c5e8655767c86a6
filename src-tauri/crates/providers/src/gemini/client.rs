//! Sends requests to one server with one key.

#[cfg(test)]
pub(super) mod tests;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Url};

use super::body::ContentBody;
use super::refusal;
use super::wire::answer::ReceivingContent;
use crate::answer::{RawAnswer, ReceivedAnswer};
use crate::base_url::{BaseUrl, Key};
use crate::batch::BatchApi;
use crate::discovery::{CheckError, RemoteModel};
use crate::error::RequestError;
use crate::exchange::{self, Call};
use crate::future::BoxFuture;
use crate::http::{HttpClient, unreadable, with_json};
use crate::provider::{ConnectError, ConnectionOptions, Endpoint, Progress};
use crate::rate_limits::RateLimits;
use crate::request::Request;

/// The API version of the vendor's reference. Its SDK uses `v1` by default.
const API_VERSION: &str = "v1beta";

/// A client of one server.
#[derive(Debug, Clone)]
pub struct GeminiClient {
    pub(super) http: HttpClient,
    pub(super) model_prefix: String,
    pub(super) api_version: String,
    /// The model of its batches.
    pub(super) model: String,
}

impl GeminiClient {
    /// Sets up a client whose batches are for `model`; nothing is sent. Needs no runtime yet.
    pub fn new(server: BaseUrl, key: Key, model: &str, options: &ConnectionOptions) -> Result<Self, ConnectError> {
        // In a header only: an address with a key would be logged on the way.
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-goog-api-key"), key.header()?)]);
        let http = HttpClient::new(server, Some(key), headers, options.timeouts, refusal::read)?;
        let api_version = options.api_version.as_deref().unwrap_or(API_VERSION).to_owned();
        Ok(Self { http, model_prefix: options.model_prefix.clone(), api_version, model: model.to_owned() })
    }

    /// The address of a resource of the API.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        self.http.server().endpoint(&format!("{}/{path}", self.api_version))
    }

    /// Like [`Endpoint::send`], with the full answer.
    pub async fn send(
        &self,
        request: &Request,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<RawAnswer, RequestError> {
        let body = ContentBody::of(request)?;
        let prompt = &body.prompt;
        let mut url = self.endpoint(&format!("models/{}{}:streamGenerateContent", self.model_prefix, prompt.model.id));
        url.set_query(Some("alt=sse"));
        let call = Call {
            request: with_json(self.http.request(Method::POST, url), body.pieces()),
            byte_count: request.byte_count(),
            sent: request.sent(),
            coordinates: prompt.model.coordinates,
            // The vendor sends no rate limits.
            rate_limits: |_| RateLimits::default(),
        };
        exchange::send::<ReceivingContent>(&self.http, call, on_progress).await
    }
}

impl Endpoint for GeminiClient {
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
        Some(self)
    }
}
