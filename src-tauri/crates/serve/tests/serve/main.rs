//! The server over real connections: who is let in, what is refused, what windows can do.

mod access;
mod attacks;
mod calls;
mod client;
mod files;
mod streams;
