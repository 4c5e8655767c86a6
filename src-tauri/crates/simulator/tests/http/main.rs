//! The simulator through a real HTTP client: what it sees, what it refuses, how it streams, fails and bills.

#![expect(clippy::expect_used, reason = "a broken expectation is how these tests fail")]

mod batches;
mod boxes;
mod chance;
mod chat;
mod client;
mod faults;
mod gemini;
mod manners;
mod refusals;
mod sdk;
mod usage;
