//! Batches: small ones are sent as they are, others as an uploaded file; results are in the batch or in a file. Source:
//! Google's guide to batches, its API reference and its SDK (google-genai 3.6.1) as of 2026-11-23. What they leave open is
//! read tolerantly.
//!
//! Files are deleted once every result is stored; the vendor deletes what is left of an interrupted run after two days.

mod calls;
mod results;
mod spool;
#[cfg(test)]
mod tests;
