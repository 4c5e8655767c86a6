//! Message batches: written to a file, submitted, polled, and read line by line in any order. Source: Anthropic's page
//! on message batches as of 2026-11-23.

mod calls;
mod results;
mod spool;
#[cfg(test)]
mod tests;
