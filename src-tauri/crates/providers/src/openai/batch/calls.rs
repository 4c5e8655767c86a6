//! API calls for files and batches.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, Url};
use serde::de::IgnoredAny;

use super::results::RESULTS;
use super::spool::{self, ENDPOINT};
use crate::batch::results::unreported;
use crate::batch::{Batch, BatchApi, BatchPage, BatchResult, BatchWriter, CursorPage, Unreported};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::http::{unsendable, upload_time, with_file, with_json};
use crate::openai::client::ChatClient;
use crate::openai::wire::batch::{BatchMetadata, ChatBatch, FileObject, NewChatBatch};

const BATCHES: &str = "v1/batches";
const FILES: &str = "v1/files";
/// Batches on a page: the most.
const PAGE_SIZE: &str = "100";
/// The only window that the vendor offers.
const WINDOW: &str = "24h";
/// Separates the fields of an upload. A file of requests has no carriage return, so that it cannot contain this.
const BOUNDARY: &str = "fieldmark-4Jq0vT1mWz";

impl BatchApi for ChatClient {
    fn writer(&self, spool: Box<dyn Write + Send>, byte_limit: u64) -> io::Result<Box<dyn BatchWriter>> {
        Ok(Box::new(spool::writer(spool, &self.model_prefix, byte_limit)?))
    }

    fn submit<'a>(&'a self, spool: &'a Path, name: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move {
            let file = self.upload(spool, name).await.map_err(|error| RequestError::NotUploaded(Box::new(error)))?;
            let created = self.create(&file, name).await;
            if created.as_ref().is_err_and(|error| !error.may_have_been_taken()) {
                // The next try uploads the file again. If this fails, the vendor deletes it later.
                let _left = self.delete_file(&file).await;
            }
            created
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move { Ok(self.presentable(self.batch(id).await?)) })
    }

    fn list<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<BatchPage, RequestError>> {
        Box::pin(async move {
            let mut url = self.http.server().endpoint(BATCHES);
            url.query_pairs_mut().append_pair("limit", PAGE_SIZE).extend_pairs(after.map(|id| ("after", id)));
            let listing = self.http.request(Method::GET, url);
            let page: CursorPage<ChatBatch> = self.http.page(listing, Duration::ZERO).await?;
            Ok(page.into_page(after))
        })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(async move {
            let url = self.http.address(BATCHES, &[id, "cancel"]);
            let canceling = self.http.request(Method::POST, url).header(CONTENT_LENGTH, 0);
            self.http.page::<ChatBatch>(canceling, Duration::ZERO).await.map(drop)
        })
    }

    fn results<'a>(
        &'a self,
        id: &'a str,
        on_result: &'a mut (dyn FnMut(BatchResult) + Send),
    ) -> BoxFuture<'a, Result<Unreported, RequestError>> {
        Box::pin(async move {
            let batch = self.batch(id).await?;
            let mut count = 0;
            for file in [&batch.output_file_id, &batch.error_file_id].into_iter().flatten() {
                let url = self.http.address(FILES, &[file, "content"]);
                count += RESULTS.fetch(&self.http, self.http.request(Method::GET, url), on_result).await?;
            }
            let done = batch.request_counts.done();
            unreported(batch.end(), count, done)
        })
    }

    fn delete_files<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(async move {
            let batch = self.batch(id).await?;
            let files = [batch.input_file_id, batch.output_file_id, batch.error_file_id];
            for file in files.iter().flatten().filter(|file| !file.is_empty()) {
                match self.delete_file(file).await {
                    Err(error) if !error.is_not_found() => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        })
    }
}

impl ChatClient {
    /// Uploads a file of requests and returns its id.
    async fn upload(&self, spool: &Path, name: &str) -> Result<String, RequestError> {
        let field = |name: &str| format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        let head = format!(
            "{}\r\n\r\nbatch\r\n{}; filename=\"{name}.jsonl\"\r\nContent-Type: application/jsonl\r\n\r\n",
            field("purpose"),
            field("file"),
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let uploading = self.http.request(Method::POST, self.http.server().endpoint(FILES));
        let (uploading, byte_count) = with_file(uploading, spool, head.into(), tail.into()).await?;
        let uploading = uploading.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        Ok(self.http.page::<FileObject>(uploading, upload_time(byte_count)).await?.id)
    }

    /// Creates a batch of the requests in a file.
    async fn create(&self, file: &str, name: &str) -> Result<Batch, RequestError> {
        let metadata = BatchMetadata { name };
        let new = NewChatBatch { input_file_id: file, endpoint: ENDPOINT, completion_window: WINDOW, metadata };
        let body = serde_json::to_vec(&new).map_err(|error| unsendable(&error.into()))?;
        let creating = self.http.request(Method::POST, self.http.server().endpoint(BATCHES));
        let creating = with_json(creating, [Bytes::from(body)]);
        Ok(self.presentable(self.http.page(creating, Duration::ZERO).await?))
    }

    async fn batch(&self, id: &str) -> Result<ChatBatch, RequestError> {
        self.http.page(self.http.request(Method::GET, self.http.address(BATCHES, &[id])), Duration::ZERO).await
    }

    async fn delete_file(&self, id: &str) -> Result<(), RequestError> {
        let url: Url = self.http.address(FILES, &[id]);
        self.http.page::<IgnoredAny>(self.http.request(Method::DELETE, url), Duration::ZERO).await.map(drop)
    }

    fn presentable(&self, reported: ChatBatch) -> Batch {
        Batch::from(reported).presentable(|text| self.http.redacted(text))
    }
}
