//! Vision models behind HTTP: what they cost, what they are sent, what their answers and refusals mean. Each vendor is a
//! folder that implements [`provider::Provider`] and a line in the [`registry`]; what vendors share stands beside them.
//!
//! This crate owns HTTP; the vendors' own forms never leave it, and neither does a key. Deliberately absent: pixels
//! (pictures come resized and encoded), retries, pacing and budgets (whoever runs a plan owns those), and keeping anything
//! between two calls. Times are passed in or measured, never assumed.

pub mod answer;
mod anthropic;
pub mod base_url;
pub mod batch;
pub mod catalog;
mod coordinates;
pub mod discovery;
pub mod error;
pub mod future;
mod guideline;
mod http;
pub mod image_rule;
mod json;
pub mod parse;
pub mod price;
pub mod provider;
pub mod rate_limits;
mod redaction;
pub mod refusal;
pub mod registry;
pub mod request;
pub mod retry;
mod schema;
#[cfg(feature = "scripted")]
pub mod scripted;
pub mod sse;
