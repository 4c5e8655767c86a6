//! Vision models over HTTP: prices, requests, answers, errors. Each vendor is a folder that implements
//! [`provider::Provider`] and a line in the [`registry`]; shared code is beside them.
//!
//! This crate owns HTTP; wire formats and keys never leave it. Not part of it: pixels (pictures arrive resized and
//! encoded), retries, pacing and budgets (the engine's task), and any state between two calls. Times are passed in or
//! measured.

pub mod answer;
mod anthropic;
pub mod base_url;
pub mod batch;
mod bedrock;
pub mod catalog;
mod coordinates;
pub mod discovery;
pub mod error;
mod example;
mod exchange;
pub mod further;
pub mod future;
mod gemini;
mod guideline;
mod http;
pub mod image_rule;
mod json;
mod openai;
pub mod parse;
pub mod price;
pub mod price_tables;
mod prompt;
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
#[cfg(test)]
mod test_server;
