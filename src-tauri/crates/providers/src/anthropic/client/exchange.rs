//! One request and its answer: a stream of events, or a complete message from servers that do not stream. An answer is
//! complete when the stream ends it, or when the model has given a stop reason.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use tokio::time::{Instant, timeout};

use super::Client;
use crate::anthropic::body::{MessageBody, Reply};
use crate::anthropic::refusal;
use crate::anthropic::wire::answer::{BadEvent, Receiving, StreamEvent};
use crate::error::{Partial, RequestError};
use crate::http::{Glimpse, unreadable, upload_time, with_json};
use crate::json::Object;
use crate::provider::Progress;
use crate::rate_limits::RateLimits;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::sse;

/// Longest answer in bytes: far above any output maximum, but bounded.
const BODY_LIMIT: usize = 32 << 20;
/// How long to wait for the end of the body once the answer is complete.
const REMAINDER_TIMEOUT: Duration = Duration::from_secs(1);

/// Metadata of an answer.
pub(super) struct ReceivedBody {
    pub request_id: Option<String>,
    pub rate_limits: RateLimits,
    pub first_byte_at: Instant,
    pub ended_at: Instant,
}

impl Client {
    pub(super) async fn exchange(
        &self,
        request: &Request,
        began: Instant,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<ReceivedBody, RequestError> {
        let pieces = MessageBody::of(request)?.pieces(self.dialect(), Reply::Streamed);
        let sending = self.http.request(Method::POST, self.http.server().endpoint("v1/messages"));
        let sending = with_json(sending.header(ACCEPT, "text/event-stream"), pieces);
        let mut response = self.http.open(sending, upload_time(request.byte_count() as u64)).await?;
        let request_id = response.headers().get("request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let rate_limits = refusal::rate_limits(response.headers());
        on_progress(Progress::Accepted { rate_limits: &rate_limits });

        let mut glimpse = Glimpse::of(&response);
        let received = self.receive(&mut response, &mut glimpse, receiving, on_progress).await;
        let (first_byte_at, ended_at) = received.map_err(|error| self.http.shown(error, &glimpse))?;
        receiving.end();
        Ok(ReceivedBody { request_id, rate_limits, first_byte_at: first_byte_at.unwrap_or(began), ended_at })
    }

    /// Reads the body of an answer; returns the times of its first byte and its end.
    async fn receive(
        &self,
        response: &mut Response,
        glimpse: &mut Glimpse,
        receiving: &mut Receiving,
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
    async fn next_of_answer(
        &self,
        response: &mut Response,
        receiving: &Receiving,
    ) -> Result<Option<Bytes>, RequestError> {
        if receiving.has_stopped() {
            let next = timeout(REMAINDER_TIMEOUT, self.http.next_piece(response)).await;
            return Ok(next.ok().and_then(Result::ok).flatten());
        }
        self.http.next_piece(response).await
    }

    /// Handles the end of the body: a complete message, or an event without its final empty line.
    fn take_rest(
        &self,
        body: Body,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<(), RequestError> {
        let pending_bytes = match body {
            Body::Whole(bytes) => {
                *receiving = self.whole(&bytes)?;
                return Ok(());
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
    fn whole(&self, body: &[u8]) -> Result<Receiving, RequestError> {
        let body = String::from_utf8_lossy(body);
        let bad = |error: BadEvent| unreadable(error.to_string());
        let message = Object::parse(body.trim_start_matches('\u{feff}')).map_err(|error| bad(error.into()))?;
        Receiving::whole(&message).map_err(|error| match message.object("error") {
            Some(_) => self.broken_off(refusal::from_body(200, body.as_bytes())),
            None => bad(error),
        })
    }

    fn broken_off(&self, refusal: Refusal) -> RequestError {
        let refusal = Box::new(refusal.presentable(|text| self.http.redacted(text)));
        RequestError::BrokenOff { refusal, partial: Partial::default() }
    }

    /// Returns whether the answer has ended.
    fn take_events(
        &self,
        events: Vec<sse::Event>,
        receiving: &mut Receiving,
        on_progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<bool, RequestError> {
        for event in events {
            let step = match event.name.as_str() {
                // Servers agree on this event's name, less on its form.
                "error" => Ok(StreamEvent::Failed(Box::new(refusal::from_body(200, event.data.as_bytes())))),
                name => receiving.take(name, &event.data),
            };
            match step {
                Ok(StreamEvent::Begun) => on_progress(Progress::Begun { usage: receiving.usage_so_far() }),
                Ok(StreamEvent::Text(text)) => on_progress(Progress::Text(&text)),
                Ok(StreamEvent::Ended) => return Ok(true),
                // The model had already stopped, so the answer is complete.
                Ok(StreamEvent::Failed(_)) if receiving.has_stopped() => return Ok(true),
                Ok(StreamEvent::Failed(refusal)) => return Err(self.broken_off(*refusal)),
                // A lost event may be part of the answer, unless the model had already stopped. Other events are not
                // needed, and gateways send events of their own that may not be JSON.
                Err(error) if may_have_text(&event) && !receiving.has_stopped() => {
                    return Err(unreadable(format!("an event of the answer is damaged: {error}")));
                }
                Ok(StreamEvent::Other) | Err(_) => {}
            }
        }
        Ok(false)
    }
}

/// Other events in streams without event names.
const FILLERS: [&str; 5] = ["", "[DONE]", "ping", "keep-alive", "heartbeat"];

/// Whether an unreadable event may be part of an answer. Without a name, any event may.
fn may_have_text(event: &sse::Event) -> bool {
    match event.name.as_str() {
        "content_block_start" | "content_block_delta" => true,
        "" | "message" => !FILLERS.contains(&event.data.trim()),
        name => !name.bytes().all(|byte| byte.is_ascii_graphic()),
    }
}

/// The received part of a body. Whether it is a stream is detected from its beginning, because the header is
/// unreliable.
enum Body {
    /// Only white space so far.
    Begun(Vec<u8>),
    Events(sse::Parser),
    /// One JSON value.
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
                let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii_start();
                match text.first() {
                    // Possibly the start of a byte order mark.
                    None | Some(0xEF) if text.len() < 3 => Vec::new(),
                    Some(b'{') => {
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
