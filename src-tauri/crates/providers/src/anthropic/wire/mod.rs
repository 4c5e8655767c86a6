//! The vendor's own forms. Nothing in here leaves the crate.

pub mod answer;
pub mod batch;
pub mod request;
