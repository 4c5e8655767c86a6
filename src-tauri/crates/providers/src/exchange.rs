//! One request and its answer, in any vendor's format: a stream of events, or one JSON value from servers that do not
//! stream. An answer is complete when the stream ends it, or when the model has given a stop reason.

pub mod common;

use std::time::Duration;

use bytes::Bytes;
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::usage::Usage;
use reqwest::header::{ACCEPT, HeaderMap};
use reqwest::{RequestBuilder, Response};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout, timeout_at};

use crate::answer::{FinishReason, RawAnswer};
use crate::error::{Partial, RequestError};
use crate::http::{Glimpse, HttpClient, unreadable, upload_time};
use crate::json::Object;
use crate::provider::Progress;
use crate::rate_limits::RateLimits;
use crate::refusal::Refusal;
use crate::sse;

/// Longest answer in bytes: far above any output maximum, but bounded.
const BODY_LIMIT: usize = 32 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// How long to wait for the end of the body once the answer is complete.
const REMAINDER_TIMEOUT: Duration = Duration::from_secs(1);

/// Effect of an event on an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// The model has begun to answer: its prompt is read, and cached if requested.
    Begun,
    /// Text was appended.
    Text(String),
    /// The answer is complete.
    Ended,
    /// The server failed.
    Failed(Box<Refusal>),
    /// No effect.
    Other,
}

/// An event or body that cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    #[error("the server's JSON could not be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is not a message of a model")]
    NoMessage,
}

/// An answer that is being received, in one vendor's format.
pub trait Receiving: Default + Send {
    /// Parses a complete answer.
    fn whole(message: &Object<'_>) -> Result<Self, BadEvent>;

    /// Parses an error object within an answer.
    fn failure(body: &[u8]) -> Refusal;

    /// Whether an unreadable event may be part of an answer.
    fn may_have_text(event: &sse::Event) -> bool;

    /// Takes one event of a stream.
    fn take(&mut self, event: &sse::Event) -> Result<StreamEvent, BadEvent>;

    /// Ends the text: no more pieces follow.
    fn end(&mut self);

    /// Whether any part of an answer has arrived.
    fn has_begun(&self) -> bool;

    /// Whether the model has given a stop reason, so that the answer is complete.
    fn has_stopped(&self) -> bool;

    /// Usage of the whole answer; `None` if not counted completely.
    fn usage(&self) -> Option<Usage>;

    /// Usage so far, if reported.
    fn usage_so_far(&self) -> Option<Usage>;

    fn into_text(self) -> ReceivedText;
}

/// The text of an answer, and who wrote it.
#[derive(Debug, Default)]
pub struct ReceivedText {
    /// Empty if the server does not report it.
    pub model: String,
    pub text: String,
    pub stop_reason: Option<FinishReason>,
}

impl ReceivedText {
    /// Passes every text through `redact`.
    pub fn redacted(self, redact: impl Fn(&str) -> String) -> Self {
        let stop_reason = self.stop_reason.map(|reason| match reason {
            FinishReason::Other(reason) => FinishReason::Other(redact(&reason)),
            reason => reason,
        });
        Self { model: redact(&self.model), text: redact(&self.text), stop_reason }
    }
}

/// A request that is ready to be sent.
pub struct Call {
    pub request: RequestBuilder,
    /// Of its body, about.
    pub byte_count: usize,
    /// Size of its picture.
    pub sent: PixelSize,
    /// Coordinates of the answer's boxes.
    pub coordinates: BoxCoordinates,
    /// Reads the rate limits from the vendor's headers.
    pub rate_limits: fn(&HeaderMap) -> RateLimits,
}

/// Metadata of an answer.
struct ReceivedBody {
    request_id: Option<String>,
    rate_limits: RateLimits,
    first_byte_at: Instant,
    ended_at: Instant,
}

/// Sends a request once and receives its answer, reporting progress. The key is redacted from everything that is
/// returned or reported.
pub async fn send<R: Receiving>(
    http: &HttpClient,
    call: Call,
    on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<RawAnswer, RequestError> {
    let began = Instant::now();
    let (sent, coordinates) = (call.sent, call.coordinates);
    let mut receiving = R::default();
    let mut preview = http.redaction().of_pieces();
    let mut on_progress = |progress: Progress<'_>| match progress {
        Progress::Text(piece) => on_progress(Progress::Text(&preview.push(piece))),
        other => on_progress(other),
    };
    let own = Exchange { http };
    let exchange = own.exchange(call, began, &mut receiving, &mut on_progress);
    let limit = http.timeouts().total;
    let outcome = timeout_at(began + limit, exchange)
        .await
        .unwrap_or_else(|_| Err(RequestError::TotalTimeout { limit, partial: Partial::default() }));
    let (usage, usage_so_far) = (receiving.usage(), receiving.usage_so_far());
    // The key is redacted here, before anything is stored, shown or exported.
    let message = receiving.into_text().redacted(|text| http.redaction().of_answer(text));
    match outcome {
        Ok(received) => Ok(RawAnswer {
            usage,
            text: message.text,
            stop_reason: message.stop_reason.unwrap_or(FinishReason::Other(String::new())),
            model: message.model,
            request_id: received.request_id.map(|id| http.redacted(&id)),
            sent,
            coordinates,
            time_to_first_byte_millis: millis(received.first_byte_at - began),
            took_millis: millis(received.ended_at - began),
            rate_limits: received.rate_limits,
        }),
        Err(error) => Err(error.with_partial(Partial { usage: usage_so_far, text: message.text })),
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

struct Exchange<'a> {
    http: &'a HttpClient,
}

impl Exchange<'_> {
    async fn exchange<R: Receiving>(
        &self,
        call: Call,
        began: Instant,
        receiving: &mut R,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<ReceivedBody, RequestError> {
        let request = call.request.header(ACCEPT, "text/event-stream");
        let mut response = self.http.open(request, upload_time(call.byte_count as u64)).await?;
        let request_id = request_id(response.headers());
        let rate_limits = (call.rate_limits)(response.headers());
        on_progress(Progress::Accepted { rate_limits: &rate_limits });

        let mut glimpse = Glimpse::of(&response);
        let received = self.receive(&mut response, &mut glimpse, receiving, on_progress).await;
        let (first_byte_at, ended_at) = received.map_err(|error| self.http.shown(error, &glimpse))?;
        receiving.end();
        Ok(ReceivedBody { request_id, rate_limits, first_byte_at: first_byte_at.unwrap_or(began), ended_at })
    }

    /// Reads the body of an answer; returns the times of its first byte and its end.
    async fn receive<R: Receiving>(
        &self,
        response: &mut Response,
        glimpse: &mut Glimpse,
        receiving: &mut R,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<(Option<Instant>, Instant), RequestError> {
        let mut first_byte_at = None;
        let (mut body, mut byte_count) = (Body::Begun(Vec::new()), 0);
        let mut has_ended = false;
        while !has_ended {
            let Some(chunk) = self.next_of_answer(response, receiving).await? else { break };
            first_byte_at = first_byte_at.or_else(|| Some(Instant::now()));
            glimpse.add(&chunk);
            byte_count += chunk.len();
            if byte_count > BODY_LIMIT {
                return Err(unreadable("the answer is too long"));
            }
            let events = body.push(&chunk);
            has_ended = self.take_events(events, receiving, on_progress)?;
        }
        let ended_at = Instant::now();
        if has_ended {
            // A connection can only be reused if its body was read to the end.
            let _ = timeout(REMAINDER_TIMEOUT, response.chunk()).await;
        } else {
            self.take_rest(body, receiving, on_progress)?;
        }
        Ok((first_byte_at, ended_at))
    }

    /// The next chunk; `None` at the end, or once the model has stopped and nothing more arrives.
    async fn next_of_answer<R: Receiving>(
        &self,
        response: &mut Response,
        receiving: &R,
    ) -> Result<Option<Bytes>, RequestError> {
        if receiving.has_stopped() {
            let next = timeout(REMAINDER_TIMEOUT, self.http.next_piece(response)).await;
            return Ok(next.ok().and_then(Result::ok).flatten());
        }
        self.http.next_piece(response).await
    }

    /// Handles the end of the body: a complete message, or an event without its final empty line.
    fn take_rest<R: Receiving>(
        &self,
        body: Body,
        receiving: &mut R,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<(), RequestError> {
        let pending_bytes = match body {
            Body::Whole(bytes) => {
                let Some(events) = listed(&bytes) else {
                    *receiving = self.whole(&bytes)?;
                    return Ok(());
                };
                if self.take_events(events, receiving, on_progress)? {
                    return Ok(());
                }
                0
            }
            Body::Begun(bytes) => bytes.len(),
            Body::Events(parser) => {
                let pending_bytes = parser.pending_bytes();
                let is_readable = |event: &sse::Event| Object::parse(&event.data).is_ok();
                let rest = parser.finish().filter(is_readable).into_iter().collect();
                if self.take_events(rest, receiving, on_progress)? {
                    return Ok(());
                }
                pending_bytes
            }
        };
        if receiving.has_stopped() {
            return Ok(());
        }
        if !receiving.has_begun() {
            return Err(unreadable(""));
        }
        let detail = format!("the answer ended early, {pending_bytes} bytes into an event");
        Err(RequestError::Lost { detail, partial: Partial::default() })
    }

    /// Parses a body that is a complete answer or an error.
    fn whole<R: Receiving>(&self, body: &[u8]) -> Result<R, RequestError> {
        let body = String::from_utf8_lossy(body);
        let bad = |error: BadEvent| unreadable(error.to_string());
        let message = Object::parse(body.trim_start_matches('\u{feff}')).map_err(|error| bad(error.into()))?;
        R::whole(&message).map_err(|error| match message.object("error") {
            Some(_) => self.broken_off(R::failure(body.as_bytes())),
            None => bad(error),
        })
    }

    fn broken_off(&self, refusal: Refusal) -> RequestError {
        let refusal = Box::new(refusal.presentable(|text| self.http.redacted(text)));
        RequestError::BrokenOff { refusal, partial: Partial::default() }
    }

    /// Returns whether the answer has ended.
    fn take_events<R: Receiving>(
        &self,
        events: Vec<sse::Event>,
        receiving: &mut R,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<bool, RequestError> {
        for event in events {
            let step = match event.name.as_str() {
                // Servers agree on this event's name, less on its form.
                "error" => Ok(StreamEvent::Failed(Box::new(R::failure(event.data.as_bytes())))),
                _ => receiving.take(&event),
            };
            match step {
                Ok(StreamEvent::Begun) => on_progress(Progress::Begun { usage: receiving.usage_so_far() }),
                Ok(StreamEvent::Text(text)) => on_progress(Progress::Text(&text)),
                Ok(StreamEvent::Ended) if !receiving.has_begun() => return Err(unreadable("")),
                Ok(StreamEvent::Ended) => return Ok(true),
                // The model had already stopped, so the answer is complete.
                Ok(StreamEvent::Failed(_)) if receiving.has_stopped() => return Ok(true),
                Ok(StreamEvent::Failed(refusal)) => return Err(self.broken_off(*refusal)),
                // A lost event may be part of the answer, unless the model had already stopped. Other events are not
                // needed, and gateways send events of their own that may not be JSON.
                Err(error) if R::may_have_text(&event) && !receiving.has_stopped() => {
                    return Err(unreadable(format!("an event of the answer is damaged: {error}")));
                }
                Ok(StreamEvent::Other) | Err(_) => {}
            }
        }
        Ok(false)
    }
}

/// The events of a stream that arrived as a list of JSON objects: what some gateways make of it.
fn listed(body: &[u8]) -> Option<Vec<sse::Event>> {
    let pieces: Vec<&RawValue> = serde_json::from_slice(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)).ok()?;
    let event = |piece: &RawValue| sse::Event { name: String::new(), data: piece.get().to_owned() };
    Some(pieces.into_iter().map(event).collect())
}

/// The vendor's id of a request, for inquiries.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = ["request-id", "x-request-id"].iter().find_map(|name| headers.get(*name))?;
    id.to_str().ok().map(str::to_owned)
}

/// The received part of a body. Whether it is a stream is detected from its beginning, because the header is
/// unreliable.
enum Body {
    /// Only white space so far.
    Begun(Vec<u8>),
    Events(sse::Parser),
    /// One JSON value: an answer, or the list of its pieces.
    Whole(Vec<u8>),
}

impl Body {
    /// Takes the next bytes and returns the events that they complete.
    fn push(&mut self, bytes: &[u8]) -> Vec<sse::Event> {
        match self {
            Self::Events(parser) => parser.push(bytes),
            Self::Whole(whole) => {
                whole.extend_from_slice(bytes);
                Vec::new()
            }
            Self::Begun(begun) => {
                begun.extend_from_slice(bytes);
                let text = begun.trim_ascii_start();
                let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim_ascii_start();
                match text.first() {
                    // Possibly the start of a byte order mark.
                    None | Some(0xEF) if text.len() < 3 => Vec::new(),
                    Some(b'{' | b'[') => {
                        *self = Self::Whole(std::mem::take(begun));
                        Vec::new()
                    }
                    _ => {
                        let mut parser = sse::Parser::default();
                        let events = parser.push(begun);
                        *self = Self::Events(parser);
                        events
                    }
                }
            }
        }
    }
}
