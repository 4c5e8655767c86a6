//! API calls for files and batches.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Method, RequestBuilder, Url};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::results::RESULTS;
use super::spool;
use crate::batch::results::unreported;
use crate::batch::{Batch, BatchApi, BatchPage, BatchResult, BatchWriter, Unreported};
use crate::error::RequestError;
use crate::future::BoxFuture;
use crate::gemini::client::GeminiClient;
use crate::gemini::wire::batch::{
    BatchOfFile, BatchOperation, InputFile, NewContentBatch, NewFile, NewUpload, Uploaded, page,
};
use crate::http::{unreadable, unsendable, upload_time, with_file, with_json};

/// The largest body with the requests of a batch in it, in bytes.
const INLINE_LIMIT: usize = 20_000_000;
/// Batches on a page. Few, because a batch may have its results in it.
const PAGE_SIZE: &str = "20";
/// What is listed of a batch, so that results are left out (a system parameter of Google's APIs).
const LISTED: &str = "operations(name,done,error,metadata),nextPageToken";
const UPLOAD_URL: &str = "x-goog-upload-url";

impl BatchApi for GeminiClient {
    fn writer(&self, spool: Box<dyn Write + Send>, byte_limit: u64) -> io::Result<Box<dyn BatchWriter>> {
        Ok(Box::new(spool::writer(spool, byte_limit)?))
    }

    fn submit<'a>(&'a self, spool: &'a Path, name: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move {
            if let Some(body) = inlined(spool, name).await? {
                return self.create(body).await;
            }
            let file = self.upload(spool, name).await.map_err(|error| RequestError::NotUploaded(Box::new(error)))?;
            let batch = BatchOfFile { display_name: name, input_config: InputFile { file_name: &file } };
            let created = self.create(json(&NewContentBatch { batch })?).await;
            if created.as_ref().is_err_and(|error| !error.may_have_been_taken()) {
                // The next try uploads the file again. If this fails, the vendor deletes it later.
                let _left = self.delete_file(&file).await;
            }
            created
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Batch, RequestError>> {
        Box::pin(async move { self.presentable(&self.operation(id).await?) })
    }

    fn list<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<BatchPage, RequestError>> {
        Box::pin(async move {
            let mut url = self.endpoint("batches");
            url.query_pairs_mut()
                .append_pair("pageSize", PAGE_SIZE)
                .append_pair("fields", LISTED)
                .extend_pairs(after.map(|token| ("pageToken", token)));
            let text: Box<RawValue> = self.http.page(self.http.request(Method::GET, url), Duration::ZERO).await?;
            page(text.get(), after).ok_or_else(|| unreadable("it is not a list of batches"))
        })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(async move {
            let url = self.batch_address(id, ":cancel");
            let canceling = self.http.request(Method::POST, url).header(CONTENT_LENGTH, 0);
            self.http.page::<IgnoredAny>(canceling, Duration::ZERO).await.map(drop)
        })
    }

    fn results<'a>(
        &'a self,
        id: &'a str,
        on_result: &'a mut (dyn FnMut(BatchResult) + Send),
    ) -> BoxFuture<'a, Result<Unreported, RequestError>> {
        Box::pin(async move {
            let text = self.operation(id).await?;
            let (end, done, file) = {
                let batch = read(&text)?;
                (batch.end(), batch.done(), batch.files().0)
            };
            let count = match file {
                Some(file) => RESULTS.fetch(&self.http, self.download(&file), on_result).await.map_err(without_file)?,
                None => self.pass_on_inlined(&text, on_result)?,
            };
            unreported(end, count, done)
        })
    }

    fn delete_files<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), RequestError>> {
        Box::pin(async move {
            let text = self.operation(id).await?;
            let (results, requests) = read(&text)?.files();
            for file in [results, requests].iter().flatten() {
                match self.delete_file(file).await {
                    Err(error) if !error.is_not_found() => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        })
    }
}

impl GeminiClient {
    /// Uploads a file of requests and returns its name.
    async fn upload(&self, spool: &Path, name: &str) -> Result<String, RequestError> {
        let byte_count = tokio::fs::metadata(spool).await.map_err(|error| unsendable(&error))?.len();
        let starting = self
            .http
            .request(Method::POST, self.file_address("upload", None, ""))
            .header("x-goog-upload-protocol", "resumable")
            .header("x-goog-upload-command", "start")
            .header("x-goog-upload-header-content-length", byte_count)
            .header("x-goog-upload-header-content-type", "application/jsonl");
        let starting = with_json(starting, [json(&NewUpload { file: NewFile { display_name: name } })?]);
        let started = self.http.open(starting, Duration::ZERO).await?;
        let url = self.upload_address(started.headers());
        let url = url.ok_or_else(|| unreadable("it does not say where to upload the file"))?;
        let uploading = self
            .http
            .request(Method::POST, url)
            .header("x-goog-upload-offset", 0)
            .header("x-goog-upload-command", "upload, finalize");
        let (uploading, byte_count) = with_file(uploading, spool, Bytes::new(), Bytes::new()).await?;
        Ok(self.http.page::<Uploaded>(uploading, upload_time(byte_count)).await?.file.name)
    }

    /// Where to send the content of an upload: always on this server, because the key is sent with it.
    fn upload_address(&self, headers: &HeaderMap) -> Option<Url> {
        let reported = Url::parse(headers.get(UPLOAD_URL)?.to_str().ok()?).ok()?;
        let mut url = self.http.server().endpoint("");
        url.set_path(reported.path());
        url.set_query(reported.query());
        Some(url)
    }

    async fn create(&self, body: Bytes) -> Result<Batch, RequestError> {
        let url = self.endpoint(&format!("models/{}{}:batchGenerateContent", self.model_prefix, self.model));
        let upload = upload_time(body.len() as u64);
        let creating = with_json(self.http.request(Method::POST, url), [body]);
        self.presentable(&self.http.page::<Box<RawValue>>(creating, upload).await?)
    }

    async fn operation(&self, id: &str) -> Result<Box<RawValue>, RequestError> {
        self.http.page(self.http.request(Method::GET, self.batch_address(id, "")), Duration::ZERO).await
    }

    /// The URL of a batch, or of one of its methods.
    fn batch_address(&self, id: &str, method: &str) -> Url {
        let id = id.strip_prefix("batches/").unwrap_or(id);
        self.http.address(&format!("{}/batches", self.api_version), &[&format!("{id}{method}")])
    }

    /// The URL of files below a path of their own, or of one of them.
    fn file_address(&self, base: &str, name: Option<&str>, method: &str) -> Url {
        let path = format!("{base}/{}/files", self.api_version);
        let path = path.trim_start_matches('/');
        match name {
            Some(name) => {
                let id = name.strip_prefix("files/").unwrap_or(name);
                self.http.address(path, &[&format!("{id}{method}")])
            }
            None => self.http.address(path, &[]),
        }
    }

    fn download(&self, file: &str) -> RequestBuilder {
        let mut url = self.file_address("download", Some(file), ":download");
        url.set_query(Some("alt=media"));
        self.http.request(Method::GET, url)
    }

    async fn delete_file(&self, file: &str) -> Result<(), RequestError> {
        let url = self.file_address("", Some(file), "");
        let deleting = self.http.request(Method::DELETE, url);
        self.http.page::<IgnoredAny>(deleting, Duration::ZERO).await.map(drop).map_err(without_file)
    }

    /// Passes on the results in a batch; returns how many there are.
    fn pass_on_inlined(
        &self,
        batch: &RawValue,
        on_result: &mut (dyn FnMut(BatchResult) + Send),
    ) -> Result<u64, RequestError> {
        let mut count = 0;
        for result in read(batch)?.inlined() {
            if let Some(result) = RESULTS.read(result.as_bytes(), self.http.redaction()) {
                count += 1;
                on_result(result);
            }
        }
        Ok(count)
    }

    fn presentable(&self, text: &RawValue) -> Result<Batch, RequestError> {
        Ok(read(text)?.batch().presentable(|text| self.http.redacted(text)))
    }
}

/// The error of a request for a file: the vendor does not tell a missing file, such as one that has expired, from that of
/// another account.
fn without_file(mut error: RequestError) -> RequestError {
    if let RequestError::Refused(refusal) = &mut error
        && refusal.status == 403
    {
        refusal.status = 404;
    }
    error
}

fn read(text: &RawValue) -> Result<BatchOperation<'_>, RequestError> {
    BatchOperation::read(text.get()).ok_or_else(|| unreadable("it is not a batch"))
}

fn json(body: &impl Serialize) -> Result<Bytes, RequestError> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|error| unsendable(&error.into()))
}

/// The body that creates a batch with the requests in it; `None` if they are too large.
async fn inlined(spool: &Path, name: &str) -> Result<Option<Bytes>, RequestError> {
    if tokio::fs::metadata(spool).await.map_err(|error| unsendable(&error))?.len() > INLINE_LIMIT as u64 {
        return Ok(None);
    }
    let list = spool::listed(&tokio::fs::read(spool).await.map_err(|error| unsendable(&error))?);
    let name = serde_json::Value::from(name);
    let head = format!("{{\"batch\":{{\"displayName\":{name},\"inputConfig\":{{\"requests\":{{\"requests\":");
    let body = [head.as_bytes(), &list, b"}}}}"].concat();
    Ok((body.len() <= INLINE_LIMIT).then(|| body.into()))
}
