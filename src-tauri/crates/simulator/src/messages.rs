//! `POST /v1/messages` (or the same of another protocol) and `POST /v1/messages/count_tokens`: the order of keys, checks, scripted faults, limits, fate
//! and answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;

use crate::completion::CompletedRequest;
use crate::digest::Digest;
use crate::error::ErrorResponse;
use crate::eyes::Eyes;
use crate::fate::Fate;
use crate::faults::{Effect, Interruption};
use crate::gemini::MethodCall;
use crate::playback::{Playback, dripping};
use crate::reply::{self, Ending, HttpReply, page, read, set};
use crate::server::{Arrival, MAX_BODY_BYTES, Server};
use crate::sync::lock;
use crate::usage::{PriceTerms, Tier, TokenUsage};
use crate::validation::{self, CheckTerms, ValidRequest};

impl Server {
    pub(crate) async fn count(&self, headers: &HeaderMap, body: Incoming) -> Result<HttpReply, Ending> {
        let terms = self.admitted(headers)?;
        let body = read(body, MAX_BODY_BYTES).await?;
        let asked = attended(terms.eyes, move || validation::count(&validation::parsed(&body)?, &terms)).await??;
        Ok(reply::json(&json!({"input_tokens": asked.prompt_tokens()})))
    }

    pub(crate) async fn message(
        &self,
        headers: &HeaderMap,
        body: Incoming,
        call: Option<MethodCall>,
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        self.witness.with(|manners| manners.arrived(&arrival.request_id, arrival.at));
        let terms = self.admitted(headers);
        // The body is read even with a wrong key: it identifies repeated requests.
        let body = read(body, MAX_BODY_BYTES).await.map_err(|unread| terms.clone().err().unwrap_or(unread))?;
        let digest = Digest::of(&body);
        self.witness.with(|manners| manners.asked(digest, &arrival.request_id, arrival.at));
        let answered = match terms {
            Ok(terms) => self.answered(terms, body, call, digest, arrival).await,
            Err(refusal) => Err(refusal.into()),
        };
        match answered {
            Err(Ending::Refused(refusal)) => {
                self.witness.with(|manners| manners.refused(digest, &refusal, Instant::now()));
                let mut reply = self.refuse(&refusal, arrival);
                if refusal.status == 429 {
                    self.announce_limits(&mut reply);
                }
                Ok(reply)
            }
            other => other,
        }
    }

    async fn answered(
        &self,
        terms: CheckTerms,
        body: Bytes,
        call: Option<MethodCall>,
        digest: Digest,
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        let eyes = terms.eyes;
        let asked =
            attended(eyes, move || validation::message(&validation::parsed(&body)?, call.as_ref(), &terms)).await??;
        let scripted = self.next_fault().map(|fault| fault.effect(asked.is_streaming));
        if let Some(instead) = self.instead(scripted.as_ref(), arrival).await {
            return instead;
        }
        let place = self.place()?;
        let (usage, Fate { first_byte, fault }) = self.admit(&asked)?;
        let first_byte_at = Instant::now() + first_byte;
        let effect = match scripted {
            Some(effect) => Some(effect),
            None => fault.map(|fault| fault.effect(asked.is_streaming)),
        };
        if let Some(instead) = self.instead(effect.as_ref(), arrival).await {
            return instead;
        }
        let spoiling = if let Some(Effect::Spoil(spoiling)) = effect { Some(spoiling) } else { None };
        let price = self.price(&asked, Tier::Standard);
        let completion = attended(eyes, move || CompletedRequest::of(asked, eyes, usage, price, spoiling)).await?;
        lock(&self.gate).meter.generated(completion.usage.output_tokens);
        if completion.answer.stop_reason == "refusal" {
            self.witness.with(|manners| manners.declined(digest));
        }
        let mut reply = self.send(&completion, first_byte_at, effect, place, digest, arrival).await;
        self.announce_limits(&mut reply);
        Ok(reply)
    }

    /// The response instead of an answer, if the effect has one.
    async fn instead(&self, effect: Option<&Effect>, arrival: &Arrival) -> Option<Result<HttpReply, Ending>> {
        match effect? {
            Effect::Refuse(refusal) => Some(Err(refusal.clone().into())),
            Effect::RefuseAsProxy => {
                self.record_refusal(413, "413 Request Entity Too Large".to_owned(), arrival);
                let html = "<html><body><h1>413 Request Entity Too Large</h1></body></html>";
                Some(Ok(page(StatusCode::PAYLOAD_TOO_LARGE, html)))
            }
            Effect::AnotherServer => {
                Some(Ok(page(StatusCode::OK, "<!doctype html><title>Welcome</title><p>It works!")))
            }
            Effect::Reset => Some(Err(Ending::Reset)),
            Effect::Silence => {
                let _stalled = self.witness.watch(&arrival.request_id, Instant::now());
                std::future::pending().await
            }
            _ => None,
        }
    }

    fn place(&self) -> Result<Option<OwnedSemaphorePermit>, ErrorResponse> {
        let taken = self.places.as_ref().map(|places| Arc::clone(places).try_acquire_owned()).transpose();
        taken.map_err(|_| self.limits.crowded_out())
    }

    /// Admits a request in order of arrival; returns its usage and fate.
    fn admit(&self, asked: &ValidRequest) -> Result<(TokenUsage, Fate), ErrorResponse> {
        let usage = TokenUsage::of_prompt(lock(&self.cache).split(asked.model, &asked.segments, Instant::now()));
        let mut gate = lock(&self.gate);
        gate.meter.admit(usage.limited_input_tokens(), asked.max_tokens, Instant::now())?;
        Ok((usage, gate.fates.draw()))
    }

    pub(crate) fn price(&self, asked: &ValidRequest, tier: Tier) -> PriceTerms {
        PriceTerms { tier, is_confined_to_us: asked.is_confined_to_us, percent: self.price_percent }
    }

    fn announce_limits(&self, reply: &mut HttpReply) {
        let mut gate = lock(&self.gate);
        for (name, value) in self.protocol().limits(&mut gate.meter, Instant::now()) {
            set(reply.headers_mut(), &name, &value);
        }
    }

    /// Bills the answer, waits for its first byte, and starts sending.
    async fn send(
        &self,
        completion: &CompletedRequest,
        first_byte_at: Instant,
        effect: Option<Effect>,
        place: Option<OwnedSemaphorePermit>,
        digest: Digest,
        arrival: &Arrival,
    ) -> HttpReply {
        let request_id = &arrival.request_id;
        let message_id = self.protocol().message_id(request_id);
        let arrived_millis = self.book.millis(arrival.at);
        let receipt = self.book.bill(completion.entry(request_id, &message_id, arrived_millis, digest));
        let asked = &completion.asked;
        let extra_delay = if let Some(Effect::Delay(delay)) = effect { delay } else { Duration::ZERO };
        tokio::time::sleep_until((first_byte_at + extra_delay).into()).await;
        if effect == Some(Effect::Withhold) {
            let _stalled = self.witness.watch(request_id, Instant::now());
            return std::future::pending().await;
        }
        lock(&self.cache).keep(asked.model, &asked.segments, Instant::now());
        let interruption = match effect {
            Some(Effect::Interrupt { after_events, how }) => Some((after_events, how)),
            _ => None,
        };
        let message = completion.message(&message_id);
        let protocol = self.protocol();
        let (media_type, mut pieces, interruption) = if asked.is_streaming {
            let events = protocol.events(&message, asked.includes_usage);
            ("text/event-stream; charset=utf-8", events, interruption)
        } else {
            let (pieces, interruption) = in_one_piece(&protocol.whole(&message, asked.includes_usage), interruption);
            ("application/json", pieces, interruption)
        };
        let mut between_pieces = self.between_events;
        let mut encoding = None;
        if let Some(Effect::Rewrite(rewriting)) = effect {
            (pieces, encoding) = rewriting.apply(&pieces);
        }
        if let Some(Effect::Drip { bytes, every }) = effect {
            pieces = dripping(pieces, bytes);
            between_pieces = every;
        }
        let playback = Playback {
            request_id: request_id.clone(),
            pieces: pieces.into(),
            between_pieces,
            interruption,
            ping: protocol.ping(),
            error_event: protocol.error_event(&ErrorResponse::overloaded(), request_id),
            sent: 0,
            receipt,
            witness: self.witness.clone(),
            place,
            stalled: None,
        };
        let mut reply = Response::new(playback.into_body());
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(encoding) = encoding {
            reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        reply
    }
}

/// Runs work that would block other connections on another thread.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ErrorResponse> {
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "the simulator failed on a request");
        ErrorResponse::internal()
    })
}

/// Runs the work of one request: on another thread if pictures are decoded, otherwise here, because it is too short to
/// be worth it.
async fn attended<T: Send + 'static>(
    eyes: Eyes,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorResponse> {
    if eyes == Eyes::Open { aside(work).await } else { Ok(work()) }
}

/// A JSON answer has no events: an interruption takes effect before it, or in the middle.
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
