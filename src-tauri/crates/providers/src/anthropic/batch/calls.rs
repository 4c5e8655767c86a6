//! API calls for batches.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, Url};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::results::{ResultLines, read};
use super::spool::SpoolWriter;
use crate::anthropic::client::Client;
use crate::anthropic::wire::batch::{BatchList, BatchObject};
use crate::batch::{Batch, BatchApi, BatchPage, BatchResult, BatchWriter};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::http::{Glimpse, unreadable, upload_time};
use crate::rate_limits::moment;

const BATCHES: &str = "v1/messages/batches";
/// Batches on a page.
const PAGE_SIZE: &str = "100";
/// Chunk size for reading the file, in bytes.
const PIECE_BYTES: usize = 256 << 10;

impl BatchApi for Client {
    fn writer(&self, spool: Box<dyn Write + Send>, byte_limit: u64) -> io::Result<Box<dyn BatchWriter>> {
        Ok(Box::new(SpoolWriter::new(spool, self.dialect(), byte_limit)?))
    }

    // The file is read in chunks while it is sent.
    fn submit<'a>(&'a self, spool: &'a Path) -> BoxFuture<'a, Result<Batch, RequestError>> {
        let unreadable = |error: io::Error| RequestError::Unsendable { detail: error.to_string() };
        Box::pin(async move {
            let file = File::open(spool).await.map_err(unreadable)?;
            let byte_count = file.metadata().await.map_err(unreadable)?.len();
            let submitting = self
                .http
                .request(Method::POST, self.http.server().endpoint(BATCHES))
                .header(CONTENT_TYPE, "application/json")
                .header(CONTENT_LENGTH, byte_count)
                .body(Body::wrap_stream(ReaderStream::with_capacity(file, PIECE_BYTES)));
            Ok(self.http.page::<BatchObject>(submitting, upload_time(byte_count)).await?.into())
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move { Ok(self.batch_object(id).await?.into()) })
    }

    fn list<'a>(&'a self, after_id: Option<&'a str>) -> BoxFuture<'a, Result<BatchPage, RequestError>> {
        Box::pin(async move {
            let mut url = self.http.server().endpoint(BATCHES);
            url.query_pairs_mut().append_pair("limit", PAGE_SIZE).extend_pairs(after_id.map(|id| ("after_id", id)));
            let list: BatchList = self.http.page(self.http.request(Method::GET, url), Duration::ZERO).await?;
            let next_after_id = list.last_id.filter(|last| list.has_more && after_id != Some(last));
            Ok(BatchPage { batches: list.data.into_iter().map(Batch::from).collect(), next_after_id })
        })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move {
            let canceling = self.http.request(Method::POST, self.address(id, Some("cancel"))).header(CONTENT_LENGTH, 0);
            Ok(self.http.page::<BatchObject>(canceling, Duration::ZERO).await?.into())
        })
    }

    // No total time limit as long as data arrives.
    fn results<'a>(
        &'a self,
        id: &'a str,
        on_result: &'a mut (dyn FnMut(BatchResult) + Send),
    ) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(self.fetch_results(id, on_result))
    }
}

impl Client {
    async fn fetch_results(
        &self,
        id: &str,
        on_result: &mut (dyn FnMut(BatchResult) + Send),
    ) -> Result<(), RequestError> {
        let batch = self.batch_object(id).await?;
        let url = batch.results_url.and_then(|told| self.own_address(&told));
        let url = url.unwrap_or_else(|| self.address(id, Some("results")));
        let fetching = self.http.request(Method::GET, url).header(ACCEPT, "application/x-jsonl, application/json");
        let mut response = self.http.open(fetching, Duration::ZERO).await?;
        let mut glimpse = Glimpse::of(&response);
        let (mut lines, mut is_result_read) = (ResultLines::default(), false);
        let mut tell = |line: &[u8]| {
            if let Some(result) = read(line, self.http.redaction()) {
                is_result_read |= result.custom_id.is_some();
                on_result(result);
            }
        };
        while let Some(piece) =
            self.http.next_piece(&mut response).await.map_err(|error| self.http.shown(error, &glimpse))?
        {
            glimpse.add(&piece);
            for line in lines.push(&piece) {
                tell(&line);
            }
        }
        tell(&lines.rest());
        // These are not batch results; the batch's own can still be fetched.
        if is_result_read { Ok(()) } else { Err(self.http.shown(unreadable(""), &glimpse)) }
    }

    async fn batch_object(&self, id: &str) -> Result<BatchObject, RequestError> {
        self.http.page(self.http.request(Method::GET, self.address(id, None)), Duration::ZERO).await
    }

    /// The URL of a batch. Whatever an id contains, it stays one path segment.
    fn address(&self, id: &str, what: Option<&str>) -> Url {
        let mut url = self.http.server().endpoint(BATCHES);
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id).extend(what);
        }
        url
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
            state: told.processing_status,
            counts: told.request_counts,
            created_at: told.created_at.as_deref().and_then(moment),
            expires_at: told.expires_at.as_deref().and_then(moment),
        }
    }
}
