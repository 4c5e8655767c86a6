//! The calls about batches.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, Url};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::results::{Lines, read};
use crate::anthropic::client::{Client, Glimpse, SendError, unreadable, upload_time};
use crate::anthropic::wire::batch::{BatchList, BatchObject};
use crate::batch::{Batch, BatchPage, BatchResult};
use crate::refusal::moment;

const BATCHES: &str = "v1/messages/batches";
/// Batches on a page.
const PAGE_SIZE: &str = "100";
/// How much of the file is read at a time, in bytes.
const PIECE_BYTES: usize = 256 << 10;

impl Client {
    /// Submits the batch that [`BatchWriter`](super::BatchWriter) wrote to `spool`, as it is there. The file is read piece
    /// by piece while it is sent.
    ///
    /// # Errors
    /// [`SendError::may_have_been_taken`] tells whether the server may have the batch all the same. A refusal as too large
    /// ([`Disposition::ShrinkOnce`](crate::retry::Disposition::ShrinkOnce)) is about the batch and not about a
    /// picture.
    pub async fn submit_batch(&self, spool: &Path) -> Result<Batch, SendError> {
        let unreadable = |error: std::io::Error| SendError::Unsendable { detail: error.to_string() };
        let file = File::open(spool).await.map_err(unreadable)?;
        let byte_count = file.metadata().await.map_err(unreadable)?.len();
        let submitting = self
            .request(Method::POST, self.server().endpoint(BATCHES))
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, byte_count)
            .body(Body::wrap_stream(ReaderStream::with_capacity(file, PIECE_BYTES)));
        Ok(self.page::<BatchObject>(submitting, upload_time(byte_count)).await?.into())
    }

    /// How far a batch has come.
    pub async fn batch(&self, id: &str) -> Result<Batch, SendError> {
        Ok(self.batch_object(id).await?.into())
    }

    /// The account's batches, the newest first: those that were created before the batch `after_id`, or the newest of all.
    pub async fn batches(&self, after_id: Option<&str>) -> Result<BatchPage, SendError> {
        let mut url = self.server().endpoint(BATCHES);
        url.query_pairs_mut().append_pair("limit", PAGE_SIZE).extend_pairs(after_id.map(|id| ("after_id", id)));
        let list: BatchList = self.page(self.request(Method::GET, url), Duration::ZERO).await?;
        let next_after_id = list.last_id.filter(|last| list.has_more && after_id != Some(last));
        Ok(BatchPage { batches: list.data.into_iter().map(Batch::from).collect(), next_after_id })
    }

    /// Asks the server to begin nothing more of a batch. It ends some time later, with the results of what was begun.
    pub async fn cancel_batch(&self, id: &str) -> Result<Batch, SendError> {
        let canceling = self.request(Method::POST, self.address(id, Some("cancel"))).header(CONTENT_LENGTH, 0);
        Ok(self.page::<BatchObject>(canceling, Duration::ZERO).await?.into())
    }

    /// Reads the results of a batch that has ended, in whatever order they come, one at a time. They may be read again for
    /// as long as the server keeps them, and there is no limit to how long it takes as long as something comes.
    ///
    /// # Errors
    /// When the results end before their end. Those that were told until then are good.
    pub async fn batch_results(
        &self,
        id: &str,
        on_result: &mut (dyn FnMut(BatchResult) + Send),
    ) -> Result<(), SendError> {
        let batch = self.batch_object(id).await?;
        let url = batch.results_url.and_then(|told| self.own_address(&told));
        let url = url.unwrap_or_else(|| self.address(id, Some("results")));
        let fetching = self.request(Method::GET, url).header(ACCEPT, "application/x-jsonl, application/json");
        let mut response = self.open(fetching, Duration::ZERO).await?;
        let mut glimpse = Glimpse::of(&response);
        let (mut lines, mut is_result_read) = (Lines::default(), false);
        let mut tell = |line: &[u8]| {
            if let Some(result) = read(line, self.redaction()) {
                is_result_read |= result.custom_id.is_some();
                on_result(result);
            }
        };
        while let Some(piece) = self.next_piece(&mut response).await.map_err(|error| self.shown(error, &glimpse))? {
            glimpse.add(&piece);
            for line in lines.push(&piece) {
                tell(&line);
            }
        }
        tell(&lines.rest());
        // A batch has results: these are none, and the batch's own can still be fetched.
        if is_result_read { Ok(()) } else { Err(self.shown(unreadable(""), &glimpse)) }
    }

    async fn batch_object(&self, id: &str) -> Result<BatchObject, SendError> {
        self.page(self.request(Method::GET, self.address(id, None)), Duration::ZERO).await
    }

    /// Where a batch is found. Whatever an id contains, it is one segment of the path.
    fn address(&self, id: &str, what: Option<&str>) -> Url {
        let mut url = self.server().endpoint(BATCHES);
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id).extend(what);
        }
        url
    }

    /// `told` as an address, if it is the server's own: the key goes along, and it goes nowhere else.
    fn own_address(&self, told: &str) -> Option<Url> {
        let url = Url::parse(told).ok()?;
        let is_own = url.origin().ascii_serialization() == self.server().origin();
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
