//! Models that run on this computer: without a key, without a network. Each family is a folder that implements
//! [`LocalModel`] and a line in the [`registry`].
//!
//! This crate owns the runtimes, and nothing of them shows outside. Deliberately absent: decoding and EXIF (callers hand
//! over upright pixels), queues and spawning (callers own their threads).

mod model;
mod nanodet;
pub mod registry;

pub use model::{LocalDescriptor, LocalError, LocalModel, check_buffer};
