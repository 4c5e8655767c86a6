//! Gemini's batches and files as of 2026-11-23. Requests are written by [`crate::batch::BatchWriter`].

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, BatchCounts, BatchEnd, BatchPage, BatchStatus};
use crate::gemini::refusal;
use crate::json::{Count, Object};
use crate::rate_limits::moment;

/// The body that creates a batch from a file. With a list of requests, it is written by hand.
#[derive(Serialize)]
pub struct NewContentBatch<'a> {
    pub batch: BatchOfFile<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchOfFile<'a> {
    pub display_name: &'a str,
    pub input_config: InputFile<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputFile<'a> {
    pub file_name: &'a str,
}

/// The start of an upload.
#[derive(Serialize)]
pub struct NewUpload<'a> {
    pub file: NewFile<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFile<'a> {
    pub display_name: &'a str,
}

/// The end of an upload.
#[derive(Deserialize, Debug)]
pub struct Uploaded {
    pub file: UploadedInput,
}

#[derive(Deserialize, Debug)]
pub struct UploadedInput {
    /// With its collection: `files/abc`.
    pub name: String,
}

/// A batch: a long-running operation, whose metadata is the batch.
pub struct BatchOperation<'a> {
    operation: Object<'a>,
    metadata: Object<'a>,
}

impl<'a> BatchOperation<'a> {
    /// `None` if `text` is not a batch.
    pub fn read(text: &'a str) -> Option<Self> {
        let operation = Object::parse(text).ok()?;
        operation.name("name").filter(|name| !name.is_empty())?;
        // Some servers return the batch itself.
        let metadata = operation.object("metadata").or_else(|| Object::parse(text).ok())?;
        Some(Self { operation, metadata })
    }

    /// Its state, without `BATCH_STATE_` or `JOB_STATE_`.
    fn state(&self) -> String {
        let state = self.metadata.name("state").unwrap_or_default().to_uppercase();
        let plain = state.strip_prefix("BATCH_STATE_").or_else(|| state.strip_prefix("JOB_STATE_"));
        plain.unwrap_or(&state).to_owned()
    }

    /// How it ended; `None` while it has not.
    pub fn end(&self) -> Option<BatchEnd> {
        let has_output = self.output().is_some();
        let error = self.operation.object("error");
        Some(match self.state().as_str() {
            "SUCCEEDED" | "PARTIALLY_SUCCEEDED" => BatchEnd::Completed,
            "CANCELLED" => BatchEnd::Canceled,
            "EXPIRED" => BatchEnd::Expired,
            // What was answered before it failed is paid for.
            "FAILED" if has_output => BatchEnd::Completed,
            "FAILED" => BatchEnd::Failed,
            _ if self.operation.raw("done") != Some("true") => return None,
            _ => match error.as_ref().map(refusal::code_name) {
                Some(Some(name)) if name == "CANCELLED" => BatchEnd::Canceled,
                Some(_) if !has_output => BatchEnd::Failed,
                _ => BatchEnd::Completed,
            },
        })
    }

    fn output(&self) -> Option<Object<'a>> {
        let output = self
            .operation
            .object("response")
            .filter(|output| output.raw("responsesFile").is_some() || output.raw("inlinedResponses").is_some());
        output.or_else(|| self.metadata.object("output"))
    }

    /// The file with its results, and the one with its requests.
    pub fn files(&self) -> (Option<String>, Option<String>) {
        let results = self.output().and_then(|output| output.name("responsesFile"));
        let requests = self.metadata.object("inputConfig").and_then(|config| config.name("fileName"));
        (results, requests)
    }

    /// Its results, if they are not in a file, each as JSON.
    pub fn inlined(&self) -> Vec<&'a str> {
        let list = self.output().and_then(|output| output.object("inlinedResponses"));
        list.map(|list| list.items("inlinedResponses")).unwrap_or_default()
    }

    /// Requests that the server counts as done.
    pub fn done(&self) -> u64 {
        let BatchCounts { succeeded, errored, .. } = self.counts();
        succeeded.saturating_add(errored)
    }

    fn counts(&self) -> BatchCounts {
        let stats = self.metadata.object("batchStats");
        let count = |key: &str| stats.as_ref().map_or(Count::Absent, |stats| stats.count(key)).known().unwrap_or(0);
        let (succeeded, errored) = (count("successfulRequestCount"), count("failedRequestCount"));
        let left = count("requestCount").saturating_sub(succeeded.saturating_add(errored));
        let counts = BatchCounts { succeeded, errored, ..BatchCounts::default() };
        match self.end() {
            None => BatchCounts { processing: left, ..counts },
            Some(BatchEnd::Expired) => BatchCounts { expired: left, ..counts },
            Some(_) => BatchCounts { canceled: left, ..counts },
        }
    }

    /// The batch, its texts as they came.
    pub fn batch(&self) -> Batch {
        let time = |key: &str| -> Option<SystemTime> { moment(&self.metadata.name(key)?) };
        let state = match self.end() {
            Some(BatchEnd::Failed) => {
                let error = self.operation.raw("error").unwrap_or("{\"message\":\"no reason given\"}");
                let body = format!("{{\"error\":{error}}}");
                BatchStatus::Refused(Box::new(refusal::from_body(200, body.as_bytes())))
            }
            Some(_) => BatchStatus::Ended,
            None if self.state() == "CANCELLING" => BatchStatus::Canceling,
            None => BatchStatus::InProgress,
        };
        Batch {
            id: self.operation.name("name").unwrap_or_default(),
            name: self.metadata.name("displayName").filter(|name| !name.is_empty()),
            state,
            counts: self.counts(),
            created_at: time("createTime"),
            // The vendor says two days, and no time.
            expires_at: None,
        }
    }
}

/// A page of `GET /v1beta/batches`; `None` if `text` is not one.
pub fn page(text: &str, token: Option<&str>) -> Option<BatchPage> {
    let page = Object::parse(text).ok()?;
    let batches = page.items("operations").into_iter().filter_map(BatchOperation::read).map(|read| read.batch());
    let next = page.name("nextPageToken").filter(|next| !next.is_empty() && Some(next.as_str()) != token);
    Some(BatchPage { batches: batches.collect(), next_after: next })
}
