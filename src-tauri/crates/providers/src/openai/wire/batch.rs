//! OpenAI's batches and files as of 2026-11-23. Requests are written by [`crate::batch::BatchWriter`], results are parsed line
//! by line.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::batch::{Batch, BatchCounts, BatchEnd, BatchStatus};
use crate::json::lenient;
use crate::openai::refusal;

/// The body of `POST /v1/batches`.
#[derive(Serialize)]
pub struct NewChatBatch<'a> {
    pub input_file_id: &'a str,
    pub endpoint: &'static str,
    pub completion_window: &'static str,
    pub metadata: BatchMetadata<'a>,
}

#[derive(Serialize)]
pub struct BatchMetadata<'a> {
    /// Finds a batch again whose reply was lost.
    pub name: &'a str,
}

/// A file, as `POST /v1/files` returns it.
#[derive(Deserialize, Debug)]
pub struct FileObject {
    pub id: String,
}

#[derive(Deserialize, Debug)]
pub struct ChatBatch {
    pub id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub status: String,
    #[serde(default, deserialize_with = "lenient")]
    pub input_file_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub output_file_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub error_file_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub request_counts: RequestCounts,
    #[serde(default, deserialize_with = "lenient")]
    errors: Option<BatchErrors>,
    /// In seconds since the Unix epoch.
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    expires_at: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    metadata: Map<String, Value>,
}

/// While the file is checked, all counts are 0.
#[derive(Deserialize, Debug, Default, Clone, Copy)]
#[serde(default)]
pub struct RequestCounts {
    #[serde(deserialize_with = "lenient")]
    total: u64,
    #[serde(deserialize_with = "lenient")]
    completed: u64,
    #[serde(deserialize_with = "lenient")]
    failed: u64,
}

impl RequestCounts {
    /// Requests with a result.
    pub fn done(self) -> u64 {
        self.completed.saturating_add(self.failed)
    }
}

/// Why a batch was found invalid.
#[derive(Deserialize, Debug)]
struct BatchErrors {
    #[serde(default, deserialize_with = "lenient")]
    data: Vec<Value>,
}

impl ChatBatch {
    /// How it ended; `None` while it has not.
    pub fn end(&self) -> Option<BatchEnd> {
        Some(match self.status.as_str() {
            "completed" => BatchEnd::Completed,
            "cancelled" => BatchEnd::Canceled,
            "expired" => BatchEnd::Expired,
            "failed" => BatchEnd::Failed,
            _ => return None,
        })
    }

    fn refusal(&self) -> BatchStatus {
        let errors = self.errors.as_ref().map(|errors| errors.data.as_slice()).unwrap_or_default();
        let first = errors.first();
        let text = |key: &str| first.and_then(|error| error.get(key)).and_then(Value::as_str).unwrap_or_default();
        let line = first.and_then(|error| error.get("line")).and_then(Value::as_u64);
        let line = line.map(|line| format!(" (request {line})")).unwrap_or_default();
        let (message, code) = (text("message"), text("code"));
        let message = if message.is_empty() { "no reason given" } else { message };
        let error = serde_json::json!({"error": {"message": format!("{message}{line}"), "code": code, "type": code}});
        BatchStatus::Refused(Box::new(refusal::from_body(200, error.to_string().as_bytes())))
    }
}

impl From<ChatBatch> for Batch {
    fn from(reported: ChatBatch) -> Self {
        let RequestCounts { total, completed: succeeded, failed: errored } = reported.request_counts;
        let left = total.saturating_sub(reported.request_counts.done());
        let counts = BatchCounts { succeeded, errored, ..BatchCounts::default() };
        let counts = match reported.end() {
            None => BatchCounts { processing: left, ..counts },
            Some(BatchEnd::Expired) => BatchCounts { expired: left, ..counts },
            Some(_) => BatchCounts { canceled: left, ..counts },
        };
        let state = match (reported.end(), reported.status.as_str()) {
            (Some(BatchEnd::Failed), _) => reported.refusal(),
            (Some(_), _) => BatchStatus::Ended,
            (None, "cancelling") => BatchStatus::Canceling,
            (None, _) => BatchStatus::InProgress,
        };
        let moment = |seconds: Option<u64>| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds?));
        Self {
            name: reported.metadata.get("name").and_then(Value::as_str).map(str::to_owned),
            state,
            counts,
            created_at: moment(reported.created_at),
            expires_at: moment(reported.expires_at),
            id: reported.id,
        }
    }
}
