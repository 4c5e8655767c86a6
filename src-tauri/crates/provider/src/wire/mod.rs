//! The vendors' own forms. Nothing in here leaves the crate.

pub mod anthropic;
pub mod batch;
pub mod request;
