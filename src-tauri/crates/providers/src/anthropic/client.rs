//! Sends requests to one server with one key.

#[cfg(test)]
pub(super) mod test_client;
#[cfg(test)]
mod tests;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::body::{Dialect, MessageBody};
use super::wire::answer::ReceivingMessage;
use super::{HOST, refusal};
use crate::answer::{RawAnswer, ReceivedAnswer};
use crate::base_url::{BaseUrl, Key};
use crate::batch::BatchApi;
use crate::discovery::{CheckError, RemoteModel};
use crate::error::RequestError;
use crate::exchange::{self, Call};
use crate::future::BoxFuture;
use crate::http::{HttpClient, unreadable, with_json};
use crate::provider::{ConnectError, ConnectionOptions, Endpoint, Progress};
use crate::request::{Reply, Request};

/// `anthropic-version` of the vendor's own host, and the one that compatible servers support.
const NEWEST_API_VERSION: &str = "2026-10-21";
const OLDEST_API_VERSION: &str = "2023-06-01";

/// A client of one server. Cheap to clone; clones share the connections.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) http: HttpClient,
    model_prefix: String,
    sends_transformations: bool,
    has_batches: bool,
}

impl Client {
    /// Sets up a client; nothing is sent. Needs no runtime yet.
    pub fn new(server: BaseUrl, key: Key, options: &ConnectionOptions) -> Result<Self, ConnectError> {
        let is_vendor = server.host() == HOST;
        let usual_version = if is_vendor { NEWEST_API_VERSION } else { OLDEST_API_VERSION };
        let version = options.api_version.as_deref().unwrap_or(usual_version);
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("x-api-key"), key.header()?),
            (
                HeaderName::from_static("anthropic-version"),
                HeaderValue::from_str(version).map_err(|_| ConnectError::ApiVersion)?,
            ),
        ]);
        let http = HttpClient::new(server, Some(key), headers, options.timeouts, refusal::read)?;
        let sends_transformations = options.refuses_large_images.unwrap_or(is_vendor);
        Ok(Self { http, model_prefix: options.model_prefix.clone(), sends_transformations, has_batches: true })
    }

    /// The client of a server that has no batches.
    pub fn without_batches(self) -> Self {
        Self { has_batches: false, ..self }
    }

    /// How requests are written for this server.
    pub fn dialect(&self) -> Dialect<'_> {
        Dialect { model_prefix: &self.model_prefix, sends_transformations: self.sends_transformations }
    }

    /// Like [`Endpoint::send`], with the full answer.
    pub async fn send(
        &self,
        request: &Request,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<RawAnswer, RequestError> {
        let body = MessageBody::of(request)?;
        let pieces = body.pieces(self.dialect(), Reply::Streamed);
        let sending = self.http.request(Method::POST, self.http.server().endpoint("v1/messages"));
        let call = Call {
            request: with_json(sending, pieces),
            byte_count: request.byte_count(),
            sent: request.sent(),
            coordinates: body.coordinates,
            rate_limits: refusal::rate_limits,
        };
        exchange::send::<ReceivingMessage>(&self.http, call, on_progress).await
    }
}

impl Endpoint for Client {
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
        self.has_batches.then_some(self as &dyn BatchApi)
    }
}
