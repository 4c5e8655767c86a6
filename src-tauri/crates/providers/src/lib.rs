//! Vision models behind HTTP: what they cost, what they are sent, what their answers and refusals mean. A folder a vendor;
//! what vendors share stands beside the folders.
//!
//! ```text
//! recipe + model → Brief → (picture) → Request → Client::send → RawAnswer → parse::read → marks in sent pixels
//!                    └ worst case        │                  └ SendError → Disposition
//!                      for the budget    └ BatchWriter → Client::submit_batch → Client::batch_results → RawAnswer
//! ```
//!
//! This crate owns HTTP; the vendors' own forms never leave it, and neither does a key. Deliberately absent: pixels
//! (pictures come resized and encoded), retries, pacing and budgets (whoever runs a plan owns those), and keeping anything
//! between two calls. Times are passed in or measured, never assumed.

pub mod answer;
pub mod anthropic;
pub mod base_url;
pub mod batch;
mod coordinates;
pub mod discovery;
pub mod error;
mod guideline;
mod json;
pub mod parse;
pub mod price;
mod redaction;
pub mod refusal;
pub mod retry;
mod schema;
pub mod sse;
