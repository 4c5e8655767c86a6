//! The server over real connections: who is let in, what is refused, what windows can do.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod access;
mod attacks;
mod calls;
mod client;
mod files;
mod streams;
