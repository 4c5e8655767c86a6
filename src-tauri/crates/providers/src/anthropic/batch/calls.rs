//! API calls for batches.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, Url};

use super::results::RESULTS;
use super::spool;
use crate::anthropic::client::Client;
use crate::anthropic::wire::batch::BatchObject;
use crate::batch::results::unreported;
use crate::batch::{Batch, BatchApi, BatchEnd, BatchPage, BatchResult, BatchWriter, CursorPage, Unreported};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::http::{upload_time, with_file};
use crate::rate_limits::moment;

const BATCHES: &str = "v1/messages/batches";
/// Batches on a page.
const PAGE_SIZE: &str = "100";

impl BatchApi for Client {
    fn writer(&self, spool: Box<dyn Write + Send>, byte_limit: u64) -> io::Result<Box<dyn BatchWriter>> {
        Ok(Box::new(spool::writer(spool, self.dialect(), byte_limit)?))
    }

    // Batches have no names here.
    fn submit<'a>(&'a self, spool: &'a Path, _name: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move {
            let submitting = self.http.request(Method::POST, self.http.server().endpoint(BATCHES));
            let (submitting, byte_count) = with_file(submitting, spool, Bytes::new(), Bytes::new()).await?;
            let submitting = submitting.header(CONTENT_TYPE, "application/json");
            Ok(self.http.page::<BatchObject>(submitting, upload_time(byte_count)).await?.into())
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move { Ok(self.batch_object(id).await?.into()) })
    }

    fn list<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<BatchPage, RequestError>> {
        Box::pin(async move {
            let mut url = self.http.server().endpoint(BATCHES);
            url.query_pairs_mut().append_pair("limit", PAGE_SIZE).extend_pairs(after.map(|id| ("after_id", id)));
            let listing = self.http.request(Method::GET, url);
            let page: CursorPage<BatchObject> = self.http.page(listing, Duration::ZERO).await?;
            Ok(page.into_page(after))
        })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(async move {
            let url = self.http.address(BATCHES, &[id, "cancel"]);
            let canceling = self.http.request(Method::POST, url).header(CONTENT_LENGTH, 0);
            self.http.page::<BatchObject>(canceling, Duration::ZERO).await.map(drop)
        })
    }

    fn results<'a>(
        &'a self,
        id: &'a str,
        on_result: &'a mut (dyn FnMut(BatchResult) + Send),
    ) -> BoxFuture<'a, Result<Unreported, RequestError>> {
        Box::pin(async move {
            let batch = self.batch_object(id).await?;
            let done = batch.request_counts.ended();
            let url = batch.results_url.and_then(|told| self.own_address(&told));
            let url = url.unwrap_or_else(|| self.http.address(BATCHES, &[id, "results"]));
            let fetching = self.http.request(Method::GET, url).header(ACCEPT, "application/x-jsonl, application/json");
            let count = RESULTS.fetch(&self.http, fetching, on_result).await?;
            unreported(Some(BatchEnd::Completed), count, done)
        })
    }
}

impl Client {
    async fn batch_object(&self, id: &str) -> Result<BatchObject, RequestError> {
        self.http.page(self.http.request(Method::GET, self.http.address(BATCHES, &[id])), Duration::ZERO).await
    }

    /// `told` as a URL if it is on the same server: the key is sent along, and only there.
    fn own_address(&self, told: &str) -> Option<Url> {
        let url = Url::parse(told).ok()?;
        let is_own = url.origin().ascii_serialization() == self.http.server().origin();
        (is_own && url.username().is_empty() && url.password().is_none()).then_some(url)
    }
}

impl From<BatchObject> for Batch {
    fn from(told: BatchObject) -> Self {
        Self {
            id: told.id,
            name: None,
            state: told.processing_status,
            counts: told.request_counts,
            created_at: told.created_at.as_deref().and_then(moment),
            expires_at: told.expires_at.as_deref().and_then(moment),
        }
    }
}
