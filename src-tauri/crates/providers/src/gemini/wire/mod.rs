//! The wire format.

pub mod answer;
pub mod request;
