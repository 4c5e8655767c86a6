//! Models that run on this computer, without key or network. Each family is a folder that implements [`LocalModel`] and
//! a line in the [`registry`].
//!
//! This crate owns the runtimes and does not expose them. Decoding and EXIF (callers pass upright pixels) and threads
//! are the caller's task.

mod model;
mod nanodet;
pub mod registry;

pub use model::{LocalDescriptor, LocalError, LocalModel, check_buffer};
