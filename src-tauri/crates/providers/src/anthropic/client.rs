//! Sending requests and receiving answers. One call is one attempt: there is no retry in here, so that whoever keeps the
//! ledger sees every request that may be billed.
//!
//! Dropping a call's future aborts its request; so do the two timeouts. Redirects are not followed: a key goes to the
//! server it was entered for and to no other.

mod exchange;
mod glimpse;
mod http;
#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::usage::Usage;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::answer::{RawAnswer, StopReason};
use crate::anthropic::request::{Dialect, Request};
use crate::anthropic::wire::answer::Receiving;
use crate::base_url::{BaseUrl, Key, KeyError};
use crate::redaction::Redaction;
use crate::refusal::RateLimits;

pub use crate::error::{Partial, SendError};
pub(crate) use glimpse::Glimpse;
pub(crate) use http::{unreadable, upload_time};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

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

/// What may be set for a client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientOptions {
    /// The `anthropic-version` header; `None` follows [`BaseUrl::default_api_version`].
    pub api_version: Option<String>,
    /// What this route puts before the vendor's name of a model, such as `anthropic.`; empty as a rule.
    pub model_prefix: String,
    /// Whether images carry `transformations`, which has the server refuse an image that it would resize. Compatible servers
    /// refuse the field itself; `None` follows [`BaseUrl::takes_transformations`].
    pub sends_transformations: Option<bool>,
    pub timeouts: Timeouts,
}

/// A client that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The key was entered for another server and is not sent to this one.
    #[error("there is no key for {origin}: the one at hand belongs to another server")]
    KeyOfAnotherServer { origin: String },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the interface version contains characters that no version contains")]
    ApiVersion,
    #[error("the HTTP client could not be set up: {0}")]
    Http(#[source] reqwest::Error),
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

/// A connection pool to one server with one key. Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: BaseUrl,
    redaction: Redaction,
    model_prefix: String,
    sends_transformations: bool,
    timeouts: Timeouts,
}

impl Client {
    /// Sets up a client; nothing is sent. Needs no runtime yet.
    pub fn new(server: BaseUrl, key: Key, options: &ClientOptions) -> Result<Self, ClientError> {
        if !key.is_for(&server) {
            return Err(ClientError::KeyOfAnotherServer { origin: server.origin() });
        }
        let version = options.api_version.as_deref().unwrap_or(server.default_api_version());
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("x-api-key"), key.header()?),
            (
                HeaderName::from_static("anthropic-version"),
                HeaderValue::from_str(version).map_err(|_| ClientError::ApiVersion)?,
            ),
        ]);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("fieldmark/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT);
        builder = if server.is_loopback() {
            // A proxy is another machine, and what goes to this one must not leave it.
            builder.no_proxy()
        } else {
            builder.https_only(true)
        };
        let http = builder.build().map_err(ClientError::Http)?;
        let sends_transformations = options.sends_transformations.unwrap_or(server.takes_transformations());
        let ClientOptions { model_prefix, timeouts, .. } = options.clone();
        Ok(Self { http, server, redaction: key.into_redaction(), model_prefix, sends_transformations, timeouts })
    }

    #[must_use]
    pub fn server(&self) -> &BaseUrl {
        &self.server
    }

    /// Takes the key out of what the server sends.
    pub(crate) fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// How requests are written for this server.
    #[must_use]
    pub fn dialect(&self) -> Dialect<'_> {
        Dialect { model_prefix: &self.model_prefix, sends_transformations: self.sends_transformations }
    }

    /// Sends a request and receives its answer, telling what arrives meanwhile.
    ///
    /// # Errors
    /// With what is known about the failure: [`SendError::disposition`] says what to do, and
    /// [`SendError::may_be_billed`] whether it can have cost something.
    pub async fn send(
        &self,
        request: &Request,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<RawAnswer, SendError> {
        let began = Instant::now();
        let mut receiving = Receiving::default();
        let mut preview = self.redaction.of_pieces();
        let mut on_progress = |progress: Progress<'_>| match progress {
            Progress::Text(piece) => on_progress(Progress::Text(&preview.push(piece))),
            other => on_progress(other),
        };
        let exchange = self.exchange(request, began, &mut receiving, &mut on_progress);
        let outcome = timeout_at(began + self.timeouts.total, exchange).await.unwrap_or_else(|_| {
            Err(SendError::TotalTimeout { limit: self.timeouts.total, partial: Partial::default() })
        });
        // From here on nothing has the key in it: what is kept, shown and exported is made of this.
        receiving.redact(|text| self.redaction.of_answer(text));
        match outcome {
            Ok(received) => Ok(RawAnswer {
                usage: receiving.usage(),
                text: receiving.text,
                stop_reason: receiving.stop_reason.unwrap_or(StopReason::Other(String::new())),
                model: receiving.model,
                request_id: received.request_id.map(|id| self.redacted(&id)),
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

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
