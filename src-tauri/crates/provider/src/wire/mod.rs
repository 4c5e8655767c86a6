//! The vendors' own forms. Nothing in here leaves the crate.

pub mod anthropic;
pub mod batch;
pub mod json;
pub mod request;
