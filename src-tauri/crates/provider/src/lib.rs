//! Vision models behind HTTP: what they cost, what they are sent, what their answers and refusals mean. One vendor so
//! far, by Anthropic's Messages API, at its own host or at any server that speaks it.
//!
//! ```text
//! recipe + model → Brief → (picture) → Request → Client::send → RawAnswer → parse::read → marks in sent pixels
//!                    └ worst case        │                  └ SendError → Disposition
//!                      for the budget    └ BatchWriter → Client::submit_batch → Client::batch_results → RawAnswer
//! ```
//!
//! This crate owns HTTP; the vendor's own forms never leave it, and neither does a key. Everything but [`client`],
//! [`connection`] and [`batch`] is pure. Deliberately absent: pixels (pictures come resized and encoded), retries, pacing
//! and budgets (whoever runs a plan owns those), and keeping anything between two calls. Times are passed in or measured,
//! never assumed.

pub mod answer;
pub mod batch;
pub mod client;
pub mod connection;
pub mod disposition;
mod guideline;
pub mod image_size;
pub mod models;
pub mod parse;
pub mod prices;
mod redaction;
pub mod refusal;
pub mod request;
mod schema;
pub mod server;
pub mod sse;
mod wire;
