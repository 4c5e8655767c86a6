//! The wire format.

pub mod answer;
pub mod batch;
pub mod request;
