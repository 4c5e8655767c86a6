//! OpenAI's chat completions: `POST /v1/chat/completions` (streamed or not), `GET /v1/models`, and batches with their files,
//! as strict as the vendor, or as lenient as a server with the same interface, which has no batches.

mod batches;
pub(crate) mod content;
pub(crate) mod error;
mod files;
pub(crate) mod message;
pub(crate) mod models;
mod routes;
pub(crate) mod schema;
pub(crate) mod validation;

use serde_json::{Value, json};

use crate::protocol::Protocol;
use models::ChatModel;

/// The catalogue as `GET /v1/models` lists it.
pub(crate) fn listed(protocol: Protocol, prefix: &str) -> Value {
    let data: Vec<Value> = models::of(protocol).iter().map(|model| described(model, prefix)).collect();
    json!({"object": "list", "data": data})
}

/// A model as the catalogue shows it.
pub(crate) fn described(model: &ChatModel, prefix: &str) -> Value {
    json!({
        "id": format!("{prefix}{}", model.served.id), "object": "model", "created": 1_780_000_000,
        "owned_by": "simulator",
    })
}
