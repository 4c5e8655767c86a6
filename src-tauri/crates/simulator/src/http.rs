//! The server itself: connections, routes, headers, and the order in which a request meets keys, checks, faults, limits
//! and its answer. Each connection belongs to the accepting task and ends with it.
//!
//! Two paths are not the vendor's, and need no key: `POST /simulator/faults` (a JSON list of faults for the next
//! requests) and `GET /simulator/ledger`. They let a program that runs elsewhere script and check the simulator.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};

use crate::Options;
use crate::answer::Answer;
use crate::cache::PromptCache;
use crate::error::Refusal;
use crate::faults::{Effect, Fault, Interruption};
use crate::keys::Keys;
use crate::ledger::{Book, Delivery, Entry, Refused};
use crate::limits::Meter;
use crate::playback::Playback;
use crate::seeing;
use crate::sse::{self, Message};
use crate::usage::Usage;
use crate::validation::{self, Asked, Version};
use crate::{Latency, models};

pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, io::Error>;
type Reply = Response<ReplyBody>;

/// The vendor's limit on a request.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long to wait after the system refuses a connection, before accepting again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every connection shares.
pub(crate) struct Server {
    keys: Keys,
    latency: Latency,
    cache: Mutex<PromptCache>,
    meter: Mutex<Meter>,
    faults: Mutex<VecDeque<Fault>>,
    places: Option<Arc<Semaphore>>,
    requests: AtomicU64,
    pub(crate) book: Book,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until the task is aborted; every connection is then dropped with it.
pub(crate) async fn accept(listener: TcpListener, server: Arc<Server>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&server)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, server: Arc<Server>) {
    // Without this, small events of a stream would wait for each other's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps its delay");
    }
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.reply(request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

impl Server {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            keys: options.keys,
            latency: options.latency,
            cache: Mutex::default(),
            meter: Mutex::new(Meter::new(options.limits, Instant::now())),
            faults: Mutex::new(options.faults.into()),
            places: options.limits.most_in_flight.map(|most| Arc::new(Semaphore::new(most))),
            requests: AtomicU64::new(1),
            book: Book::default(),
        }
    }

    pub(crate) fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.faults).extend(faults);
    }

    async fn reply(&self, request: Request<Incoming>) -> Reply {
        let request_id = format!("req_sim{:017}", self.requests.fetch_add(1, Ordering::Relaxed));
        let mut reply = self.route(request, &request_id).await.unwrap_or_else(|refusal| {
            self.book.refuse(Refused {
                request_id: request_id.clone(),
                status: refusal.status,
                message: refusal.message.clone(),
            });
            refused(&refusal, &request_id)
        });
        let headers = reply.headers_mut();
        set(headers, "request-id", &request_id);
        set(headers, "anthropic-organization-id", "00000000-0000-0000-0000-000000000000");
        reply
    }

    async fn route(&self, request: Request<Incoming>, request_id: &str) -> Result<Reply, Refusal> {
        let (head, body) = request.into_parts();
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/v1/messages") => self.message(&head.headers, body, request_id).await,
            (&Method::POST, "/v1/messages/count_tokens") => {
                self.keys.admit(&head.headers)?;
                Version::of(&head.headers)?;
                let body = read(body).await?;
                let asked = thinking_aside(move || validation::count(&body)).await??;
                Ok(json_reply(StatusCode::OK, &json!({"input_tokens": asked.prompt_tokens()})))
            }
            (&Method::GET, "/v1/models") => {
                self.keys.admit(&head.headers)?;
                Version::of(&head.headers)?;
                Ok(json_reply(StatusCode::OK, &listed(head.uri.query().unwrap_or_default())?))
            }
            (&Method::GET, path) if path.starts_with("/v1/models/") => {
                self.keys.admit(&head.headers)?;
                Version::of(&head.headers)?;
                let name = path.trim_start_matches("/v1/models/");
                let model = models::find(name).ok_or_else(|| Refusal::not_found(format!("model: {name}")))?;
                Ok(json_reply(StatusCode::OK, &model.described()))
            }
            (&Method::POST, "/simulator/faults") => {
                let faults: Vec<Fault> =
                    serde_json::from_slice(&read(body).await?).map_err(|error| Refusal::invalid(error.to_string()))?;
                self.script(faults);
                Ok(json_reply(StatusCode::OK, &json!({"waiting": lock(&self.faults).len()})))
            }
            (&Method::GET, "/simulator/ledger") => Ok(json_reply(StatusCode::OK, &json!(self.book.copy()))),
            (
                _,
                "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models" | "/simulator/faults" | "/simulator/ledger",
            ) => Err(Refusal::new(405, "invalid_request_error", "Method Not Allowed")),
            _ => Err(Refusal::not_found("Not Found")),
        }
    }

    async fn message(&self, headers: &HeaderMap, body: Incoming, request_id: &str) -> Result<Reply, Refusal> {
        self.keys.admit(headers)?;
        let version = Version::of(headers)?;
        let body = read(body).await?;
        let asked = thinking_aside(move || validation::message(&body, version)).await??;
        let effect = lock(&self.faults).pop_front().map(|fault| fault.effect());
        let limit_headers = || lock(&self.meter).headers(Instant::now(), Timestamp::now());
        match &effect {
            Some(Effect::Refuse(refusal)) => return Err(refusal.clone()),
            Some(Effect::Interrupt { how: Interruption::Error, .. }) if !asked.is_streaming => {
                return Err(Refusal::overloaded());
            }
            Some(Effect::RefuseAsProxy) => return Ok(self.as_proxy(request_id)),
            Some(Effect::AnotherServer) => {
                return Ok(page(StatusCode::OK, "<!doctype html><title>Welcome</title><p>It works!"));
            }
            Some(Effect::Silence) => return std::future::pending().await,
            _ => {}
        }
        let place = self.place()?;
        let arrived_at = Instant::now();
        let split = lock(&self.cache).split(asked.model, &asked.segments, arrived_at);
        let usage = Usage::of_prompt(split);
        lock(&self.meter).admit(usage.limited_input_tokens(), arrived_at)?;
        let spoiling = if let Some(Effect::Spoil(spoiling)) = effect { Some(spoiling) } else { None };
        let (asked, answer) = thinking_aside(move || {
            let sightings = asked.picture.as_ref().map(seeing::look).unwrap_or_default();
            let answer = Answer::to(&asked, &sightings, spoiling);
            (asked, answer)
        })
        .await?;
        let usage = Usage { output_tokens: answer.output_tokens, thinking_tokens: answer.thinking_tokens, ..usage };
        lock(&self.meter).generated(usage.output_tokens);
        let mut reply = self.answer(&asked, &answer, usage, effect, place, request_id).await;
        for (name, value) in limit_headers() {
            set(reply.headers_mut(), &name, &value);
        }
        Ok(reply)
    }

    /// Bills the answer, waits as long as a model would, and starts sending.
    async fn answer(
        &self,
        asked: &Asked,
        answer: &Answer,
        usage: Usage,
        effect: Option<Effect>,
        place: Option<OwnedSemaphorePermit>,
        request_id: &str,
    ) -> Reply {
        let message_id = request_id.replacen("req_", "msg_", 1);
        let receipt = self.book.bill(Entry {
            request_id: request_id.to_owned(),
            message_id: message_id.clone(),
            model: asked.model.id.to_owned(),
            usage,
            pico_dollars: usage.pico_dollars(asked.model, asked.is_confined_to_us),
            stop_reason: answer.stop_reason.to_owned(),
            is_streamed: asked.is_streaming,
            delivery: Delivery::Underway,
        });
        let message = Message {
            id: &message_id,
            model: asked.model.id,
            answer,
            usage,
            is_confined_to_us: asked.is_confined_to_us,
        };
        let extra_delay = if let Some(Effect::Delay(delay)) = effect { delay } else { Duration::ZERO };
        tokio::time::sleep(self.latency.first_byte + extra_delay).await;
        lock(&self.cache).keep(asked.model, &asked.segments, Instant::now());
        let interruption = match effect {
            Some(Effect::Interrupt { after_events, how }) => Some((after_events, how)),
            _ => None,
        };
        let (media_type, pieces, interruption) = if asked.is_streaming {
            ("text/event-stream; charset=utf-8", message.events(), interruption)
        } else {
            let (pieces, interruption) = in_one_piece(&message.whole(), interruption);
            ("application/json", pieces, interruption)
        };
        let playback = Playback {
            pieces: pieces.into(),
            between_pieces: self.latency.between_events,
            interruption,
            error_event: sse::event(&Refusal::overloaded().body(request_id)),
            sent: 0,
            receipt,
            place,
        };
        let mut reply = Response::new(playback.into_body());
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        reply
    }

    fn place(&self) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        match &self.places {
            None => Ok(None),
            Some(places) => Arc::clone(places).try_acquire_owned().map(Some).map_err(|_| Refusal::overloaded()),
        }
    }

    fn as_proxy(&self, request_id: &str) -> Reply {
        let message = "413 Request Entity Too Large";
        self.book.refuse(Refused { request_id: request_id.to_owned(), status: 413, message: message.to_owned() });
        page(StatusCode::PAYLOAD_TOO_LARGE, "<html><body><h1>413 Request Entity Too Large</h1></body></html>")
    }
}

/// Runs work that would hold up other connections.
async fn thinking_aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "the simulator failed on a request");
        Refusal::internal()
    })
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::too_large()),
        Err(error) => Err(Refusal::invalid(format!("The request body could not be read: {error}"))),
    }
}

/// A JSON answer has no events: what interrupts it strikes before, or else in the middle.
fn in_one_piece(
    message: &Value,
    interruption: Option<(usize, Interruption)>,
) -> (Vec<Bytes>, Option<(usize, Interruption)>) {
    let whole = Bytes::from(message.to_string());
    match interruption {
        Some((_, how @ (Interruption::End | Interruption::Break))) => {
            (vec![whole.slice(..whole.len() / 2)], Some((1, how)))
        }
        Some(_) => (Vec::new(), Some((0, Interruption::Stall))),
        None => (vec![whole], None),
    }
}

fn listed(query: &str) -> Result<Value, Refusal> {
    let parameter = |name: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let limit = match parameter("limit").map(str::parse::<usize>) {
        None => 20,
        Some(Ok(limit)) if (1..=1000).contains(&limit) => limit,
        Some(_) => return Err(Refusal::invalid("limit: Input should be between 1 and 1000")),
    };
    Ok(models::page(parameter("after_id"), parameter("before_id"), limit))
}

fn full(body: impl Into<Bytes>) -> ReplyBody {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

fn json_reply(status: StatusCode, body: &Value) -> Reply {
    let mut reply = Response::new(full(body.to_string()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn page(status: StatusCode, html: &'static str) -> Reply {
    let mut reply = Response::new(full(html));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    reply
}

fn refused(refusal: &Refusal, request_id: &str) -> Reply {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = json_reply(status, &refusal.body(request_id));
    if let Some(wait) = refusal.retry_after {
        // Rounded up: a client that waits exactly as long as it was told must get in.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        set(reply.headers_mut(), RETRY_AFTER.as_str(), &seconds.to_string());
    }
    reply
}

/// Sets a header of ours; names and values are ASCII by construction.
fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}
