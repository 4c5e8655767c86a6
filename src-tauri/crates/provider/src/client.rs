//! Sending requests and receiving answers. One call is one attempt: there is no retry in here, so that whoever keeps the
//! ledger sees every request that may be billed.
//!
//! Dropping a call's future aborts its request; so do the two timeouts. Redirects are not followed: a key goes to the
//! server it was entered for and to no other.

mod error;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};
use tokio::time::{Instant, timeout, timeout_at};

use crate::answer::{RawAnswer, StopReason};
use crate::refusal::{RateLimits, Refusal};
use crate::request::Request;
use crate::server::{BaseUrl, Key, KeyError};
use crate::sse;
use crate::wire::anthropic::{Receiving, Step};
use domain::usage::Usage;

pub use error::{Partial, SendError};

/// The longest answer that is read, in bytes: far beyond any output maximum, and short of filling the memory.
const BODY_LIMIT: usize = 32 << 20;
/// The longest error body that is read, in bytes.
const ERROR_BODY_LIMIT: usize = 64 << 10;
/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the end of a connection's answer is waited for once the answer itself is complete.
const REMAINDER_TIMEOUT: Duration = Duration::from_secs(1);
/// The slowest uplink that is waited for, in bytes a second: a picture on its way is not an idle server.
const SLOWEST_UPLOAD: u64 = 32 << 10;

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
    key: Key,
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
        Ok(Self { http, server, key, timeouts: options.timeouts })
    }

    #[must_use]
    pub fn server(&self) -> &BaseUrl {
        &self.server
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
        let exchange = self.exchange(request, began, &mut receiving, on_progress);
        let outcome = timeout_at(began + self.timeouts.total, exchange).await.unwrap_or_else(|_| {
            Err(SendError::TotalTimeout { limit: self.timeouts.total, partial: Partial::default() })
        });
        match outcome {
            Ok(received) => Ok(RawAnswer {
                usage: receiving.usage(),
                text: receiving.text,
                stop_reason: receiving.stop_reason.unwrap_or(StopReason::Other(String::new())),
                model: receiving.model,
                request_id: received.request_id,
                sent: request.sent,
                time_to_first_byte_millis: millis(received.first_byte_at - began),
                took_millis: millis(received.ended_at - began),
                rate_limits: received.rate_limits,
            }),
            Err(error) => {
                let usage = receiving.usage();
                Err(error.with_partial(Partial { usage, text: receiving.text }))
            }
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        began: Instant,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Received, SendError> {
        let upload = Duration::from_secs(request.body.len() as u64 / SLOWEST_UPLOAD);
        let sending = self
            .http
            .post(self.server.endpoint("v1/messages"))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(request.body.clone())
            .send();
        let mut response = self.within(self.timeouts.idle + upload, sending).await?;
        if !response.status().is_success() {
            return Err(SendError::Refused(Box::new(self.refusal(response).await)));
        }
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let kind = header(CONTENT_TYPE.as_str()).unwrap_or_default();
        if kind.starts_with("text/html") {
            return Err(SendError::WebPage);
        }
        let is_stream = !kind.starts_with("application/json");
        let request_id = header("request-id").map(str::to_owned);
        let rate_limits = RateLimits::read(response.headers());
        on_progress(Progress::Accepted { rate_limits: &rate_limits });

        let mut first_byte_at = began;
        let (mut parser, mut whole, mut byte_count) = (sse::Parser::default(), Vec::new(), 0);
        let mut has_ended = false;
        while !has_ended {
            let Some(chunk) = self.within(self.timeouts.idle, response.chunk()).await? else { break };
            if byte_count == 0 {
                first_byte_at = Instant::now();
            }
            byte_count += chunk.len();
            if byte_count > BODY_LIMIT {
                return Err(self.malformed("the answer is endless"));
            }
            if is_stream {
                has_ended = self.take_events(parser.push(&chunk), receiving, on_progress)?;
            } else {
                whole.extend_from_slice(&chunk);
            }
        }
        let ended_at = Instant::now();
        if !is_stream {
            *receiving = Receiving::whole(&whole).map_err(|error| self.malformed(&error.to_string()))?;
        } else if !has_ended {
            let detail = format!("the answer broke off, {} bytes into an event", parser.pending_bytes());
            return Err(SendError::Lost { detail, partial: Partial::default() });
        } else {
            // A connection whose answer was read to its very end serves the next request, too.
            let _ = timeout(REMAINDER_TIMEOUT, response.chunk()).await;
        }
        Ok(Received { request_id, rate_limits, first_byte_at, ended_at })
    }

    /// Returns whether the answer has ended.
    fn take_events(
        &self,
        events: Vec<sse::Event>,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<bool, SendError> {
        for event in events {
            let step = match event.name.as_str() {
                // Servers agree on the name of this one, and less on its form.
                "error" => Ok(Step::Failed(Box::new(Refusal::from_body(200, event.data.as_bytes())))),
                _ => receiving.take(&event.data),
            };
            match step {
                Ok(Step::Begun) => on_progress(Progress::Begun { usage: receiving.usage() }),
                Ok(Step::Text(text)) => on_progress(Progress::Text(&text)),
                Ok(Step::Ended) => return Ok(true),
                Ok(Step::Failed(refusal)) => {
                    return Err(SendError::BrokenOff {
                        refusal: Box::new(refusal.presentable(|text| self.key.redact(text))),
                        partial: Partial::default(),
                    });
                }
                Ok(Step::Other) => {}
                // Gateways send events of their own, which need not even be JSON.
                Err(_) if !is_known(&event.name) => {}
                Err(error) => return Err(self.malformed(&error.to_string())),
            }
        }
        Ok(false)
    }

    /// Fetches one page of JSON.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, SendError> {
        let mut url: Url = self.server.endpoint(path);
        url.query_pairs_mut().extend_pairs(query);
        let fetching = async {
            let response = self.within(self.timeouts.idle, self.http.get(url).send()).await?;
            if response.status().is_success() {
                self.body(response, BODY_LIMIT).await
            } else {
                Err(SendError::Refused(Box::new(self.refusal(response).await)))
            }
        };
        timeout(self.timeouts.total, fetching).await.unwrap_or_else(|_| {
            Err(SendError::TotalTimeout { limit: self.timeouts.total, partial: Partial::default() })
        })
    }

    async fn refusal(&self, response: Response) -> Refusal {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A refusal whose body does not arrive is still a refusal.
        let body = self.body(response, ERROR_BODY_LIMIT).await.unwrap_or_default();
        Refusal::read(status, &headers, &body, SystemTime::now()).presentable(|text| self.key.redact(text))
    }

    /// A body up to `limit` bytes; what is beyond is left unread.
    async fn body(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, SendError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.within(self.timeouts.idle, response.chunk()).await? {
            body.extend_from_slice(&chunk);
            if body.len() >= limit {
                body.truncate(limit);
                break;
            }
        }
        Ok(body)
    }

    /// What is wrong with an answer may quote it.
    fn malformed(&self, detail: &str) -> SendError {
        SendError::Malformed { detail: self.key.redact(detail), partial: Partial::default() }
    }

    async fn within<T>(
        &self,
        idle: Duration,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, SendError> {
        match timeout(idle, work).await {
            Ok(done) => done.map_err(SendError::from_http),
            Err(_) => Err(SendError::IdleTimeout { limit: idle, partial: Partial::default() }),
        }
    }
}

struct Received {
    request_id: Option<String>,
    rate_limits: RateLimits,
    first_byte_at: Instant,
    ended_at: Instant,
}

fn is_known(event: &str) -> bool {
    matches!(
        event,
        "message_start"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "message_delta"
            | "message_stop"
    )
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
