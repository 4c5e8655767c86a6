//! Anthropic's Messages API, at the vendor's own host or at any server that speaks it.

pub mod batch;
pub mod client;
mod discovery;
pub mod image_size;
pub mod models;
pub mod request;
mod wire;
