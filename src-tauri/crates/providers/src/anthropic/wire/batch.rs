//! Anthropic's message batches as of 2026-11-23: the state of a batch. Requests are written by
//! [`crate::batch::BatchWriter`], results are parsed line by line.

use serde::Deserialize;

use crate::batch::{BatchCounts, BatchStatus};
use crate::json::lenient;

#[derive(Deserialize, Debug)]
pub struct BatchObject {
    pub id: String,
    pub processing_status: BatchStatus,
    #[serde(default, deserialize_with = "lenient")]
    pub request_counts: BatchCounts,
    #[serde(default, deserialize_with = "lenient")]
    pub created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub expires_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub results_url: Option<String>,
}
