//! The vendor's wire formats, private to this crate.

pub mod answer;
pub mod batch;
pub mod request;
