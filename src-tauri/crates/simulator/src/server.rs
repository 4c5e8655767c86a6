//! State shared by all connections, and the routes.
//!
//! Three routes are not the vendor's, and need no key: `POST /simulator/faults` (a JSON list of faults for the next
//! requests), `GET /simulator/ledger` and `GET /simulator/verdict`. They let another program script and check the
//! simulator.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use crate::Options;
use crate::answer::Spoiling;
use crate::batches::{BatchWork, Batches};
use crate::cache::PromptCache;
use crate::error::ErrorResponse;
use crate::fate::{Fates, fates};
use crate::faults::{Effect, Fault};
use crate::files::Files;
use crate::keys::Keys;
use crate::ledger::{Book, RejectedRequest};
use crate::limits::{Limits, Meter};
use crate::manners::Manners;
use crate::models;
use crate::paging::Cursor;
use crate::protocol::Protocol;
use crate::reply::{self, Ending, HttpReply, read};
use crate::sync::lock;
use crate::validation::{CheckTerms, Version};
use crate::verdict::ClientVerdict;
use crate::witness::Witness;

/// The vendor's limit on a request.
pub(crate) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

const BATCHES: &str = "/v1/messages/batches";

/// An arrived request.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) request_id: String,
    pub(crate) at: Instant,
}

/// Admits requests one after the other, and draws the fate of each.
pub(crate) struct Gate {
    pub(crate) meter: Meter,
    pub(crate) fates: Fates,
}

/// State shared by all connections.
pub(crate) struct Server {
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) between_events: Duration,
    pub(crate) price_percent: u32,
    pub(crate) cache: Mutex<PromptCache>,
    pub(crate) gate: Mutex<Gate>,
    pub(crate) places: Option<Arc<Semaphore>>,
    pub(crate) batches: Batches,
    pub(crate) files: Files,
    /// Accepted batches to be processed.
    pub(crate) work: mpsc::Sender<BatchWork>,
    /// The address of this server for clients.
    pub(crate) base_url: String,
    pub(crate) book: Book,
    pub(crate) witness: Witness,
    terms: CheckTerms,
    faults: Mutex<VecDeque<Fault>>,
    /// Met by every message while it is set.
    lasting_fault: Mutex<Option<Fault>>,
    requests: AtomicU64,
}

pub(crate) fn not_allowed() -> ErrorResponse {
    ErrorResponse::new(405, "invalid_request_error", "Method Not Allowed")
}

impl Server {
    pub(crate) fn new(options: Options, base_url: String, work: mpsc::Sender<BatchWork>, now: Instant) -> Self {
        let limits = options.limits;
        Self {
            keys: options.keys,
            limits,
            between_events: options.latency.between_events,
            price_percent: options.price_percent,
            cache: Mutex::default(),
            gate: Mutex::new(Gate {
                meter: Meter::new(limits, now),
                fates: fates(options.seed, options.latency, options.chaos),
            }),
            places: limits.most_in_flight.map(|most| Arc::new(Semaphore::new(most))),
            batches: Batches::new(options.batching, options.seed),
            files: Files::default(),
            work,
            base_url,
            book: Book::new(now),
            witness: Witness::new(Manners::new(now, options.patience, &limits)),
            terms: CheckTerms {
                protocol: options.protocol,
                version: Version::October2026,
                eyes: options.eyes,
                model_prefix: options.model_prefix.unwrap_or_default().into(),
            },
            faults: Mutex::new(options.faults.into()),
            lasting_fault: Mutex::default(),
            requests: AtomicU64::new(1),
        }
    }

    pub(crate) fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.faults).extend(faults);
    }

    pub(crate) fn set_lasting_fault(&self, fault: Option<Fault>) {
        *lock(&self.lasting_fault) = fault;
    }

    /// The next scripted fault for a message.
    pub(crate) fn next_fault(&self) -> Option<Fault> {
        let lasting = lock(&self.lasting_fault).clone();
        lasting.or_else(|| self.next_of(|fault| !fault.strikes_batches()))
    }

    /// The scripted defect of the next answer in a batch.
    pub(crate) fn next_spoiling(&self) -> Option<Spoiling> {
        let spoils = |fault: &Fault| matches!(fault.effect(false), Effect::Spoil(_));
        match self.next_of(spoils)?.effect(false) {
            Effect::Spoil(spoiling) => Some(spoiling),
            _ => None,
        }
    }

    /// The scripted error response of the next request in a batch.
    pub(crate) fn next_item_refusal(&self) -> Option<ErrorResponse> {
        match self.next_of(|fault| matches!(fault, Fault::Refused { .. }))?.effect(false) {
            Effect::Refuse(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the next results of a batch are scripted to be an empty page.
    pub(crate) fn empties_results(&self) -> bool {
        self.next_of(|fault| matches!(fault, Fault::Empty)).is_some()
    }

    /// Whether the next batch is scripted to be created without a reply.
    pub(crate) fn loses_batch_reply(&self) -> bool {
        self.next_of(|fault| *fault == Fault::BatchReplyLost).is_some()
    }

    /// The next scripted fault of a kind.
    pub(crate) fn next_of(&self, strikes: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let position = faults.iter().position(strikes)?;
        faults.remove(position)
    }

    pub(crate) fn verdict(&self, now: Instant) -> ClientVerdict {
        let ledger = self.book.copy();
        self.witness.with(|manners| manners.verdict(&ledger, now))
    }

    /// The terms of a request with these headers, once its key is accepted.
    pub(crate) fn terms(&self, headers: &HeaderMap) -> Result<CheckTerms, ErrorResponse> {
        if self.protocol() != Protocol::Messages {
            return Ok(self.terms.clone());
        }
        Ok(CheckTerms { version: Version::of(headers)?, ..self.terms.clone() })
    }

    /// Answers a request; an error resets its connection.
    pub(crate) async fn reply(&self, request: Request<Incoming>) -> io::Result<HttpReply> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let arrival = Arrival { request_id: format!("req_sim{number:017}"), at: Instant::now() };
        let mut reply = match self.route(request, &arrival).await {
            Ok(reply) => reply,
            Err(Ending::Refused(refusal)) => self.refuse(&refusal, &arrival),
            Err(Ending::Reset) => return Err(reply::reset()),
        };
        self.protocol().identify(reply.headers_mut(), &arrival.request_id);
        Ok(reply)
    }

    /// Records an error response, and returns its reply.
    pub(crate) fn refuse(&self, refusal: &ErrorResponse, arrival: &Arrival) -> HttpReply {
        self.record_refusal(refusal.status, refusal.message.clone(), arrival);
        self.protocol().refused(refusal, &arrival.request_id)
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.terms.protocol
    }

    pub(crate) fn record_refusal(&self, status: u16, message: String, arrival: &Arrival) {
        self.book.refuse(RejectedRequest {
            request_id: arrival.request_id.clone(),
            status,
            message,
            arrived_millis: self.book.millis(arrival.at),
        });
    }

    async fn route(&self, request: Request<Incoming>, arrival: &Arrival) -> Result<HttpReply, Ending> {
        let (head, body) = request.into_parts();
        let headers = &head.headers;
        let path = head.uri.path();
        if !path.starts_with("/simulator/") {
            match self.protocol() {
                Protocol::Messages => {}
                Protocol::Chat | Protocol::LenientChat(_) => return self.route_chat(&head, body, arrival).await,
                Protocol::Gemini => return self.route_gemini(&head, body, arrival).await,
            }
        }
        match (&head.method, path) {
            (&Method::POST, "/v1/messages") => self.message(headers, body, None, arrival).await,
            (&Method::POST, "/v1/messages/count_tokens") => self.count(headers, body).await,
            (method, path) if path == BATCHES || path.starts_with(&format!("{BATCHES}/")) => {
                let rest = path.trim_start_matches(BATCHES).trim_start_matches('/');
                match (method, rest.split_once('/').unwrap_or((rest, ""))) {
                    (&Method::POST, ("", "")) => self.create_batch(headers, body, arrival).await,
                    (&Method::GET, ("", "")) => self.list_batches(headers, head.uri.query().unwrap_or_default()),
                    (&Method::GET, (id, "")) => self.batch(headers, id),
                    (&Method::GET, (id, "results")) => self.batch_results(headers, id),
                    (&Method::POST, (id, "cancel")) => self.cancel_batch(headers, id),
                    _ => Err(not_allowed().into()),
                }
            }
            (&Method::GET, "/v1/models") => {
                let prefix = self.admitted(headers)?.model_prefix;
                let cursor = Cursor::of(head.uri.query().unwrap_or_default())?;
                Ok(reply::json(&cursor.page(&models::listed(&prefix))))
            }
            (&Method::GET, path) if path.starts_with("/v1/models/") => {
                let prefix = self.admitted(headers)?.model_prefix;
                let name = path.trim_start_matches("/v1/models/");
                let model =
                    models::find(name, &prefix).ok_or_else(|| ErrorResponse::not_found(format!("model: {name}")))?;
                Ok(reply::json(&model.described(&prefix)))
            }
            (&Method::POST, "/simulator/faults") => {
                let faults: Vec<Fault> = serde_json::from_slice(&read(body, MAX_BODY_BYTES).await?)
                    .map_err(|error| ErrorResponse::invalid(error.to_string()))?;
                self.script(faults);
                Ok(reply::json(&json!({"waiting": lock(&self.faults).len()})))
            }
            (&Method::GET, "/simulator/ledger") => Ok(reply::json(&json!(self.book.copy()))),
            (&Method::GET, "/simulator/verdict") => Ok(reply::json(&json!(self.verdict(Instant::now())))),
            (
                _,
                "/v1/messages"
                | "/v1/messages/count_tokens"
                | "/v1/models"
                | "/simulator/faults"
                | "/simulator/ledger"
                | "/simulator/verdict",
            ) => Err(not_allowed().into()),
            _ => Err(ErrorResponse::not_found("Not Found").into()),
        }
    }

    /// Checks the key and the version of a request.
    pub(crate) fn admitted(&self, headers: &HeaderMap) -> Result<CheckTerms, ErrorResponse> {
        match self.protocol() {
            Protocol::Messages => self.keys.admit(headers)?,
            Protocol::LenientChat(lenience) if !lenience.needs_key => {}
            Protocol::Chat | Protocol::LenientChat(_) => self.keys.admit_bearer(headers)?,
            Protocol::Gemini => self.keys.admit_google(headers)?,
        }
        self.terms(headers)
    }
}
