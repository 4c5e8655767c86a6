//! Anthropic's message batches as of 2026-11-23: what the server tells of a batch, and a line of its results. What is sent
//! is written by hand, item by item ([`crate::batch::BatchWriter`]).

use serde::Deserialize;
use serde_json::Value;

use super::anthropic::WholeMessage;
use crate::batch::{BatchCounts, BatchState};

#[derive(Deserialize, Debug)]
pub struct BatchObject {
    pub id: String,
    pub processing_status: BatchState,
    #[serde(default)]
    pub request_counts: BatchCounts,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub expires_at: Option<String>,
    #[serde(default)]
    pub results_url: Option<String>,
}

/// One page of `GET /v1/messages/batches`.
#[derive(Deserialize, Debug)]
pub struct BatchList {
    pub data: Vec<BatchObject>,
    #[serde(default)]
    pub has_more: bool,
    #[serde(default)]
    pub last_id: Option<String>,
}

/// A line of a batch's results. What it says is read by itself, so that whose result it is survives what cannot be read.
#[derive(Deserialize, Debug)]
pub struct ResultLine {
    #[serde(default)]
    pub custom_id: Option<String>,
    pub result: Value,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResultBody {
    Succeeded {
        message: WholeMessage,
    },
    /// With the body that a refused request has by itself.
    Errored {
        error: Value,
    },
    Canceled,
    Expired,
}
