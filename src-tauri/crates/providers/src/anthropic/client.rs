//! Sends requests to one server with one key.

mod exchange;
#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use super::body::Dialect;
use super::wire::answer::Receiving;
use super::{HOST, refusal};
use crate::answer::ReceivedAnswer;
use crate::answer::{FinishReason, RawAnswer};
use crate::base_url::{BaseUrl, Key};
use crate::batch::BatchApi;
use crate::discovery::{CheckError, RemoteModel};
use crate::error::{Partial, RequestError};
use crate::future::BoxFuture;
use crate::http::{HttpClient, unreadable};
use crate::provider::{ConnectError, ConnectionOptions, Endpoint, Progress};
use crate::request::Request;

/// `anthropic-version` of the vendor's own host, and the one that compatible servers support.
const NEWEST_API_VERSION: &str = "2026-10-21";
const OLDEST_API_VERSION: &str = "2023-06-01";

/// A client of one server. Cheap to clone; clones share the connections.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) http: HttpClient,
    model_prefix: String,
    sends_transformations: bool,
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
        let http = HttpClient::new(server, key, headers, options.timeouts, refusal::read)?;
        let sends_transformations = options.refuses_large_images.unwrap_or(is_vendor);
        Ok(Self { http, model_prefix: options.model_prefix.clone(), sends_transformations })
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
        let began = Instant::now();
        let mut receiving = Receiving::default();
        let mut preview = self.http.redaction().of_pieces();
        let mut on_progress = |progress: Progress<'_>| match progress {
            Progress::Text(piece) => on_progress(Progress::Text(&preview.push(piece))),
            other => on_progress(other),
        };
        let exchange = self.exchange(request, began, &mut receiving, &mut on_progress);
        let outcome = timeout_at(began + self.http.timeouts().total, exchange).await.unwrap_or_else(|_| {
            Err(RequestError::TotalTimeout { limit: self.http.timeouts().total, partial: Partial::default() })
        });
        // The key is redacted here, before anything is stored, shown or exported.
        receiving.redact(|text| self.http.redaction().of_answer(text));
        match outcome {
            Ok(received) => Ok(RawAnswer {
                usage: receiving.usage(),
                text: receiving.text,
                stop_reason: receiving.stop_reason.unwrap_or(FinishReason::Other(String::new())),
                model: receiving.model,
                request_id: received.request_id.map(|id| self.http.redacted(&id)),
                sent: request.sent(),
                time_to_first_byte_millis: millis(received.first_byte_at - began),
                took_millis: millis(received.ended_at - began),
                rate_limits: received.rate_limits,
            }),
            Err(error) => {
                let usage = receiving.usage_so_far();
                Err(error.with_partial(Partial { usage, text: receiving.text }))
            }
        }
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
        Some(self)
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
