//! Anthropic's message batches: what one may hold, its routes and its description.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{BatchOutput, BatchWork, BatchedItem, Luck, Moment, StoredBatch};
use crate::error::ErrorResponse;
use crate::messages::aside;
use crate::paging::Cursor;
use crate::reply::{self, Ending, HttpReply, full, read, set};
use crate::server::{Arrival, Server};
use crate::validation;

/// The vendor's limit on the items of a batch.
const MAX_ITEMS: usize = 100_000;
/// The vendor's limit on a batch.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;
/// The vendor was observed to ask for ten seconds between two polls of a batch.
const LONGEST_BETWEEN_LOOKS: Duration = Duration::from_secs(10);

impl Server {
    pub(crate) async fn create_batch(
        &self,
        headers: &HeaderMap,
        body: Incoming,
        arrival: &Arrival,
    ) -> Result<HttpReply, Ending> {
        let terms = self.admitted(headers)?;
        let body = read(body, MAX_BODY_BYTES).await?;
        let parsed = aside(move || validation::parsed(&body)).await??;
        let items = items(parsed, || self.batches.draw())?;
        let batch = self.batches.open("msgbatch_sim", items.len(), Value::Null, Moment::now());
        let reply = reply::json(&described(&batch, &self.base_url));
        self.begin(BatchWork { batch, items, call: None, invalid: None, terms, arrival: arrival.clone() }).await;
        if self.loses_batch_reply() { Err(Ending::Reset) } else { Ok(reply) }
    }

    pub(crate) fn list_batches(&self, headers: &HeaderMap, query: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let newest_first = self.batches.newest_first(|batch| described(batch, &self.base_url));
        Ok(reply::json(&Cursor::of(query)?.page(&newest_first)))
    }

    pub(crate) fn batch(&self, headers: &HeaderMap, id: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let batch = self.message_batch(id)?;
        let mut reply = reply::json(&described(&batch, &self.base_url));
        if batch.with(|state| state.ended.is_none()) {
            let left = (batch.created.at + batch.takes).saturating_duration_since(Instant::now());
            let seconds = left.min(LONGEST_BETWEEN_LOOKS).as_secs().max(1);
            set(reply.headers_mut(), RETRY_AFTER.as_str(), &seconds.to_string());
        }
        Ok(reply)
    }

    pub(crate) fn cancel_batch(&self, headers: &HeaderMap, id: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let batch = self.message_batch(id)?;
        batch.cancel(Moment::now())?;
        Ok(reply::json(&described(&batch, &self.base_url)))
    }

    pub(crate) fn batch_results(&self, headers: &HeaderMap, id: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let batch = self.message_batch(id)?;
        let results = batch.with(|state| match &state.ended.as_ref()?.output {
            BatchOutput::Lines(lines) => Some(lines.clone()),
            _ => None,
        });
        let Some(results) = results else {
            return Err(ErrorResponse::not_found(format!("Message Batch {id} has no available results.")).into());
        };
        batch.deliver();
        let results = if self.empties_results() { Bytes::new() } else { results };
        Ok(full(StatusCode::OK, "application/x-jsonl", results))
    }

    fn message_batch(&self, id: &str) -> Result<Arc<StoredBatch>, ErrorResponse> {
        self.batches.find(id).ok_or_else(|| ErrorResponse::not_found(format!("Message Batch {id} not found.")))
    }
}

/// Takes the items out of the body of `POST /v1/messages/batches`.
pub(super) fn items(mut body: Value, mut luck: impl FnMut() -> Luck) -> Result<Vec<BatchedItem>, ErrorResponse> {
    let Some(fields) = body.as_object_mut() else {
        return Err(ErrorResponse::invalid("body: Input should be an object"));
    };
    if let Some(other) = fields.keys().find(|field| *field != "requests") {
        return Err(ErrorResponse::extra_input(other));
    }
    let requests = match fields.remove("requests") {
        Some(Value::Array(requests)) => requests,
        Some(_) => return Err(ErrorResponse::invalid("requests: Input should be a valid array")),
        None => return Err(ErrorResponse::missing("requests")),
    };
    if !(1..=MAX_ITEMS).contains(&requests.len()) {
        return Err(ErrorResponse::invalid(format!(
            "requests: List should have between 1 and {MAX_ITEMS} items after validation, not {}",
            requests.len()
        )));
    }
    let mut known = HashSet::new();
    let mut items = Vec::with_capacity(requests.len());
    for (index, mut request) in requests.into_iter().enumerate() {
        let path = format!("requests.{index}");
        let Some(fields) = request.as_object_mut() else {
            return Err(ErrorResponse::invalid(format!("{path}: Input should be an object")));
        };
        let custom_id = match fields.remove("custom_id") {
            Some(Value::String(custom_id)) => custom_id,
            Some(_) => return Err(ErrorResponse::invalid(format!("{path}.custom_id: Input should be a valid string"))),
            None => return Err(ErrorResponse::missing(&format!("{path}.custom_id"))),
        };
        let is_named_well = (1..=64).contains(&custom_id.len())
            && custom_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !is_named_well {
            return Err(ErrorResponse::invalid(format!(
                "{path}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            )));
        }
        if !known.insert(custom_id.clone()) {
            return Err(ErrorResponse::invalid(format!(
                "requests: custom_id's must be unique within a batch. Duplicate custom_id found: {custom_id}"
            )));
        }
        let params = fields.remove("params").ok_or_else(|| ErrorResponse::missing(&format!("{path}.params")))?;
        if let Some(other) = fields.keys().next() {
            return Err(ErrorResponse::extra_input(&format!("{path}.{other}")));
        }
        items.push(BatchedItem { custom_id, params, luck: luck() });
    }
    Ok(items)
}

/// The batch as the vendor shows it. `base_url` is the address that results are fetched from.
pub(super) fn described(batch: &StoredBatch, base_url: &str) -> Value {
    batch.with(|state| {
        let ended = state.ended.as_ref();
        let counts = ended.map(|ended| ended.counts).unwrap_or_default();
        let expires = batch.created.clock.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        json!({
            "id": batch.id,
            "type": "message_batch",
            "processing_status": match (ended, state.cancel_initiated) {
                (Some(_), _) => "ended",
                (None, Some(_)) => "canceling",
                (None, None) => "in_progress",
            },
            "request_counts": {
                "processing": if ended.is_some() { 0 } else { batch.items },
                "succeeded": counts.succeeded,
                "errored": counts.errored,
                "canceled": counts.canceled,
                "expired": counts.expired,
            },
            "created_at": batch.created.clock.to_string(),
            "expires_at": expires.to_string(),
            "ended_at": ended.map(|ended| ended.clock.to_string()),
            "cancel_initiated_at": state.cancel_initiated.map(|moment| moment.clock.to_string()),
            "archived_at": null,
            "results_url": ended.map(|_| format!("{base_url}/v1/messages/batches/{}/results", batch.id)),
        })
    })
}
