//! Google's Gemini API: `POST /v1beta/models/MODEL:generateContent`, `:streamGenerateContent?alt=sse`,
//! `GET /v1beta/models`, and batches (`:batchGenerateContent`, `/v1beta/batches`) with their files, as strict as the vendor.

mod batches;
mod content;
pub(crate) mod error;
mod files;
pub(crate) mod message;
mod models;
mod routes;
mod schema;
pub(crate) mod validation;

/// The method that the path of a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodCall {
    /// The model, with a server's prefix.
    pub(crate) model: String,
    pub(crate) is_streaming: bool,
}
