//! One request and its answer over one connection: a stream of events, or the whole message from servers that do not
//! stream. An answer is complete when the stream says so, or when the model has said why it stopped.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use tokio::time::{Instant, timeout};

use super::Client;
use crate::anthropic::body::{MessageBody, Reply};
use crate::anthropic::refusal;
use crate::anthropic::wire::answer::{BadEvent, Receiving, Step};
use crate::error::{Partial, RequestError};
use crate::http::{Glimpse, unreadable, upload_time, with_json};
use crate::json::Object;
use crate::provider::Progress;
use crate::rate_limits::RateLimits;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::sse;

/// The longest answer that is read, in bytes: far beyond any output maximum, and short of filling the memory.
const BODY_LIMIT: usize = 32 << 20;
/// How long something more is waited for once the answer itself is complete.
const REMAINDER_TIMEOUT: Duration = Duration::from_secs(1);

/// What is to be known about an answer besides what it says.
pub(super) struct Received {
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
    ) -> Result<Received, RequestError> {
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
        Ok(Received { request_id, rate_limits, first_byte_at: first_byte_at.unwrap_or(began), ended_at })
    }

    /// Reads the body of an answer; when its first byte came, and when it ended.
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
                return Err(unreadable("the answer is endless"));
            }
            let events = body.push(&chunk);
            has_ended = self.take_events(events, receiving, on_progress)?;
        }
        let ended_at = Instant::now();
        if has_ended {
            // A connection whose answer was read to its very end serves the next request, too.
            let _ = timeout(REMAINDER_TIMEOUT, response.chunk()).await;
        } else {
            self.take_rest(body, receiving, on_progress)?;
        }
        Ok((first_byte_at, ended_at))
    }

    /// The next piece of an answer; `None` at its end, which is also reached once the model has stopped and nothing more
    /// comes.
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

    /// Takes what the body ended with: a whole message, or an event without the empty line that ends one.
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
        let detail = format!("the answer broke off, {pending_bytes} bytes into an event");
        Err(RequestError::Lost { detail, partial: Partial::default() })
    }

    /// The answer, or the refusal, that a whole body is.
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
                // Servers agree on the name of this one, and less on its form.
                "error" => Ok(Step::Failed(Box::new(refusal::from_body(200, event.data.as_bytes())))),
                name => receiving.take(name, &event.data),
            };
            match step {
                Ok(Step::Begun) => on_progress(Progress::Begun { usage: receiving.usage_so_far() }),
                Ok(Step::Text(text)) => on_progress(Progress::Text(&text)),
                Ok(Step::Ended) => return Ok(true),
                // The model had stopped before: its answer is whole.
                Ok(Step::Failed(_)) if receiving.has_stopped() => return Ok(true),
                Ok(Step::Failed(refusal)) => return Err(self.broken_off(*refusal)),
                // What is lost here may be part of the answer, unless the model had stopped before. Of the other events
                // nothing is needed, and gateways send events of their own, which need not even be JSON.
                Err(error) if may_have_text(&event) && !receiving.has_stopped() => {
                    return Err(unreadable(format!("an event of the answer is damaged: {error}")));
                }
                Ok(Step::Other) | Err(_) => {}
            }
        }
        Ok(false)
    }
}

/// What streams without event names carry beside the events of an answer.
const FILLERS: [&str; 5] = ["", "[DONE]", "ping", "keep-alive", "heartbeat"];

/// Whether an event that cannot be read may have been part of an answer. Without a name of its own any event may.
fn may_have_text(event: &sse::Event) -> bool {
    match event.name.as_str() {
        "content_block_start" | "content_block_delta" => true,
        "" | "message" => !FILLERS.contains(&event.data.trim()),
        name => !name.bytes().all(|byte| byte.is_ascii_graphic()),
    }
}

/// What has arrived of a body. Whether it is a stream shows in how it begins: servers and gateways do not all say so in the
/// header.
enum Body {
    /// Nothing but white space yet.
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
                    // The first bytes of a byte order annotation, or nothing.
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
