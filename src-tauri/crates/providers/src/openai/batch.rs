//! Batches: a file of requests is uploaded, and results are read from files, line by line in any order. Source: OpenAI's
//! guide to batches and its API reference as of 2026-11-23.
//!
//! Files are deleted once every result is stored; the vendor deletes what is left of an interrupted run after 30 days.

mod calls;
mod results;
mod spool;
#[cfg(test)]
mod tests;
