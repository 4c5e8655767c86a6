//! The routes of batches.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::sync::Notify;

use super::{BatchWork, Batches, Item, Luck, Moment, State, StoredBatch, items};
use crate::error::ErrorResponse;
use crate::messages::aside;
use crate::paging::Cursor;
use crate::reply::{self, Ending, HttpReply, full, read, set};
use crate::server::{Arrival, Server, lock};
use crate::validation;

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
        let items = self.batches.drawn(parsed)?;
        let batch = self.batches.open(items.len(), Moment::now());
        let reply = reply::json(&batch.described(&self.base_url));
        // Fails only while the server stops.
        let _stopping = self.work.send(BatchWork { batch, items, terms, arrival: arrival.clone() }).await;
        if self.loses_batch_reply() { Err(Ending::Reset) } else { Ok(reply) }
    }

    pub(crate) fn list_batches(&self, headers: &HeaderMap, query: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let list = lock(&self.batches.list);
        let newest_first: Vec<_> = list.iter().rev().map(|batch| batch.described(&self.base_url)).collect();
        Ok(reply::json(&Cursor::of(query)?.page(&newest_first)))
    }

    pub(crate) fn batch(&self, headers: &HeaderMap, id: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let batch = self.batches.find(id)?;
        let mut reply = reply::json(&batch.described(&self.base_url));
        if batch.with(|state| state.ended.is_none()) {
            let left = (batch.created.at + batch.takes).saturating_duration_since(Instant::now());
            let seconds = left.min(LONGEST_BETWEEN_LOOKS).as_secs().max(1);
            set(reply.headers_mut(), RETRY_AFTER.as_str(), &seconds.to_string());
        }
        Ok(reply)
    }

    pub(crate) fn cancel_batch(&self, headers: &HeaderMap, id: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let batch = self.batches.find(id)?;
        batch.cancel(Moment::now())?;
        Ok(reply::json(&batch.described(&self.base_url)))
    }

    pub(crate) fn batch_results(&self, headers: &HeaderMap, id: &str) -> Result<HttpReply, Ending> {
        self.admitted(headers)?;
        let batch = self.batches.find(id)?;
        let fetched = batch.with(|state: &mut State| {
            let ended = state.ended.as_mut()?;
            Some((ended.results.clone(), std::mem::take(&mut ended.receipts)))
        });
        let Some((results, receipts)) = fetched else {
            return Err(ErrorResponse::not_found(format!("Message Batch {id} has no available results.")).into());
        };
        for mut receipt in receipts {
            receipt.delivered(Instant::now());
        }
        let results = if self.empties_results() { Bytes::new() } else { results };
        Ok(full(StatusCode::OK, "application/x-jsonl", results))
    }
}

impl Batches {
    /// The items of a body, each with its drawn outcome.
    fn drawn(&self, body: Value) -> Result<Vec<Item>, ErrorResponse> {
        let mut rng = lock(&self.rng);
        items(body, || match rng.f64() {
            point if point < self.batching.errored => Luck::Errored,
            point if point < self.batching.errored + self.batching.expired => Luck::Expired,
            point if point < self.batching.errored + self.batching.expired + self.batching.canceled => Luck::Canceled,
            _ => Luck::Good,
        })
    }

    fn open(&self, items: usize, created: Moment) -> Arc<StoredBatch> {
        let mut list = lock(&self.list);
        let batch = Arc::new(StoredBatch {
            id: format!("msgbatch_sim{:017}", list.len() + 1),
            items,
            created,
            takes: self.batching.takes,
            state: Mutex::default(),
            canceled: Notify::new(),
        });
        list.push(Arc::clone(&batch));
        batch
    }

    fn find(&self, id: &str) -> Result<Arc<StoredBatch>, ErrorResponse> {
        let list = lock(&self.list);
        let found = list.iter().find(|batch| batch.id == id).map(Arc::clone);
        found.ok_or_else(|| ErrorResponse::not_found(format!("Message Batch {id} not found.")))
    }

    /// Cancels every batch in progress.
    pub(crate) fn cancel_all(&self) {
        for batch in lock(&self.list).iter() {
            // An error means that the batch has ended already.
            let _ended = batch.cancel(Moment::now());
        }
    }

    pub(super) fn shuffle(&self, lines: &mut [String]) {
        lock(&self.rng).shuffle(lines);
    }
}
