//! Message batches: written to a file, submitted together, looked after, read one by one in whatever order they come back.
//! Source: Anthropic's page on message batches as of 2026-11-23.
//!
//! ```text
//! Request → BatchWriter → file → Client::submit_batch → Batch → Client::batch … → Client::batch_results → BatchResult
//! ```

mod calls;
mod results;
mod spool;
#[cfg(test)]
mod tests;

pub use spool::{BYTE_LIMIT, BatchWriter, ITEM_LIMIT, Pushed, is_custom_id};
