//! HTTP for all providers: one server with one key, request and response bodies, timeouts, errors without the key.
//!
//! Redirects are not followed, and nothing is sent twice: a key goes only to the server that it was entered for.

mod glimpse;

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Body, Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use tokio::fs::File;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use crate::base_url::{BaseUrl, Key};
use crate::error::{Partial, RequestError};
use crate::provider::{ConnectError, Timeouts};
use crate::redaction::Redaction;
use crate::refusal::Refusal;

pub(crate) use glimpse::Glimpse;

/// Timeout for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest error body that is read, in bytes.
const ERROR_BODY_LIMIT: usize = 64 << 10;
/// The longest page of JSON that is read, in bytes.
const PAGE_LIMIT: usize = 32 << 20;
/// The slowest supported upload, in bytes per second: an upload in progress does not count as idle.
const SLOWEST_UPLOAD: u64 = 32 << 10;

/// Chunk size for reading a file, in bytes.
const FILE_PIECE_BYTES: usize = 256 << 10;

/// Time allowed for uploading this many bytes.
pub(crate) fn upload_time(byte_count: u64) -> Duration {
    Duration::from_secs(byte_count / SLOWEST_UPLOAD)
}

/// Sets a JSON body in pieces, without copying.
pub(crate) fn with_json<const PIECES: usize>(request: RequestBuilder, pieces: [Bytes; PIECES]) -> RequestBuilder {
    let byte_count: usize = pieces.iter().map(Bytes::len).sum();
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let pieces = stream::iter(pieces.map(Ok::<_, std::convert::Infallible>));
    request.header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, byte_count).body(Body::wrap_stream(pieces))
}

/// Sets a body that is read from a file in chunks while it is sent, between `head` and `tail`. Returns its length in bytes.
///
/// # Errors
///
/// If the file cannot be read; nothing is sent then.
pub(crate) async fn with_file(
    request: RequestBuilder,
    path: &Path,
    head: Bytes,
    tail: Bytes,
) -> Result<(RequestBuilder, u64), RequestError> {
    let file = File::open(path).await.map_err(|error| unsendable(&error))?;
    let file_bytes = file.metadata().await.map_err(|error| unsendable(&error))?.len();
    let byte_count = file_bytes + (head.len() + tail.len()) as u64;
    let piece = |piece: Bytes| stream::iter((!piece.is_empty()).then_some(Ok::<_, io::Error>(piece)));
    let body = piece(head).chain(ReaderStream::with_capacity(file, FILE_PIECE_BYTES)).chain(piece(tail));
    Ok((request.header(CONTENT_LENGTH, byte_count).body(Body::wrap_stream(body)), byte_count))
}

/// A local file that cannot be read; nothing was sent.
pub(crate) fn unsendable(error: &io::Error) -> RequestError {
    RequestError::Unsendable { detail: error.to_string() }
}

/// Parses an error response in a vendor's form: status, headers, body, current time.
pub(crate) type ReadRefusal = fn(u16, &HeaderMap, &[u8], SystemTime) -> Refusal;

/// A connection pool to one server with one key. Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    http: reqwest::Client,
    server: BaseUrl,
    redaction: Redaction,
    timeouts: Timeouts,
    read_refusal: ReadRefusal,
}

impl HttpClient {
    /// Creates a client that sends `headers`, including `key` if there is one, with every request. Nothing is sent, and no runtime is
    /// needed yet.
    pub(crate) fn new(
        server: BaseUrl,
        key: Option<Key>,
        headers: HeaderMap,
        timeouts: Timeouts,
        read_refusal: ReadRefusal,
    ) -> Result<Self, ConnectError> {
        if key.as_ref().is_some_and(|key| !key.is_for(&server)) {
            return Err(ConnectError::KeyOfAnotherServer { origin: server.origin() });
        }
        let builder = reqwest::Client::builder()
            .user_agent(concat!("fieldmark/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT);
        let builder = if server.is_loopback() {
            // A proxy is another machine, and requests to this machine must not leave it.
            builder.no_proxy()
        } else {
            builder.https_only(true)
        };
        let http = builder.build().map_err(ConnectError::Http)?;
        Ok(Self {
            http,
            server,
            redaction: key.map_or_else(Redaction::none, Key::into_redaction),
            timeouts,
            read_refusal,
        })
    }

    pub(crate) fn server(&self) -> &BaseUrl {
        &self.server
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Redacts the key from responses.
    pub(crate) fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// The URL of a resource of the API. Each segment is escaped, so that it stays one segment of the path.
    pub(crate) fn address(&self, path: &str, segments: &[&str]) -> Url {
        let mut url = self.server.endpoint(path);
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request whose upload may take `upload`, and returns the response if its status is a success.
    pub(crate) async fn open(&self, request: RequestBuilder, upload: Duration) -> Result<Response, RequestError> {
        let response = self.within(self.timeouts.idle + upload, request.send()).await?;
        if !response.status().is_success() {
            return Err(RequestError::Refused(Box::new(self.refusal(response).await)));
        }
        Ok(response)
    }

    /// Sends a request and parses a page of JSON.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        upload: Duration,
    ) -> Result<T, RequestError> {
        let limit = self.timeouts.total + upload;
        let fetching = async {
            let response = self.open(request, upload).await?;
            let mut glimpse = Glimpse::of(&response);
            let read = self.body(response, PAGE_LIMIT).await.and_then(|body| {
                glimpse.add(&body);
                let body = self.redaction.of_answer(&String::from_utf8_lossy(&body));
                serde_json::from_str(&body).map_err(|error| unreadable(error.to_string()))
            });
            read.map_err(|error| self.shown(error, &glimpse))
        };
        timeout(limit, fetching)
            .await
            .unwrap_or_else(|_| Err(RequestError::TotalTimeout { limit, partial: Partial::default() }))
    }

    /// The next chunk of a body; `None` at its end.
    pub(crate) async fn next_piece(&self, response: &mut Response) -> Result<Option<Bytes>, RequestError> {
        self.within(self.timeouts.idle, response.chunk()).await
    }

    /// Adds an excerpt of the response to an "unreadable" error, with the key redacted.
    pub(crate) fn shown(&self, error: RequestError, glimpse: &Glimpse) -> RequestError {
        match error {
            RequestError::Unreadable { detail, partial } => {
                let why = self.redacted(&detail);
                RequestError::Unreadable { detail: glimpse.explain(&why, |text| self.redacted(text)), partial }
            }
            other => other,
        }
    }

    /// `text` without the key, because servers repeat what they received.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.redaction.of_failure(text)
    }

    async fn refusal(&self, response: Response) -> Refusal {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A refusal without a body is still a refusal.
        let body = self.body(response, ERROR_BODY_LIMIT).await.unwrap_or_default();
        (self.read_refusal)(status, &headers, &body, SystemTime::now()).presentable(|text| self.redacted(text))
    }

    /// A body up to `limit` bytes; the rest is not read.
    async fn body(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, RequestError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next_piece(&mut response).await? {
            body.extend_from_slice(&chunk);
            if body.len() >= limit {
                body.truncate(limit);
                break;
            }
        }
        Ok(body)
    }

    async fn within<T>(
        &self,
        idle: Duration,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, RequestError> {
        match timeout(idle, work).await {
            Ok(done) => done.map_err(RequestError::from_http),
            Err(_) => Err(RequestError::IdleTimeout { limit: idle, partial: Partial::default() }),
        }
    }
}

/// An "unreadable answer" error. [`HttpClient::shown`] adds an excerpt.
pub(crate) fn unreadable(why: impl Into<String>) -> RequestError {
    RequestError::Unreadable { detail: why.into(), partial: Partial::default() }
}
