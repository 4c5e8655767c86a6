//! Message batches: written to a file, submitted together, looked after, read one by one in whatever order they come back.
//! Source: Anthropic's page on message batches as of 2026-11-23.

mod calls;
mod results;
mod spool;
#[cfg(test)]
mod tests;
